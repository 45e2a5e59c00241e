"""Every number of a list, computed once more from the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exam_system.verify.checks import Check, refuse
from exam_system.verify.files import Bag
from exam_system.verify.lists import Listed
from scoring import recompute

_CHOSEN = frozenset({"scored", "shortlisted", "proposed", "not"})


def require_numbers(
    bag: Bag, rules: Mapping[str, Any], listed: Listed, vacancies: Mapping[str, int] | None
) -> None:
    """Refuse at the first cell that does not follow from the rules.

    Without vacancies everything is recomputed but who of the ranked is chosen.
    """
    known = vacancies or {row["post"]: 1 for row in listed.rows}
    try:
        problems = recompute.check(rules, listed.stage, listed.rows, known)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        refuse(Check.RULES, bag.at("rules.json"), f"nothing can be computed with it: {error!r}")
    rows = {row["admission"]: number for number, row in enumerate(listed.rows, 1)}
    for problem in problems:
        if vacancies is None and _rests_on_vacancies(problem):
            continue
        place = f"{bag.at('list.json')} row {rows[problem.row]} column {problem.column}"
        refuse(Check.NUMBERS, place, f"found {problem.found}, recomputed {problem.expected}")


def _rests_on_vacancies(problem: recompute.Problem) -> bool:
    return problem.column == "outcome" and {problem.found, problem.expected} <= _CHOSEN
