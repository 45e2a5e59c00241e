"""Orders whose payment may have been made without our having been told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam
from exam_system.fees.models import Order
from exam_system.registration.models import Application


def waiting_orders(session: Session, exam: Exam, since: datetime) -> list[str]:
    """Numbers of the exam's orders that wait and about which nobody has asked since then."""
    query = (
        select(Order.trade_no)
        .join(Application, Application.id == Order.application_id)
        .where(
            Application.exam_id == exam.id,
            Order.state == "paying",
            or_(Order.asked_at.is_(None), Order.asked_at < since),
        )
        .order_by(Order.id)
    )
    return list(session.scalars(query))
