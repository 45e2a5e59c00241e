"""What the gateway says about an order: query answers, refunds, and callbacks ready to send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from exam_system.fees.sandbox.ledger import Order, Return
from exam_system.fees.sandbox.wire import Keys

WORDS: Mapping[str, str] = json.loads(
    (Path(__file__).with_name("pages") / "words.json").read_text(encoding="utf-8")
)
BEIJING = timezone(timedelta(hours=8))
PAYER = "oSandboxPayer000000000000001"
NUMBERS = ("transaction_id", "out_trade_no", "refund_id", "out_refund_no")
TOLD = (*NUMBERS, "user_received_account", "success_time")
AMOUNTS = ("total", "refund", "payer_total", "payer_refund")


@dataclass(frozen=True, slots=True)
class Message:
    """One callback on the wire."""

    headers: dict[str, str]
    body: bytes


def moment(at: int) -> str:
    """RFC 3339 in Beijing time."""
    return datetime.fromtimestamp(at, BEIJING).isoformat()


def transaction(keys: Keys, order: Order) -> dict[str, Any]:
    """An order as the query interface and the callback's resource show it."""
    amount: dict[str, Any] = {"total": order.fen, "currency": "CNY"}
    shown: dict[str, Any] = {
        "mchid": keys.mchid,
        "appid": keys.appid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state,
        "trade_state_desc": WORDS[order.state],
        "attach": order.attach,
        "amount": amount,
    }
    if order.paid_at:
        amount |= {"payer_total": order.fen, "payer_currency": "CNY"}
        shown |= {
            "transaction_id": order.transaction_id,
            "trade_type": "NATIVE",
            "bank_type": "OTHERS",
            "success_time": moment(order.paid_at),
            "payer": {"openid": PAYER},
        }
    return shown


def envelope(order: Order, resource: dict[str, str]) -> dict[str, Any]:
    """The notification around the sealed transaction; its id stays the same in every repeat."""
    return {
        "id": order.notification_id,
        "create_time": moment(order.paid_at),
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": WORDS["paid"],
        "resource": resource,
    }


def refund(order: Order, back: Return, *, done: bool) -> dict[str, Any]:
    """A refund; PROCESSING until it is done, because acceptance is not success."""
    shown: dict[str, Any] = {
        "refund_id": back.refund_id,
        "out_refund_no": back.out_refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": WORDS["account"],
        "create_time": moment(back.at),
        "status": back.ends if done else "PROCESSING",
        "amount": {
            "total": order.fen,
            "refund": back.fen,
            "payer_total": order.fen,
            "payer_refund": back.fen,
            "currency": "CNY",
        },
    }
    succeeded = done and back.ends == "SUCCESS"
    return shown | ({"success_time": moment(back.at)} if succeeded else {})


def refund_notice(keys: Keys, order: Order, back: Return) -> dict[str, Any]:
    """The content of the notification that a refund has ended."""
    told = refund(order, back, done=True)
    content = {name: told[name] for name in TOLD if name in told}
    amount = {name: told["amount"][name] for name in AMOUNTS}
    return {"mchid": keys.mchid, **content, "refund_status": back.ends, "amount": amount}


def refund_envelope(back: Return, resource: dict[str, str]) -> dict[str, Any]:
    """The notification around the sealed refund; its id stays the same in every repeat."""
    return {
        "id": f"EV-{back.refund_id}",
        "create_time": moment(back.at),
        "resource_type": "encrypt-resource",
        "event_type": f"REFUND.{back.ends}",
        "summary": WORDS[f"refund-{back.ends}"],
        "resource": resource,
    }
