"""Rounds to the gateway about what it has not told us: orders that wait, refunds under way.

It is asked outside any transaction, a few questions at a time; each answer is taken over in a
transaction of its own, so that a crash in between loses nothing that asking again does not bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import SYSTEM, Context
from exam_system.errors import Conflict, Sentence
from exam_system.exams.models import Exam
from exam_system.fees import gateway
from exam_system.fees.desk import Desk, open_desk
from exam_system.fees.gateway import GatewayError
from exam_system.fees.models import Order
from exam_system.fees.refunds import Known, accept_refund, waiting
from exam_system.fees.service import accept_payment, query_waiting
from exam_system.fees.waiting import AT_GATEWAY
from exam_system.fees.way_models import PayWay
from exam_system.office import Office
from exam_system.registration.models import Application

AT_ONCE = 8
ONLY = ("wechat",)
LONGEST_REASON = 26  # characters; the gateway takes 80 bytes
T = TypeVar("T")
A = TypeVar("A")


@dataclass(slots=True)
class Round:
    """What a round brought: how many were asked about, how many had news, what went wrong."""

    asked: int = 0
    news: int = 0
    troubles: list[str] = field(default_factory=list)


def settle_orders(
    parts: Office, *, code: str | None = None, older: timedelta = timedelta(0)
) -> Round:
    """Ask about the orders of announced exams that wait for their payment.

    With `code` only about that exam's; only about those made, and last asked about, `older` ago.
    Raises Conflict when no gateway is set up.
    """
    until = parts.clock.now() - older
    with parts.context(SYSTEM, write=False).session as db:
        due = [(exam, no) for exam, no, seen in _waiting_orders(db, code) if seen <= until]
        more = _also_at_alipay(db) if due else {}
    result = Round()
    if due:
        desks = {name: open_desk(parts.config, name) for name in _needed(due, more)}
        for exam, pairs in groupby(due, key=lambda pair: pair[0]):
            opened = {no: [desks[name] for name in more.get(no, ONLY)] for _, no in pairs}
            _settle_exam(parts, opened, exam, result)
        parts.seal()
    return result


def _also_at_alipay(db: Session) -> dict[str, tuple[str, ...]]:
    """The gateways that know each waiting order which was opened at Alipay, by its number."""
    query = (
        select(Order.trade_no, Order.pay_url)
        .join(PayWay, PayWay.order_id == Order.id)
        .where(PayWay.driver == "alipay", Order.state == "paying")
    )
    return {no: ("wechat", "alipay") if url else ("alipay",) for no, url in db.execute(query)}


def _needed(due: Sequence[tuple[str, str]], more: Mapping[str, tuple[str, ...]]) -> list[str]:
    return sorted({name for _, no in due for name in more.get(no, ONLY)})


def _waiting_orders(db: Session, code: str | None) -> list[tuple[str, str, datetime]]:
    query = (
        select(Exam.code, Order.trade_no, Order.created_at, Order.asked_at)
        .join(Application, Application.id == Order.application_id)
        .join(Exam, Exam.id == Application.exam_id)
        .where(Order.state == "paying", Exam.state == "announced", AT_GATEWAY)
        .order_by(Exam.code, Order.id)
    )
    if code is not None:
        query = query.where(Exam.code == code)
    return [(exam, no, asked or made) for exam, no, made, asked in db.execute(query)]


def _settle_exam(
    parts: Office, opened: Mapping[str, Sequence[Desk]], code: str, result: Round
) -> None:
    answered: list[str] = []
    paid = 0

    def ask(trade_no: str) -> list[gateway.Payment]:
        answers = [desk.gateway.query(out_trade_no=trade_no) for desk in opened[trade_no]]
        return [payment for payment in answers if payment is not None]

    for trade_no, payments in _each(list(opened), ask):
        try:
            for payment in _answer(payments):
                _take_payment(parts, payment)
                paid += 1
        except GatewayError as error:
            result.troubles.append(f"{trade_no}: {error}")
            continue
        except Sentence as error:  # answered, but not to be believed: the day's statement has it
            result.troubles.append(f"{trade_no}: {error}")
        answered.append(trade_no)
    if answered:
        with _acting(parts) as ctx:
            query_waiting(ctx, code=code, trade_nos=answered, paid=paid)
    result.asked += len(answered)
    result.news += paid


def _take_payment(parts: Office, payment: gateway.Payment) -> None:
    with _acting(parts) as ctx:
        accept_payment(ctx, payment)


def settle_refunds(parts: Office, numbers: Sequence[str] | None = None) -> Round:
    """Ask for the refunds that were ordered, and how far those are that the gateway has.

    Asking twice for one refund is asking for the same one. Raises Conflict when no gateway is
    set up.
    """
    with parts.context(SYSTEM, write=False).session as db:
        due = waiting(db, numbers)
    result = Round()
    if due:
        desks = {name: open_desk(parts.config, name) for name in sorted(set(map(_way, due)))}
        with parts.context(SYSTEM, write=False).session as db:
            names = dict(db.execute(select(Exam.code, Exam.name)).all())
        answers = _each(due, lambda known: _ask(desks[_way(known)], known, names[known.exam]))
        for known, told in answers:
            _take_refund(parts, known, told, result)
        parts.seal()
    return result


def _way(known: Known) -> str:
    return known.payment.driver or "wechat"


def _ask(desk: Desk, known: Known, exam: str) -> gateway.Refund | None:
    """The gateway's word on a refund: its request where it has none yet, else a query."""
    if known.refund.state != "open":
        return desk.gateway.query_refund(
            out_refund_no=known.refund.number, transaction_id=known.payment.transaction
        )
    return desk.gateway.refund(
        transaction_id=known.payment.transaction,
        out_trade_no=known.order.trade_no,
        out_refund_no=known.refund.number,
        fen=known.refund.fen,
        total_fen=known.payment.fen,
        reason=exam[:LONGEST_REASON],
        notify_url=desk.notify_url,
    )


def _take_refund(
    parts: Office, known: Known, told: gateway.Refund | GatewayError | None, result: Round
) -> None:
    before = known.refund.state
    try:
        refund = _answer(told)
        if refund is None:
            raise Conflict("The gateway does not know this refund")
        with _acting(parts) as ctx:
            after = accept_refund(ctx, refund).state
    except (GatewayError, Sentence) as error:
        result.troubles.append(f"{known.refund.number}: {error}")
        return
    result.asked += 1
    result.news += after != before


def _each(items: Sequence[T], ask: Callable[[T], A]) -> Iterator[tuple[T, A | GatewayError]]:
    """Every item with the gateway's answer or its error, in their order."""

    def one(item: T) -> A | GatewayError:
        try:
            return ask(item)
        except GatewayError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from zip(items, pool.map(one, items), strict=True)


def _answer(answer: A | GatewayError) -> A:
    if isinstance(answer, GatewayError):
        raise answer
    return answer


@contextmanager
def _acting(parts: Office) -> Iterator[Context]:
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        yield ctx
        ctx.session.commit()
