"""WeChat Pay's refunds: answers to our requests, and notifications of how a refund ended.

Rules: pay.weixin.qq.com/docs/merchant/apis/native-payment/ (create a refund, query a refund,
refund result notice).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from exam_system.fees.answers import same, text_of
from exam_system.fees.gateway import CallbackRefused, GatewayError, Refund, RefundStatus, Refusal
from exam_system.fees.wechat_callback import ORDER_NUMBER, Expected, is_text, moment, whole_fen

STATES = ("PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL")
EVENTS = {f"REFUND.{state}": state for state in STATES[1:]}


def answered(answer: Mapping[str, Any], out_refund_no: str) -> Refund:
    """The refund in the answer to a request or a query; raises GatewayError."""
    same(answer, "out_refund_no", out_refund_no)
    amount, status = answer.get("amount"), answer.get("status")
    fen = amount.get("refund") if isinstance(amount, dict) else None
    if type(fen) is not int or status not in STATES:
        raise GatewayError(f"WeChat Pay's answer about refund {out_refund_no} is incomplete")
    done = _time(answer, "success_time") if status == "SUCCESS" else None
    return Refund(
        out_refund_no=out_refund_no,
        out_trade_no=text_of(answer, "out_trade_no"),
        transaction_id=text_of(answer, "transaction_id"),
        refund_id=text_of(answer, "refund_id"),
        status=cast(RefundStatus, status),
        fen=fen,
        made_at=_time(answer, "create_time"),
        done_at=done,
    )


def _time(answer: Mapping[str, Any], name: str) -> datetime:
    try:
        return moment(answer.get(name))
    except CallbackRefused as refused:
        raise GatewayError(f"WeChat Pay's answer has no time in {name}") from refused


def notified(event: str, told: Mapping[str, Any], expected: Expected) -> Refund:
    """The refund in a notification that was signed and sealed; raises CallbackRefused."""
    if told.get("mchid") != expected.mchid:
        raise CallbackRefused(Refusal.MERCHANT)
    status = told.get("refund_status")
    if status != EVENTS[event]:
        raise CallbackRefused(Refusal.STATE)
    amount = told.get("amount")
    if not isinstance(amount, dict) or not _numbers_are_sound(told):
        raise CallbackRefused(Refusal.FIELDS)
    return Refund(
        out_refund_no=str(told["out_refund_no"]),
        out_trade_no=str(told["out_trade_no"]),
        transaction_id=str(told["transaction_id"]),
        refund_id=str(told["refund_id"]),
        status=cast(RefundStatus, status),
        fen=whole_fen(amount.get("refund"), least=1),
        made_at=None,
        done_at=moment(told.get("success_time")) if status == "SUCCESS" else None,
    )


def _numbers_are_sound(told: Mapping[str, Any]) -> bool:
    ours = ("out_trade_no", "out_refund_no")
    theirs = ("transaction_id", "refund_id")
    return all(is_text(told.get(name), ORDER_NUMBER) for name in ours) and all(
        is_text(told.get(name), r"[0-9A-Za-z]{1,32}") for name in theirs
    )
