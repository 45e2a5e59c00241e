"""A list as files and as a notice: list.json, list.csv, the table of notice.pdf."""

from __future__ import annotations

from collections.abc import Sequence

from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.printing.notice import Heading
from exam_system.records.paper import Table
from exam_system.results import words
from exam_system.results.rows import Row
from exam_system.sheets import Cell, write_csv
from exam_system.trust.canonical import JSON, jcs

LEAST = 5  # characters' width of the narrowest column of a notice
WIDEST = 10  # of a column of numbers
NUMBERED = 4  # of a subject that is only numbered
FITTING = 66  # characters that the heads of a notice's table may have side by side on A4
CHOSEN = {"written": "scored", "shortlist": "shortlisted", "final": "proposed"} | {
    "medical": "invited",
    "appointment": "appointed",
}
WITH_TOTALS = frozenset({"final", "medical", "appointment"})
"""Stages whose lists show interview and total."""


def list_files(
    exam: Exam, rules: RuleSet, stage: str, version: int, rows: Sequence[Row]
) -> dict[str, bytes]:
    """list.json (JCS) and list.csv (for people) of one version."""
    whole: dict[str, JSON] = {
        "v": 1,
        "exam": exam.code,
        "stage": stage,
        "version": version,
        "rows": rows,
    }
    columns = list_columns(rules, stage)
    return {
        "list.json": jcs(whole),
        "list.csv": write_csv(columns, [list_cells(rules, stage, row) for row in rows]),
    }


def list_columns(rules: RuleSet, stage: str) -> list[str]:
    """The header of list.csv: one column for each subject."""
    final = [words.SCORES, words.INTERVIEW, words.TOTAL] if stage in WITH_TOTALS else []
    subjects = [subject.name for subject in rules.subjects]
    first = [words.ADMISSION, words.POST, *subjects, words.WRITTEN]
    return [*first, *final, words.RANK, words.OUTCOME]


def list_cells(rules: RuleSet, stage: str, row: Row) -> list[Cell]:
    """One row of list.csv."""
    scores = [" ".join(row["interview_scores"]), row["interview"], row["total"]]
    final = scores if stage in WITH_TOTALS else []
    marks = [mark_word(row["subjects"][subject.code]) for subject in rules.subjects]
    first = [row["admission"], row["post"], *marks, row["written"]]
    return [*first, *final, row["rank"], outcome_word(stage, row["outcome"])]


def mark_word(mark: str) -> str:
    """A mark as it is printed."""
    return {"absent": words.ABSENT, "void": words.VOID, "zero": words.ZERO}.get(mark, mark)


def outcome_word(stage: str, outcome: str) -> str:
    """What came of it, as it is printed."""
    return (words.FINAL_OUTCOMES if stage in WITH_TOTALS else words.OUTCOMES)[outcome]


def notice_table(rules: RuleSet, stage: str, rows: Sequence[Row]) -> Table:
    """The table of the notice: what list.csv has, without the interviewers' single scores.

    Subjects whose names do not fit side by side are numbered, at the final stage left out.
    """
    columns = list_columns(rules, stage)
    short = _abbreviations(rules, stage, rows)
    skipped = {words.SCORES, *(short if stage in WITH_TOTALS else ())}
    kept = [at for at, name in enumerate(columns) if name not in skipped]
    shares = _shares(columns, rows)
    headings = tuple(
        Heading(short[columns[at]], NUMBERED)
        if columns[at] in short
        else Heading(columns[at], shares[columns[at]])
        for at in kept
    )
    return Table(headings, tuple(_texts(list_cells(rules, stage, row), kept) for row in rows))


def _shares(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, int]:
    """How wide each column of the notice is, in characters of its head."""
    shares = {name: max(LEAST, len(name) + 1) for name in columns if name != words.SCORES}
    for name, key in ((words.ADMISSION, "admission"), (words.POST, "post")):
        longest = max((len(row[key]) for row in rows), default=0)
        # Digits are half as wide as characters; what is longer is broken into two lines.
        shares[name] = min(max(shares[name], longest // 2 + 4), WIDEST)
    shares[words.OUTCOME] = max(map(len, words.OUTCOMES.values())) + 2
    return shares


def _abbreviations(rules: RuleSet, stage: str, rows: Sequence[Row]) -> dict[str, str]:
    if sum(_shares(list_columns(rules, stage), rows).values()) <= FITTING:
        return {}
    return {
        subject.name: words.SUBJECT.format(number=number)
        for number, subject in enumerate(rules.subjects, 1)
    }


def _texts(cells: Sequence[Cell], kept: Sequence[int]) -> tuple[str, ...]:
    return tuple("" if cells[at] is None else str(cells[at]) for at in kept)


def notice_title(exam: Exam, stage: str) -> str:
    """The headline of the notice."""
    return words.TITLES[stage].format(exam=exam.name)


def notice_body(exam: Exam, rules: RuleSet, stage: str, rows: Sequence[Row]) -> list[str]:
    """The paragraphs above the table."""
    chosen = sum(row["outcome"] == CHOSEN[stage] for row in rows)
    days = rules.notice_days
    text = words.BODIES[stage].format(exam=exam.name, count=len(rows), chosen=chosen, days=days)
    short = {} if stage in WITH_TOTALS else _abbreviations(rules, stage, rows)
    legend = [words.LEGEND.join(f"{mark}：{name}" for name, mark in short.items())]
    return [text, *(legend if short else []), words.CHECK]
