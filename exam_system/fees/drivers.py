"""The ways to pay, and which of them this bureau has set up."""

from __future__ import annotations

import json
import re

from exam_system.config import Config
from exam_system.errors import Conflict

DRIVERS = {
    "wechat": "WeChat Pay",
    "alipay": "Alipay",
    "nontax": "Payment code at a bank",
    "counter": "At the counter",
}
GATEWAYS = ("wechat", "alipay")
"""They answer over the network; refunds of the others are carried out by the bank."""
FILES = {
    "wechat": "merchant.json",
    "alipay": "alipay.json",
    "nontax": "nontax.json",
    "counter": "counter.json",
}


def ways(config: Config) -> list[str]:
    """The drivers whose file lies in the instance, in the order in which they are offered."""
    return [name for name, file in FILES.items() if (config.instance / file).exists()]


_NEEDED = {"nontax": ("prefix", "payee", "where"), "counter": ("place", "hours")}


def settings(config: Config, driver: str) -> dict[str, str]:
    """What nontax.json or counter.json says, for people to read; Conflict when it is not usable."""
    try:
        told = json.loads((config.instance / FILES[driver]).read_text(encoding="utf-8"))
        found = {name: str(told[name]) for name in _NEEDED[driver]}
    except (OSError, ValueError, TypeError, KeyError):
        raise Conflict("This way to pay is not set up correctly: ask the hotline") from None
    if driver == "nontax" and not re.fullmatch(r"[0-9]{6}", found["prefix"]):
        raise Conflict("This way to pay is not set up correctly: ask the hotline")
    return found
