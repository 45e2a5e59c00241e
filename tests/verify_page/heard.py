"""Interviews of random exams: sheets of elements, and scores corrected between panels."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from scoring.elements import Element, Scheme, interview_score, sheet_total
from scoring.panels import METHODS, CorrectionRule, correct
from scoring.rounding import BadScore, show

Row = dict[str, Any]
ELEMENTS = [
    {"post_class": "*", "code": "zh", "name": "综合分析", "full": "30", "weight": "2"},
    {"post_class": "*", "code": "yy", "name": "语言表达", "full": "50", "weight": "0.8"},
]
DIGITS = ("exact", "0", "2", "4")


def random_interviews(rng: Random) -> dict[str, Any]:
    """Rules of interviews; none as in the rule sets of earlier years."""
    if rng.random() < 0.4:
        return {}
    return {
        "interview_elements": rng.choice(([], ELEMENTS)),
        "interview_trimming": rng.choice(("total", "element")),
        "panel_correction": rng.choice(METHODS),
        "panel_mean_decimals": rng.choice(DIGITS),
        "panel_coefficient_decimals": rng.choice(DIGITS),
        "panel_sd_divisor": rng.choice(("n", "n-1")),
    }


def give_scores(rng: Random, rules: dict[str, Any], row: Row) -> None:
    """What the interviewers gave, and the score of the room in "interview"."""
    named = rules.get("interview_elements") or []
    scheme = _scheme(rules, named)
    sheets = [_sheet(rng, scheme) for _ in range(rules["interviewers"])]
    row["interview_scores"] = [f"{sheet_total(scheme, sheet):.2f}" for sheet in sheets]
    row["interview"] = show(interview_score(scheme, sheets).result, rules["decimals"])
    if named or rules.get("panel_correction", "none") != "none":
        marks = [[f"{mark:.2f}" for mark in sheet.values()] for sheet in sheets]
        row["interview_from"] = {
            "class": "*" if named else "",
            "panel": f"P{row['post'][-1]}{rng.randrange(2)}",
            "sheets": marks if named else [],
            "raw": row["interview"],
        }


def _scheme(rules: dict[str, Any], named: list[dict[str, str]]) -> Scheme:
    elements = [
        Element(one["code"], one["name"], Decimal(one["full"]), Decimal(one["weight"]))
        for one in named
    ]
    return Scheme(
        "",
        tuple(elements) or (Element("", "", Decimal(100), Decimal(1)),),
        rules["interviewers"],
        rules["interview_trimming"] if named else "total",
        rules["drop_high"],
        rules["drop_low"],
        rules["decimals"],
        rules["rounding"],
        "办法第一条",
    )


def _sheet(rng: Random, scheme: Scheme) -> dict[str, Decimal]:
    shares = (55, 75, 80, 80, 85)
    return {
        one.code: (one.full * rng.choice(shares) / 100 + rng.choice((0, Decimal("0.25")))).quantize(
            Decimal("0.01")
        )
        for one in scheme.elements
    }


def correct_panels(rules: dict[str, Any], rows: list[Row]) -> None:
    """What the announced correction makes of the scores of the room.

    Where it cannot be computed the rules announce none.
    """
    if not rows or "interview_from" not in rows[0]:
        return
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault(row["interview_from"]["panel"], []).append(row)
    try:
        found = correct(
            [[Decimal(row["interview"]) for row in panel] for panel in panels.values()],
            correction(rules),
        )
    except BadScore:
        rules["panel_correction"] = "none"
        if not rules["interview_elements"]:
            for row in rows:
                del row["interview_from"]
        return
    for panel, corrected in zip(panels.values(), found.panels, strict=True):
        for row, score in zip(panel, corrected.results, strict=True):
            row["interview"] = show(score, rules["decimals"])


def correction(rules: dict[str, Any]) -> CorrectionRule:
    """The announced correction as the engine takes it."""
    mean, coefficient = (
        None if rules[f"panel_{name}_decimals"] == "exact" else int(rules[f"panel_{name}_decimals"])
        for name in ("mean", "coefficient")
    )
    return CorrectionRule(
        rules["panel_correction"],
        mean,
        coefficient,
        rules["decimals"],
        rules["rounding"],
        rules["panel_sd_divisor"],
    )
