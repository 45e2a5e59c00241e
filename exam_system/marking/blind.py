"""Finding what blind marking consists of: its questions, its seal, its markers."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.draws.lookup import begun
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import rules_of
from exam_system.exams.marking_rules import PaperQuestion
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.marking.blind_models import Marker, ScriptSeal
from exam_system.marking.models import ScriptCode
from exam_system.registration.models import Application


def require_questions(exam: Exam) -> RuleSet:
    """The rules of an exam that is marked question by question; raises Conflict of another."""
    rules = rules_of(exam)
    if not rules.marking_questions:
        raise Conflict("The rule set names no questions: the marks of this exam come in as a table")
    return rules


def question_of(rules: RuleSet, code: str, kind: str) -> PaperQuestion:
    """One question of a kind; raises Invalid."""
    for one in rules.marking_questions:
        if (one.code, one.kind) == (code, kind):
            return one
    raise Invalid("There is no such question: %(code)s", code=code)


def seal_of(
    session: Session, exam: Exam, *, share: bool = False, lock: bool = False
) -> ScriptSeal | None:
    """The seal over the numbers, None before it. With `share` it does not close meanwhile, with
    `lock` nobody marks meanwhile."""
    query = select(ScriptSeal).where(ScriptSeal.exam_id == exam.id)
    if share or lock:  # SQLite's writer is alone anyway
        query = query.with_for_update(read=share).execution_options(populate_existing=True)
    return session.scalar(query)


def require_marking(
    session: Session, exam: Exam, *, share: bool = False, lock: bool = False
) -> ScriptSeal:
    """The seal while marking is open; raises Conflict before and after."""
    seal = seal_of(session, exam, share=share, lock=lock)
    if seal is None:
        raise Conflict("Marking has not begun: the numbers of the scripts are not sealed yet")
    if seal.closed_at is not None:
        raise Conflict("Marking is closed: a mark changes by the correction procedure only")
    return seal


def markers_of(session: Session, exam: Exam) -> list[Marker]:
    """The markers of an exam by label."""
    query = select(Marker).where(Marker.exam_id == exam.id).order_by(Marker.label)
    return list(session.scalars(query))


def marker_of(session: Session, exam: Exam, label: str) -> Marker:
    """The marker of this label; raises NotFound."""
    query = select(Marker).where(Marker.exam_id == exam.id, Marker.label == label)
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no marker %(label)s in this exam", label=label)
    return found


def own_marker(session: Session, exam: Exam, account_id: int | None) -> Marker:
    """The marker whose account this is; raises Forbidden, also of one who has dropped out."""
    query = select(Marker).where(Marker.exam_id == exam.id, Marker.account_id == account_id)
    found = session.scalar(query) if account_id is not None else None
    if found is None:
        raise Forbidden("You do not mark in this exam")
    if found.out_at is not None:
        raise Forbidden("You mark no more in this exam: others have taken over what was left")
    return found


def drawn_codes(session: Session, exam: Exam) -> dict[str, tuple[int, str]]:
    """Application id and subject by drawn code; raises Conflict before that draw is finished."""
    found = newest_attempt(session, exam, "codes")
    if found is None or not begun(session, exam, "codes", applied=True):
        raise Conflict("The script codes have not been drawn yet")
    query = select(ScriptCode.code, ScriptCode.application_id, ScriptCode.subject)
    rows = session.execute(query.where(ScriptCode.attempt_id == found[1].id))
    return {row.code: (row.application_id, row.subject) for row in rows}


def admission_numbers(session: Session, exam: Exam) -> Mapping[int, str]:
    """Admission number by application id, of everybody with a seat."""
    query = select(Application.id, Application.number).where(
        Application.exam_id == exam.id, Application.number.is_not(None)
    )
    return {row.id: str(row.number) for row in session.execute(query)}
