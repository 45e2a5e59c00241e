"""What an exam's candidates did not have to pay or got back, and requests that still wait."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam
from exam_system.fees.models import Order, Payment, Refund
from exam_system.fees.waiver_models import Waiver
from exam_system.registration.models import Application


@dataclass(frozen=True, slots=True)
class Relief:
    """Fees waived and refunded: how many, and sums in fen."""

    waived: int
    waived_fen: int
    refunded: int
    refunded_fen: int


def relief(session: Session, exam: Exam) -> Relief:
    """The public counter of an exam; two statements."""
    waived = (
        select(func.count(), func.sum(Waiver.fen))
        .join(Application, Application.id == Waiver.application_id)
        .where(Application.exam_id == exam.id, Waiver.state == "granted")
    )
    refunded = (
        select(func.count(), func.sum(Refund.fen))
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(Application.exam_id == exam.id, Refund.state == "refunded")
    )
    times, fen = session.execute(waived).one()
    back, sent = session.execute(refunded).one()
    return Relief(times, int(fen or 0), back, int(sent or 0))


def undecided(session: Session, exam: Exam) -> int:
    """Requests of approved applications that nobody has decided on."""
    query = (
        select(func.count())
        .select_from(Waiver)
        .join(Application, Application.id == Waiver.application_id)
        .where(
            Application.exam_id == exam.id,
            Application.state == "approved",
            Waiver.state == "asked",
        )
    )
    return session.scalars(query).one()
