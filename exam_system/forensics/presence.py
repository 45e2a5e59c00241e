"""Who was there: the sign-in of a session, as answers are checked against it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.attendance.models import Attendance
from exam_system.exams.models import Exam, ExamSession


def absent_from(session: Session, exam: Exam, subject: str) -> frozenset[int]:
    """Applications of those who did not come, or came too late, to the session of a subject."""
    return _with_state(session, exam, subject, ("absent", "late"))


def present_at(session: Session, exam: Exam, subject: str) -> frozenset[int]:
    """Applications of those who signed in; empty where no sign-in was kept."""
    return _with_state(session, exam, subject, ("present",))


def _with_state(
    session: Session, exam: Exam, subject: str, states: tuple[str, ...]
) -> frozenset[int]:
    query = (
        select(Attendance.application_id)
        .join(ExamSession, ExamSession.id == Attendance.session_id)
        .where(ExamSession.exam_id == exam.id, ExamSession.subject == subject)
        .where(Attendance.state.in_(states), ~Attendance.disputed)
    )
    return frozenset(session.scalars(query))
