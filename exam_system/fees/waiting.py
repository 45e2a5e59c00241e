"""Money that may have been paid without our books having it: before registration is closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam
from exam_system.fees.models import Order
from exam_system.fees.way_models import PayWay, Taking
from exam_system.registration.models import Application

# Opened at a gateway; an order with nothing but a payment code is nothing to ask a gateway about.
_CODE = select(PayWay.id).where(PayWay.order_id == Order.id, PayWay.driver == "nontax")
_ALIPAY = select(PayWay.id).where(PayWay.order_id == Order.id, PayWay.driver == "alipay")
AT_GATEWAY = or_(Order.pay_url != "", _ALIPAY.exists(), ~_CODE.exists())


def waiting_orders(session: Session, exam: Exam, since: datetime) -> list[str]:
    """Numbers of the exam's orders that wait and about which no gateway was asked since then."""
    query = (
        select(Order.trade_no)
        .join(Application, Application.id == Order.application_id)
        .where(
            Application.exam_id == exam.id,
            Order.state == "paying",
            AT_GATEWAY,
            or_(Order.asked_at.is_(None), Order.asked_at < since),
        )
        .order_by(Order.id)
    )
    return list(session.scalars(query))


def open_codes(session: Session, exam: Exam) -> int:
    """How many unpaid orders have a payment code whose last day no bank file has covered yet."""
    query = (
        select(func.count())
        .select_from(PayWay)
        .join(Order, Order.id == PayWay.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(
            Application.exam_id == exam.id,
            Application.state == "approved",
            Order.state == "paying",
            PayWay.driver == "nontax",
            or_(PayWay.seen_day.is_(None), PayWay.seen_day < PayWay.last_day),
        )
    )
    return session.scalars(query).one()


def uncounted(session: Session, exam: Exam) -> int:
    """How many takings at the counter nobody has counted yet."""
    query = (
        select(func.count())
        .select_from(Taking)
        .join(Order, Order.id == Taking.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(and_(Application.exam_id == exam.id, Taking.state == "taken"))
    )
    return session.scalars(query).one()
