"""The methods of /gateway.do that the merchant calls; each takes checked content, gives JSON."""

import re
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from exam_system.fees.sandbox import alipay_bill
from exam_system.fees.sandbox import wire as wechat
from exam_system.fees.sandbox.alipay_wire import BEIJING, FORMAT, AlipayKeys, Denied, moment
from exam_system.fees.sandbox.bill import yuan
from exam_system.fees.sandbox.ledger import Ledger, Order, Return
from exam_system.fees.sandbox.notify import Notifier
from exam_system.fees.sandbox.wire import random_text

JSON = dict[str, Any]
STATES = {
    "NOTPAY": "WAIT_BUYER_PAY",
    "SUCCESS": "TRADE_SUCCESS",
    "CLOSED": "TRADE_CLOSED",
    "REFUND": "TRADE_CLOSED",
}
# What the ledger refuses, in Alipay's words.
WORDS = {
    "ORDER_NOT_EXIST": "ACQ.TRADE_NOT_EXIST",
    "RESOURCE_NOT_EXISTS": "ACQ.TRADE_NOT_EXIST",
    "ORDERPAID": "ACQ.TRADE_HAS_SUCCESS",
    "ORDER_CLOSED": "ACQ.TRADE_HAS_CLOSE",
    "OUT_TRADE_NO_USED": "ACQ.CONTEXT_INCONSISTENT",
    "INVALID_REQUEST": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "FREQUENCY_LIMITED": "ACQ.SYSTEM_ERROR",
}


class AlipayApi:
    """Everything that /gateway.do does."""

    def __init__(self, keys: AlipayKeys, ledger: Ledger, notifier: Notifier, base: str) -> None:
        self._keys, self._ledger, self._notifier = keys, ledger, notifier
        self._base = base
        self._bills: dict[str, bytes] = {}
        self._methods: dict[str, Callable[[JSON, str], JSON]] = {
            "alipay.trade.precreate": self._precreate,
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._query_refund,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }

    def call(self, method: str, content: JSON, notify_url: str) -> JSON:
        """The content of the response; raises Denied."""
        if method not in self._methods:
            raise Denied("40002", "isv.invalid-method", "there is no such method")
        try:
            told = self._methods[method](content, notify_url)
        except wechat.Refused as refused:
            word = WORDS.get(refused.code, refused.code)
            raise Denied("40004", word, refused.message) from None
        return {"code": "10000", "msg": "Success", **told}

    def download(self, token: str) -> bytes | None:
        """A bill that was announced; each token works once."""
        return self._bills.pop(token, None)

    def _precreate(self, data: JSON, notify_url: str) -> JSON:
        if data.get("seller_id", self._keys.seller_id) != self._keys.seller_id:
            raise Denied("40004", "ACQ.INVALID_PARAMETER", "the seller is another")
        order = Order(
            out_trade_no=_text(data, "out_trade_no", 64),
            token=random_text(22),
            fen=_fen(data, "total_amount"),
            description=_text(data, "subject", 256),
            notify_url=notify_url,
            attach="",
            expires=_end(data.get("time_expire", "")),
        )
        kept = self._ledger.create(order)
        return {"out_trade_no": kept.out_trade_no, "qr_code": f"{self._base}/pay/{kept.token}"}

    def _query(self, data: JSON, _url: str) -> JSON:
        order = self._ledger.order(_text(data, "out_trade_no", 64))
        told = {
            "out_trade_no": order.out_trade_no,
            "trade_no": order.transaction_id,
            "trade_status": STATES[order.state],
            "total_amount": yuan(order.fen),
        }
        if order.paid_at:
            paid = {"send_pay_date": moment(order.paid_at), "buyer_pay_amount": yuan(order.fen)}
            told |= paid
        return told

    def _close(self, data: JSON, _url: str) -> JSON:
        number = _text(data, "out_trade_no", 64)
        try:
            self._ledger.close(number)
        except wechat.Refused as refused:
            if refused.code != "ORDERPAID":
                raise
            raise Denied("40004", "ACQ.REASON_TRADE_STATUS_INVALID", "it was paid") from None
        return {"out_trade_no": number}

    def _refund(self, data: JSON, _url: str) -> JSON:
        order = self._ledger.transaction(_text(data, "trade_no", 64))
        wanted = Return(
            out_refund_no=_text(data, "out_request_no", 64),
            out_trade_no=order.out_trade_no,
            transaction_id=order.transaction_id,
            refund_id="",
            fen=_fen(data, "refund_amount"),
            at=self._ledger.now(),
            notify_url=order.notify_url,
            ends="SUCCESS",
        )
        back, new = self._ledger.refund(wanted, total=order.fen, gap=0)
        if new:
            self._notifier.send_refund(order, back)
        return {
            "trade_no": order.transaction_id,
            "out_trade_no": order.out_trade_no,
            "fund_change": "Y" if new else "N",
            "refund_fee": yuan(back.fen),
        }

    def _query_refund(self, data: JSON, _url: str) -> JSON:
        """Of a refund that nobody asked for Alipay answers success with nothing in it."""
        self._ledger.transaction(_text(data, "trade_no", 64))
        try:
            back = self._ledger.refunded(_text(data, "out_request_no", 64))
        except wechat.Refused:
            return {}
        told = {
            "trade_no": back.transaction_id,
            "out_trade_no": back.out_trade_no,
            "out_request_no": back.out_refund_no,
            "refund_amount": yuan(back.fen),
            "total_amount": yuan(self._ledger.transaction(back.transaction_id).fen),
        }
        if self._ledger.now() >= back.at + self._notifier.behaviour.refund_takes:
            told |= {"refund_status": "REFUND_SUCCESS", "gmt_refund_pay": moment(back.at)}
        return told

    def _bill(self, data: JSON, _url: str) -> JSON:
        try:
            day = date.fromisoformat(str(data.get("bill_date")))
        except ValueError:
            raise Denied("40004", "isp.invalid-parameter", "bill_date is YYYY-MM-DD") from None
        packed = alipay_bill.make(self._keys, self._ledger, day)
        if packed is None:
            raise Denied("40004", "isp.bill_not_exist", "nothing happened on that day")
        token = random_text(32)
        self._bills[token] = packed
        return {"bill_download_url": f"{self._base}/alipay/bill/{token}"}


def _text(data: JSON, name: str, most: int) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise Denied("40004", "ACQ.INVALID_PARAMETER", f"{name} is text of 1 to {most} characters")
    return value


def _fen(data: JSON, name: str) -> int:
    value = data.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", value):
        raise Denied("40004", "ACQ.INVALID_PARAMETER", f"{name} is yuan with two decimals")
    return int(value.replace(".", ""))


def _end(text: str) -> int:
    """POSIX seconds of time_expire (Beijing time), 0 when it was not given."""
    if not text:
        return 0
    try:
        end = int(datetime.strptime(text, FORMAT).replace(tzinfo=BEIJING).timestamp())
    except ValueError:
        raise Denied("40004", "ACQ.INVALID_PARAMETER", "time_expire is a time") from None
    if end <= time.time():
        raise Denied("40004", "ACQ.INVALID_PARAMETER", "time_expire lies ahead")
    return end
