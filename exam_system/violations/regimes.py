"""The regimes of sanctions (regimes.json): which one is in force on a day, and what its tiers do.

Civil service: the rules of 2016 (order 30), then those revised in 2021; public institutions: order
35; professional qualifications: order 31. A record in the integrity archive bars nobody; a bar
keeps somebody out of exams (RULES 2.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from exam_system.errors import Conflict, Fault, Invalid

LIFE = "life"
BY_DATE = "date"


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of sanctions with its article.

    `effect` on scores: "subject", "all" or "" (none); `mark`: void or zero. `bar` and `record` are
    years, "life", or None. `experts`: only for what the marking experts confirmed. `stop` is for
    staff: "next_year" or "for_good". `items` are the cases that the article lists, from 1.
    """

    code: str
    article: str
    sanction: str
    sanction_en: str
    effect: str
    mark: str
    bar: int | str | None
    record: int | str | None
    decider: str
    items: tuple[str, ...]
    status: str
    experts: bool = False
    phase: str = "exam"
    stop: str | None = None

    def item(self, number: int) -> str:
        """The words of an item; raises Invalid."""
        if not 1 <= number <= len(self.items):
            raise Invalid("Choose which of the cases of the article it is").about("tier item")
        return self.items[number - 1]


@dataclass(frozen=True, slots=True)
class Regime:
    """A text with its tiers: for which types of exams and from which to which day of the exam.

    `bars` are the types of exams that whoever is barred by it may not take part in.
    """

    code: str
    name: str
    name_en: str
    types: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    bars: tuple[str, ...]
    status: str
    tiers: Mapping[str, Tier]

    def tier(self, code: str) -> Tier:
        """A tier of this regime or of those for staff; raises Invalid."""
        found = {**self.tiers, **staff_tiers()}.get(code)
        if found is None:
            raise Invalid("This sanction is not one of the rules that apply to the exam").about(
                "tier"
            )
        return found

    def holds(self, exam_type: str, day: date) -> bool:
        """Whether it applies to exams of this type on that day."""
        last = self.valid_to or date.max
        return exam_type in self.types and self.valid_from <= day <= last


@dataclass(frozen=True, slots=True)
class Procedure:
    """Terms of the procedure and what they rest on: days of review, months of a lawsuit, days
    after which a published notice counts as served, days until a decision is served, and days from
    the opening of a case until it is decided."""

    review_days: int
    review_basis: str
    lawsuit_months: int
    lawsuit_basis: str
    notice_days: int
    notice_basis: str
    serve_days: int
    serve_basis: str
    decide_days: int
    decide_basis: str
    hearing: str


@cache
def _data() -> dict[str, Any]:
    path = Path(__file__).with_name("regimes.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _tier(data: Mapping[str, Any]) -> Tier:
    rest = {key: value for key, value in data.items() if key not in ("tier", "items")}
    return Tier(code=data["tier"], items=tuple(data["items"]), **rest)


@cache
def regimes() -> dict[str, Regime]:
    """All regimes by their code."""
    return {one["code"]: _regime(one) for one in _data()["regimes"]}


def _regime(data: Mapping[str, Any]) -> Regime:
    last = data["valid_to"]
    return Regime(
        data["code"],
        data["name"],
        data["name_en"],
        tuple(data["types"]),
        date.fromisoformat(data["valid_from"]),
        date.fromisoformat(last) if last else None,
        tuple(data["bars"]),
        data["status"],
        {one["tier"]: _tier(one) for one in data["tiers"]},
    )


@cache
def staff_tiers() -> dict[str, Tier]:
    """Sanctions of staff, alike in every regime."""
    return {one["tier"]: _tier(one) for one in _data()["staff"]["tiers"]}


@cache
def procedure() -> Procedure:
    """Terms of the procedure."""
    data = _data()["procedure"]
    return Procedure(**{key: data[key] for key in Procedure.__dataclass_fields__})


def regime_for(exam_type: str, day: date, named: str = BY_DATE) -> Regime:
    """The regime of an exam of this type on that day, or the one that its rule set names.

    Raises Conflict when none is in force.
    """
    if named != BY_DATE:
        return regime_of(named)
    for one in regimes().values():
        if one.holds(exam_type, day):
            return one
    raise Conflict(
        "No rules on violations are in force for an exam of this type on %(day)s: the rule set "
        "must name those that apply",
        day=day.isoformat(),
    )


def regime_of(code: str) -> Regime:
    """The regime of this code; Fault when a row names one that there is not."""
    if code not in regimes():
        raise Fault(f"there is no regime {code}")
    return regimes()[code]
