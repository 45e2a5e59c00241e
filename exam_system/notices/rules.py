"""The rules of notices: levels of approval, categories, terms, disclosures. All of it is data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from exam_system.access import Role

CATEGORIES = {
    "exam": "Exam notice",
    "press": "Press release",
    "answer": "Answer to many",
    "other": "Other notice",
}
LEVELS = {
    "section": "Head of the section",
    "secrecy": "Secrecy review",
    "leader": "Leader in charge",
}
"""The levels of the program's own rules by name; another level says its name itself."""
MATTERS = {
    "policy": "Disclosure of policy",
    "quotas": "Disclosure of quotas",
    "conditions": "Disclosure of conditions",
    "scores": "Disclosure of scores",
    "results": "Disclosure of results",
}


@dataclass(frozen=True, slots=True)
class Level:
    """One level of approval: its key in the log, its name (to be translated), who may hold it."""

    key: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One of the five: the stages of releases that post it, and when it is due.

    `before` names a rule of the exam; `after` what `days` are counted from.
    """

    key: str
    name: str
    by: tuple[str, ...]
    before: str = ""
    after: str = ""
    days: int = 0


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """What rules.json says; `review_days` is how long a page counts as fresh."""

    levels: tuple[Level, ...]
    review_days: int
    basis: str
    disclosures: tuple[Disclosure, ...]


@cache
def notice_rules() -> NoticeRules:
    """The rules in force."""
    return read_notice_rules(json.loads(Path(__file__).with_name("rules.json").read_text("utf-8")))


def read_notice_rules(data: Mapping[str, Any]) -> NoticeRules:
    """Raises ValueError for levels that could not each be another person's, or no five matters."""
    levels = tuple(
        Level(
            one["key"],
            LEVELS.get(one["key"]) or one["name"],
            frozenset(map(Role, one["roles"])),
        )
        for one in data["levels"]
    )
    if not levels or len({one.key for one in levels}) < len(levels):
        raise ValueError("Every level of approval has a key of its own, and there is at least one.")
    told = tuple(
        Disclosure(**{**one, "name": MATTERS[one["key"]], "by": tuple(one["by"])})
        for one in data["disclosures"]
    )
    if tuple(one.key for one in told) != tuple(MATTERS):
        raise ValueError(f"The disclosures are {', '.join(MATTERS)}.")
    return NoticeRules(levels, int(data["review_days"]), data["basis"], told)
