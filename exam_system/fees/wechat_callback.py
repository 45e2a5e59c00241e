"""Read a WeChat Pay callback: everything that must hold before its content may be believed.

Rules: pay.weixin.qq.com/docs/merchant/development/interface-rules/signature-verification.html and
.../apis/native-payment/payment-notice.html. The SDK checks the signature and opens the resource;
the checks around it are ours because the SDK accepts old timestamps, raises bare exceptions on
probing traffic and downloads certificates for a serial that it does not know.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exam_system.fees.gateway import CallbackRefused, Payment, Refusal

WINDOW = 300  # seconds a callback may be away from our clock
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
NEEDED = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Signature",
    "Wechatpay-Serial",
    "Wechatpay-Signature-Type",
)
PAID = "TRANSACTION.SUCCESS"
EVENTS = (PAID, "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED")
ORDER_NUMBER = r"[0-9A-Za-z_\-|*]{6,32}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a callback must name to be ours."""

    mchid: str
    appid: str
    public_key_id: str


def signature_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The five signature headers under their canonical names, whatever case the server kept."""
    given = {name.lower(): value for name, value in headers.items()}
    found = {name: given.get(name.lower(), "") for name in NEEDED}
    if not all(found.values()):
        raise CallbackRefused(Refusal.MISSING_HEADER)
    if not all(value.isascii() and value.isprintable() for value in found.values()):
        raise CallbackRefused(Refusal.NOT_ASCII)
    return found


def check_headers(found: Mapping[str, str], serial: str, now: float) -> None:
    """Refuse what needs no cryptography to refuse: type, serial, age, form of the signature."""
    if found["Wechatpay-Signature-Type"] != SIGNATURE_TYPE:
        raise CallbackRefused(Refusal.SIGNATURE_TYPE)
    if found["Wechatpay-Serial"] != serial:
        raise CallbackRefused(Refusal.UNKNOWN_SERIAL)
    if not re.fullmatch(r"[0-9]{1,12}", found["Wechatpay-Timestamp"]):
        raise CallbackRefused(Refusal.TIMESTAMP)
    if abs(now - int(found["Wechatpay-Timestamp"])) > WINDOW:
        raise CallbackRefused(Refusal.STALE)
    try:
        base64.b64decode(found["Wechatpay-Signature"], validate=True)
    except binascii.Error as error:
        raise CallbackRefused(Refusal.SIGNATURE) from error


def body_text(body: bytes) -> str:
    """The body as the text that was signed."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CallbackRefused(Refusal.NOT_JSON) from error


def envelope_of(text: str) -> dict[str, Any]:
    """The notification around the encrypted resource."""
    envelope = _json_object(text, Refusal.NOT_JSON)
    if envelope.get("event_type") not in EVENTS:
        raise CallbackRefused(Refusal.EVENT)
    if not is_text(envelope.get("id"), r"[0-9A-Za-z_-]{1,64}"):
        raise CallbackRefused(Refusal.FIELDS)
    return envelope


def open_resource(open_it: Callable[[], str | None]) -> dict[str, Any]:
    """The transaction or refund that `open_it` decrypts."""
    try:
        plain = open_it()
    except Exception as error:
        # The SDK raises bare Exception, AttributeError, TypeError and ValueError on odd resources.
        raise CallbackRefused(Refusal.RESOURCE) from error
    if plain is None:
        raise CallbackRefused(Refusal.RESOURCE)
    return _json_object(plain, Refusal.RESOURCE)


def payment_of(
    transaction: Mapping[str, Any], expected: Expected, notification_id: str | None
) -> Payment:
    """A paid transaction, from a callback or a query, as our Payment; raises CallbackRefused."""
    if (transaction.get("mchid"), transaction.get("appid")) != (expected.mchid, expected.appid):
        raise CallbackRefused(Refusal.MERCHANT)
    amount = transaction.get("amount")
    if not isinstance(amount, dict):
        raise CallbackRefused(Refusal.FIELDS)
    if amount.get("currency") != "CNY":
        raise CallbackRefused(Refusal.CURRENCY)
    order, number = transaction.get("out_trade_no"), transaction.get("transaction_id")
    if not is_text(order, ORDER_NUMBER) or not is_text(number, r"[0-9A-Za-z]{1,32}"):
        raise CallbackRefused(Refusal.FIELDS)
    return Payment(
        out_trade_no=str(order),
        transaction_id=str(number),
        notification_id=notification_id,
        fen=whole_fen(amount.get("total"), least=1),
        paid_at=moment(transaction.get("success_time")),
        payer_total=whole_fen(amount.get("payer_total"), least=0),
    )


def check_state(transaction: Mapping[str, Any]) -> None:
    """A callback reports a payment only in the state SUCCESS."""
    if transaction.get("trade_state") != "SUCCESS":
        raise CallbackRefused(Refusal.STATE)


def _json_object(text: str, refusal: Refusal) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CallbackRefused(refusal) from error
    if not isinstance(value, dict):
        raise CallbackRefused(refusal)
    return value


def is_text(value: object, pattern: str) -> bool:
    """Whether a field is text of exactly that form."""
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def whole_fen(value: object, *, least: int) -> int:
    """A field with an amount; raises CallbackRefused."""
    if type(value) is not int or value < least:  # bool is an int and must not pass
        raise CallbackRefused(Refusal.FIELDS)
    return value


def moment(value: object) -> datetime:
    """A field with a time in RFC 3339; raises CallbackRefused."""
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise CallbackRefused(Refusal.FIELDS) from error
    if found.tzinfo is None:
        raise CallbackRefused(Refusal.FIELDS)
    return found
