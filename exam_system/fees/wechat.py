"""WeChat Pay v3, native payment: the driver around the wechatpayv3 SDK in public-key mode.

What it adds: no bare Exception leaves it, no certificate is ever downloaded, every request has a
timeout, answers are compared with what was asked, callbacks are checked for age, serial and form.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType

from exam_system.fees import wechat_bill, wechat_callback, wechat_refund
from exam_system.fees.answers import same, text_of
from exam_system.fees.gateway import (
    BillLine,
    CallbackRefused,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    PayLink,
    Payment,
    Refund,
    Refusal,
)
from exam_system.fees.merchant_file import is_local, read_merchant, require_safe

TIMEOUT = (5, 15)  # seconds to connect and to wait for the answer
# Narrower than WeChat's alphabet: "|" and "*" would be escaped in the path after it was signed.
NUMBER = re.compile(r"[0-9A-Za-z_-]{6,32}", re.ASCII)
PAID_STATES = ("SUCCESS", "REFUND")


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant account, as merchant.json holds it. Keys are PEM text and never shown."""

    mchid: str
    appid: str
    serial: str
    private_key: str = field(repr=False)
    apiv3_key: str = field(repr=False)
    public_key: str = field(repr=False)
    public_key_id: str
    gateway: str
    notify_url: str

    @classmethod
    def load(cls, path: Path) -> "Merchant":
        """Read merchant.json; raises GatewayError that names what is missing."""
        return read_merchant(cls, path)

    def check(self) -> None:
        """Refuse what would only fail later, in front of a candidate."""
        if len(self.apiv3_key.encode()) != 32:
            raise GatewayError("the APIv3 key must have 32 characters: copy it again")
        if not self.public_key or not self.public_key_id.startswith("PUB_KEY_ID_"):
            raise GatewayError("the merchant needs WeChat Pay's public key and its PUB_KEY_ID_…")
        require_safe(self.gateway)


class WechatNative:
    """Our PaymentGateway over WeChat Pay's native payment (a QR code the candidate scans)."""

    def __init__(self, merchant: Merchant) -> None:
        merchant.check()
        self._merchant = merchant
        self._expected = wechat_callback.Expected(
            merchant.mchid, merchant.appid, merchant.public_key_id
        )
        self._sdk = _sdk(merchant)

    def create(
        self,
        *,
        out_trade_no: str,
        fen: int,
        description: str,
        notify_url: str,
        expires: datetime,
        return_url: str = "",
    ) -> PayLink:
        """Open an order; see PaymentGateway. `expires` must be aware."""
        _check_order(out_trade_no, fen, description, expires, return_url)
        answer = self._call(
            self._sdk.pay,
            description=description,
            out_trade_no=out_trade_no,
            amount={"total": fen, "currency": "CNY"},
            time_expire=expires.astimezone(wechat_bill.BEIJING).isoformat(timespec="seconds"),
            attach=return_url or None,
            notify_url=notify_url,
        )
        return PayLink(text_of(answer, "code_url"))

    def query(self, *, out_trade_no: str) -> Payment | None:
        """The payment of an order, also when it was refunded since; None when nobody paid."""
        _check_number(out_trade_no)
        try:
            answer = self._call(self._sdk.query, out_trade_no=out_trade_no)
        except GatewayRefused as refused:
            if refused.code == "ORDER_NOT_EXIST":
                return None
            raise
        same(answer, "out_trade_no", out_trade_no)
        if answer.get("trade_state") not in PAID_STATES:
            return None
        try:
            return wechat_callback.payment_of(answer, self._expected, None)
        except CallbackRefused as refused:
            raise GatewayError(f"the answer about order {out_trade_no}: {refused}") from refused

    def close(self, *, out_trade_no: str) -> None:
        """Make an unpaid order unpayable; closing it twice is no error."""
        _check_number(out_trade_no)
        try:
            self._call(self._sdk.close, out_trade_no=out_trade_no)
        except GatewayRefused as refused:
            if refused.code != "ORDER_CLOSED":
                raise

    def refund(
        self,
        *,
        transaction_id: str,
        out_trade_no: str,
        out_refund_no: str,
        fen: int,
        total_fen: int,
        reason: str,
        notify_url: str,
    ) -> Refund:
        """Ask for a refund; repeat with the same `out_refund_no` when the outcome is unknown.

        It names the transaction: an order that was paid twice has two.
        """
        _check_number(out_trade_no)
        _check_number(out_refund_no)
        if not 1 <= fen <= total_fen:
            raise GatewayError("a refund is at least one fen and at most the order's amount")
        answer = self._call(
            self._sdk.refund,
            out_refund_no=out_refund_no,
            transaction_id=transaction_id,
            reason=reason,
            amount={"refund": fen, "total": total_fen, "currency": "CNY"},
            notify_url=notify_url,
        )
        same(answer, "transaction_id", transaction_id)
        same(answer, "out_trade_no", out_trade_no)
        return wechat_refund.answered(answer, out_refund_no)

    def query_refund(self, *, out_refund_no: str, transaction_id: str = "") -> Refund | None:
        """How far a refund is, None when WeChat Pay has never heard of it."""
        _check_number(out_refund_no)
        try:
            answer = self._call(self._sdk.query_refund, out_refund_no=out_refund_no)
        except GatewayRefused as refused:
            if refused.code == "RESOURCE_NOT_EXISTS":
                return None
            raise
        return wechat_refund.answered(answer, out_refund_no)

    def bill(self, *, day: date) -> tuple[BillLine, ...]:
        """The statement of one day; there after 10:00 of the next day, for three months.

        A day without any trade is GatewayRefused with the code NO_STATEMENT_EXIST.
        """
        answer = self._call(self._sdk.trade_bill, bill_date=day.isoformat())
        url, sha1 = text_of(answer, "download_url"), text_of(answer, "hash_value")
        if not url.startswith(self._merchant.gateway + "/"):
            raise GatewayError("the bill's address is not on the gateway: it was not downloaded")
        status, packed = self._ask(self._sdk.download_bill, url)
        if status != 200 or not isinstance(packed, bytes):
            raise GatewayUnavailable("the bill could not be downloaded: try again")
        return wechat_bill.read(packed, sha1)

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: float
    ) -> Payment | Refund:
        """Check and open a callback; `now` is POSIX seconds. Raises only CallbackRefused."""
        found = wechat_callback.signature_headers(headers)
        wechat_callback.check_headers(found, self._expected.public_key_id, now)
        text = wechat_callback.body_text(body)
        if not self._sdk._core._verify_signature(found, text):
            raise CallbackRefused(Refusal.SIGNATURE)
        envelope = wechat_callback.envelope_of(text)
        transaction = wechat_callback.open_resource(lambda: self._sdk.decrypt_callback(found, text))
        if envelope["event_type"] != wechat_callback.PAID:
            return wechat_refund.notified(envelope["event_type"], transaction, self._expected)
        payment = wechat_callback.payment_of(transaction, self._expected, envelope["id"])
        wechat_callback.check_state(transaction)
        return payment

    def _call(self, verb: Callable[..., Any], *args: Any, **named: Any) -> dict[str, Any]:
        """One signed exchange; the parsed JSON of a 2xx answer, {} when it has no body."""
        status, body = self._ask(verb, *args, **named)
        if status >= 500:
            raise GatewayUnavailable(f"WeChat Pay answered {status}: try again or query")
        try:
            answer = json.loads(body) if body else {}
        except ValueError as error:
            raise GatewayUnavailable(f"WeChat Pay's answer {status} is not JSON") from error
        if not isinstance(answer, dict):
            raise GatewayUnavailable(f"WeChat Pay's answer {status} is not a JSON object")
        if not 200 <= status < 300:
            raise GatewayRefused(str(answer.get("code", status)), str(answer.get("message", "")))
        return answer

    def _ask(self, verb: Callable[..., Any], *args: Any, **named: Any) -> tuple[int, str | bytes]:
        try:
            status, body = verb(*args, **named)
        except OSError as error:  # every requests exception is one
            raise GatewayUnavailable(f"WeChat Pay cannot be reached: {error}") from error
        except Exception as error:
            # The SDK raises bare Exception when an answer's signature or its type is wrong.
            raise GatewayError(f"WeChat Pay's answer cannot be trusted: {error}") from error
        return int(status), body


def answer_ok() -> tuple[int, dict[str, str]]:
    """HTTP status and JSON that stop WeChat Pay from repeating the callback."""
    return 200, {"code": "SUCCESS", "message": ""}


def answer_refused(reason: str) -> tuple[int, dict[str, str]]:
    """HTTP status and JSON for a callback that was not believed, probing traffic included."""
    return 400, {"code": "FAIL", "message": str(reason)}


def _sdk(merchant: Merchant) -> Any:
    try:
        sdk = WeChatPay(
            wechatpay_type=WeChatPayType.NATIVE,
            mchid=merchant.mchid,
            private_key=merchant.private_key,
            cert_serial_no=merchant.serial,
            appid=merchant.appid,
            apiv3_key=merchant.apiv3_key,
            proxy=_proxy(merchant.gateway),
            timeout=TIMEOUT,
            public_key=merchant.public_key,
            public_key_id=merchant.public_key_id,
        )
    except Exception as error:  # the SDK has no narrower type
        raise GatewayError(f"the merchant's keys cannot be used: {error}") from error
    sdk._core._gate_way = merchant.gateway
    # An unknown serial makes the SDK download certificates; in public-key mode there are none.
    sdk._core._update_certificates = lambda: None
    return sdk


def _proxy(gateway: str) -> dict[str, None] | None:
    """No proxy of the environment for this machine; None leaves the environment's in force."""
    return {"http": None, "https": None} if is_local(gateway) else None


def _check_number(number: str) -> None:
    if not NUMBER.fullmatch(number):
        raise GatewayError(f"{number!r} is no order number: 6 to 32 letters, digits, - or _")


def _check_order(
    out_trade_no: str, fen: int, description: str, expires: datetime, return_url: str
) -> None:
    _check_number(out_trade_no)
    if len(return_url) > 128:
        raise GatewayError("the address to return to has at most 128 characters")
    if type(fen) is not int or fen < 1:
        raise GatewayError("an order is at least one fen, as a whole number")
    if not 1 <= len(description) <= 127:
        raise GatewayError("an order's description has 1 to 127 characters")
    if expires.tzinfo is None:
        raise GatewayError("an order's end needs a time zone")
