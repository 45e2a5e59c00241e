"""Read an Alipay notification: everything that must hold before its content may be believed.

Rules: opendocs.alipay.com, “asynchronous notification”: the signature is over all fields but
`sign` and `sign_type`; then app_id, seller_id, out_trade_no and total_amount are to be compared,
the last two by our own books. `notify_time` is when this one was sent, so that it cannot be old.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from exam_system.fees.gateway import CallbackRefused, Payment, Refund, Refusal

BEIJING = timezone(timedelta(hours=8))
FORMAT = "%Y-%m-%d %H:%M:%S"
WINDOW = 300  # seconds a notification may be away from our clock
MOST_FIELDS = 100
PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")
STATES = (*PAID, "TRADE_CLOSED", "WAIT_BUYER_PAY")
ORDER_NUMBER = r"[0-9A-Za-z_]{6,64}"
TRADE_NUMBER = r"[0-9]{16,64}"
CURRENCIES = ("trans_currency", "settle_currency", "pay_currency")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a notification must name to be ours."""

    app_id: str
    seller_id: str


def form_of(body: bytes) -> dict[str, str]:
    """The fields of the posted form; a field that comes twice is refused, not chosen from."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:  # also what is not UTF-8
        raise CallbackRefused(Refusal.FORM) from error
    told = dict(pairs)
    if len(told) != len(pairs):
        raise CallbackRefused(Refusal.FORM)
    return told


def signature_of(told: Mapping[str, str]) -> str:
    """The signature in strict base64; the SDK's own decoder skips what does not belong there."""
    if not told.get("sign") or not told.get("sign_type"):
        raise CallbackRefused(Refusal.MISSING_HEADER)
    if told["sign_type"] != "RSA2":
        raise CallbackRefused(Refusal.SIGNATURE_TYPE)
    try:
        base64.b64decode(told["sign"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallbackRefused(Refusal.SIGNATURE) from error
    return told["sign"]


def check(told: Mapping[str, str], expected: Expected, now: float) -> None:
    """Refuse what is signed and not for us, not of today, or of another kind."""
    try:
        sent = datetime.strptime(told.get("notify_time", ""), FORMAT).replace(tzinfo=BEIJING)
    except ValueError as error:
        raise CallbackRefused(Refusal.TIMESTAMP) from error
    if abs(now - sent.timestamp()) > WINDOW:
        raise CallbackRefused(Refusal.STALE)
    if (told.get("app_id"), told.get("seller_id")) != (expected.app_id, expected.seller_id):
        raise CallbackRefused(Refusal.MERCHANT)
    if told.get("notify_type") != "trade_status_sync":
        raise CallbackRefused(Refusal.EVENT)
    if told.get("charset", "utf-8").lower() != "utf-8":
        raise CallbackRefused(Refusal.FORM)
    if any(told.get(name, "CNY") != "CNY" for name in CURRENCIES):
        raise CallbackRefused(Refusal.CURRENCY)
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,128}", told.get("notify_id", "")):
        raise CallbackRefused(Refusal.FIELDS)


def read(told: Mapping[str, str]) -> Payment | Refund:
    """What a checked notification tells of; CallbackRefused, NO_NEWS where it is no money."""
    if told.get("trade_status") not in STATES:
        raise CallbackRefused(Refusal.STATE)
    if told.get("gmt_refund"):
        return _refund_of(told)
    if told["trade_status"] not in PAID:
        raise CallbackRefused(Refusal.NO_NEWS)
    return payment_of(told, told["notify_id"][-64:])


def payment_of(told: Mapping[str, Any], notification_id: str | None) -> Payment:
    """A paid trade, from a notification or a query, as our Payment; raises CallbackRefused."""
    order, trade = _numbers(told)
    total = fen_of(told.get("total_amount"))
    paid = told.get("buyer_pay_amount")
    return Payment(
        out_trade_no=order,
        transaction_id=trade,
        notification_id=notification_id,
        fen=total,
        paid_at=moment(told.get("gmt_payment")),
        payer_total=total if paid is None else fen_of(paid),
        driver="alipay",
    )


def _refund_of(told: Mapping[str, str]) -> Refund:
    order, trade = _numbers(told)
    number = told.get("out_biz_no", "")
    if not re.fullmatch(ORDER_NUMBER, number):
        raise CallbackRefused(Refusal.FIELDS)
    at = moment(told["gmt_refund"].partition(".")[0])
    return Refund(
        out_refund_no=number,
        out_trade_no=order,
        transaction_id=trade,
        refund_id=f"{trade}-{number}"[:64],
        status="SUCCESS",
        fen=fen_of(told.get("refund_fee")),
        made_at=at,
        done_at=at,
    )


def _numbers(told: Mapping[str, Any]) -> tuple[str, str]:
    order, trade = str(told.get("out_trade_no", "")), str(told.get("trade_no", ""))
    if not re.fullmatch(ORDER_NUMBER, order) or not re.fullmatch(TRADE_NUMBER, trade):
        raise CallbackRefused(Refusal.FIELDS)
    return order, trade


def fen_of(value: object) -> int:
    """A field with an amount in yuan with two decimals, as fen; raises CallbackRefused."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", value, re.ASCII):
        raise CallbackRefused(Refusal.FIELDS)
    return int(value.replace(".", ""))


def moment(value: object) -> datetime:
    """A field with a time of Beijing; raises CallbackRefused."""
    try:
        found = datetime.strptime(value if isinstance(value, str) else "", FORMAT)
    except ValueError as error:
        raise CallbackRefused(Refusal.FIELDS) from error
    return found.replace(tzinfo=BEIJING)
