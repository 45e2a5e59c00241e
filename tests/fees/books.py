"""What the database says about money, and payments made for tests."""

from __future__ import annotations

import json

from sqlalchemy import func, select

from exam_system.context import PUBLIC, SYSTEM, Actor
from exam_system.fees import gateway, service
from exam_system.fees.models import Order, Payment
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from tests.world import World


def ordered(world: World, who: Actor, application: Application) -> Order:
    """The order of an approved application."""
    with world.acting(who) as ctx:
        return service.create_order(ctx, ref=application.ref)


def paid(
    world: World, order: Order, transaction: str = "t1", fen: int | None = None
) -> gateway.Payment:
    """A payment of the order as the driver would tell of it."""
    amount = order.fen if fen is None else fen
    at = world.clock.now()
    return gateway.Payment(order.trade_no, transaction, f"n-{transaction}", amount, at, amount)


def taken_in(world: World, payment: gateway.Payment) -> Payment:
    """The payment's row after it was accepted."""
    with world.acting(SYSTEM) as ctx:
        return service.accept_payment(ctx, payment)


def order_now(world: World, order: Order) -> Order:
    """The order as the database has it."""
    with world.context(PUBLIC).session as db:
        return db.scalars(select(Order).where(Order.trade_no == order.trade_no)).one()


def payments(world: World) -> list[tuple[str, int, bool]]:
    """Transaction, fen, kept of every payment."""
    with world.context(PUBLIC).session as db:
        rows = db.execute(
            select(Payment.transaction, Payment.fen, Payment.kept).order_by(Payment.id)
        )
        return [(row.transaction, row.fen, row.kept) for row in rows]


def acts(world: World, kind: str = "fees.confirm_payment") -> list[dict[str, object]]:
    """The details of every act of a kind."""
    with world.context(PUBLIC).session as db:
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
        return [json.loads(t) for t in db.scalars(query.where(Act.kind == kind).order_by(Act.id))]


def everything(world: World) -> tuple[object, ...]:
    """A fingerprint of all that a callback could change."""
    with world.context(PUBLIC).session as db:
        return (
            db.scalar(select(func.count()).select_from(Act)),
            tuple(map(tuple, db.execute(select(Order.trade_no, Order.state, Order.paid_at)))),
            tuple(map(tuple, db.execute(select(Application.ref, Application.state)))),
            db.scalar(select(func.count()).select_from(Payment)),
        )
