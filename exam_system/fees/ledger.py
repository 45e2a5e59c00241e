"""The ledger of an exam: what was asked, what came in, what is kept, what is owed back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.exams.models import Exam
from exam_system.fees.models import Order, Payment, Refund
from exam_system.registration.models import Application

PAGE = 50
# A payment has at most one refund that the gateway has not given up.
LIVE = and_(
    Refund.payment_id == Payment.id,
    not_(and_(Refund.state == "failed", Refund.why == "CLOSED")),
)
_PART = case((Payment.kept, "kept"), (Refund.state == "refunded", "refunded"), else_="owed").label(
    "part"
)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in fen; `received` is `kept`, `to_refund` and `refunded` together."""

    orders: int
    asked: int
    received: int
    kept: int
    to_refund: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment of an order, or an order without any (`received` None)."""

    trade_no: str
    application: str
    name: str
    asked: int
    state: str
    created_at: datetime
    transaction: str
    received: int | None
    kept: bool | None
    paid_at: datetime | None
    refund: str | None


def totals(session: Session, exam: Exam) -> Totals:
    """The sums of the exam; two statements."""
    of_exam = Application.exam_id == exam.id
    orders, asked = session.execute(
        select(func.count(Order.id), func.coalesce(func.sum(Order.fen), 0))
        .join(Application, Application.id == Order.application_id)
        .where(of_exam)
    ).one()
    query = (
        select(_PART, func.sum(Payment.fen))
        .outerjoin(Refund, LIVE)
        .join(Order, Order.id == Payment.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(of_exam)
        .group_by(_PART)
    )
    by_part: dict[str, int] = dict(session.execute(query).all())
    kept, owed, back = (int(by_part.get(part, 0)) for part in ("kept", "owed", "refunded"))
    return Totals(orders, int(asked), kept + owed + back, kept, owed, back)


def entries(
    session: Session,
    exam: Exam,
    page: int | None = None,
    *,
    owed: bool = False,
    words: str = "",
) -> Sequence[Entry]:
    """All lines, or one page (from 1) of PAGE lines; with `owed` only what is owed back.

    `words`: of a name a part, or the number of an order or a transaction.
    """
    query = (
        select(
            Order.trade_no,
            Application.ref.label("application"),
            Person.name,
            Order.fen.label("asked"),
            Order.state,
            Order.created_at,
            func.coalesce(Payment.transaction, "").label("transaction"),
            Payment.fen.label("received"),
            Payment.kept,
            Payment.paid_at,
            Refund.state.label("refund"),
        )
        .join(Application, Application.id == Order.application_id)
        .join(Person, Person.id == Application.person_id)
        .outerjoin(Payment, Payment.order_id == Order.id)
        .outerjoin(Refund, LIVE)
        .where(Application.exam_id == exam.id)
        .order_by(Order.id, Payment.id)
    )
    query = query.where(*_narrowed(owed, words))
    if page is not None:
        query = query.limit(PAGE).offset((page - 1) * PAGE)
    return [Entry(**row._mapping) for row in session.execute(query)]


def _narrowed(owed: bool, words: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Payment.kept.is_(False)] if owed else []
    if words:
        named = Person.name.contains(words, autoescape=True)
        found.append(or_(named, Order.trade_no == words, Payment.transaction == words))
    return found


def count_entries(session: Session, exam: Exam, *, owed: bool = False, words: str = "") -> int:
    """How many lines all pages together have."""
    query = (
        select(func.count())
        .select_from(Order)
        .join(Application, Application.id == Order.application_id)
        .join(Person, Person.id == Application.person_id)
        .outerjoin(Payment, Payment.order_id == Order.id)
        .where(Application.exam_id == exam.id, *_narrowed(owed, words))
    )
    return session.scalars(query).one()
