"""Fields of a gateway's signed answer, each compared before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exam_system.fees.gateway import GatewayError


def text_of(answer: Mapping[str, Any], name: str) -> str:
    """A field that must be there as text."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise GatewayError(f"WeChat Pay's answer lacks {name}")
    return value


def same(answer: Mapping[str, Any], name: str, asked: str) -> None:
    """A signed answer to another question must not be taken for the answer to this one."""
    if answer.get(name) != asked:
        raise GatewayError(f"WeChat Pay answered about another {name} than {asked}")
