"""Reads the value of a single rule; every reader raises Sentence with what to enter instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from exam_system.clock import parse_rfc3339
from exam_system.errors import Sentence
from exam_system.trust.canonical import clean_label
from scoring.rounding import to_decimal

TYPE_NAMES = {
    "civil_service": "Civil service recruitment",
    "police": "Police recruitment",
    "health": "Health system recruitment",
    "institution": "Public institution recruitment",
    "professional": "Professional qualification",
}
EXAM_TYPES = tuple(TYPE_NAMES)
EDUCATION = ("college", "bachelor", "master", "doctor")
ROUNDINGS = ("half_up", "truncate")
INTERVIEWERS = (5, 7, 9)
SEXES = ("ignore", "prefer", "require")
AGAIN = ("partner", "room", "site")
INTERVIEWER_DRAWS = ("match", "lottery")
INTERVIEW_ORDERS = ("draw", "double", "lots")
REGIMES = ("date", "GWY2016", "GWY2021", "SYDW35", "ZJ31")
PARTIES = ("ignore", "supervisor", "parties")
OPENING = ("reduce", "cancel", "keep")
LONGEST_NUMBER = 20
LONGEST_BASIS = 300
LONGEST_GROUND = 40
LONGEST_CATEGORY = 20
# Weights may be thirds: 150 + 150 marks at 0.333333 each are 99.9999.
_NEAR = Decimal("0.001")
FIELD = re.compile(r"\{(district|site|room|seat):0([1-4])\}")
_TEMPLATE = re.compile(rf"(?:{FIELD.pattern}|[0-9A-Z])+")
_SUBJECT = re.compile(r"[a-z][a-z0-9_]{0,19}")
_RESERVED = frozenset({"written", "interview", "total"})


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of the written exam; mark * weight, summed over all, is the written score."""

    code: str
    name: str
    full_marks: Decimal
    weight: Decimal

    def document(self) -> dict[str, str]:
        """As in rules.json."""
        return {
            "code": self.code,
            "name": self.name,
            "full_marks": f"{self.full_marks:f}",
            "weight": f"{self.weight:f}",
        }


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A whole number, both ends included."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Sentence("Enter a whole number from %(low)s to %(high)s", low=low, high=high)
        return value

    return read


def one_of(*choices: Any) -> Callable[[Any], Any]:
    """One of the choices themselves."""

    def read(value: Any) -> Any:
        if type(value) not in (str, int) or value not in choices:
            raise Sentence("Choose one of %(choices)s", choices=", ".join(map(str, choices)))
        return value

    return read


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Sentence("Choose yes or no")
    return value


def decimal(low: str, high: str) -> Callable[[Any], Decimal]:
    """A number written with digits, both ends included."""

    def read(value: Any) -> Decimal:
        try:
            number = to_decimal(value)
        except ValueError:
            raise Sentence("Enter a number such as 60 or 0.5") from None
        if not Decimal(low) <= number <= Decimal(high):
            raise Sentence("Enter a number from %(low)s to %(high)s", low=low, high=high)
        return number

    return read


def pass_mark(value: Any) -> Decimal | None:
    """A mark up to 100; "" for none."""
    return None if value == "" else decimal("0", "100")(value)


def time(value: Any) -> datetime:
    """RFC 3339 with a zone."""
    try:
        return parse_rfc3339(value)
    except (TypeError, ValueError):
        raise Sentence("Enter a date and a time") from None


def moment(value: Any) -> datetime | None:
    """RFC 3339 with a zone; "" for none."""
    return None if value == "" else time(value)


def calendar_day(value: Any) -> date | None:
    """A day written 2026-03-31; "" for none."""
    if value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise Sentence("Enter a day such as 2026-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Sentence("Enter a day such as 2026-03-31") from None


def ratios(value: Any) -> dict[str, int]:
    """Paid candidates to one vacancy by category of posts, each from 1 to 20."""
    if not isinstance(value, dict) or len(value) > 20:
        raise Sentence("Write it like A=3, B=2")
    if not all(type(one) is int and 1 <= one <= 20 for one in value.values()):
        raise Sentence("Write it like A=3, B=2")
    return {line(name, LONGEST_CATEGORY): value[name] for name in sorted(value)}


def line(value: Any, longest: int) -> str:
    """A text in one line."""
    try:
        text = clean_label(value)
    except (TypeError, ValueError):
        raise Sentence("Enter a text in one line") from None
    if len(text) > longest:
        raise Sentence("Enter at most %(longest)s characters", longest=longest)
    return text


def _subject(value: Any) -> Subject:
    if not isinstance(value, dict) or set(value) != {"code", "name", "full_marks", "weight"}:
        raise Sentence("A subject has a code, a name, full marks and a weight")
    code = value["code"]
    if not isinstance(code, str) or not _SUBJECT.fullmatch(code) or code in _RESERVED:
        raise Sentence("The code of a subject is a short word in small letters, such as xc")
    full_marks = decimal("1", "999")(value["full_marks"])
    return Subject(code, line(value["name"], 40), full_marks, decimal("0", "1")(value["weight"]))


def subjects(value: Any) -> tuple[Subject, ...]:
    """1 to 8 subjects whose full marks times weights add up to 100."""
    if not isinstance(value, list) or not 1 <= len(value) <= 8:
        raise Sentence("An exam has 1 to 8 subjects")
    subjects = tuple(_subject(item) for item in value)
    if len({subject.code for subject in subjects}) < len(subjects):
        raise Sentence("Two subjects have the same code")
    full = sum((subject.full_marks * subject.weight for subject in subjects), Decimal(0))
    if abs(full - 100) > _NEAR:
        raise Sentence("Full marks times weights add up to %(full)s; it must be 100", full=full)
    return subjects


def names(value: Any) -> tuple[str, ...]:
    """Words, none of them twice."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Sentence("Name what is compared, in order")
    if len(set(value)) < len(value):
        raise Sentence("Something is named twice")
    return tuple(value)


def grounds(value: Any) -> tuple[str, ...]:
    """On what a fee is waived, in the words that candidates read; none of them twice."""
    return tuple(line(name, LONGEST_GROUND) for name in names(value))


def rotation(value: Any) -> tuple[str, ...]:
    """What nobody has again: some of AGAIN, in their order."""
    found = names(value)
    if unknown := [name for name in found if name not in AGAIN]:
        raise Sentence("%(name)s is none of %(choices)s", name=unknown[0], choices=", ".join(AGAIN))
    return tuple(name for name in AGAIN if name in found)


def template(value: Any) -> str:
    """Places for district, site, room and seat, each once; between them digits or letters."""
    if not isinstance(value, str) or not _TEMPLATE.fullmatch(value):
        raise Sentence("Write it like 0{district:02}{site:02}{room:02}{seat:02}")
    places = FIELD.findall(value)
    if sorted(name for name, _ in places) != ["district", "room", "seat", "site"]:
        raise Sentence("Name district, site, room and seat once each: numbers must not repeat")
    if len(FIELD.sub("", value)) + sum(int(width) for _, width in places) > LONGEST_NUMBER:
        raise Sentence("An admission number has at most %(longest)s places", longest=LONGEST_NUMBER)
    return value
