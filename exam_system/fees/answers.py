"""Fields of what a gateway answers and lists, each compared before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from exam_system.fees.gateway import GatewayError

WECHAT = "WeChat Pay"


def text_of(answer: Mapping[str, Any], name: str, who: str = WECHAT) -> str:
    """A field that must be there as text."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise GatewayError(f"{who}'s answer lacks {name}")
    return value


def same(answer: Mapping[str, Any], name: str, asked: str, who: str = WECHAT) -> None:
    """A signed answer to another question must not be taken for the answer to this one."""
    if answer.get(name) != asked:
        raise GatewayError(f"{who} answered about another {name} than {asked}")


def bill_fen(yuan: str) -> int:
    """An amount in yuan of a bill, as whole fen; a negative one stays so."""
    try:
        fen = Decimal(yuan).scaleb(2)
    except InvalidOperation as error:
        raise GatewayError(f"the bill has {yuan!r} where an amount in yuan belongs") from error
    if fen != fen.to_integral_value():
        raise GatewayError(f"the bill has the amount {yuan}, which is not whole fen")
    return int(fen)
