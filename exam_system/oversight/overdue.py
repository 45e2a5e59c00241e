"""What should have been done by now: everything the rows of today can tell, with its own term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.approvals.models import Approval
from exam_system.cases.models import Letter
from exam_system.cases.states import WAITING as UNANSWERED
from exam_system.draws.models import Attempt, Draw
from exam_system.exams.models import Exam
from exam_system.fees.models import Order
from exam_system.notices import overdue as openness
from exam_system.oversight.waiting import HOUSEKEEPING
from exam_system.records.keys import keys_of
from exam_system.records.models import Act, Head, Leaf, NoteSignature, Release
from exam_system.registration.models import Application
from exam_system.registration.states import WAITING

DAY = timedelta(days=1)
PAYING = timedelta(hours=2)
"""A WeChat order is closed by the gateway after two hours at most; ours should know by then."""
MOST = 50
"""So many of a kind are named; the first ones are the oldest."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """One thing that waits too long. `kind` names the sentence, `subject` the thing."""

    kind: str
    exam: str
    subject: str
    since: datetime


def find_overdue(session: Session, now: datetime, zone: ZoneInfo) -> list[Overdue]:
    """Everything overdue, oldest first."""
    found = [
        *_reviews(session, now, zone),
        *_letters(session, now, zone),
        *_orders(session, now),
        *_draws(session, now),
        *_releases(session, now),
        *_approvals(session, now),
        *_head(session, now),
        *(Overdue(*one) for one in openness.overdue(session, now, zone)),
    ]
    return sorted(found, key=lambda one: one.since)


def _reviews(session: Session, now: datetime, zone: ZoneInfo) -> Iterator[Overdue]:
    """Applications whose review is past the working days that the rules give it."""
    query = (
        select(Application.ref, Application.submitted_at, Exam.code)
        .join(Exam, Exam.id == Application.exam_id)
        .where(
            Application.state.in_(WAITING),
            Application.review_due < now.astimezone(zone).date(),
            Exam.state.in_(("announced", "closed")),
        )
        .order_by(Application.review_due, Application.id)
        .limit(MOST)
    )
    for ref, at, code in session.execute(query):
        if at is not None:
            yield Overdue("review", code, f"application:{ref}", at)


def _letters(session: Session, now: datetime, zone: ZoneInfo) -> Iterator[Overdue]:
    """Letters and other cases past their statutory or promised day; since the end of that day."""
    query = (
        select(Letter.ref, Letter.due, Exam.code)
        .outerjoin(Exam, Exam.id == Letter.exam_id)
        .where(Letter.state.in_(UNANSWERED), Letter.due < now.astimezone(zone).date())
        .order_by(Letter.due, Letter.id)
        .limit(MOST)
    )
    for ref, due, code in session.execute(query):
        end = datetime.combine(due + DAY, time(), zone)
        yield Overdue("letter", code or "", f"letter:{ref}", end)


def _orders(session: Session, now: datetime) -> Iterator[Overdue]:
    query = (
        select(Order.trade_no, Order.created_at, Exam.code)
        .join(Application, Application.id == Order.application_id)
        .join(Exam, Exam.id == Application.exam_id)
        .where(
            Order.state.in_(("created", "paying")),
            Order.created_at < now - PAYING,
            Application.state == "approved",
            Exam.state == "announced",
        )
        .order_by(Order.created_at)
        .limit(MOST)
    )
    for trade_no, at, code in session.execute(query):
        yield Overdue("order", code, f"order:{trade_no}", at)


def _draws(session: Session, now: datetime) -> Iterator[Overdue]:
    query = (
        select(Draw.code, Attempt.number, Attempt.frozen_at, Attempt.state, Exam.code)
        .join(Draw, Draw.id == Attempt.draw_id)
        .join(Exam, Exam.id == Draw.exam_id)
        .where(Attempt.state.not_in(("published", "void")), Attempt.frozen_at < now - DAY)
        .order_by(Attempt.frozen_at)
        .limit(MOST)
    )
    for code, number, at, state, exam in session.execute(query):
        kind = "draw_published" if state == "finished" else "draw"
        yield Overdue(kind, exam, f"draw:{code}:{number}", at)


def _releases(session: Session, now: datetime) -> Iterator[Overdue]:
    query = (
        select(Release, Exam.code)
        .join(Exam, Exam.id == Release.exam_id)
        .where(Release.state == "draft", Release.prepared_at < now - DAY)
        .order_by(Release.prepared_at)
        .limit(MOST)
    )
    for release, code in session.execute(query):
        subject = f"release:{code}:{release.chain}:v{release.version}"
        yield Overdue("release", code, subject, release.prepared_at)


def _approvals(session: Session, now: datetime) -> Iterator[Overdue]:
    query = (
        select(Approval.ref, Approval.exam, Approval.asked_at)
        .where(Approval.state == "asked", Approval.asked_at < now - DAY)
        .order_by(Approval.asked_at)
        .limit(MOST)
    )
    for ref, exam, at in session.execute(query):
        yield Overdue("approval", exam, f"approval:{ref}", at)


def _head(session: Session, now: datetime) -> Iterator[Overdue]:
    """The oldest act of substance under no head that an inspector has signed."""
    names = [key.name for key in keys_of(session, "inspector")]
    signed = select(NoteSignature.note_id).where(NoteSignature.key_name.in_(names))
    size = session.scalar(select(func.max(Head.size)).where(Head.note_id.in_(signed))) or 0
    at = session.scalar(
        select(Act.at)
        .join(Leaf, Leaf.act_id == Act.id)
        .where(Leaf.position >= size, Act.kind.not_in(HOUSEKEEPING))
        .order_by(Leaf.position)
        .limit(1)
    )
    if at is not None and at < now - DAY:
        yield Overdue("head", "", f"head:{size}", at)
