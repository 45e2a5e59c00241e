"""The second program for sheets and panels: agrees with the package, and notices a changed cell."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from scoring import recompute_interviews
from scoring.elements import Element, Scheme, interview_score
from scoring.panels import METHODS, CorrectionRule, correct

ELEMENTS = [("a", "40", "1"), ("b", "30", "1"), ("c", "10", "3")]


def rule(**changes: Any) -> dict[str, Any]:
    """The values of a rule set, as far as interviews go."""
    elements = [
        {"post_class": "*", "code": code, "name": code, "full": full, "weight": weight}
        for code, full, weight in ELEMENTS
    ]
    return {
        "interview_elements": elements,
        "interview_trimming": "element",
        "panel_correction": "none",
        "panel_mean_decimals": "exact",
        "panel_coefficient_decimals": "exact",
        "panel_sd_divisor": "n",
        "drop_high": 1,
        "drop_low": 1,
        "decimals": 2,
        "rounding": "half_up",
        **changes,
    }


def row(dice: random.Random, number: int, panel: str) -> dict[str, Any]:
    """Seven sheets of quarter marks."""
    sheets = [
        [f"{dice.randint(int(full) * 2, int(full) * 4) / 4:.2f}" for _, full, _ in ELEMENTS]
        for _ in range(7)
    ]
    weights = [Decimal(weight) for _, _, weight in ELEMENTS]
    totals = [
        sum((Decimal(m) * w for m, w in zip(s, weights, strict=True)), Decimal(0)) for s in sheets
    ]
    said = {"class": "*", "panel": panel, "sheets": sheets, "raw": ""}
    scores = [f"{total:f}" for total in totals]
    return {"admission": str(number), "interview_scores": scores, "interview_from": said}


def raw_of(values: dict[str, Any], one: dict[str, Any]) -> str:
    """What the package makes of the sheets."""
    named = tuple(
        Element(code, code, Decimal(full), Decimal(weight)) for code, full, weight in ELEMENTS
    )
    trimming, rounding = values["interview_trimming"], values["rounding"]
    scheme = Scheme("*", named, 7, trimming, 1, 1, values["decimals"], rounding, "")
    codes = [code for code, _, _ in ELEMENTS]
    sheets = [
        dict(zip(codes, map(Decimal, sheet), strict=True))
        for sheet in one["interview_from"]["sheets"]
    ]
    return f"{interview_score(scheme, sheets).result:f}"


@pytest.mark.parametrize("method", METHODS)
def test_both_programs_agree(method: str) -> None:
    dice = random.Random(method)
    for case in range(20):
        digits = dice.choice(("exact", "2", "4"))
        values = rule(
            interview_trimming=dice.choice(("element", "total")),
            panel_correction=method,
            panel_mean_decimals=digits,
            panel_coefficient_decimals=dice.choice(("exact", "4")),
            panel_sd_divisor=dice.choice(("n", "n-1")),
            rounding=dice.choice(("half_up", "truncate")),
        )
        rows = [row(dice, case * 100 + n, f"0{n % 3}") for n in range(dice.randint(21, 30))]
        for one in rows:
            one["interview_from"]["raw"] = raw_of(values, one)
            assert list(recompute_interviews.strange(values, "final", one)) == []
        mean, ratio = (
            None if values[key] == "exact" else int(values[key])
            for key in ("panel_mean_decimals", "panel_coefficient_decimals")
        )
        announced = CorrectionRule(
            method, mean, ratio, 2, values["rounding"], values["panel_sd_divisor"]
        )
        panels = [
            [one for one in rows if one["interview_from"]["panel"] == f"0{k}"] for k in range(3)
        ]
        raws = [[Decimal(one["interview_from"]["raw"]) for one in panel] for panel in panels]
        ours = {
            one["admission"]: f"{result:f}"
            for panel, found in zip(panels, correct(raws, announced).panels, strict=True)
            for one, result in zip(panel, found.results, strict=True)
        }
        assert recompute_interviews.corrected(values, "final", rows) == ours


def test_a_changed_cell_is_noticed() -> None:
    values, one = rule(), row(random.Random(1), 1, "01")
    right = one["interview_from"]["raw"] = raw_of(values, one)
    changes: list[dict[str, Any]] = [
        {"raw": "99.99"},
        {"sheets": one["interview_from"]["sheets"][:6]},
        {"sheets": [sheet[:2] for sheet in one["interview_from"]["sheets"]]},  # an element left out
        {"sheets": [["40.01", "1.00", "1.00"], *one["interview_from"]["sheets"][1:]]},
        {"panel": 1},
        {"more": ""},
    ]
    for change in changes:
        changed = {**one, "interview_from": {**one["interview_from"], **change}}
        assert list(recompute_interviews.strange(values, "final", changed)) != [], change
    assert list(recompute_interviews.strange(values, "written", one)) != []
    assert list(recompute_interviews.strange(rule(interview_elements=[]), "final", one)) != []
    gone = {key: value for key, value in one.items() if key != "interview_from"}
    assert list(recompute_interviews.strange(values, "final", gone)) != []
    assert right == one["interview_from"]["raw"]
