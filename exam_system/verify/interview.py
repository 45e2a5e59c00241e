"""The notes of interviews: the result computed once more from what every interviewer gave."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exam_system.trust import interview_note
from exam_system.trust.errors import Malformed
from exam_system.trust.interview_note import SheetNote
from exam_system.verify.checks import Check, holds
from exam_system.verify.keyring import remark
from exam_system.verify.keysfile import Listed

_FULL = 100
_PANELS = (5, 7, 9)


def interview(name: str, text: str, ended: Listed | None) -> str:
    """Check the opened text of a note with one score from every interviewer; says what it is."""
    with holds(Check.INTERVIEW, name):
        said = interview_note.parse(text)
        mean = _mean([Fraction(score) for score in said.scores], said.dropped)
        _require_result(mean, said.result)
    return f"{name} (interview of {said.number}, {said.exam}: {said.result}{remark(ended)})"


def interview_sheets(name: str, text: str, ended: Listed | None) -> str:
    """The same for a note with sheets of several elements, every one of which must count."""
    with holds(Check.INTERVIEW, name):
        said = interview_note.parse_sheets(text)
        totals = _totals(said)
        weights = [Fraction(weight) for _, _, weight in said.elements]
        if said.trimming == "total":
            result = _mean(totals, said.dropped[0])
        else:
            columns = [
                [Fraction(mark) for mark in column] for column in zip(*said.sheets, strict=True)
            ]
            means = [_mean(c, d) for c, d in zip(columns, said.dropped, strict=True)]
            result = sum((w * m for w, m in zip(weights, means, strict=True)), Fraction(0))
        _require_result(result, said.result)
    of = f"interview of {said.number}, {said.exam}: {said.result}, {len(said.elements)} elements"
    return f"{name} ({of}{remark(ended)})"


def _totals(said: SheetNote) -> list[Fraction]:
    full = [Fraction(full) for _, full, _ in said.elements]
    weights = [Fraction(weight) for _, _, weight in said.elements]
    if sum(f * w for f, w in zip(full, weights, strict=True)) != _FULL:
        raise Malformed("The full marks of the elements do not add up to 100.")
    if len(said.sheets) not in _PANELS:
        raise Malformed(f"{len(said.sheets)} interviewers are no panel.")
    found = []
    for place, (sheet, total) in enumerate(zip(said.sheets, said.totals, strict=True), 1):
        marks = [Fraction(mark) for mark in sheet]
        if any(mark > most for mark, most in zip(marks, full, strict=True)):
            raise Malformed(f"A mark of interviewer {place} is above the full marks.")
        right = sum((m * w for m, w in zip(marks, weights, strict=True)), Fraction(0))
        if Fraction(total) != right:
            raise Malformed(f"The marks of interviewer {place} are not {total} together.")
        found.append(right)
    return found


def _mean(scores: Sequence[Fraction], dropped: tuple[int, ...]) -> Fraction:
    """The rule set says how many are dropped at each end: those at the ends it must be."""
    kept = sorted(score for place, score in enumerate(scores, 1) if place not in dropped)
    inner = sorted(scores)
    ends = [inner[low : low + len(kept)] for low in range(len(dropped) + 1)]
    if kept not in ends:
        raise Malformed("The dropped scores are not the highest and the lowest.")
    return sum(kept, Fraction(0)) / len(kept)


def _require_result(exact: Fraction, result: str) -> None:
    """The rule set says how it is rounded: half up and cut off are both tried."""
    units = exact * 10 ** len(result.partition(".")[2])
    made = {units.numerator // units.denominator, (2 * units + 1) // 2}
    if int(result.replace(".", "")) not in made:
        raise Malformed(f"The result is {result}, but the rest comes to {float(exact):.6f}.")
