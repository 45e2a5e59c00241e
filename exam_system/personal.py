"""Numbers and addresses that tell of a person: the one place that looks for them in a text.

GB 11643-1999 (ID, 15 and 18 characters), 11 digits from 13 to 19 (mobile telephones), ISO/IEC
7812-1 (bank cards, 16 to 19 digits under the check of Luhn). Digits are read in every width and
through blanks, hyphens and dots, as people write them. Pure: text in, findings out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from exam_system.people import check_character

_GAP = r"[\s\-‐‑–—.·]?"
_BEFORE, _AFTER = "(?<![0-9A-Za-z])", "(?![0-9A-Za-z])"
_ID18 = re.compile(rf"{_BEFORE}\d(?:{_GAP}\d){{16}}{_GAP}[0-9Xx]{_AFTER}")
_ID15 = re.compile(rf"{_BEFORE}\d(?:{_GAP}\d){{14}}{_AFTER}")
_MOBILE = re.compile(rf"{_BEFORE}(?:\+?86{_GAP})?1{_GAP}[3-9](?:{_GAP}\d){{9}}{_AFTER}")
_CARD = re.compile(rf"{_BEFORE}[2-9](?:{_GAP}\d){{15,18}}{_AFTER}")
_LANDLINE = re.compile(rf"{_BEFORE}0\d{{2,3}}{_GAP}\d(?:{_GAP}\d){{6,7}}{_AFTER}")
_LONG = re.compile(rf"{_BEFORE}\d(?:{_GAP}\d){{14,}}{_GAP}[Xx]?{_AFTER}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")
_DIGITS = re.compile(r"[^0-9Xx]")
_AREAS = frozenset(range(11, 16)) | {21, 22, 23} | frozenset(range(31, 38)) | {
    *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83,
}  # fmt: skip
ALWAYS = frozenset({"id", "mobile", "card"})
"""Kinds that are never public; the others may be the office's own."""
EVERY = ALWAYS | {"landline", "long", "mail"}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: its kind, its words, and of an ID number whether its check character fits."""

    kind: str
    text: str
    sure: bool = True

    @property
    def masked(self) -> str:
        """Enough of it to find the place, not to know the number."""
        number = _DIGITS.sub("", self.text)
        return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def personal_in(text: str, kinds: frozenset[str] = ALWAYS) -> Iterator[Found]:
    """Everything of these kinds in a text, each once, in its order; the more telling kind first."""
    plain = unicodedata.normalize("NFKC", text)
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, Found]] = []
    for kind, pattern, holds in _PATTERNS:
        for match in pattern.finditer(plain) if kind in kinds else ():
            free = all(match.end() <= begin or match.start() >= end for begin, end in taken)
            if free and holds(match[0] if kind == "mail" else _DIGITS.sub("", match[0])):
                taken.append(match.span())
                found.append((match.start(), _made(kind, match[0].strip())))
    for _at, one in sorted(found, key=lambda pair: pair[0]):
        yield one


def _made(kind: str, text: str) -> Found:
    number = _DIGITS.sub("", text).upper()
    checked = kind != "id" or len(number) == 15 or number[17] == check_character(number)
    return Found(kind, text, checked)


def _is_id18(number: str) -> bool:
    """A mistyped last character is still somebody's number: only area and birthday are asked."""
    return len(number) == 18 and int(number[:2]) in _AREAS and _is_day(number[6:14])


def _is_id15(number: str) -> bool:
    return int(number[:2]) in _AREAS and _is_day(f"19{number[6:12]}")


def _is_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= day.year <= 2100


def _is_mobile(number: str) -> bool:
    return len(number.removeprefix("86")) == 11


def _is_card(number: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _any(_number: str) -> bool:
    return True


_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("mail", _MAIL, _any),
    ("id", _ID18, _is_id18),
    ("id", _ID15, _is_id15),
    ("card", _CARD, _is_card),
    ("mobile", _MOBILE, _is_mobile),
    ("long", _LONG, _any),
    ("landline", _LANDLINE, _any),
)
