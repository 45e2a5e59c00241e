"""Callbacks that must not be believed, each made from a genuine one by one change.

`FORGERIES` differ in form and are refused by any careful receiver. `DISAGREEING` are signed and
sealed correctly but tell of other money or another order: only our own books can refuse them.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from exam_system.fees.sandbox import messages, wire
from exam_system.fees.sandbox.ledger import Order, Return
from exam_system.fees.sandbox.messages import Message
from exam_system.fees.sandbox.wire import Keys

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Genuine:
    """The steps of a callback, each replaceable: content, seal, envelope, bytes, signature."""

    content: Callable[[JSON], object] = lambda content: content
    plain: Callable[[bytes], bytes] = lambda plain: plain
    seal: Callable[[bytes, bytes, str], dict[str, str]] = wire.seal
    resource: Callable[[JSON], object] = lambda resource: resource
    envelope: Callable[[JSON], object] = lambda envelope: envelope
    body: Callable[[bytes], bytes] = lambda body: body
    shift: int = 0
    stranger: bool = False
    message: Callable[[Message], Message] = lambda message: message

    def __call__(self, keys: Keys, what: Order | tuple[Order, Return], now: int) -> Message:
        told, envelope, kind = _told(keys, what)
        plain = self.plain(wire.encode(self.content(told)))
        resource: Any = self.resource(self.seal(keys.apiv3_key, plain, kind))
        body = self.body(wire.encode(self.envelope(envelope(resource))))
        key = generate_private_key(65537, 2048) if self.stranger else None
        headers = wire.signed_headers(keys, body, at=now + self.shift, key=key)
        return self.message(Message(headers, body))


def _told(
    keys: Keys, what: Order | tuple[Order, Return]
) -> tuple[JSON, Callable[[dict[str, str]], JSON], str]:
    """Content, envelope and kind of a payment's callback or of a refund's notification."""
    if isinstance(what, Order):
        # It tells of the payment, also when the order was refunded before it was sent.
        told = messages.transaction(keys, what) | {"trade_state": "SUCCESS"}
        return told, partial(messages.envelope, what), "transaction"
    order, back = what
    told = messages.refund_notice(keys, order, back)
    return told, partial(messages.refund_envelope, back), "refund"


def _merge(**changes: object) -> Callable[[JSON], object]:
    return lambda value: value | changes


def _drop(name: str) -> Callable[[JSON], object]:
    return lambda value: {key: item for key, item in value.items() if key != name}


def _amount(**changes: object) -> Callable[[JSON], object]:
    return lambda content: content | {"amount": content["amount"] | changes}


def _header(name: str, change: Callable[[str], str]) -> Callable[[Message], Message]:
    def edit(message: Message) -> Message:
        name_of = f"Wechatpay-{name}"
        return replace(
            message, headers=message.headers | {name_of: change(message.headers[name_of])}
        )

    return edit


def _without(name: str) -> Callable[[Message], Message]:
    return lambda message: replace(
        message,
        headers={key: text for key, text in message.headers.items() if key != f"Wechatpay-{name}"},
    )


def _body_changed(message: Message) -> Message:
    return replace(message, body=message.body.replace(b"TRANSACTION", b"TRANSACTIOM"))


def _ciphertext_flipped(resource: JSON) -> object:
    sealed = bytearray(base64.b64decode(resource["ciphertext"]))
    sealed[3] ^= 1
    return resource | {"ciphertext": base64.b64encode(sealed).decode()}


def _wrong_key(key: bytes, plain: bytes, kind: str) -> dict[str, str]:
    return wire.seal(bytes(32), plain, kind)


def _set(text: str) -> Callable[[str], str]:
    return lambda _: text


# The real gateway sends such signatures now and then to see whether receivers verify at all.
_probe = _header("Signature", lambda old: "WECHATPAY/SIGNTEST/" + old[19:])

FORGERIES: Mapping[str, Genuine] = {
    "no-signature": Genuine(message=_without("Signature")),
    "no-timestamp": Genuine(message=_without("Timestamp")),
    "no-nonce": Genuine(message=_without("Nonce")),
    "no-serial": Genuine(message=_without("Serial")),
    "no-signature-type": Genuine(message=_without("Signature-Type")),
    "other-signature-type": Genuine(
        message=_header("Signature-Type", _set("WECHATPAY2-SM2-WITH-SM3"))
    ),
    "unknown-serial": Genuine(message=_header("Serial", _set("PUB_KEY_ID_0119000000009999"))),
    "certificate-serial": Genuine(
        message=_header("Serial", _set("5157F09EFDC096DE15EBE81A47057A7"))
    ),
    "day-old": Genuine(shift=-86400),
    "six-minutes-old": Genuine(shift=-360),
    "six-minutes-ahead": Genuine(shift=360),
    "timestamp-changed": Genuine(message=_header("Timestamp", lambda old: str(int(old) + 1))),
    "timestamp-words": Genuine(message=_header("Timestamp", _set("now"))),
    "nonce-changed": Genuine(message=_header("Nonce", lambda old: old[::-1] + "x")),
    "signature-of-a-stranger": Genuine(stranger=True),
    "signature-not-base64": Genuine(message=_header("Signature", _set("!!not base64!!"))),
    "signature-with-junk": Genuine(
        message=_header("Signature", lambda old: old[:9] + "!" + old[9:])
    ),
    "signature-not-ascii": Genuine(message=_header("Signature", lambda old: "é" + old[1:])),
    "serial-not-ascii": Genuine(message=_header("Serial", _set("PUB_KEY_ID_é"))),
    "signature-probe": Genuine(message=_probe),
    "body-changed": Genuine(message=_body_changed),
    "body-of-nothing": Genuine(message=lambda message: replace(message, body=b"")),
    "body-not-utf8": Genuine(body=lambda body: b"\xff" + body),
    "body-not-json": Genuine(body=lambda body: body[:-1]),
    "body-a-list": Genuine(body=lambda body: b"[" + body + b"]"),
    "other-event": Genuine(envelope=_merge(event_type="COUPON.USE")),
    "event-of-a-refund": Genuine(envelope=_merge(event_type="REFUND.SUCCESS")),
    "no-event": Genuine(envelope=_drop("event_type")),
    "no-id": Genuine(envelope=_drop("id")),
    "no-resource": Genuine(envelope=_drop("resource")),
    "resource-not-sealed": Genuine(envelope=_merge(resource_type="plain")),
    "resource-a-list": Genuine(envelope=_merge(resource=[1])),
    "other-algorithm": Genuine(resource=_merge(algorithm="AEAD_AES_128_GCM")),
    "resource-nonce-short": Genuine(resource=_merge(nonce="1")),
    "resource-not-base64": Genuine(resource=_merge(ciphertext="A")),
    "other-associated-data": Genuine(resource=_merge(associated_data="other")),
    "ciphertext-flipped": Genuine(resource=_ciphertext_flipped),
    "sealed-with-other-key": Genuine(seal=_wrong_key),
    "content-not-json": Genuine(plain=lambda plain: plain[1:]),
    "content-not-utf8": Genuine(plain=lambda plain: b"\xff" + plain),
    "other-merchant": Genuine(content=_merge(mchid="1900000109")),
    "other-application": Genuine(content=_merge(appid="wx0000000000000000")),
    "not-paid": Genuine(content=_merge(trade_state="NOTPAY")),
    "dollars": Genuine(content=_amount(currency="USD")),
    "no-amount": Genuine(content=_drop("amount")),
    "amount-text": Genuine(content=_amount(total="5000")),
    "amount-true": Genuine(content=_amount(total=True)),
    "amount-negative": Genuine(content=_amount(total=-5000)),
    "amount-fraction": Genuine(content=_amount(total=5000.5)),
    "no-order-number": Genuine(content=_drop("out_trade_no")),
    "order-number-path": Genuine(content=_merge(out_trade_no="../../etc")),
    "no-transaction-id": Genuine(content=_merge(transaction_id="")),
    "time-without-zone": Genuine(content=_merge(success_time="2026-11-21T09:00:00")),
    "time-words": Genuine(content=_merge(success_time="today")),
}

DISAGREEING: Mapping[str, Genuine] = {
    "less-money": Genuine(
        content=lambda content: (
            content | {"amount": content["amount"] | {"total": content["amount"]["total"] - 1}}
        )
    ),
    "other-order": Genuine(content=_merge(out_trade_no="SANDBOX-NO-SUCH-ORDER")),
}

FORMS: Mapping[str, Genuine] = {"genuine": Genuine(), **FORGERIES, **DISAGREEING}

# What forges the wire and not what is told of a payment serves for refunds as well.
_OF_PAYMENTS = {
    "event-of-a-refund", "other-application", "not-paid", "dollars", "amount-text", "amount-true",
    "amount-negative", "amount-fraction", "body-changed",
}  # fmt: skip
REFUND_FORGERIES: Mapping[str, Genuine] = {
    **{name: forge for name, forge in FORGERIES.items() if name not in _OF_PAYMENTS},
    "event-of-a-payment": Genuine(envelope=_merge(event_type="TRANSACTION.SUCCESS")),
    "not-the-events-state": Genuine(content=_merge(refund_status="PROCESSING")),
    "no-refund-number": Genuine(content=_drop("out_refund_no")),
    "refund-text": Genuine(content=_amount(refund="5000")),
    "refund-of-nothing": Genuine(content=_amount(refund=0)),
}
REFUND_DISAGREEING: Mapping[str, Genuine] = {
    "less-refunded": Genuine(content=_amount(refund=1)),
    "other-refund": Genuine(content=_merge(out_refund_no="SANDBOX-NO-SUCH-REFUND")),
    "other-transaction": Genuine(content=_merge(transaction_id="4200000000")),
}
REFUND_FORMS: Mapping[str, Genuine] = {
    "genuine": Genuine(),
    **REFUND_FORGERIES,
    **REFUND_DISAGREEING,
}
