"""The gateway's own memory: orders, payments, refunds, optionally kept in a file of JSON lines."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

from exam_system.fees.sandbox.wire import Refused

State = Literal["NOTPAY", "SUCCESS", "CLOSED", "REFUND"]
REFUNDS_PER_ORDER = 50


@dataclass(frozen=True, slots=True)
class Order:
    """One order; moments are POSIX seconds, `expires` and `paid_at` 0 when there are none.

    `double`: a second payment of an order that was paid, as gateways are not supposed to take it.
    """

    out_trade_no: str
    token: str
    fen: int
    description: str
    notify_url: str
    attach: str
    expires: int
    state: State = "NOTPAY"
    transaction_id: str = ""
    notification_id: str = ""
    paid_at: int = 0
    double: bool = False

    def terms(self) -> tuple[str | int, ...]:
        """What a repeated request must repeat."""
        return (self.fen, self.description, self.notify_url, self.attach, self.expires)


@dataclass(frozen=True, slots=True)
class Return:
    """One refund of a transaction; `ends` is the state it will come to."""

    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    refund_id: str
    fen: int
    at: int
    notify_url: str
    ends: str


class Ledger:
    """All verbs are atomic; with a state file, what they answered survives a restart."""

    def __init__(self, state: Path | None = None, name: Callable[[int], str] | None = None) -> None:
        self._name = name or wechat_name
        self.stands_at: int | None = None
        """Where a rehearsal has stopped the hour of payments and refunds, POSIX seconds."""
        self._lock = threading.RLock()
        self._orders: dict[str, Order] = {}
        self._paid: dict[str, Order] = {}
        self._refunds: dict[str, Return] = {}
        self._file = None
        if state is not None:
            self._replay(state)
            self._file = state.open("a", encoding="utf-8")

    def now(self) -> int:
        """The hour that payments, refunds and bills bear, POSIX seconds.

        Signatures and the time to pay always go by the machine: the merchant's side does too.
        """
        return int(time.time()) if self.stands_at is None else self.stands_at

    def create(self, order: Order) -> Order:
        """A new order, or the open one with the same terms."""
        with self._lock:
            known = self._orders.get(order.out_trade_no)
            if known is None:
                return self._keep(order)
            _must_be_open(known)
            if known.terms() != order.terms():
                raise Refused(403, "OUT_TRADE_NO_USED", "this order number has other terms")
            return known

    def order(self, out_trade_no: str) -> Order:
        """The order of that number or 404."""
        with self._lock:
            if out_trade_no not in self._orders:
                raise Refused(404, "ORDER_NOT_EXIST", "there is no such order")
            return self._orders[out_trade_no]

    def by_token(self, token: str) -> Order:
        """The order whose pay page has that token or 404."""
        with self._lock:
            for order in self._orders.values():
                if order.token == token:
                    return order
        raise Refused(404, "ORDER_NOT_EXIST", "there is no such order")

    def pay(self, out_trade_no: str) -> Order:
        """Take the money once."""
        with self._lock:
            order = self.order(out_trade_no)
            _must_be_open(order)
            if order.expires and time.time() >= order.expires:
                raise Refused(400, "ORDER_CLOSED", "the time to pay is over")
            return self._keep(self._paid_now(order, self.now()))

    def pay_again(self, out_trade_no: str) -> Order:
        """Take the money of a paid order once more, under another transaction."""
        with self._lock:
            order = self.order(out_trade_no)
            if not order.paid_at:
                raise Refused(400, "INVALID_REQUEST", "the order is not paid yet")
            return self._keep(replace(self._paid_now(order, self.now()), double=True))

    def transaction(self, transaction_id: str) -> Order:
        """The paid order of that transaction or 404."""
        with self._lock:
            if transaction_id not in self._paid:
                raise Refused(404, "RESOURCE_NOT_EXISTS", "there is no such transaction")
            return self._paid[transaction_id]

    def close(self, out_trade_no: str) -> None:
        """Make an unpaid order unpayable."""
        with self._lock:
            order = self.order(out_trade_no)
            _must_be_open(order)
            self._keep(replace(order, state="CLOSED"))

    def refund(self, wanted: Return, *, total: int, gap: float) -> tuple[Return, bool]:
        """Accept a refund, and whether it is new: the same number and terms are the same refund."""
        with self._lock:
            known = self._refunds.get(wanted.out_refund_no)
            if known is not None:
                if (known.transaction_id, known.fen) != (wanted.transaction_id, wanted.fen):
                    raise Refused(400, "INVALID_REQUEST", "this refund number has other terms")
                return known, False
            order = self.transaction(wanted.transaction_id)
            self._check_refund(order, fen=wanted.fen, total=total, now=wanted.at, gap=gap)
            refund = replace(wanted, refund_id=f"50000{_digits(23)}")
            self._refunds[refund.out_refund_no] = refund
            self._append("refund", refund)
            self._keep(replace(order, state="REFUND"))
            return refund, True

    def refunded(self, out_refund_no: str) -> Return:
        """The refund of that number or 404."""
        with self._lock:
            if out_refund_no not in self._refunds:
                raise Refused(404, "RESOURCE_NOT_EXISTS", "there is no such refund")
            return self._refunds[out_refund_no]

    def between(self, start: int, end: int) -> tuple[list[Order], list[Return]]:
        """Payments and refunds from `start` up to, not including, `end`."""
        with self._lock:
            paid = [order for order in self._paid.values() if start <= order.paid_at < end]
            back = [refund for refund in self._refunds.values() if start <= refund.at < end]
            return paid, back

    def _paid_now(self, order: Order, now: int) -> Order:
        return replace(
            order,
            state="SUCCESS",
            transaction_id=self._name(now),
            notification_id=f"EV-{now}{_digits(8)}",
            paid_at=now,
        )

    def _check_refund(self, order: Order, *, fen: int, total: int, now: int, gap: float) -> None:
        earlier = [r for r in self._refunds.values() if r.transaction_id == order.transaction_id]
        if order.state not in ("SUCCESS", "REFUND"):
            raise Refused(400, "INVALID_REQUEST", "the order is not paid")
        if total != order.fen or fen + sum(refund.fen for refund in earlier) > order.fen:
            raise Refused(400, "INVALID_REQUEST", "the amounts do not fit the order")
        if len(earlier) >= REFUNDS_PER_ORDER:
            raise Refused(400, "INVALID_REQUEST", "an order has at most 50 refunds")
        if any(now - refund.at < gap for refund in earlier):
            raise Refused(429, "FREQUENCY_LIMITED", "one refund of an order in a minute")

    def _keep(self, order: Order) -> Order:
        self._put(order)
        self._append("order", order)
        return order

    def _put(self, order: Order) -> None:
        if not order.double:
            self._orders[order.out_trade_no] = order
        if order.transaction_id:
            self._paid[order.transaction_id] = order

    def _append(self, kind: str, row: Order | Return) -> None:
        if self._file is not None:
            self._file.write(json.dumps({kind: asdict(row)}) + "\n")
            self._file.flush()

    def _replay(self, state: Path) -> None:
        """Read the file back; a last line that was cut by a crash is dropped."""
        text = state.read_text(encoding="utf-8") if state.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            state.write_text(whole, encoding="utf-8")
        for line in whole.splitlines():
            row = json.loads(line)
            if "order" in row:
                self._put(Order(**row["order"]))
            else:
                self._refunds[row["refund"]["out_refund_no"]] = Return(**row["refund"])


def wechat_name(now: int) -> str:
    """The number of a new transaction at WeChat Pay."""
    return f"42000{now:011}{_digits(12)}"


def alipay_name(now: int) -> str:
    """The number of a new trade at Alipay: it begins with its day in Beijing."""
    day = datetime.fromtimestamp(now, timezone(timedelta(hours=8)))
    return f"{day:%Y%m%d}22001{_digits(15)}"


def _must_be_open(order: Order) -> None:
    if order.state == "CLOSED":
        raise Refused(400, "ORDER_CLOSED", "the order is closed")
    if order.state != "NOTPAY":
        raise Refused(400, "ORDERPAID", "the order is paid")


def _digits(length: int) -> str:
    return f"{secrets.randbelow(10**length):0{length}}"
