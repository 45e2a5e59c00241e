"""Money that goes back: two people order it, the gateway is asked, its word alone confirms it.

The state of a refund and who may order one are in rows; the gateway is asked between two
transactions, see `settling`. A refund's number follows from the transaction and the attempt, so
that asking again, whatever was lost in between, asks for the same refund.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, not_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.approvals.lookup import Listed, Wanted, list_to_approve, use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.fees import gateway
from exam_system.fees.drivers import GATEWAYS
from exam_system.fees.models import Order, Payment, Refund
from exam_system.fees.states import move_refund
from exam_system.language import yuan
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON, jcs, sha256_hex

VERB = "fees.refund_payments"
MOST = 200  # refunds in one list: the gateway is asked about each
TARGETS = {"PROCESSING": "asked", "SUCCESS": "refunded", "CLOSED": "failed", "ABNORMAL": "failed"}
# The gateway has given such a refund up for good: the money may be sent back under a new number.
GIVEN_UP = and_(Refund.state == "failed", Refund.why == "CLOSED")


@dataclass(frozen=True, slots=True)
class Owed:
    """A payment that is owed back and whose refund nobody has ordered yet."""

    payment: int
    trade_no: str
    transaction: str
    fen: int
    name: str
    application: str
    paid_at: datetime
    why: str | None
    attempt: int


def owed(session: Session, exam: Exam, upto: int | None = None) -> list[Owed]:
    """The oldest MOST payments of the exam to order refunds for, none newer than `upto`."""
    earlier = select(func.count(Refund.id)).where(Refund.payment_id == Payment.id)
    blocking = select(Refund.id).where(Refund.payment_id == Payment.id, not_(GIVEN_UP))
    query = (
        select(
            Payment.id.label("payment"),
            Order.trade_no,
            Payment.transaction,
            Payment.fen,
            Person.name,
            Application.ref.label("application"),
            Payment.paid_at,
            Payment.why,
            (earlier.correlate(Payment).scalar_subquery() + 1).label("attempt"),
        )
        .join(Order, Order.id == Payment.order_id)
        .join(Application, Application.id == Order.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(
            Application.exam_id == exam.id,
            Payment.kept.is_(False),
            ~blocking.correlate(Payment).exists(),
        )
        .order_by(Payment.id)
        .limit(MOST)
    )
    if upto is not None:
        query = query.where(Payment.id <= upto)
    return [Owed(**row._mapping) for row in session.execute(query)]


def list_of(session: Session, exam: Exam) -> tuple[list[Owed], Wanted | None]:
    """The list to be approved or carried out now, and what its approval says; None when empty.

    Money that comes in after a list was handed to the approver waits for the next list.
    """

    def upto(last: str | None) -> Listed[Owed]:
        rows = owed(session, exam, int(last) if last else None)
        return rows, _wanted(exam, rows)

    return list_to_approve(session, VERB, exam.code, upto)


def wanted_refunds(ctx: Context, *, code: str) -> Wanted:
    """The approval that the office asks for; raises Conflict when nothing is owed back."""
    wanted = list_of(ctx.session, exam_by_code(ctx.session, code))[1]
    if wanted is None:
        raise Conflict("Nothing is owed back that is not on its way already")
    return wanted


def _wanted(exam: Exam, rows: Sequence[Owed]) -> Wanted | None:
    if not rows:
        return None
    return Wanted(
        VERB,
        exam.code,
        f"refunds:{exam.code}:{rows[-1].payment}",
        _digest(exam, rows),
        (
            Sentence("%(count)s payments go back to who paid them", count=len(rows)),
            Sentence("Together %(amount)s", amount=yuan(sum(row.fen for row in rows))),
            Sentence("The digest is that of the list of transactions, orders and amounts"),
        ),
    )


def _digest(exam: Exam, rows: Sequence[Owed]) -> str:
    lines: JSON = [[row.transaction, row.trade_no, row.fen, row.attempt] for row in rows]
    return sha256_hex(jcs({"exam": exam.code, "refunds": lines}))


def refund_number(transaction: str, attempt: int) -> str:
    """The refund's own number at the gateway: the same for the same money, on every machine."""
    return "R" + sha256_hex(f"{transaction}/{attempt}".encode())[:31]


@verb
def refund_payments(ctx: Context, *, code: str) -> list[str]:
    """Order the refunds of the approved list; returns their numbers.

    The gateway is to be asked about each afterwards (`settling.send_refunds`).
    """
    exam = exam_by_code(ctx.session, code)
    rows, wanted = list_of(ctx.session, exam)
    if wanted is None:
        raise Conflict("Nothing is owed back that is not on its way already")
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    made = [_row(ctx, row) for row in rows]
    try:
        ctx.session.execute(insert(Refund), made)
        ctx.session.flush()
    except IntegrityError:  # somebody was faster: the database lets one in
        raise Conflict("Somebody has just ordered a refund of this list: look again") from None
    listed = [
        [row["number"], one.transaction, one.fen] for row, one in zip(made, rows, strict=True)
    ]
    ctx.record(exam=code, subject=wanted.subject, digest=wanted.digest, refunds=listed)
    return [str(row["number"]) for row in made]


def _row(ctx: Context, owed_back: Owed) -> dict[str, Any]:
    return {
        "number": refund_number(owed_back.transaction, owed_back.attempt),
        "payment_id": owed_back.payment,
        "fen": owed_back.fen,
        "state": "open",
        "why": "",
        "ordered_at": ctx.clock.now(),
    }


@dataclass(frozen=True, slots=True)
class Known:
    """A refund with what it belongs to."""

    refund: Refund
    payment: Payment
    order: Order
    exam: str


_KNOWN = (
    select(Refund, Payment, Order, Exam.code)
    .join(Payment, Payment.id == Refund.payment_id)
    .join(Order, Order.id == Payment.order_id)
    .join(Application, Application.id == Order.application_id)
    .join(Exam, Exam.id == Application.exam_id)
)


def _locked(ctx: Context, number: str) -> Known:
    query = _KNOWN.where(Refund.number == number).with_for_update(of=Refund)
    row = ctx.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("There is no such refund")
    return Known(*row)


def accept_refund(ctx: Context, told: gateway.Refund) -> Refund:
    """Take over what the gateway says of a refund, however often it says it; as SYSTEM.

    Raises as confirm_refund does; what is known already, or older than what is known, changes
    nothing.
    """
    known = _agreeing(ctx, told)
    to, now = TARGETS[told.status], known.refund.state
    if to == now or (to == "asked" and now != "open"):
        return known.refund
    return confirm_refund(ctx, told=told)


@verb
def confirm_refund(ctx: Context, *, told: gateway.Refund) -> Refund:
    """Move a refund on by the gateway's word: accepted, money gone back, or failed.

    Raises NotFound for a number we never gave, Invalid for another amount, order or transaction,
    Conflict for a move that there is not.
    """
    known = _agreeing(ctx, told)
    refund = known.refund
    move_refund(refund, TARGETS[told.status])
    done = told.done_at or ctx.clock.now()
    refund.gateway_no = told.refund_id
    refund.asked_at = refund.asked_at or told.made_at or done
    refund.done_at = done if refund.state == "refunded" else None
    refund.why = told.status if refund.state == "failed" else ""
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict("Another refund of this payment is on its way") from None
    ctx.record(
        exam=known.exam,
        subject=f"refund:{refund.number}",
        transaction=known.payment.transaction,
        fen=refund.fen,
        status=told.status,
    )
    return refund


def _agreeing(ctx: Context, told: gateway.Refund) -> Known:
    known = _locked(ctx, told.out_refund_no)
    ours = (known.order.trade_no, known.payment.transaction, known.refund.fen)
    if ours != (told.out_trade_no, told.transaction_id, told.fen):
        raise Invalid("The gateway tells of another order, transaction or amount than the refund's")
    return known


def waiting(session: Session, numbers: Sequence[str] | None = None) -> list[Known]:
    """Refunds about which a gateway is to be asked: not begun, under way, or held up."""
    held_up = and_(Refund.state == "failed", Refund.why == "ABNORMAL")
    query = _KNOWN.where(or_(Refund.state.in_(("open", "asked")), held_up)).order_by(Refund.id)
    query = query.where(or_(Payment.driver.is_(None), Payment.driver.in_(GATEWAYS)))
    if numbers is not None:
        query = query.where(Refund.number.in_(numbers))
    return [Known(*row) for row in session.execute(query)]


UNDER_WAY = ("open", "asked")


def refunds_of(
    session: Session, exam: Exam, most: int | None = None, *, under_way: bool = False
) -> list[Known]:
    """The refunds of an exam, newest first; at most so many, only those that have not ended."""
    query = _KNOWN.where(Exam.id == exam.id).order_by(Refund.id.desc()).limit(most)
    if under_way:
        query = query.where(Refund.state.in_(UNDER_WAY))
    return [Known(*row) for row in session.execute(query)]


def count_refunds(session: Session, exam: Exam) -> tuple[int, int]:
    """How many refunds an exam has, and how many of them are under way."""
    counts = func.count(), func.count().filter(Refund.state.in_(UNDER_WAY))
    query = _KNOWN.with_only_columns(*counts, maintain_column_froms=True)
    row = session.execute(query.where(Exam.id == exam.id)).one()
    return row[0], row[1]


@dataclass(frozen=True, slots=True)
class Back:
    """A payment of an order that is owed back, as its candidate sees it."""

    fen: int
    paid_at: datetime
    why: str
    state: str | None
    done_at: datetime | None


WHY = {
    "second": "The order had been paid already.",
    "late": "It came after the time for payment.",
    "amount": "It was not the amount that was asked.",
    "withdrawn": "The application had been withdrawn.",
    "refused": "The application had been refused.",
    "cancelled": "The post applied for was cancelled.",
    "": "It could not be counted.",
}


def returns_of(session: Session, order: Order | None) -> list[Back]:
    """What of an order's payments is owed back, and how far that is; oldest first."""
    if order is None:
        return []
    query = (
        select(Payment.fen, Payment.paid_at, Payment.why, Refund.state, Refund.done_at)
        .outerjoin(Refund, and_(Refund.payment_id == Payment.id, not_(GIVEN_UP)))
        .where(Payment.order_id == order.id, Payment.kept.is_(False))
        .order_by(Payment.id)
    )
    return [
        Back(row.fen, row.paid_at, WHY.get(row.why or "", WHY[""]), row.state, row.done_at)
        for row in session.execute(query)
    ]


def unsettled(session: Session, order: Order) -> list[str]:
    """Numbers of the order's refunds that are not done yet."""
    query = (
        select(Refund.number)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.order_id == order.id, Refund.state.in_(("open", "asked")))
    )
    return list(session.scalars(query))
