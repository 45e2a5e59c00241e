"""Verbs of giving up a place, and what that means for the integrity archive by the exam's rules."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.appointing.examining import rounds_of
from exam_system.appointing.lookup import account, by_ref, own_application, text_of, today
from exam_system.appointing.models import (
    Appointment,
    Background,
    GivingUp,
    NoticePerson,
    Proposed,
    PublicNotice,
)
from exam_system.appointing.places import lose
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.registration.models import Application

_LOST = "自愿放弃"


def months_from(begins: date, months: int) -> date:
    """The last day of a term of full months that begins on this day."""
    at = begins.month - 1 + months
    year, month = begins.year + at // 12, at % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if begins.day > last:
        return date(year, month, last)
    return date(year, month, begins.day) - timedelta(days=1)


def stage_of(ctx: Context, row: Proposed) -> str:
    """How far somebody is: medical, background, notice, or appointment when that has ended."""
    if not any(one.verdict == "passed" for one in rounds_of(ctx, row)):
        return "medical"
    checked = select(Background.id).where(
        Background.proposed_id == row.id, Background.verdict == "passed"
    )
    if ctx.session.scalar(checked) is None:
        return "background"
    query = select(PublicNotice.state).join(NoticePerson, NoticePerson.notice_id == PublicNotice.id)
    state = ctx.session.scalar(query.where(NoticePerson.proposed_id == row.id))
    return "appointment" if state == "closed" else "notice"


@verb
def give_up(ctx: Context, *, ref: str, why: str) -> GivingUp:
    """The candidate gives the place up, in writing on the own page."""
    application = own_application(ctx, ref)
    query = select(Proposed).where(Proposed.application_id == application.id).with_for_update()
    row = ctx.session.scalar(query)
    if row is None:
        raise NotFound("You are not proposed for a place")
    return _give_up(ctx, row, text_of(why), statement=True)


@verb
def note_giving_up(ctx: Context, *, ref: str, why: str, statement: bool) -> GivingUp:
    """The office notes that somebody gave up: by a written statement, or by not coming."""
    account(ctx)
    return _give_up(ctx, by_ref(ctx.session, Proposed, ref), text_of(why), statement=statement)


def _give_up(ctx: Context, row: Proposed, why: str, *, statement: bool) -> GivingUp:
    appointed = select(Appointment.id).where(Appointment.proposed_id == row.id)
    if ctx.session.scalar(appointed) is not None:
        raise Conflict("Whoever is appointed gives up by the rules of the service, not here")
    exam = ctx.session.get_one(Exam, row.exam_id)
    stage = stage_of(ctx, row)
    entry = _entry(ctx, exam, row, stage, statement)
    entry.why = why
    offered = lose(ctx, exam, row, "appointment" if stage == "appointment" else "giving_up", _LOST)
    ctx.session.add(entry)
    ctx.session.flush()
    ctx.record(
        exam=exam.code,
        subject=f"proposed:{row.ref}",
        stage=stage,
        statement=statement,
        until=entry.ends.isoformat() if entry.ends else "",
        offered=offered,
    )
    return entry


def _entry(ctx: Context, exam: Exam, row: Proposed, stage: str, statement: bool) -> GivingUp:
    rules, begins = rules_of(exam), today(ctx)
    key = "giving_up_months" if statement else "giving_up_silent_months"
    months = getattr(rules, key).get(stage, 0)
    application = ctx.session.get_one(Application, row.application_id)
    return GivingUp(
        ref=reference(ctx.chance),
        proposed_id=row.id,
        id_blind=ctx.session.get_one(Person, application.person_id).id_blind,
        stage=stage,
        statement=int(statement),
        basis=rules.basis[key],
        begins=begins,
        ends=months_from(begins, months) if months else None,
        told_at=ctx.clock.now(),
    )


def given_up_among(session: Session, blinds: Sequence[str], day: date) -> dict[str, list[GivingUp]]:
    """The records of giving up that stand on that day, by the blind ID number."""
    query = select(GivingUp).where(
        GivingUp.id_blind.in_(blinds),
        GivingUp.begins <= day,
        or_(GivingUp.ends >= day),
    )
    found: dict[str, list[GivingUp]] = {}
    for row in session.scalars(query.order_by(GivingUp.id)):
        found.setdefault(row.id_blind, []).append(row)
    return found
