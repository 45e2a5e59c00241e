"""Who and what gives a draw its chance: officer, inspector, further contributors, dice, drand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exam_system.draws.models import Attempt, Contribution
from exam_system.trust import drand

CONTRIBUTORS = {
    "candidate": "the candidates' representative",
    "candidate-2": "the second representative of the candidates",
    "journalist": "the journalist",
    "notary": "the notary",
    "guest": "the guest",
}
"""Roles of further contributors, each with its title: no person's name stands in a draw."""
WHO = {"officer": "the exam officer", "inspector": "the inspector", **CONTRIBUTORS}
OFFICES = ("officer", "inspector")
MOST = 3
PUBLIC = ("dice", "drand")


def sources_of(contributors: list[str], *, with_drand: bool) -> list[str]:
    """The sources of a manifest, in the order of its transcript."""
    return [*OFFICES, *contributors, *PUBLIC[: 1 + with_drand]]


def parties(manifest: Mapping[str, Any]) -> list[str]:
    """The roles that make a secret, in the manifest's order."""
    return [name for name in manifest["sources"] if name not in PUBLIC]


def waits_for_drand(manifest: Mapping[str, Any], attempt: Attempt) -> bool:
    """Whether the manifest names a round whose signature has not been entered yet."""
    return "drand" in manifest and not attempt.drand


def values_of(attempt: Attempt, rows: Mapping[str, Contribution]) -> dict[str, str | None]:
    """What is known of each source's value by now."""
    values: dict[str, str | None] = {role: row.secret for role, row in rows.items()}
    values["dice"] = attempt.dice
    values["drand"] = drand.randomness(attempt.drand) if attempt.drand else None
    return values
