"""The day's trade bill in the real one's format.

pay.weixin.qq.com/doc/v3/merchant/4012556654: yuan with two decimals, a backtick before every
field, gzip, SHA-1 over the unzipped text. Unlike the real one it can be had for today as well,
because a rehearsal does not wait for 10:00 of the next morning.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from exam_system.fees.sandbox.ledger import Ledger, Order, Return
from exam_system.fees.sandbox.messages import BEIJING, PAYER
from exam_system.fees.sandbox.wire import Keys

HEAD, TOTALS = (
    (Path(__file__).with_name("pages") / "bill.csv").read_text(encoding="utf-8").splitlines()
)


@dataclass(frozen=True, slots=True)
class Bill:
    """A finished bill: gzip bytes and the SHA-1 of the text inside."""

    packed: bytes
    sha1: str


def make(keys: Keys, ledger: Ledger, day: date) -> Bill | None:
    """The bill of one day in Beijing time, None when nothing happened on it."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp())
    paid, back = ledger.between(start, start + 86400)
    if not paid and not back:
        return None
    rows = [_paid_row(keys, order) for order in paid]
    rows += [_refund_row(keys, ledger.transaction(one.transaction_id), one) for one in back]
    income, outgo = sum(order.fen for order in paid), sum(refund.fen for refund in back)
    totals = [str(len(rows)), *map(yuan, (income, outgo, 0, 0, income, outgo))]
    lines = [HEAD, *map(_join, rows), TOTALS, _join(totals)]
    text = ("\ufeff" + "".join(line + "\r\n" for line in lines)).encode()
    return Bill(gzip.compress(text), hashlib.sha1(text, usedforsecurity=False).hexdigest())


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, without floating point."""
    return f"{fen // 100}.{fen % 100:02}"


def _join(fields: list[str]) -> str:
    return ",".join("`" + field for field in fields)


def _paid_row(keys: Keys, order: Order) -> list[str]:
    money = {12: yuan(order.fen), 24: yuan(order.fen)}
    return _row(keys, order, order.paid_at, {9: "SUCCESS", **money})


def _refund_row(keys: Keys, order: Order, refund: Return) -> list[str]:
    numbers = {14: refund.refund_id, 15: refund.out_refund_no}
    money = {16: yuan(refund.fen), 25: yuan(refund.fen)}
    kind = {9: "REFUND", 18: "ORIGINAL", 19: "SUCCESS"}
    return _row(keys, order, refund.at, {**kind, **numbers, **money})


def _row(keys: Keys, order: Order, at: int, special: Mapping[int, str]) -> list[str]:
    """Fields by position of the head line; those not named are empty or 0.00."""
    when = datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    common = {0: when, 1: keys.appid, 2: keys.mchid, 3: "0", 5: order.transaction_id}
    common |= {6: order.out_trade_no, 7: PAYER, 8: "NATIVE", 10: "OTHERS", 11: "CNY"}
    common |= {14: "0", 15: "0", 20: order.description, 21: order.attach, 22: "0.00000"}
    common |= {23: "0.60%"} | dict.fromkeys((12, 13, 16, 17, 24, 25), "0.00")
    fields = {**common, **special}
    return [fields.get(index, "") for index in range(HEAD.count(",") + 1)]
