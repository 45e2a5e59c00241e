"""The tours as data: `tours.json` has their words in both languages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its words by language, the page where it is taken, and the page of its picture."""

    title: dict[str, str]
    text: dict[str, str]
    endpoint: str
    picture: str


@dataclass(frozen=True, slots=True)
class Tour:
    """The way of one kind of person; `key` is their role."""

    key: str
    name: dict[str, str]
    lead: dict[str, str]
    steps: tuple[Step, ...]


@cache
def tours() -> dict[str, Tour]:
    """Every tour by the role it is for."""
    told = json.loads((files("exam_system.help") / "tours.json").read_text(encoding="utf-8"))
    return {one["key"]: _tour(one) for one in told}


def _tour(told: dict[str, Any]) -> Tour:
    steps = tuple(
        Step(one["title"], one["text"], one.get("endpoint", ""), one.get("picture", ""))
        for one in told["steps"]
    )
    return Tour(told["key"], told["name"], told["lead"], steps)


def picture_file(endpoint: str, language: str) -> str:
    """Where the picture of a page lies below the static files."""
    return f"tours/{endpoint}-{language}.png"
