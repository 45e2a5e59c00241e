"""Verb of planned hours: when draws are held, tickets printed, scores announced.

Rules and sessions have their own dates; here stands what the office announces on top of them, each
change an act, so that a date that was moved shows in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.appointing.lookup import account
from exam_system.clock import rfc3339
from exam_system.context import Context, verb
from exam_system.draws.asking import KIND_NAMES
from exam_system.draws.recipes import KINDS as DRAWS
from exam_system.errors import Conflict, Gathered, Invalid
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.exams.states import STATES
from exam_system.observing.models import PlannedDate

OTHERS = {
    "tickets": "Admission tickets can be printed",
    "written": "Written scores are announced",
    "interviews": "Interviews are held",
    "final": "Final results are announced",
    "medical": "Medical examinations are held",
}
KINDS = {kind: KIND_NAMES[kind] for kind in DRAWS} | OTHERS
"""What an hour may be planned for, by its sentence."""
Hours = Mapping[str, tuple[datetime | None, datetime | None]]


@verb
def plan_dates(ctx: Context, *, code: str, hours: Hours) -> list[str]:
    """Set when things of an exam begin and, where it is a window, end; None takes an hour back.

    Kinds that are not named stay. Returns the kinds that changed; Conflict when none did.
    """
    exam = open_exam(ctx.session, code, *STATES)
    wrong = Gathered()
    for kind, times in hours.items():
        with wrong.about():
            _require_sense(kind, *times)
    wrong.tell()
    known = {row.kind: row for row in planned(ctx.session, exam)}
    changed = [kind for kind, times in hours.items() if _set(ctx, exam, known, kind, times)]
    if not changed:
        raise Conflict("Nothing is different from what is planned already")
    ctx.session.flush()
    told = {kind: [_text(at) for at in hours[kind]] for kind in changed}
    ctx.record(exam=code, subject=f"exam:{code}", planned=told)
    return changed


def _text(at: datetime | None) -> str:
    return "" if at is None else rfc3339(at)


def _require_sense(kind: str, begins: datetime | None, ends: datetime | None) -> None:
    if kind not in KINDS or (begins is None and ends is not None):
        raise Invalid("Give the hour at which it begins").about(f"{kind}.begins")
    if begins is not None and ends is not None and ends <= begins:
        raise Invalid("It must end after it begins").about(f"{kind}.ends")


def _set(
    ctx: Context,
    exam: Exam,
    known: dict[str, PlannedDate],
    kind: str,
    times: tuple[datetime | None, datetime | None],
) -> bool:
    begins, ends = times
    row = known.get(kind)
    if (row.begins_at, row.ends_at) == times if row else begins is None:
        return False
    if begins is None:
        ctx.session.delete(row)
        return True
    if row is None:
        row = PlannedDate(exam_id=exam.id, kind=kind)
        ctx.session.add(row)
    row.begins_at, row.ends_at = begins, ends
    row.set_by, row.set_at = account(ctx), ctx.clock.now()
    return True


def planned(session: Session, exam: Exam) -> list[PlannedDate]:
    """What is planned, in the order of time."""
    query = select(PlannedDate).where(PlannedDate.exam_id == exam.id)
    return list(session.scalars(query.order_by(PlannedDate.begins_at, PlannedDate.id)))
