"""Everything that stands in the way of a list, not only the first of it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from exam_system.errors import Refused, Sentence
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.marking.scripts import require_recount
from exam_system.marking.written import require_logged
from exam_system.results.freezing import digest_of, frozen
from exam_system.results.screen import require_clean, require_lines, texts_of
from exam_system.results.service import compute


def blockers(session: Session, exam: Exam, stage: str) -> list[Sentence]:
    """What must be settled before the list of a stage can be signed; none when it is ready."""
    steps: list[Callable[[], None]] = [lambda: _list(session, exam, stage)]
    if stage == "written":
        steps += [
            lambda: require_recount(session, exam),
            lambda: require_logged(session, exam),
        ]
    return [error for step in steps if (error := _refusal(step)) is not None]


def _refusal(step: Callable[[], None]) -> Sentence | None:
    try:
        step()
    except Refused as error:
        return error
    return None


def _list(session: Session, exam: Exam, stage: str) -> None:
    _, entries, rows = compute(session, exam, stage)
    require_lines(rules_of(exam), stage, rows)
    require_clean(texts_of(rows))
    fixed = frozen(session, exam, stage)
    if fixed is not None and fixed.digest != digest_of(entries):
        raise Refused("Marks or scores were changed since they were frozen: freeze again")
