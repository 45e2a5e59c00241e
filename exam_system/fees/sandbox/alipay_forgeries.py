"""Alipay notifications that must not be believed, each made from a genuine one by one change.

`FORGERIES` differ in form and are refused by any careful receiver. `DISAGREEING` are signed
correctly but tell of other money or another order: only our own books can refuse them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from exam_system.fees.sandbox import alipay_wire as wire
from exam_system.fees.sandbox.alipay_wire import AlipayKeys
from exam_system.fees.sandbox.bill import yuan
from exam_system.fees.sandbox.ledger import Order, Return
from exam_system.fees.sandbox.messages import Message

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Genuine:
    """The steps of a notification, each replaceable: content, signed fields, bytes."""

    content: Callable[[Fields], Fields] = lambda content: content
    fields: Callable[[Fields], Fields] = lambda fields: fields
    message: Callable[[Message], Message] = lambda message: message
    shift: int = 0
    stranger: bool = False

    def __call__(self, keys: AlipayKeys, what: Order | tuple[Order, Return], now: int) -> Message:
        order, back = what if isinstance(what, tuple) else (what, None)
        told = _told(keys, order, back, now + self.shift)
        key = generate_private_key(65537, 2048) if self.stranger else None
        signed = wire.notification(keys, self.content(told), key)
        return self.message(wire.posted(self.fields(signed)))


def _told(keys: AlipayKeys, order: Order, back: Return | None, now: int) -> Fields:
    told = {
        "notify_time": wire.moment(now),
        "notify_type": "trade_status_sync",
        "notify_id": order.notification_id + ("r" if back else ""),
        "app_id": keys.app_id,
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "seller_id": keys.seller_id,
        "trade_status": "TRADE_CLOSED" if back else "TRADE_SUCCESS",
        "total_amount": yuan(order.fen),
        "receipt_amount": yuan(order.fen),
        "buyer_pay_amount": yuan(order.fen),
        "subject": order.description,
        "gmt_create": wire.moment(order.paid_at),
        "gmt_payment": wire.moment(order.paid_at),
    }
    if back is None:
        return told
    refunded = {"refund_fee": yuan(back.fen), "out_biz_no": back.out_refund_no}
    return told | refunded | {"gmt_refund": wire.moment(back.at) + ".123"}


def _set(**changes: str) -> Callable[[Fields], Fields]:
    return lambda fields: fields | changes


def _drop(name: str) -> Callable[[Fields], Fields]:
    return lambda fields: {key: text for key, text in fields.items() if key != name}


def _body(change: Callable[[bytes], bytes]) -> Callable[[Message], Message]:
    return lambda message: replace(message, body=change(message.body))


def _sign(change: Callable[[str], str]) -> Callable[[Fields], Fields]:
    return lambda fields: fields | {"sign": change(fields["sign"])}


def _unpaid(state: str) -> Callable[[Fields], Fields]:
    return lambda fields: _drop("gmt_payment")(fields | {"trade_status": state})


def _more(fields: Fields) -> Fields:
    return fields | {"total_amount": f"{fields['total_amount']}0"}


FORGERIES: Mapping[str, Genuine] = {
    "no-signature": Genuine(fields=_drop("sign")),
    "no-signature-type": Genuine(fields=_drop("sign_type")),
    "other-signature-type": Genuine(fields=_set(sign_type="RSA")),
    "signature-of-a-stranger": Genuine(stranger=True),
    "signature-not-base64": Genuine(fields=_set(sign="!!not base64!!")),
    "signature-with-junk": Genuine(fields=_sign(lambda sign: f"{sign[:9]}!{sign[9:]}")),
    "signature-not-ascii": Genuine(fields=_sign(lambda sign: f"é{sign[1:]}")),
    "amount-changed": Genuine(fields=_set(total_amount="0.01")),
    "order-changed": Genuine(fields=_set(out_trade_no="SANDBOX_NO_SUCH_ORDER")),
    "field-added": Genuine(fields=_set(passback_params="1")),
    "field-twice": Genuine(message=_body(lambda body: body + b"&total_amount=0.01")),
    "body-of-nothing": Genuine(message=_body(lambda body: b"")),
    "body-not-utf8": Genuine(message=_body(lambda body: body + b"&x=%ff")),
    "body-json": Genuine(message=_body(lambda body: b'{"out_trade_no":"1"}')),
    "day-old": Genuine(shift=-86400),
    "six-minutes-old": Genuine(shift=-360),
    "six-minutes-ahead": Genuine(shift=360),
    "time-words": Genuine(content=_set(notify_time="today")),
    "other-application": Genuine(content=_set(app_id="2021000000000000")),
    "other-seller": Genuine(content=_set(seller_id="2088000000000000")),
    "no-seller": Genuine(content=_drop("seller_id")),
    "other-type": Genuine(content=_set(notify_type="batch_refund_notify")),
    "other-charset": Genuine(content=_set(charset="gbk")),
    "unknown-state": Genuine(content=_set(trade_status="TRADE_DONE")),
    "dollars": Genuine(content=_set(trans_currency="USD")),
    "no-amount": Genuine(content=_drop("total_amount")),
    "amount-words": Genuine(content=_set(total_amount="all")),
    "amount-negative": Genuine(content=_set(total_amount="-50.00")),
    "amount-exponent": Genuine(content=_set(total_amount="5e1")),
    "amount-three-decimals": Genuine(content=_more),
    "no-order-number": Genuine(content=_drop("out_trade_no")),
    "order-number-path": Genuine(content=_set(out_trade_no="../../etc")),
    "no-transaction": Genuine(content=_drop("trade_no")),
    "no-notification-id": Genuine(content=_drop("notify_id")),
    "payment-time-words": Genuine(content=_set(gmt_payment="today")),
}

DISAGREEING: Mapping[str, Genuine] = {
    "less-money": Genuine(content=_set(total_amount="0.01")),
    "other-order": Genuine(content=_set(out_trade_no="SANDBOX_NO_SUCH_ORDER")),
}

# Genuine and without news: nobody has paid.
QUIET: Mapping[str, Genuine] = {
    "waits": Genuine(content=_unpaid("WAIT_BUYER_PAY")),
    "closed-unpaid": Genuine(content=_unpaid("TRADE_CLOSED")),
}

FORMS: Mapping[str, Genuine] = {"genuine": Genuine(), **FORGERIES, **DISAGREEING, **QUIET}

REFUND_FORGERIES: Mapping[str, Genuine] = {
    "signature-of-a-stranger": FORGERIES["signature-of-a-stranger"],
    "refund-changed": Genuine(fields=_set(refund_fee="0.01")),
    "day-old": FORGERIES["day-old"],
    "other-seller": FORGERIES["other-seller"],
    "refund-words": Genuine(content=_set(refund_fee="all")),
    "refund-time-words": Genuine(content=_set(gmt_refund="today")),
    "no-refund-number": Genuine(content=_drop("out_biz_no")),
}
REFUND_FORMS: Mapping[str, Genuine] = {
    "genuine": Genuine(),
    "less-refunded": Genuine(content=_set(refund_fee="0.01")),
    "other-refund": Genuine(content=_set(out_biz_no="SANDBOX_NO_SUCH_REFUND")),
    **REFUND_FORGERIES,
}
