"""The ways to pay besides WeChat Pay that a candidate opens: Alipay's code, a code for the bank."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.fees import codes, gateway
from exam_system.fees.drivers import settings
from exam_system.fees.models import Order
from exam_system.fees.service import Asked, asked, check_payable
from exam_system.fees.states import move
from exam_system.fees.way_models import PayWay
from exam_system.registration.lookup import rules_from


def opened(session: Session, order: Order) -> dict[str, PayWay]:
    """What was opened for an order besides WeChat Pay, by driver."""
    rows = session.scalars(select(PayWay).where(PayWay.order_id == order.id).order_by(PayWay.id))
    return {row.driver: row for row in rows}


def asked_at_gateways(session: Session, order: Order) -> list[str]:
    """The gateways that may know of a payment of the order."""
    found = opened(session, order)
    drivers = ["wechat"] if order.pay_url or not found else []
    return drivers + (["alipay"] if "alipay" in found else [])


@verb
def open_way(ctx: Context, *, ref: str, driver: str, link: gateway.PayLink) -> None:
    """Keep the link at which another gateway takes an order's money, unless it is paid already."""
    found = asked(ctx, ref, lock=True)
    order = _order_of(found)
    unpaid = order.state in ("created", "paying")
    if unpaid:
        _keep(ctx, order, driver, link.url)
    ctx.record(
        exam=found.exam.code,
        subject=f"order:{order.trade_no}",
        application=ref,
        driver=driver,
        kept=unpaid,
    )


@verb
def issue_code(ctx: Context, *, ref: str) -> str:
    """Give an unpaid order its payment code: always the same one, until its last day.

    Raises Conflict as `check_payable` does, and on the day on which payment closes: what a bank
    takes then may come too late.
    """
    found = asked(ctx, ref, lock=True)
    check_payable(ctx, found)
    order = _order_of(found)
    last = codes.last_day(rules_from(found.exam.rules).payment_closes, ctx.config.zone)
    if ctx.due().astimezone(ctx.config.zone).date() > last:
        raise Conflict("It is too late to pay at a bank: choose another way")
    prefix = settings(ctx.config, "nontax")["prefix"]
    code = codes.payment_code(prefix, _year(ctx, order.created_at), order.id)
    _keep(ctx, order, "nontax", code).last_day = last
    ctx.session.flush()
    ctx.record(
        exam=found.exam.code,
        subject=f"order:{order.trade_no}",
        application=ref,
        code=code,
        fen=order.fen,
        last_day=last.isoformat(),
    )
    return code


def _year(ctx: Context, at: datetime) -> int:
    return at.astimezone(ctx.config.zone).year


def _order_of(found: Asked) -> Order:
    if found.order is None:
        raise Conflict("There is no order yet")
    return found.order


def _keep(ctx: Context, order: Order, driver: str, link: str) -> PayWay:
    if order.state == "created":
        move(order, "paying")
    row = opened(ctx.session, order).get(driver)
    if row is None:
        row = PayWay(order_id=order.id, driver=driver, link=link, opened_at=ctx.clock.now())
        ctx.session.add(row)
    row.link = link
    return row
