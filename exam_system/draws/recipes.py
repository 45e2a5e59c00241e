"""What each kind of draw draws: features register how to build the list and what to do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.errors import Fault, NotFound
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet

KINDS = (
    *("papers", "seats", "invigilators", "codes", "markers", "recount"),
    *("interviewers", "groups", "turns", "order"),
)
"""Every kind of draw, in the order in which an exam comes to them."""
PLACES = ("exam", "district", "site", "room")
"""The tables that say where an exam is held, for `Recipe.relies_on`."""
Groups = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of draw.

    `build(ctx, exam)` gives the manifest's groups and rules (plain JSON, labels sorted by their
    UTF-8 bytes) and writes nothing; it raises Invalid or Conflict with what is missing.
    `apply(ctx, exam, attempt, groups)` writes the rows of the drawn groups: per group
    `{"id", "slots": [{"id", "labels"}], "reserve"}`. `relies_on` are the tables whose rows the list
    is made of: a draw begins with rows that acts wrote. `opens(ctx, exam)` is the hour until which
    list and result stay confidential (None: never), `asked(rules)` whether an exam has this draw,
    `chosen(exam)` the algorithm where the exam's rules choose it.
    """

    kind: str
    algorithm: str
    purpose: str
    build: Callable[[Context, Exam], tuple[Groups, dict[str, Any]]]
    apply: Callable[[Context, Exam, Attempt, Groups], None]
    relies_on: tuple[str, ...]
    opens: Callable[[Context, Exam], datetime | None] = lambda _ctx, _exam: None
    asked: Callable[[RuleSet], bool] = lambda _rules: True
    chosen: Callable[[Exam], str] | None = None

    def algorithm_of(self, exam: Exam) -> str:
        """The algorithm of this draw in an exam: the recipe's, or what the exam's rules chose."""
        return self.algorithm if self.chosen is None else self.chosen(exam)


RECIPES: dict[str, Recipe] = {}


def register(recipe: Recipe) -> None:
    """Make a kind of draw known; each kind has one recipe."""
    if recipe.kind not in KINDS or recipe.kind in RECIPES:
        raise Fault(f"the draw {recipe.kind} is unknown or has a recipe already")
    RECIPES[recipe.kind] = recipe


def recipe_of(kind: str) -> Recipe:
    """The recipe of a kind; raises NotFound."""
    if kind not in RECIPES:
        raise NotFound("There is no draw of this kind")
    return RECIPES[kind]
