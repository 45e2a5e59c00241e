"""Values of the rules on what follows the scores: re-checks, replacement, giving up."""

from __future__ import annotations

from typing import Any

from exam_system.errors import Sentence
from exam_system.exams.rule_values import names

RECHECKED = ("every_mark", "no_mark")
LOSSES = ("medical", "background", "giving_up", "notice", "appointment")
"""Stages of a loss; "appointment": given up after the public notice has ended."""
GIVEN_UP = ("medical", "background", "notice", "appointment")
LONGEST_RECORD = 120  # months


def read_losses(value: Any) -> tuple[str, ...]:
    """In which stages a lost place is offered on: some of LOSSES, in their order."""
    found = names(value)
    if unknown := [name for name in found if name not in LOSSES]:
        choices = ", ".join(LOSSES)
        raise Sentence("%(name)s is none of %(choices)s", name=unknown[0], choices=choices)
    return tuple(name for name in LOSSES if name in found)


def read_months(value: Any) -> dict[str, int]:
    """Months of a record by the stage (of GIVEN_UP) in which somebody gives up."""
    if not isinstance(value, dict) or not all(
        type(months) is int and 0 <= months <= LONGEST_RECORD for months in value.values()
    ):
        raise Sentence("Write it like medical=6, notice=24, in months")
    if unknown := [name for name in value if name not in GIVEN_UP]:
        choices = ", ".join(GIVEN_UP)
        raise Sentence("%(name)s is none of %(choices)s", name=unknown[0], choices=choices)
    return {name: value[name] for name in GIVEN_UP if name in value}
