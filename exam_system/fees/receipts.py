"""A candidate's receipt, put together from rows and signed by the publisher."""

from __future__ import annotations

from sqlalchemy import select

from exam_system.clock import rfc3339
from exam_system.context import Context
from exam_system.errors import Conflict
from exam_system.exams.models import Exam, FeeItem
from exam_system.fees.models import Order, Payment
from exam_system.language import yuan
from exam_system.people import mask_id
from exam_system.printing.capitals import capital_yuan
from exam_system.printing.fonts import register
from exam_system.printing.layout import Anchor
from exam_system.printing.receipt import Receipt, receipt_pdf
from exam_system.records.paper import anchor
from exam_system.registration.lookup import own
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex


def own_receipt_pdf(ctx: Context, ref: str) -> bytes:
    """The actor's own receipt as a PDF; raises as `own_receipt` does, and PrintError."""
    return receipt_pdf(own_receipt(ctx, ref), register(ctx.config.fonts_folder))


def own_receipt(ctx: Context, ref: str) -> Receipt:
    """The actor's own receipt for the payment that was kept.

    Raises NotFound for anybody else's application, Conflict where nothing was paid.
    """
    application, exam, _, person, _ = own(ctx, ref)
    query = (
        select(Order, Payment, FeeItem)
        .join(Payment, Payment.order_id == Order.id)
        .join(FeeItem, FeeItem.id == Order.fee_item_id)
        .where(Order.application_id == application.id, Payment.kept)
    )
    row = ctx.session.execute(query).one_or_none()
    if row is None:
        raise Conflict("There is a receipt once the fee has been paid")
    order, payment, item = row
    tie = anchor(ctx.session, ctx.config.origin, None)
    text = receipt_text(exam, order, payment, tie)
    return Receipt(
        bureau=ctx.config.bureau,
        exam=exam.name,
        payer=person.name,
        id_masked=mask_id(ctx.keys.vault.open(person.id_sealed)),
        item=item.name,
        basis=(item.licence, item.standard, item.authority),
        figures=yuan(payment.fen),
        capitals=capital_yuan(payment.fen),
        trade_no=order.trade_no,
        transaction=payment.transaction,
        paid_at=payment.paid_at.astimezone(ctx.config.zone),
        hotline=item.hotline,
        payload=notes.sign(text, ctx.keys.publisher).decode(),
        digest=sha256_hex(text.encode()),
        anchor=tie,
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )


def receipt_text(exam: Exam, order: Order, payment: Payment, tie: Anchor) -> str:
    """What the publisher signs: no name, only what the books say of the payment."""
    rows = {
        "exam": exam.code,
        "order": order.trade_no,
        "transaction": payment.transaction,
        "fen": payment.fen,
        "paid": rfc3339(payment.paid_at),
        "head": f"{tie.size} {tie.root}",
    }
    return f"{tie.origin}/receipt/v1\n" + "".join(f"{key} {value}\n" for key, value in rows.items())
