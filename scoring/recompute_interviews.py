"""Recompute interview scores of a list from sheets and panels: the second, straight-line program.

Like `recompute`, which calls it, it shares no code with the package. A row of the final list whose
rules name elements of the interview or a correction between panels says where its score is from:
`interview_from` is {"class", "panel", "sheets", "raw"}; sheets are lists of marks, one for each
interviewer in the order of places, empty where interviewers give one score.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

NUMBER = re.compile(r"(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?")
Row = Mapping[str, Any]


def asked(rule: Row) -> bool:
    """Whether rows of these rules have `interview_from`."""
    elements, method = rule.get("interview_elements"), rule.get("panel_correction", "none")
    return bool(elements) or method != "none"


def strange(rule: Row, stage: str, row: Row) -> Iterator[tuple[object, object]]:
    """What is wrong with a row's `interview_from`: what was found, what should be there."""
    said = row.get("interview_from")
    if stage != "final" or not asked(rule) or not row.get("interview_scores"):
        if said is not None:
            yield said, None
    elif not isinstance(said, dict) or not _readable(said):
        yield said, "class, panel, sheets and raw score"
    elif said["raw"] != (right := raw(rule, row)):
        yield said["raw"], right


def _readable(said: Row) -> bool:
    """Whether `interview_from` has its four parts, of texts and lists of texts."""
    if set(said) != {"class", "panel", "sheets", "raw"}:
        return False
    sheets = said["sheets"]
    if not isinstance(sheets, list) or not all(isinstance(sheet, list) for sheet in sheets):
        return False
    texts = [mark for sheet in sheets for mark in sheet] + [said["raw"]]
    names = all(isinstance(said[key], str) for key in ("class", "panel"))
    return names and all(isinstance(one, str) and NUMBER.fullmatch(one) for one in texts)


def raw(rule: Row, row: Row) -> str | None:
    """The score of the room as the row must give it; None when the sheets cannot be used."""
    said = row["interview_from"]
    elements = [
        one for one in rule.get("interview_elements", []) if one["post_class"] == said["class"]
    ]
    totals = [Fraction(score) for score in row["interview_scores"]]
    if not elements:
        return None if said["sheets"] else _round(rule, _kept(rule, totals))
    sheets = [[Fraction(mark) for mark in sheet] for sheet in said["sheets"]]
    if len(sheets) != len(totals) or any(len(sheet) != len(elements) for sheet in sheets):
        return None
    weights = [Fraction(one["weight"]) for one in elements]
    for sheet, total in zip(sheets, totals, strict=True):
        over = any(mark > Fraction(e["full"]) for mark, e in zip(sheet, elements, strict=True))
        if over or sum(m * w for m, w in zip(sheet, weights, strict=True)) != total:
            return None
    if rule["interview_trimming"] == "total":
        return _round(rule, _kept(rule, totals))
    columns = [[sheet[at] for sheet in sheets] for at in range(len(elements))]
    means = (w * _kept(rule, column) for w, column in zip(weights, columns, strict=True))
    return _round(rule, sum(means, Fraction(0)))


def corrected(rule: Row, stage: str, rows: Sequence[Row]) -> dict[str, str]:
    """The score that counts, by admission number, of all rows that say what it is from."""
    found: dict[str, str] = {}
    special = stage == "final" and asked(rule)
    scored = [row for row in rows if special and row["interview_scores"]]
    for name in sorted({row["interview_from"]["class"] for row in scored}):
        panels: dict[str, dict[str, Fraction]] = {}
        for row in scored:
            said = row["interview_from"]
            if said["class"] == name:
                panels.setdefault(said["panel"], {})[row["admission"]] = Fraction(said["raw"])
        found |= _class(rule, list(panels.values()))
    return found


def _class(rule: Row, panels: list[dict[str, Fraction]]) -> dict[str, str]:
    method, decimals = rule.get("panel_correction", "none"), rule.get("panel_mean_decimals")
    ratio = rule.get("panel_coefficient_decimals")
    scores = [sorted(panel.values()) for panel in panels]
    cut = {"trimmed_1_1": 1, "trimmed_2_2": 2}.get(method, 0)
    kept = [own[cut : len(own) - cut] for own in scores]
    means = [_to(rule, sum(own, Fraction(0)) / len(own), decimals) for own in kept]
    if method == "secondary_mean":
        reference = sum(means, Fraction(0)) / len(means)
    else:
        everybody = sorted(one for own in scores for one in own)[2:-2]
        base = everybody if method == "trimmed_2_2" else [one for own in kept for one in own]
        reference = sum(base, Fraction(0)) / len(base)
    reference = _to(rule, reference, decimals)
    if method == "standard":
        return _standard(rule, panels, means, reference)
    found: dict[str, str] = {}
    for panel, mean in zip(panels, means, strict=True):
        factor = Fraction(1) if method in ("none", "additive") else reference / mean
        add = reference - mean if method == "additive" else Fraction(0)
        factor, add = _to(rule, factor, ratio), _to(rule, add, ratio)
        found |= {who: _round(rule, one * factor + add) for who, one in panel.items()}
    return found


def _standard(
    rule: Row, panels: list[dict[str, Fraction]], means: list[Fraction], reference: Fraction
) -> dict[str, str]:
    divisor = 1 if rule["panel_sd_divisor"] == "n-1" else 0
    spreads = []
    for panel in panels:
        mean = sum(panel.values(), Fraction(0)) / len(panel)
        squares = sum(((one - mean) * (one - mean) for one in panel.values()), Fraction(0))
        square = squares / (len(panel) - divisor)
        digits = Context(prec=60)
        exact = digits.divide(Decimal(square.numerator), Decimal(square.denominator))
        spreads.append(_to(rule, Fraction(exact.sqrt(digits)), rule["panel_mean_decimals"]))
    common = _to(rule, sum(spreads, Fraction(0)) / len(spreads), rule["panel_mean_decimals"])
    for spread in (common, min(spreads)):
        found: dict[str, str] = {}
        for panel, mean, own in zip(panels, means, spreads, strict=True):
            factor = _to(rule, spread / own, rule["panel_coefficient_decimals"])
            for who, one in panel.items():
                found[who] = _round(rule, reference + factor * (one - mean))
        if all(Decimal(score) <= 100 for score in found.values()):
            break
    return found


def _kept(rule: Row, scores: Sequence[Fraction]) -> Fraction:
    kept = sorted(scores)[rule["drop_low"] : len(scores) - rule["drop_high"]]
    return sum(kept, Fraction(0)) / len(kept)


def _to(rule: Row, value: Fraction, decimals: str | None) -> Fraction:
    """A number on the way: exact, or rounded as announced."""
    if decimals in (None, "exact"):
        return value
    return Fraction(_rounded(rule, value, int(decimals)))


def _round(rule: Row, value: Fraction) -> str:
    return f"{_rounded(rule, value, rule['decimals']):f}"


def _rounded(rule: Row, value: Fraction, decimals: int) -> Decimal:
    top, bottom = abs(value.numerator) * 10**decimals, value.denominator
    units = (2 * top + bottom) // (2 * bottom) if rule["rounding"] == "half_up" else top // bottom
    return Decimal(units if value >= 0 else -units).scaleb(-decimals)
