"""The v3 interfaces the merchant calls; each takes a checked request and gives status and JSON."""

import time
from datetime import date, datetime
from typing import Any

from exam_system.fees.sandbox import bill, messages
from exam_system.fees.sandbox.ledger import Ledger, Order, Return
from exam_system.fees.sandbox.notify import Notifier
from exam_system.fees.sandbox.wire import Keys, Refused, random_text

JSON = dict[str, Any]


class Api:
    """Everything under /v3/ except the bill's download."""

    def __init__(self, keys: Keys, ledger: Ledger, notifier: Notifier) -> None:
        self._keys, self._ledger, self._notifier = keys, ledger, notifier
        self._bills: dict[str, bytes] = {}

    def create(self, data: JSON) -> tuple[int, JSON]:
        """POST /v3/pay/transactions/native: code_url is the sandbox's own pay page."""
        if (data.get("mchid"), data.get("appid")) != (self._keys.mchid, self._keys.appid):
            raise Refused(400, "APPID_MCHID_NOT_MATCH", "appid and mchid do not belong together")
        amount = _dict(data, "amount")
        if amount.get("currency", "CNY") != "CNY":
            raise Refused(400, "PARAM_ERROR", "amount.currency must be CNY")
        order = Order(
            out_trade_no=_text(data, "out_trade_no", 6, 32),
            token=random_text(22),
            fen=_fen(amount, "total"),
            description=_text(data, "description", 1, 127),
            notify_url=_url(data),
            attach=_text(data, "attach", 0, 128),
            expires=_end(_text(data, "time_expire", 0, 64)),
        )
        kept = self._ledger.create(order)
        return 200, {"code_url": f"{self._keys.gateway}/pay/{kept.token}"}

    def query(self, out_trade_no: str, mchid: str) -> tuple[int, JSON]:
        """GET /v3/pay/transactions/out-trade-no/{no}?mchid="""
        self._own(mchid)
        return 200, messages.transaction(self._keys, self._ledger.order(out_trade_no))

    def close(self, out_trade_no: str, data: JSON) -> tuple[int, None]:
        """POST /v3/pay/transactions/out-trade-no/{no}/close"""
        self._own(data.get("mchid"))
        self._ledger.close(out_trade_no)
        return 204, None

    def refund(self, data: JSON) -> tuple[int, JSON]:
        """POST /v3/refund/domestic/refunds: accepted, done later."""
        amount = _dict(data, "amount")
        if amount.get("currency") != "CNY":
            raise Refused(400, "PARAM_ERROR", "amount.currency must be CNY")
        behaviour = self._notifier.behaviour
        order = self._ledger.transaction(_text(data, "transaction_id", 1, 32))
        wanted = Return(
            out_refund_no=_text(data, "out_refund_no", 1, 64),
            out_trade_no=order.out_trade_no,
            transaction_id=order.transaction_id,
            refund_id="",
            fen=_fen(amount, "refund"),
            at=self._ledger.now(),
            notify_url=_url(data),
            ends=behaviour.refund_ends,
        )
        back, new = self._ledger.refund(
            wanted, total=_fen(amount, "total"), gap=behaviour.refund_gap
        )
        if new:
            self._notifier.send_refund(order, back)
        return 200, messages.refund(order, back, done=False)

    def query_refund(self, out_refund_no: str) -> tuple[int, JSON]:
        """GET /v3/refund/domestic/refunds/{no}"""
        back = self._ledger.refunded(out_refund_no)
        order = self._ledger.transaction(back.transaction_id)
        done = self._ledger.now() >= back.at + self._notifier.behaviour.refund_takes
        return 200, messages.refund(order, back, done=done)

    def trade_bill(self, bill_date: str, tar_type: str) -> tuple[int, JSON]:
        """GET /v3/bill/tradebill?bill_date=&bill_type=ALL&tar_type=GZIP"""
        try:
            day = date.fromisoformat(bill_date)
        except ValueError as error:
            raise Refused(400, "PARAM_ERROR", "bill_date must be YYYY-MM-DD") from error
        if tar_type != "GZIP":
            raise Refused(400, "PARAM_ERROR", "tar_type must be GZIP")
        made = bill.make(self._keys, self._ledger, day)
        if made is None:
            raise Refused(400, "NO_STATEMENT_EXIST", "nothing happened on that day")
        token = random_text(32)
        self._bills[token] = made.packed
        url = f"{self._keys.gateway}/v3/billdownload/file?token={token}"
        return 200, {"hash_type": "SHA1", "hash_value": made.sha1, "download_url": url}

    def download(self, token: str) -> bytes:
        """GET /v3/billdownload/file?token=: gzip bytes, not signed, each token works once."""
        packed = self._bills.pop(token, None)
        if packed is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "no bill is waiting under that token")
        return packed

    def _own(self, mchid: object) -> None:
        if mchid != self._keys.mchid:
            raise Refused(403, "NO_AUTH", "the order belongs to another merchant")


def _dict(data: JSON, name: str) -> JSON:
    value = data.get(name)
    if not isinstance(value, dict):
        raise Refused(400, "PARAM_ERROR", f"{name} must be an object")
    return value


def _text(data: JSON, name: str, least: int, most: int) -> str:
    value = data.get(name, "")
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise Refused(400, "PARAM_ERROR", f"{name} must be text of {least} to {most} characters")
    return value


def _fen(amount: JSON, name: str) -> int:
    value = amount.get(name)
    if type(value) is not int or value < 1:
        raise Refused(400, "PARAM_ERROR", f"amount.{name} must be a positive whole number of fen")
    return value


def _url(data: JSON) -> str:
    url = _text(data, "notify_url", 1, 256)
    if not url.startswith(("http://", "https://")) or "?" in url:
        raise Refused(400, "PARAM_ERROR", "notify_url must be an http address without a query")
    return url


def _end(text: str) -> int:
    """POSIX seconds of time_expire, 0 when it was not given."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(400, "PARAM_ERROR", "time_expire must be RFC 3339") from error
    if moment.tzinfo is None or moment.timestamp() <= time.time():
        raise Refused(400, "PARAM_ERROR", "time_expire must have a zone and lie ahead")
    return int(moment.timestamp())
