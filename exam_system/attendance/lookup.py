"""Who was present: what marking, results and notices ask of the exam day."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.attendance.models import Attendance, Statement
from exam_system.exams.models import Exam, ExamSession


def recorded(session: Session, exam: Exam, subject: str) -> bool:
    """Whether any attendance of a session is recorded here at all."""
    query = select(Attendance.id).join(ExamSession, ExamSession.id == Attendance.session_id)
    mine = (ExamSession.exam_id == exam.id) & (ExamSession.subject == subject)
    return session.scalar(query.where(mine).limit(1)) is not None


def present(session: Session, exam: Exam, subject: str) -> frozenset[int]:
    """The ids of the applications that sat the session of a subject."""
    query = (
        select(Attendance.application_id)
        .join(ExamSession, ExamSession.id == Attendance.session_id)
        .where(ExamSession.exam_id == exam.id, ExamSession.subject == subject)
        .where(Attendance.state == "present")
    )
    return frozenset(session.scalars(query))


def figures(session: Session, exam: Exam) -> dict[str, dict[str, int]]:
    """By subject, how many are present, absent and came too late; for notices: no names."""
    query = (
        select(ExamSession.subject, Attendance.state, func.count())
        .join(ExamSession, ExamSession.id == Attendance.session_id)
        .where(ExamSession.exam_id == exam.id)
        .group_by(ExamSession.subject, Attendance.state)
    )
    found: dict[str, dict[str, int]] = {}
    for subject, state, count in session.execute(query):
        found.setdefault(subject, {"present": 0, "absent": 0, "late": 0})[state] = count
    return found


def closed_rooms(session: Session, exam: Exam, subject: str) -> int:
    """How many rooms of a session both invigilators have closed."""
    query = (
        select(func.count())
        .select_from(Statement)
        .join(ExamSession, ExamSession.id == Statement.session_id)
        .where(ExamSession.exam_id == exam.id, ExamSession.subject == subject)
    )
    return session.scalar(query.where(Statement.second_id.is_not(None))) or 0
