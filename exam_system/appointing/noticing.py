"""Verbs of the public notice: its working-day clock, objections, the office's table of holidays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from exam_system.appointing.desk_models import HolidayDay, HolidayYear
from exam_system.appointing.lookup import account, by_ref, due_day, text_of, today
from exam_system.appointing.models import (
    NoticeMove,
    NoticePerson,
    Objection,
    Proposed,
    PublicNotice,
)
from exam_system.appointing.places import lose
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.people import narrow, reason_line
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.results.gather import standing
from exam_system.workdays import Term, office_table, term

OUTCOMES = {"rejected": "The objection does not hold", "upheld": "The objection holds"}
LONGEST_WHO = 60
LONGEST_BASIS = 200
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})[\s,，]+(休|班|off|work)[\s,，]*(.*)")
_KINDS = {"休": "off", "班": "work", "off": "off", "work": "work"}
_LOST = "公示期间反映的问题经查属实"


def term_of(session: Session, notice: PublicNotice) -> Term:
    """The days of a notice with the reason of each, by the table of holidays as it stands."""
    return term(notice.published_on, notice.days, office_table(session))


@verb
def start_notice(ctx: Context, *, code: str) -> PublicNotice:
    """Start the clock of the newest published list of proposed appointments.

    It names those of the list who hold a place and were in no notice before.
    """
    exam = open_exam(ctx.session, code, "final")
    release = releases.newest(
        ctx.session, exam.id, "results", stage="appointment", state="published"
    )
    if release is None or release.published_at is None:
        raise Conflict("The list of proposed appointments must be published first")
    used = select(PublicNotice.id).where(PublicNotice.release_id == release.id)
    if ctx.session.scalar(used) is not None:
        raise Conflict("The public notice of this list has begun already")
    notice = PublicNotice(ref=reference(ctx.chance), exam_id=exam.id, release_id=release.id)
    notice.published_on = release.published_at.astimezone(ctx.config.zone).date()
    notice.days, notice.state = rules_of(exam).notice_days, "running"
    notice.ends = term_of(ctx.session, notice).ends
    ctx.session.add(notice)
    ctx.session.flush()
    people = _named(ctx.session, exam, notice)
    ctx.session.add_all(people)
    ctx.session.flush()
    ends = notice.ends.isoformat() if notice.ends else ""
    about = {"version": release.version, "people": len(people), "ends": ends}
    ctx.record(exam=code, subject=f"notice:{notice.ref}", **about)
    return notice


def _named(session: Session, exam: Exam, notice: PublicNotice) -> list[NoticePerson]:
    listed = {
        who
        for who, row in standing(session, exam, "appointment").items()
        if row.outcome == "appointed"
    }
    query = select(Proposed).where(Proposed.exam_id == exam.id, Proposed.standing == "holds")
    holders = {row.application_id: row for row in session.scalars(query)}
    if strange := listed - holders.keys():
        raise Conflict("%(count)s people of the list hold no place", count=len(strange))
    before = set(session.scalars(select(NoticePerson.application_id)))
    people = sorted(listed - before)
    if not people:
        raise Conflict("Nobody in the list is new")
    about = {"notice_id": notice.id, "release_id": notice.release_id, "standing": "clear"}
    return [
        NoticePerson(**about, proposed_id=holders[who].id, application_id=who) for who in people
    ]


@verb
def close_notice(ctx: Context, *, ref: str) -> PublicNotice:
    """End a notice after its last working day; what is objected to waits for its answer."""
    notice = by_ref(ctx.session, PublicNotice, ref)
    if notice.state != "running":
        raise Conflict("This public notice has ended already")
    if notice.ends is None:
        raise Conflict("The holidays of its year are not announced: the notice has no end yet")
    if due_day(ctx) <= notice.ends:
        raise Conflict("The public notice runs until %(day)s", day=notice.ends.isoformat())
    notice.state, notice.closed_on = "closed", today(ctx)
    ctx.session.flush()
    code = ctx.session.get_one(Exam, notice.exam_id).code
    ctx.record(exam=code, subject=f"notice:{ref}", ends=notice.ends.isoformat())
    return notice


@verb
def take_objection(ctx: Context, *, ref: str, number: str, who: str, text: str) -> Objection:
    """Take in an objection to somebody in a running notice; the name of who objects is sealed."""
    notice, person = concerned(ctx, ref, number)
    objection = Objection(ref=reference(ctx.chance), person_id=person.id, holds="open")
    objection.who_sealed = ctx.keys.vault.seal(reason_line(who, LONGEST_WHO, "who"))
    objection.text, objection.taken_by = text_of(text), account(ctx)
    objection.taken_at = ctx.clock.now()
    ctx.session.add(objection)
    ctx.session.flush()
    code = ctx.session.get_one(Exam, notice.exam_id).code
    ctx.record(exam=code, subject=f"objection:{objection.ref}", notice=ref, number=number.strip())
    return objection


def concerned(ctx: Context, ref: str, number: str) -> tuple[PublicNotice, NoticePerson]:
    """A running notice and whom of it an objection is about: nobody is appointed until it is
    answered."""
    notice = by_ref(ctx.session, PublicNotice, ref)
    if notice.state != "running" or (notice.ends is not None and due_day(ctx) > notice.ends):
        raise Conflict("The public notice is over")
    query = (
        select(NoticePerson)
        .join(Application, Application.id == NoticePerson.application_id)
        .where(NoticePerson.notice_id == notice.id, Application.number == narrow(number))
        .with_for_update(of=NoticePerson)
    )
    person = ctx.session.scalar(query)
    if person is None or person.standing == "removed":
        sentence = "Nobody in this notice has the admission number %(number)s"
        raise NotFound(sentence, number=number).about("number")
    person.standing = "open"
    ctx.session.flush()
    return notice, person


@verb
def answer_objection(ctx: Context, *, ref: str, outcome: str, answer: str) -> Objection:
    """Say what was found. One that holds takes the place away."""
    if outcome not in OUTCOMES:
        raise Invalid("Say whether the objection holds").about("outcome")
    row = by_ref(ctx.session, Objection, ref)
    if row.answered_at is not None:
        raise Conflict("This objection is answered already")
    row.outcome, row.answer, row.holds = outcome, text_of(answer), None
    row.answered_by, row.answered_at = account(ctx), ctx.clock.now()
    ctx.session.flush()
    person = ctx.session.get_one(NoticePerson, row.person_id)
    person.standing = _standing(ctx.session, person)
    ctx.session.flush()
    proposed = ctx.session.get_one(Proposed, person.proposed_id)
    exam = ctx.session.get_one(Exam, proposed.exam_id)
    loses = outcome == "upheld" and proposed.standing == "holds"
    offered = lose(ctx, exam, proposed, "notice", _LOST) if loses else []
    ctx.record(exam=exam.code, subject=f"objection:{ref}", outcome=outcome, offered=offered)
    return row


def _standing(session: Session, person: NoticePerson) -> str:
    query = select(Objection.outcome).where(Objection.person_id == person.id)
    outcomes = set(session.scalars(query))
    return "open" if None in outcomes else "removed" if "upheld" in outcomes else "clear"


@verb
def set_holidays(ctx: Context, *, year: int, lines: str, basis: str) -> list[NoticeMove]:
    """Enter the holidays and make-up days of a year, one a line: `2027-02-06 休 春节`.

    They take the place of what was there; returns how that moves the end of running notices.
    """
    days = _read(year, lines)
    why = reason_line(basis, LONGEST_BASIS, "basis")
    old = select(HolidayYear).where(HolidayYear.year == year).with_for_update()
    row = ctx.session.scalar(old) or HolidayYear(year=year)
    row.basis, row.entered_by, row.entered_at = why, account(ctx), ctx.clock.now()
    ctx.session.add(row)
    within = HolidayDay.day.between(date(year, 1, 1), date(year, 12, 31))
    ctx.session.execute(delete(HolidayDay).where(within))
    ctx.session.add_all(HolidayDay(day=day, kind=kind, name=name) for day, kind, name in days)
    ctx.session.flush()
    moves = _move(ctx, why)
    told = [[str(move.notice_id), str(move.before), str(move.after)] for move in moves]
    listed = [[day.isoformat(), kind, name] for day, kind, name in days]
    ctx.record(exam="", subject=f"holidays:{year}", basis=why, days=listed, moved=told)
    return moves


def _read(year: int, lines: str) -> list[tuple[date, str, str]]:
    found = []
    for line in filter(None, (line.strip() for line in lines.splitlines())):
        parts = _LINE.fullmatch(line)
        try:
            day = date.fromisoformat(parts[1]) if parts else None
        except ValueError:
            day = None
        if parts is None or day is None or day.year != year:
            raise Invalid(
                "Write each day of the year like 2027-02-06 休 春节: %(line)s", line=line
            ).about("lines")
        found.append((day, _KINDS[parts[2]], parts[3].strip()[:40] or parts[2]))
    if len({day for day, _kind, _name in found}) < len(found):
        raise Invalid("A day is named twice").about("lines")
    return sorted(found)


def _move(ctx: Context, why: str) -> list[NoticeMove]:
    """Compute the ends of running notices again; those that differ move, with the reason."""
    query = select(PublicNotice).where(PublicNotice.state == "running").with_for_update()
    moves = []
    for notice in ctx.session.scalars(query.order_by(PublicNotice.id)):
        ends = term_of(ctx.session, notice).ends
        if ends != notice.ends:
            moves.append(
                NoticeMove(
                    notice_id=notice.id,
                    before=notice.ends,
                    after=ends,
                    why=why,
                    at=ctx.clock.now(),
                )
            )
            notice.ends = ends
    ctx.session.add_all(moves)
    ctx.session.flush()
    return moves


def moves_of(session: Session, notice: PublicNotice) -> Sequence[NoticeMove]:
    """How the end of a notice has moved, in order."""
    query = select(NoticeMove).where(NoticeMove.notice_id == notice.id)
    return session.scalars(query.order_by(NoticeMove.id)).all()
