"""The gateway's own ledger for payments that do not go over HTTP: it signs, and it makes bills.

It is the sandbox's code with the sandbox's keys; only nothing is sent. So a callback is signed as
in earnest and read as in earnest, at the time of the story.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from exam_system.fees import wechat_bill
from exam_system.fees.desk import Desk
from exam_system.fees.gateway import BillLine, Payment, Refund
from exam_system.fees.models import Order
from exam_system.fees.sandbox import bill, ledger
from exam_system.fees.sandbox.forgeries import FORMS
from exam_system.fees.sandbox.wire import Keys, random_text


class Bank:
    """Takes money at a time that is given, tells of it, and knows what it took on a day."""

    def __init__(self, folder: Path, desk: Desk) -> None:
        self._keys, self._ledger, self._desk = (
            Keys.load(folder / "gateway.json"),
            ledger.Ledger(),
            desk,
        )

    def pay(self, order: Order, description: str, at: datetime) -> Payment:
        """Somebody pays; the payment as our driver read it out of the signed callback."""
        made = ledger.Order(
            out_trade_no=order.trade_no,
            token=random_text(22),
            fen=order.fen,
            description=description,
            notify_url=self._desk.notify_url,
            attach="",
            expires=0,
        )
        self._ledger.create(made)
        self._ledger.stands_at = int(at.timestamp())
        self._ledger.pay(order.trade_no)
        return self.tell(order.trade_no, at)

    def tell(self, trade_no: str, at: datetime) -> Payment:
        """The same payment out of a callback that is signed anew."""
        message = FORMS["genuine"](self._keys, self._ledger.order(trade_no), int(at.timestamp()))
        told = self._desk.gateway.read_callback(message.headers, message.body, at.timestamp())
        if isinstance(told, Refund):
            raise TypeError("a callback of a payment told of a refund")
        return told

    def days_bill(self, day: date) -> tuple[BillLine, ...]:
        """The bill of a day in Beijing time, through the gateway's format."""
        made = bill.make(self._keys, self._ledger, day)
        return wechat_bill.read(made.packed, made.sha1) if made else ()
