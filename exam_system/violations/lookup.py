"""What others ask of decided violations: effects on scores, records of people, stopped staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.exams.models import Exam
from exam_system.registration.models import Application
from exam_system.trust import notes
from exam_system.trust.decision_note import subject_of
from exam_system.violations.models import BarredStaff, Decision, IntegrityRecord, ScoreEffect

VOID, ZERO = "void", "zero"


def decided_subjects(session: Session) -> dict[str, str]:
    """The subject of the act of every decision, by the reference of its approval."""
    query = select(Decision.approval, Decision.note).where(Decision.state == "decided")
    return {
        str(approval): subject_of(notes.parse(note).text)
        for approval, note in session.execute(query)
        if note is not None
    }


def effects(session: Session, exam: Exam) -> dict[int, list[ScoreEffect]]:
    """The standing effects on the scores of an exam, by the application's id."""
    query = (
        select(ScoreEffect)
        .join(Application, Application.id == ScoreEffect.application_id)
        .where(Application.exam_id == exam.id, ScoreEffect.ended_at.is_(None))
        .order_by(ScoreEffect.id)
    )
    found: dict[int, list[ScoreEffect]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.application_id].append(row)
    return dict(found)


def honoured(marks: Mapping[str, str], rows: Iterable[ScoreEffect]) -> dict[str, str]:
    """Marks by subject as decided violations leave them: "void", or "zero", which counts as 0.

    Somebody whose everything is void keeps no mark, whatever else was decided.
    """
    rows = list(rows)
    if any(row.subject is None for row in rows):
        return dict.fromkeys(marks, VOID)
    changed = {row.subject: VOID if row.effect == "void" else ZERO for row in rows}
    return {code: changed.get(code, mark) for code, mark in marks.items()}


def records_among(
    session: Session, blinds: Sequence[str], day: date
) -> dict[str, list[IntegrityRecord]]:
    """The entries of the integrity archive that stand on that day, by the blind ID number."""
    query = (
        select(IntegrityRecord)
        .where(
            IntegrityRecord.id_blind.in_(blinds),
            IntegrityRecord.ended_at.is_(None),
            IntegrityRecord.begins <= day,
            or_(IntegrityRecord.ends.is_(None), IntegrityRecord.ends >= day),
        )
        .order_by(IntegrityRecord.id)
    )
    found: dict[str, list[IntegrityRecord]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.id_blind].append(row)
    return dict(found)


def stopped_staff(session: Session, numbers: Iterable[str], day: date) -> dict[str, BarredStaff]:
    """Who of these (staff number, certificate or login name) does no exam work on that day."""
    query = select(BarredStaff).where(
        BarredStaff.staff_no.in_(list(numbers)),
        BarredStaff.ended_at.is_(None),
        BarredStaff.begins <= day,
        or_(BarredStaff.ends.is_(None), BarredStaff.ends >= day),
    )
    return {row.staff_no: row for row in session.scalars(query)}


def refuse_stopped(ctx: Context, numbers: Iterable[str]) -> None:
    """Raise Conflict when one of these people may do no exam work today."""
    today = ctx.clock.now().astimezone(ctx.config.zone).date()
    found = stopped_staff(ctx.session, numbers, today)
    if found:
        first = found[min(found)]
        raise Conflict(
            "%(name)s (%(number)s) may not work in this exam: %(basis)s. In all %(count)s people "
            "of the list",
            name=first.name,
            number=first.staff_no,
            basis=first.basis,
            count=len(found),
        )
