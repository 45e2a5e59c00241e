"""Kinds of observers (kinds.json): names, which views each has, as what their remarks are taken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from exam_system.errors import Invalid, NotFound

SECTIONS = {
    "now": "What is happening now",
    "draws": "Draws",
    "day": "Progress of the exam day",
    "marking": "Progress of marking",
    "interviews": "Progress of the interviews",
    "letters": "Letters about the exam",
    "acts": "The last acts in plain words",
    "files": "Published files and how to check them",
}
"""Every view that an observer may have, by its name in addresses and in the log."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of observer. `side`: of which of the four sides of supervision they are; `remarks`
    are kinds of cases."""

    code: str
    zh: str
    en: str
    side: str
    sections: tuple[str, ...]
    remarks: tuple[str, ...]

    def name(self, language: str) -> str:
        """Its name in a language of the pages."""
        return self.en if language == "en" else self.zh


def _kind(code: str, one: dict[str, Any]) -> Kind:
    lists = tuple(one["sections"]), tuple(one["remarks"])
    return Kind(code, one["zh"], one["en"], one["side"], *lists)


@cache
def kinds() -> dict[str, Kind]:
    """All kinds in the order in which pages list them."""
    path = Path(__file__).with_name("kinds.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    return {code: _kind(code, one) for code, one in found.items()}


def kind_named(text: str) -> Kind:
    """The kind that a line of a list means, by its code or its name; raises Invalid."""
    for one in kinds().values():
        if text.strip().lower() in (one.code, one.zh, one.en.lower()):
            return one
    names = "、".join(one.zh for one in kinds().values())
    raise Invalid(
        "There is no such kind of observer: %(kind)s (%(names)s)", kind=text, names=names
    ).about("lines")


def require_section(kind: str, section: str) -> None:
    """Raise NotFound unless this kind of observer has this view."""
    if section not in kinds()[kind].sections:
        raise NotFound("Observers of your kind have no such view")
