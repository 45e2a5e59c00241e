"""The rows of a published list, made from raw marks and scores by the rules of the exam.

What a row says at each stage is defined in the docstring of the package `scoring`; everything here
is checked afterwards by its second routine, `scoring.recompute`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exam_system.errors import Invalid
from exam_system.exams.rules import RuleSet
from exam_system.marking.service import ABSENT
from exam_system.violations.lookup import VOID, ZERO
from scoring import totals
from scoring.rounding import BadScore, show, to_decimal

Row = dict[str, Any]
COMPUTED: Row = {"written": "", "interview": "", "total": "", "rank": None, "outcome": ABSENT}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one candidate: marks by subject; scores of the interviewers by place, and
    the interview's result as it was shown in the room, or as it was corrected: then `source` says
    what from (interviews.differences)."""

    application_id: int
    admission: str
    post: str
    marks: Mapping[str, str]
    scores: tuple[str, ...] = ()
    interview: str = ""
    source: Mapping[str, Any] | None = None


@dataclass(slots=True)
class _Line:
    """A row while it is made, with the numbers it is ranked by (none: it is not ranked)."""

    row: Row
    numbers: dict[str, Decimal] = field(default_factory=dict)


def rows_of(
    stage: str, rules: RuleSet, entries: Iterable[Entry], vacancies: Mapping[str, int]
) -> list[Row]:
    """The rows of the list of a stage, sorted by post, rank and admission number.

    `entries`: everybody seated for "written" and "shortlist", the shortlisted for "final".
    Raises Invalid naming admission number and column for a value that cannot be used.
    """
    posts: dict[str, list[_Line]] = {}
    for entry in entries:
        posts.setdefault(entry.post, []).append(_line(stage, rules, entry))
    for post, lines in posts.items():
        _place(stage, rules, [line for line in lines if line.numbers], vacancies[post])
    rows = [line.row for lines in posts.values() for line in lines]
    if stage == "shortlist":
        rows = [row for row in rows if row["rank"] is not None]
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[str, bool, int, str]:
    return row["post"], row["rank"] is None, row["rank"] or 0, row["admission"]


def _line(stage: str, rules: RuleSet, entry: Entry) -> _Line:
    row: Row = {
        "admission": entry.admission,
        "post": entry.post,
        "subjects": dict(entry.marks),
        "interview_scores": list(entry.scores) if stage == "final" else [],
        **COMPUTED,
    }
    if entry.source is not None:
        row["interview_from"] = dict(entry.source)
    line = _Line(row)
    if VOID in entry.marks.values():
        row["outcome"] = VOID
        return line
    given = {
        code: "0" if mark == ZERO else mark for code, mark in entry.marks.items() if mark != ABSENT
    }
    marks = {code: _number(entry, code, mark) for code, mark in given.items()}
    written = _written(rules, entry, marks)
    if written is None:
        return line
    row["written"] = show(written, rules.decimals)
    passed = rules.written_pass is None or written >= rules.written_pass
    numbers = {**marks, "written": written, "total": written}
    if stage == "final":
        if not entry.scores:
            return line
        interview = _number(entry, "interview", entry.interview)
        numbers |= {"interview": interview, "total": _total(rules, written, interview)}
        row["interview"] = entry.interview
        row["total"] = show(numbers["total"], rules.decimals)
        passed = passed and (rules.interview_pass is None or interview >= rules.interview_pass)
    row["outcome"] = "scored" if passed else "below"
    line.numbers = numbers if passed else {}
    return line


def _number(entry: Entry, column: str, text: str) -> Decimal:
    try:
        return to_decimal(text)
    except BadScore as error:
        raise _unusable(entry, column, error) from None


def _written(rules: RuleSet, entry: Entry, marks: Mapping[str, Decimal]) -> Decimal | None:
    subjects = [subject.document() for subject in rules.subjects]
    try:
        return totals.written(marks, subjects, rules.decimals, rules.rounding)
    except BadScore as error:
        raise _unusable(entry, "subjects", error) from None


def _unusable(entry: Entry, column: str, error: BadScore) -> Invalid:
    return Invalid(
        "%(number)s, %(column)s: %(why)s", number=entry.admission, column=column, why=error
    )


def _total(rules: RuleSet, written: Decimal, interview: Decimal) -> Decimal:
    weights = (rules.written_weight, rules.interview_weight)
    return totals.total(written, interview, weights, rules.decimals, rules.rounding)


def _place(stage: str, rules: RuleSet, lines: Sequence[_Line], vacancies: int) -> None:
    """Rank the lines of one post and say what the rank means at this stage."""
    tie_order = rules.tie_order if stage == "final" else ()
    ranks = totals.rank([line.numbers for line in lines], tie_order)
    chosen = _chosen(stage, rules, lines, ranks, vacancies)
    yes = {"written": "scored", "shortlist": "shortlisted", "final": "proposed"}[stage]
    for at, line in enumerate(lines):
        line.row["rank"] = ranks[at]
        line.row["outcome"] = yes if at in chosen else "not"


def _chosen(
    stage: str, rules: RuleSet, lines: Sequence[_Line], ranks: Sequence[int], vacancies: int
) -> set[int]:
    if stage == "final":
        return totals.appoint(ranks, vacancies)[0]
    if stage == "shortlist":
        scores = [line.numbers["written"] for line in lines]
        return totals.shortlist(scores, vacancies, rules.interview_ratio, rules.ties_enter)
    return set(range(len(lines)))
