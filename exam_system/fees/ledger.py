"""The ledger of an exam: what was asked, what came in, what is kept, what is owed back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.exams.models import Exam
from exam_system.fees.models import Order, Payment
from exam_system.registration.models import Application

PAGE = 50


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in fen; `received` is `kept` and `to_refund` together."""

    orders: int
    asked: int
    received: int
    kept: int
    to_refund: int


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


def totals(session: Session, exam: Exam) -> Totals:
    """The sums of the exam; two statements."""
    of_exam = Application.exam_id == exam.id
    orders, asked = session.execute(
        select(func.count(Order.id), func.coalesce(func.sum(Order.fen), 0))
        .join(Application, Application.id == Order.application_id)
        .where(of_exam)
    ).one()
    by_kept = dict(
        session.execute(
            select(Payment.kept, func.sum(Payment.fen))
            .join(Order, Order.id == Payment.order_id)
            .join(Application, Application.id == Order.application_id)
            .where(of_exam)
            .group_by(Payment.kept)
        ).all()
    )
    kept, owed = int(by_kept.get(True, 0)), int(by_kept.get(False, 0))
    return Totals(orders, int(asked), kept + owed, kept, owed)


def entries(
    session: Session, exam: Exam, page: int | None = None, *, owed: bool = False
) -> Sequence[Entry]:
    """All lines, or one page (from 1) of PAGE lines; with `owed` only what is owed back."""
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
        )
        .join(Application, Application.id == Order.application_id)
        .join(Person, Person.id == Application.person_id)
        .outerjoin(Payment, Payment.order_id == Order.id)
        .where(Application.exam_id == exam.id)
        .order_by(Order.id, Payment.id)
    )
    if owed:
        query = query.where(Payment.kept.is_(False))
    if page is not None:
        query = query.limit(PAGE).offset((page - 1) * PAGE)
    return [Entry(**row._mapping) for row in session.execute(query)]


def count_entries(session: Session, exam: Exam, *, owed: bool = False) -> int:
    """How many lines all pages together have."""
    query = (
        select(func.count())
        .select_from(Order)
        .join(Application, Application.id == Order.application_id)
        .outerjoin(Payment, Payment.order_id == Order.id)
        .where(Application.exam_id == exam.id)
    )
    if owed:
        query = query.where(Payment.kept.is_(False))
    return session.scalars(query).one()
