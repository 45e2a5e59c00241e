"""Reads the rules of interviews: the elements of every class of posts, and the panel correction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.rule_values import LONGEST_CATEGORY, decimal, line
from scoring.panels import METHODS

TRIMMINGS = ("total", "element")
CORRECTIONS = METHODS
DIGITS = ("exact", "0", "1", "2", "3", "4", "5", "6")
DIVISORS = ("n", "n-1")
EVERY = "*"
"""The class of posts that have no elements of their own."""
_KEYS = ("post_class", "code", "name", "full", "weight")
_CODE = re.compile("[a-z][a-z0-9]{0,9}")
_MOST = 60
_FULL = Decimal(100)
_SEPARATOR = re.compile("[|｜]")
_FORM = "Write each element in a line: class of posts | code | name | marks | weight"


@dataclass(frozen=True, slots=True)
class SheetElement:
    """What interviewers mark from 0 to `full`; it counts mark * `weight`.

    `post_class` is the category of the posts, EVERY for those whose category names no element.
    """

    post_class: str
    code: str
    name: str
    full: Decimal
    weight: Decimal

    def document(self) -> dict[str, str]:
        """As in rules.json."""
        plain: dict[str, str] = {key: getattr(self, key) for key in _KEYS}
        return {**plain, "full": f"{self.full:f}", "weight": f"{self.weight:f}"}


def read_elements(value: Any) -> tuple[SheetElement, ...]:
    """Up to 60 elements, each class adding up to 100; none: interviewers give one score."""
    if not isinstance(value, list) or len(value) > _MOST:
        raise Sentence(_FORM)
    found = tuple(_element(item) for item in value)
    if len({(one.post_class, one.code) for one in found}) < len(found):
        raise Sentence("Two elements of a class have the same code")
    for name in dict.fromkeys(one.post_class for one in found):
        full = sum((one.full * one.weight for one in found if one.post_class == name), Decimal(0))
        if full != _FULL:
            raise Sentence(
                "The elements of %(name)s add up to %(full)s; it must be 100", name=name, full=full
            )
    return found


def _element(value: Any) -> SheetElement:
    if not isinstance(value, dict) or set(value) != set(_KEYS):
        raise Sentence(_FORM)
    code = value["code"]
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise Sentence("The code of an element is a short word in small letters, such as yy")
    full, weight = decimal("1", "100")(value["full"]), decimal("0.01", "100")(value["weight"])
    name = line(value["post_class"], LONGEST_CATEGORY)
    return SheetElement(name, code, line(value["name"], 40), full, weight)


def class_of(elements: tuple[SheetElement, ...], category: str | None) -> str:
    """The class by which posts of a category are interviewed; "" where there are no elements."""
    if not elements:
        return ""
    return str(category) if any(one.post_class == category for one in elements) else EVERY


def elements_text(value: Any) -> str:
    """Elements as lines of a form."""
    return "\n".join(" | ".join(str(one[key]) for key in _KEYS) for one in value or [])


def typed_elements(text: str) -> list[dict[str, str]]:
    """The lines of the form; what cannot be read stays, for `read_elements` to refuse."""
    rows = [row for row in text.splitlines() if row.strip()]
    return [
        dict(zip(_KEYS, (" ".join(part.split()) for part in _SEPARATOR.split(row)), strict=False))
        for row in rows
    ]
