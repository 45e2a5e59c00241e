"""Verbs of fees: create an order, confirm a payment, have the gateway asked, export the ledger.

What was asked for (order) and what came in (payment) are separate rows. Money is integer fen.
No verb speaks to the gateway: that is done between two transactions, see `desk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, select

from exam_system.accounts.models import Person
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.database import database_now, put, reserved
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, FeeItem
from exam_system.fees import gateway
from exam_system.fees.drivers import GATEWAYS
from exam_system.fees.ledger import Entry, entries
from exam_system.fees.models import Order, Payment
from exam_system.fees.states import move
from exam_system.fees.waiver_models import Waiver
from exam_system.registration import states as applications
from exam_system.registration.lookup import rules_from, shown
from exam_system.registration.models import Application


@dataclass(frozen=True, slots=True)
class Asked:
    """An own application with what is asked for it and, once there is one, its order."""

    application: Application
    exam: Exam
    item: FeeItem | None
    order: Order | None
    waiver: Waiver | None
    """The request for a waiver that waits."""


_ASKED = (
    select(Application, Exam, FeeItem, Order, Waiver)
    .join(Person, Person.id == Application.person_id)
    .join(Exam, Exam.id == Application.exam_id)
    .outerjoin(FeeItem, FeeItem.exam_id == Exam.id)
    .outerjoin(Order, Order.application_id == Application.id)
    .outerjoin(Waiver, and_(Waiver.application_id == Application.id, Waiver.state == "asked"))
    .where(
        Application.ref == bindparam("ref"),
        Person.account_id == bindparam("account"),
    )
    .order_by(FeeItem.id)
    .limit(1)
)
_ASKED_LOCKED = _ASKED.with_for_update(of=Application).execution_options(populate_existing=True)
_REQUESTED = select(Waiver.id).where(
    Waiver.application_id == bindparam("application"), Waiver.state == "asked"
)
_KNOWN = select(Payment).where(Payment.transaction == bindparam("transaction"))
# Everything in one statement. Two deliveries at once wait for one another at the order's row. The
# lock on the exam is shared: payments go on side by side, but registration cannot be closed in
# between.
_PAID_FOR = (
    select(
        Order,
        Application,
        *(Exam.code, Exam.state, Exam.rules),
        Payment.id.label("known"),
        reserved(Payment).label("key"),
        database_now().label("at"),
    )
    .join(Application, Application.id == Order.application_id)
    .join(Exam, Exam.id == Application.exam_id)
    .outerjoin(Payment, Payment.transaction == bindparam("transaction"))
    .where(Order.trade_no == bindparam("trade_no"))
    .with_for_update(of=[Order, Application])
    .suffix_with("FOR SHARE OF exam", dialect="postgresql")
    .execution_options(populate_existing=True)
)


def asked(ctx: Context, ref: str, *, lock: bool = False) -> Asked:
    """What the actor's application owes; NotFound for everybody else's and for none alike."""
    given = {"ref": ref, "account": ctx.actor.account_id}
    row = ctx.session.execute(_ASKED_LOCKED if lock else _ASKED, given).one_or_none()
    if row is None:
        raise NotFound("There is no such application")
    return Asked(*row)


def check_payable(ctx: Context, found: Asked) -> FeeItem:
    """The fee item; raises Conflict unless the application may be paid for now."""
    if found.item is None:
        raise Conflict("No fee with a posted basis is set for this exam: nothing is asked")
    if found.application.state != "approved":
        raise applications.not_now(found.application)
    closes = rules_from(found.exam.rules).payment_closes
    if found.exam.state != "announced" or ctx.due() >= closes:
        raise Conflict("The time for payment ended at %(at)s", at=shown(closes, ctx.config))
    if found.waiver is not None:
        raise _waits()
    return found.item


def _waits() -> Conflict:
    return Conflict("Your request for a waiver waits: to pay all the same take it back first")


@verb
def create_order(ctx: Context, *, ref: str) -> Order:
    """Make the one order of an approved application before payment closes.

    A fee of nothing is settled at once. The order is not known at the gateway yet.
    """
    found = asked(ctx, ref, lock=True)
    item = check_payable(ctx, found)
    if found.order is not None:
        raise Conflict("There is an order for this application already")
    # Asked once more: what was joined to the locked row is as it was before waiting for the lock.
    if ctx.session.scalar(_REQUESTED, {"application": found.application.id}) is not None:
        raise _waits()
    order = Order(
        trade_no=reference(ctx.chance),
        application_id=found.application.id,
        fee_item_id=item.id,
        fen=item.fen,
        state="created",
        pay_url="",
        created_at=ctx.clock.now(),
    )
    if item.fen == 0:
        _settle(order, found.application, ctx.clock.now())
    put(ctx.session, order, Conflict("There is an order for this application already"))
    ctx.record(
        exam=found.exam.code, subject=f"order:{order.trade_no}", application=ref, fen=order.fen
    )
    return order


@verb
def open_payment(ctx: Context, *, ref: str, link: gateway.PayLink) -> None:
    """Keep the link at which the gateway takes an order's money, unless it is paid already."""
    found = asked(ctx, ref, lock=True)
    order = found.order
    if order is None:
        raise Conflict("There is no order yet")
    if order.state == "created":
        move(order, "paying")
    unpaid = order.state == "paying"
    if unpaid:
        order.pay_url = link.url
    ctx.record(
        exam=found.exam.code, subject=f"order:{order.trade_no}", application=ref, kept=unpaid
    )


def _settle(order: Order, application: Application, at: datetime) -> None:
    move(order, "paid")
    order.paid_at = at
    applications.move(application, "paid")


@dataclass(frozen=True, slots=True)
class PaidFor:
    """What a payment is for, locked, and the payment if it is known; of the exam code, state and
    rules. `key` is the key of a new row, where the database gives keys in advance."""

    order: Order
    application: Application
    exam: str
    state: str
    rules: str
    known: Payment | None
    key: int | None


def _paid_for(ctx: Context, payment: gateway.Payment) -> PaidFor:
    given = {"trade_no": payment.out_trade_no, "transaction": payment.transaction_id}
    row = ctx.session.execute(_PAID_FOR, given).one_or_none()
    if row is None:
        raise NotFound("There is no such order")
    ctx.took(row.at)
    known = None if row.known is None else ctx.session.get_one(Payment, row.known)
    exam = (row.code, row.state, row.rules)
    return PaidFor(row.Order, row.Application, *exam, known, row.key)


def accept_payment(ctx: Context, payment: gateway.Payment) -> Payment:
    """Take a payment in once, however often the gateway tells of it; as SYSTEM.

    Where two deliveries at once do not wait for one another, the unique transaction lets one of
    them in and the other gets Conflict. Raises as confirm_payment does.
    """
    found = _paid_for(ctx, payment)
    known = found.known
    if known is None and _why_not_kept(ctx, payment, found):
        # What was paid while this statement waited for the order, it has not seen.
        known = ctx.session.scalar(_KNOWN, {"transaction": payment.transaction_id})
    if known is None:
        return confirm_payment(ctx, payment=payment, found=found)
    same = (known.order_id, known.fen, known.driver or "wechat")
    if same != (found.order.id, payment.fen, payment.driver):
        raise Conflict("This transaction is known with another order or another amount")
    return known


@verb
def confirm_payment(
    ctx: Context, *, payment: gateway.Payment, found: PaidFor | None = None
) -> Payment:
    """Take in a payment whose transaction is new and whose amount is the order's.

    It is kept when the application is approved, unpaid and in time; otherwise it is owed back
    (`kept` false). Raises NotFound for another order, Invalid for another amount of a gateway
    (at a bank people pay what they like: that is owed back); the same transaction a second time
    is Conflict: `accept_payment` is for what may come twice. `found`: what it has found already.
    """
    found = found or _paid_for(ctx, payment)
    if payment.fen != found.order.fen and payment.driver in GATEWAYS:
        raise Invalid("The amount of the payment is not the order's")
    why_not = _why_not_kept(ctx, payment, found)
    row = _take_in(ctx, payment, found, why_not)
    if not why_not:
        _settle(found.order, found.application, payment.paid_at)
    ctx.record(
        exam=found.exam,
        subject=f"order:{found.order.trade_no}",
        transaction=payment.transaction_id,
        fen=payment.fen,
        kept=row.kept,
        why=why_not,
        driver=payment.driver,
    )
    return row


def _why_not_kept(ctx: Context, payment: gateway.Payment, found: PaidFor) -> str:
    """Empty when the money is kept, else one word for why it is owed back."""
    order, application = found.order, found.application
    if order.state == "paid":
        return "second"
    if payment.fen != order.fen:
        return "amount"
    if application.state != "approved":
        return application.state
    # A callback may be hours late: what counts is when the candidate paid, as far as our own
    # clock had come by then.
    moment = min(payment.paid_at, ctx.due())
    late = moment >= rules_from(found.rules).payment_closes
    return "late" if late or found.state != "announced" else ""


def _take_in(ctx: Context, payment: gateway.Payment, found: PaidFor, why_not: str) -> Payment:
    row = Payment(
        id=found.key,
        order_id=found.order.id,
        transaction=payment.transaction_id,
        notification=payment.notification_id or "",
        fen=payment.fen,
        kept=not why_not,
        why=why_not or None,
        paid_at=payment.paid_at,
        received_at=ctx.clock.now(),
        driver=None if payment.driver == "wechat" else payment.driver,
    )
    put(ctx.session, row, Conflict("This payment has just been taken in"))
    return row


@verb
def query_order(ctx: Context, *, ref: str, paid: bool) -> Order:
    """Record that the candidate had the gateway asked, and whether it knew of a payment."""
    found = asked(ctx, ref)
    if found.order is None:
        raise Conflict("There is no order for this application yet")
    subject = f"order:{found.order.trade_no}"
    ctx.record(exam=found.exam.code, subject=subject, application=ref, paid=paid)
    return found.order


@verb
def query_waiting(ctx: Context, *, code: str, trade_nos: Sequence[str], paid: int) -> None:
    """Record that the gateway was asked about orders of an exam that wait, and how many had paid.

    Payments it knew of have been taken in before. Closing registration counts on this.
    """
    exam = exam_by_code(ctx.session, code)
    query = select(Order).where(Order.trade_no.in_(trade_nos)).order_by(Order.id)
    for order in ctx.session.scalars(query.with_for_update()):
        order.asked_at = ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=exam.code, subject=f"exam:{code}", orders=len(trade_nos), paid=paid)


@verb
def export_ledger(ctx: Context, *, code: str) -> Sequence[Entry]:
    """All orders and payments of the exam, in the order in which they were asked for."""
    exam = exam_by_code(ctx.session, code)
    rows = entries(ctx.session, exam)
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows))
    return rows
