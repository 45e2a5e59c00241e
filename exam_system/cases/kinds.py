"""Kinds of cases (kinds.json): names, who works on them, their clocks with the legal basis."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from exam_system.cases.engine import Clocks, Term
from exam_system.errors import Invalid


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `desk` is the role that works on it: officer or inspector. Of kinds that are not
    `open` the office enters what came in; the others everybody can hand in."""

    code: str
    zh: str
    en: str
    desk: str
    open: bool
    basis: str
    clocks: Clocks

    def name(self, language: str) -> str:
        """Its name in a language of the pages."""
        return self.en if language == "en" else self.zh


TOPICS = {
    "policy": "Policy and conditions",
    "registration": "Registration and review",
    "fees": "Fees and waivers",
    "tickets": "Tickets, sites and the exam day",
    "scores": "Scores and results",
    "interview": "Interview",
    "medical": "Medical, background and appointment",
    "service": "Service and conduct",
    "other": "Something else",
}


COMPLAINTS = frozenset({"complaint", "petition", "tip"})
PROCEDURE = frozenset(TOPICS) - {"policy", "service", "other"}
"""Kinds and topics of complaints about how an exam is held (PRACTICES 68: none is the target)."""


def _term(found: list[Any] | None) -> Term | None:
    return Term(found[0], found[1] == "working") if found else None


def _kind(code: str, one: dict[str, Any]) -> Kind:
    answer = _term(one["answer"])
    assert answer is not None
    numbers = (one["extension"], one["remind"], one["escalate"], one["close"])
    clocks = Clocks(answer, _term(one["accept"]), *numbers)
    return Kind(code, one["zh"], one["en"], one["desk"], one["open"], one["basis"], clocks)


@cache
def kinds() -> dict[str, Kind]:
    """All kinds in the order of the list that people choose from."""
    path = Path(__file__).with_name("kinds.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    return {code: _kind(code, one) for code, one in found.items()}


@cache
def places() -> dict[str, int]:
    """Each kind's place in the list of clocks that the engine is given."""
    return {code: place for place, code in enumerate(kinds())}


def kind_of(code: str) -> Kind:
    """The kind of this code; raises Invalid."""
    if code not in kinds():
        raise Invalid("Choose from the list what your letter is").about("kind")
    return kinds()[code]


def require_topic(code: str) -> str:
    """A topic's code; raises Invalid."""
    if code not in TOPICS:
        raise Invalid("Choose from the list what your letter is about").about("topic")
    return code
