"""How numbers and days stand in a sentence: one thing is no plural, a day is said in words.

Sentences are written for many things (“%(count)s bags are late”). Where a number is 1 the English
phrase after it is replaced by that of `translations/one.json`; Chinese has no plural. Values that
are days or times as tables write them (2026-11-22, 2026-11-22 14:30) become 22 November 2026, 14:30
or 2026年11月22日14:30. In tables they stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_PHRASES = Path(__file__).parent / "translations" / "one.json"
_PLACE = re.compile(r"%\((\w+)\)s ")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


def fill(msgid: str, said: str, values: Mapping[str, object]) -> str:
    """`said`, the translation of `msgid` (itself in English), with its places filled."""
    text, words = worded(msgid, said, values)
    return text % words


def worded(msgid: str, said: str, values: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The text for these numbers, and the values as words; whoever asked puts them together."""
    english = said == msgid
    text = _counted(said, values) if english else said
    return text, {name: _day(value, english) for name, value in values.items()}


def _counted(text: str, values: Mapping[str, object]) -> str:
    """English with the singular after every place whose value is 1."""
    for place in reversed(list(_PLACE.finditer(text))):
        if str(values.get(place[1])) == "1":
            before, after = text[: place.end()], text[place.end() :]
            text = before + _single(before[: place.start()], after)
    return text


def _single(before: str, after: str) -> str:
    """The rest of a sentence after a 1: “5 of 1 turns” stays, “marks of 1 bags are” loses its s."""
    if before.endswith(")s of "):
        return after
    many = phrases()
    nouns = {key: one for key, one in many.items() if " " not in key}
    for key in sorted(nouns if before.endswith(" of ") else many, key=len, reverse=True):
        if re.match(rf"{re.escape(key)}(?!\w)", after):
            return many[key] + after[len(key) :]
    return after


@cache
def phrases() -> dict[str, str]:
    """Phrases for many, as they follow a number, with the same for one."""
    found: dict[str, str] = json.loads(_PHRASES.read_text(encoding="utf-8"))
    return found


def _day(value: object, english: bool) -> object:
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    if not found or not 1 <= int(found[2]) <= len(_MONTHS):
        return value
    year, month, day, time = found[1], int(found[2]), int(found[3]), found[4]
    if english:
        return f"{day} {_MONTHS[month - 1]} {year}" + (f", {time}" if time else "")
    return f"{year}年{month}月{day}日{time or ''}"
