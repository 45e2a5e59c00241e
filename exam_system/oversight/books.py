"""The books of fees over all exams: what came in against orders, applications and acts."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from exam_system.fees.models import Order, Payment
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application


def money(session: Session) -> tuple[int, int, int]:
    """Received by the acts of the log, kept and owed back by the rows; in fen."""
    rows = dict(
        session.execute(select(Payment.kept, func.sum(Payment.fen)).group_by(Payment.kept)).all()
    )
    received = sum(int(details["fen"]) for _subject, details in _confirmed(session))
    return received, int(rows.get(True, 0)), int(rows.get(False, 0))


def _confirmed(session: Session) -> Iterator[tuple[str, dict[str, int | str | bool]]]:
    """Subject and details of every act that took money in."""
    query = (
        select(Act.subject, ActDetail.details)
        .join(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind == "fees.confirm_payment")
        .order_by(Act.id)
        .execution_options(yield_per=2_000)
    )
    for subject, details in session.execute(query):
        yield subject, json.loads(details)


def faults_of_books(session: Session) -> Iterator[str]:
    """One sentence for each order, payment or application that does not agree with the others."""
    yield from _payments(session)
    paid = (
        select(Order.trade_no, Order.fen, Order.state, Application.state, Payment.fen)
        .join(Application, Application.id == Order.application_id)
        .outerjoin(Payment, (Payment.order_id == Order.id) & Payment.kept)
        .where(or_(Order.state == "paid", Payment.id.is_not(None)))
    )
    for trade_no, asked, state, application, kept in session.execute(paid):
        if state != "paid" or application != "paid" or (kept or 0) != asked:
            yield (
                f"order {trade_no}: asked {asked}, kept {kept or 0} fen, order {state}, "
                f"application {application}"
            )
    orders = select(Order.application_id).where(Order.state == "paid")
    unpaid = select(Application.ref).where(
        Application.state == "paid", Application.id.not_in(orders)
    )
    yield from (
        f"application {ref} is paid without a paid order" for ref in session.scalars(unpaid)
    )


def _payments(session: Session) -> Iterator[str]:
    """Every payment against the act that took it in."""
    query = select(Payment.transaction, Payment.fen, Payment.kept, Order.trade_no).join(
        Order, Order.id == Payment.order_id
    )
    rows = {row.transaction: row for row in session.execute(query)}
    for subject, details in _confirmed(session):
        row = rows.pop(str(details["transaction"]), None)
        said = (subject.removeprefix("order:"), details["fen"], details["kept"])
        if row is None:
            yield f"payment {details['transaction']} is in the log and not in the books"
        elif (row.trade_no, row.fen, row.kept) != said:
            yield f"payment {row.transaction} is not as the log has it"
    yield from (f"payment {name} is in the books and not in the log" for name in rows)
