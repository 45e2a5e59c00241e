"""Whom a deadline concerns that comes within a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.clock import rfc3339
from exam_system.exams.models import Exam, ExamSession
from exam_system.messages.kinds import of_applications
from exam_system.messages.models import Message
from exam_system.registration.choosing import window
from exam_system.registration.lookup import rules_from
from exam_system.registration.models import Application

AHEAD = timedelta(days=1)
_WHOM = {
    "remind_draft": ("announced", ("draft", "refused")),
    "remind_pay": ("announced", ("approved",)),
    "remind_choose": ("closed", ("choosing",)),
    "remind_exam": ("seated", ("paid",)),
}
"""The exam's state and those of the applications that a kind of reminder is for."""


def due(session: Session, code: str, now: datetime) -> Iterator[tuple[int, str, str]]:
    """(account, kind, deadline) of everybody who was not yet reminded of that deadline."""
    exam = session.scalars(select(Exam).where(Exam.code == code)).one()
    for kind, deadline in _deadlines(session, exam).items():
        at, (state, wanted) = deadline, _WHOM[kind]
        if at is None or exam.state != state or not now < at <= now + AHEAD:
            continue
        close = rfc3339(at)
        told = select(Message.account_id).where(
            Message.exam == code, Message.kind == kind, Message.cause == cause_of(close)
        )
        query = of_applications().where(
            Application.exam_id == exam.id,
            Application.state.in_(wanted),
            Person.account_id.not_in(told),
        )
        for account in session.scalars(query.order_by(Application.id)):
            yield account, kind, close


def cause_of(close: str) -> str:
    """Why a reminder is sent: one deadline, which may be put off and is then another."""
    return f"due:{close}"


def _deadlines(session: Session, exam: Exam) -> dict[str, datetime | None]:
    rules = rules_from(exam.rules)
    first = session.scalar(
        select(func.min(ExamSession.starts_at)).where(ExamSession.exam_id == exam.id)
    )
    return {
        "remind_draft": rules.registration_closes,
        "remind_pay": rules.payment_closes,
        "remind_choose": window(session, exam) if exam.state == "closed" else None,
        "remind_exam": first,
    }
