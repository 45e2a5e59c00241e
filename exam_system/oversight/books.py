"""The books of fees over all exams: what came in against orders, applications and acts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from exam_system.exams.models import FeeItem
from exam_system.fees.models import Order, Payment, Refund
from exam_system.fees.waiver_models import Waiver
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application

_CHOOSES = or_(
    Application.state == "choosing",
    and_(Application.state.in_(("submitted", "second")), Application.chosen_at.is_not(None)),
)
_STANDING = case((_CHOOSES, "paid"), else_=Application.state)
"""Whoever chooses again because the post was cancelled has paid all the same."""
Details: TypeAlias = "dict[str, int | str | bool]"


@dataclass(frozen=True, slots=True)
class Money:
    """Sums in fen: received and sent back by the acts, the rest by the rows."""

    received: int
    kept: int
    owed: int
    refunded: int
    refunded_by_acts: int

    @property
    def balances(self) -> bool:
        """What came in is kept, owed back or sent back, and the acts say the same of the last."""
        parts = self.kept + self.owed + self.refunded
        return self.received == parts and self.refunded == self.refunded_by_acts


def money(session: Session) -> Money:
    """The books of all exams in five sums."""
    rows = dict(
        session.execute(select(Payment.kept, func.sum(Payment.fen)).group_by(Payment.kept)).all()
    )
    back = select(func.coalesce(func.sum(Refund.fen), 0)).where(Refund.state == "refunded")
    refunded = int(session.scalars(back).one())
    return Money(
        sum(int(details["fen"]) for _, details in _told(session, "fees.confirm_payment")),
        int(rows.get(True, 0)),
        int(rows.get(False, 0)) - refunded,
        refunded,
        sum(int(details["fen"]) for _, details in _sent_back(session)),
    )


def _sent_back(session: Session) -> Iterator[tuple[str, Details]]:
    """Subject and details of every act by which the gateway said that money went back."""
    for subject, details in _told(session, "fees.confirm_refund"):
        if details["status"] == "SUCCESS":
            yield subject, details


def _told(session: Session, kind: str) -> Iterator[tuple[str, Details]]:
    """Subject and details of every act of a kind."""
    query = (
        select(Act.subject, ActDetail.details)
        .join(ActDetail, ActDetail.act_id == Act.id)
        .where(Act.kind == kind)
        .order_by(Act.id)
        .execution_options(yield_per=2_000)
    )
    for subject, details in session.execute(query):
        yield subject, json.loads(details)


def faults_of_books(session: Session) -> Iterator[str]:
    """One sentence for each order, payment or application that does not agree with the others."""
    yield from _payments(session)
    yield from _refunds(session)
    yield from _waivers(session)
    paid = (
        select(Order.trade_no, Order.fen, Order.state, _STANDING, func.coalesce(Payment.fen, 0))
        .join(Application, Application.id == Order.application_id)
        .outerjoin(Payment, (Payment.order_id == Order.id) & Payment.kept)
        .where(or_(Order.state == "paid", Payment.id.is_not(None)))
    )
    for trade_no, asked, state, application, kept in session.execute(paid):
        if state != "paid" or application != "paid" or kept != asked:
            yield (
                f"order {trade_no}: asked {asked}, kept {kept} fen, order {state}, "
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
    freed = set(_freed(session))
    for subject, details in _told(session, "fees.confirm_payment"):
        row = rows.pop(str(details["transaction"]), None)
        kept = details["kept"] and details["transaction"] not in freed
        said = (subject.removeprefix("order:"), details["fen"], kept)
        if row is None:
            yield f"payment {details['transaction']} is in the log and not in the books"
        elif (row.trade_no, row.fen, row.kept) != said:
            yield f"payment {row.transaction} is not as the log has it"
    yield from (f"payment {name} is in the books and not in the log" for name in rows)


def _freed(session: Session) -> Iterator[object]:
    """The transactions whose money is owed back because a post was cancelled, by the acts."""
    for kind in ("registration.give_up_choice", "exams.end_choice"):
        for _subject, details in _told(session, kind):
            owed = details["owed"]
            yield from owed if isinstance(owed, list) else ()


def _refunds(session: Session) -> Iterator[str]:
    """Every refund against its payment, the act that ordered it and the one that ended it."""
    query = select(
        Refund.number, Refund.fen, Refund.state, Payment.transaction, Payment.kept, Payment.fen
    ).join(Payment, Payment.id == Refund.payment_id)
    ordered = {
        tuple(item)
        for _, details in _told(session, "fees.refund_payments")
        for item in details["refunds"]  # type: ignore[union-attr]
    }
    done = {(name.removeprefix("refund:"), d["fen"]) for name, d in _sent_back(session)}
    for number, fen, state, transaction, kept, paid in session.execute(query):
        if kept or fen != paid:
            yield f"refund {number}: {fen} fen of {paid}, of a payment that is kept: {kept}"
        if (number, transaction, fen) not in ordered:
            yield f"refund {number} was not ordered by two people as it stands"
        if ((number, fen) in done) != (state == "refunded"):
            yield f"refund {number} is {state}, and the log has it otherwise"
        done.discard((number, fen))
    yield from (f"refund {number} is in the log and not in the books" for number, _ in done)


def _waivers(session: Session) -> Iterator[str]:
    """Every fee that was waived against the act of two people, and every order of nothing."""
    listed = {
        tuple(item)
        for _, details in _told(session, "fees.grant_waivers")
        for item in details["waivers"]  # type: ignore[union-attr]
    }
    granted = (
        select(Waiver.ref, Application.ref, Waiver.fen, Application.id)
        .join(Application, Application.id == Waiver.application_id)
        .where(Waiver.state == "granted")
    )
    waived = set()
    for ref, application, fen, number in session.execute(granted):
        waived.add(number)
        if (ref, application, fen) not in listed:
            yield f"waiver {ref} of application {application} was not granted by two people"
        listed.discard((ref, application, fen))
    yield from (f"waiver {ref} is in the log and not in the books" for ref, _, _ in listed)
    free = (
        select(Order.trade_no, Order.application_id)
        .join(FeeItem, FeeItem.id == Order.fee_item_id)
        .where(Order.fen == 0, FeeItem.fen > 0)
    )
    for trade_no, number in session.execute(free):
        if number not in waived:
            yield f"order {trade_no} asks for nothing, and no waiver was granted"
