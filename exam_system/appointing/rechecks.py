"""Verbs of re-checks: asked for in writing within the window, answered once, counted by who.

Nobody types a mark here. A mark that is wrong is corrected by the act of its own, with its two
people; the answer compares the mark before with the mark now (THREATS S11).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account
from exam_system.appointing.desk_models import Recheck
from exam_system.appointing.lookup import (
    account,
    by_ref,
    due_day,
    own_application,
    text_of,
    today,
)
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.database import put
from exam_system.errors import Conflict, Invalid
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.interviews.models import Interview
from exam_system.marking.models import WrittenMark
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.workdays import last_day, office_table, term
from scoring.rounding import BadScore, to_decimal

INTERVIEW = "interview"
OUTCOMES = {"same": "Not changed", "up": "Raised", "down": "Lowered"}
_NO_MARK = ("absent", "void", "zero")


@dataclass(frozen=True, slots=True)
class Window:
    """Until when the mark of `what` may be asked about (None: the year is not announced)."""

    what: str
    mark: str
    published: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class Count:
    """What the re-checks of one person came to; `alarm`: too many in favour of candidates."""

    name: str
    same: int
    up: int
    down: int
    alarm: bool


def windows(ctx: Context, exam: Exam, application: Application) -> list[Window]:
    """What a candidate may ask about by the rules of the exam, whether or not the time is over."""
    rules = rules_of(exam)
    if rules.recheck_days == 0:
        return []
    found = []
    for what, stage in _stages(rules).items():
        mark = mark_of(ctx.session, application.id, what)
        release = releases.newest(ctx.session, exam.id, "results", stage=stage, state="published")
        open_to_all = rules.recheck_marks == "every_mark"
        if mark and release and release.published_at and (open_to_all or mark in _NO_MARK):
            day = release.published_at.astimezone(ctx.config.zone).date()
            ends = term(day, rules.recheck_days, office_table(ctx.session)).ends
            found.append(Window(what, mark, day, ends))
    return found


def _stages(rules: RuleSet) -> dict[str, str]:
    return {subject.code: "written" for subject in rules.subjects} | {INTERVIEW: "final"}


def mark_of(session: Session, application_id: int, what: str) -> str:
    """The mark of a subject, or the interview's result, as it stands now; "" for none."""
    if what == INTERVIEW:
        query = select(Interview.state, Interview.result)
        row = session.execute(query.where(Interview.application_id == application_id)).first()
        return "" if row is None else "absent" if row.state == "absent" else row.result
    own = select(WrittenMark.mark).where(
        WrittenMark.application_id == application_id, WrittenMark.subject == what
    )
    return session.scalar(own) or ""


@verb
def ask_recheck(ctx: Context, *, ref: str, what: str, reason: str) -> Recheck:
    """The candidate asks to have one mark looked at again; once for each, within the window."""
    application = own_application(ctx, ref)
    exam = ctx.session.get_one(Exam, application.exam_id)
    window = next((one for one in windows(ctx, exam, application) if one.what == what), None)
    if window is None:
        raise Conflict("This mark cannot be checked again")
    if window.ends is not None and due_day(ctx) > window.ends:
        raise Conflict("Re-checks could be asked for until %(day)s", day=window.ends.isoformat())
    begins, days = today(ctx), rules_of(exam).recheck_answer_days
    row = Recheck(
        ref=reference(ctx.chance),
        application_id=application.id,
        what=what,
        reason=text_of(reason),
        before=window.mark,
        asked_at=ctx.clock.now(),
        due=last_day(begins, days, office_table(ctx.session)),
    )
    put(ctx.session, row, Conflict("You have asked for this re-check already"))
    ctx.record(exam=exam.code, subject=f"recheck:{row.ref}", application=ref, what=what)
    return row


@verb
def answer_recheck(ctx: Context, *, ref: str, found: str) -> Recheck:
    """Say what looking again has found; whether the mark has changed is read, not typed."""
    row = by_ref(ctx.session, Recheck, ref)
    if row.answered_at is not None:
        raise Conflict("This re-check is answered already")
    application = ctx.session.get_one(Application, row.application_id)
    exam = ctx.session.get_one(Exam, application.exam_id)
    row.found, row.after = text_of(found), mark_of(ctx.session, row.application_id, row.what)
    row.outcome = changed(row.before, row.after)
    row.looked_by, row.answered_at = account(ctx), ctx.clock.now()
    ctx.session.flush()
    ctx.record(
        exam=exam.code,
        subject=f"recheck:{ref}",
        application=application.ref,
        what=row.what,
        before=row.before,
        after=row.after,
        outcome=row.outcome,
    )
    return row


def changed(before: str, after: str) -> str:
    """Whether a mark was raised ("up"), lowered ("down") or is the same; none is below any."""
    try:
        one, other = _value(before), _value(after)
    except BadScore as error:
        raise Invalid("A mark cannot be read: %(why)s", why=error) from None
    return "same" if one == other else "up" if other > one else "down"


def _value(mark: str) -> tuple[bool, object]:
    return (False, 0) if mark in _NO_MARK else (True, to_decimal(mark))


def rechecks_of(session: Session, exam: Exam) -> list[tuple[Recheck, Application, str | None]]:
    """All re-checks of an exam with who looked, unanswered ones first, then the newest."""
    query = (
        select(Recheck, Application, Account.name)
        .join(Application, Application.id == Recheck.application_id)
        .outerjoin(Account, Account.id == Recheck.looked_by)
        .where(Application.exam_id == exam.id)
        .order_by(Recheck.answered_at.is_not(None), Recheck.id.desc())
    )
    return [(row.Recheck, row.Application, row.name) for row in session.execute(query)]


def counts(session: Session, exam: Exam) -> list[Count]:
    """Who answered how many re-checks and in whose favour, most raised first."""
    query = (
        select(Account.id, Account.name, Recheck.outcome)
        .join(Account, Account.id == Recheck.looked_by)
        .join(Application, Application.id == Recheck.application_id)
        .where(Application.exam_id == exam.id)
    )
    tally: dict[int, Counter[str]] = {}
    names: dict[int, str] = {}
    for who, name, outcome in session.execute(query):
        names[who] = name
        tally.setdefault(who, Counter())[str(outcome)] += 1
    most = rules_of(exam).recheck_alarm
    found = [
        Count(names[who], one["same"], one["up"], one["down"], one["up"] >= most)
        for who, one in tally.items()
    ]
    return sorted(found, key=lambda one: (-one.up, one.name))


def overdue(rows: Sequence[tuple[Recheck, Application, str | None]], day: date) -> int:
    """How many requests wait longer than the rules allow."""
    late = timedelta(0)
    return sum(
        row.answered_at is None and row.due is not None and day - row.due > late
        for row, _who, _name in rows
    )
