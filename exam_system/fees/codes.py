"""Payment codes (缴款码): 20 digits that a bank's clerk, machine or app takes.

6 digits of the unit that collects, 2 of the year, 11 of the order, 1 check digit by ISO 7064
MOD 11,10, which finds every single wrong digit and nearly every exchange of two neighbours.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DIGITS = 20


def check_digit(digits: str) -> int:
    """The digit that follows these, by ISO 7064 MOD 11,10."""
    rest = 10
    for digit in digits:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return (11 - rest) % 10


def payment_code(prefix: str, year: int, order: int) -> str:
    """The code of an order; `prefix` are the 6 digits of the unit that collects."""
    body = f"{prefix}{year % 100:02}{order:011}"
    return f"{body}{check_digit(body)}"


def is_code(text: str) -> bool:
    """Whether these are 20 digits of which the last one fits."""
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", text, re.ASCII):
        return False
    return check_digit(text[:-1]) == int(text[-1])


def grouped(code: str) -> str:
    """A code as people read it: five groups of four."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def last_day(closes: datetime, zone: ZoneInfo) -> date:
    """The last whole day before payment closes: what is paid on it is in time at any hour."""
    return closes.astimezone(zone).date() - timedelta(days=1)
