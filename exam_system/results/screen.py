"""The check before a list is signed and before it is published: nobody below a line, no numbers.

In November 2025 Harbin invited four people below the announced line of 60 to the medical
examination, and published eighteen full identity numbers (RULES 2.12).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from exam_system.errors import Invalid, Sentence
from exam_system.exams.rules import RuleSet
from exam_system.personal import personal_in
from exam_system.results.rows import Row
from scoring.rounding import BadScore, to_decimal

CHOSEN = frozenset({"shortlisted", "proposed", "invited", "appointed"})
WITH_INTERVIEW = frozenset({"final", "medical", "appointment"})
_NAMED = 5
_NUMBERS = frozenset({"id", "mobile"})


def personal_numbers(text: str) -> list[str]:
    """What a text shows of identity and mobile numbers, masked: `110*************2X`.

    An admission number may look like an identity number: only one with a right check character
    (GB 11643) counts, or 15 digits of the old form.
    """
    found = (one for one in personal_in(text, _NUMBERS) if one.sure)
    return [one.masked for one in found]


def require_clean(texts: Mapping[str, Iterable[str]]) -> None:
    """Raise Invalid naming where an identity or mobile number stands in what becomes public."""
    for where, parts in texts.items():
        for part in parts:
            if found := personal_numbers(part):
                raise Invalid(
                    "%(where)s shows an identity or telephone number (%(number)s): "
                    "nothing with such a number is published",
                    where=where,
                    number=found[0],
                )


def require_lines(rules: RuleSet, stage: str, rows: Sequence[Row]) -> None:
    """Raise Invalid naming everybody in the list who is chosen and below an announced line."""
    low = [sentence for row in rows for sentence in _below(rules, stage, row)]
    if low:
        raise Invalid(
            "%(count)s people stand in this list below an announced line, first of all: %(who)s",
            count=len(low),
            who="; ".join(str(sentence) for sentence in low[:_NAMED]),
        )


def _below(rules: RuleSet, stage: str, row: Row) -> list[Sentence]:
    if row["outcome"] not in CHOSEN:
        return []
    lines: list[tuple[str, Decimal | None]] = [("written", rules.written_pass)]
    if stage in WITH_INTERVIEW:
        lines += [("interview", rules.interview_pass), ("total", None)]
    return [
        Sentence(
            "%(number)s (%(score)s, line %(line)s)",
            number=row["admission"],
            score=row[column] or "—",
            line=line if line is not None else "—",
        )
        for column, line in lines
        if not _reaches(row[column], line)
    ]


def _reaches(score: str, line: Decimal | None) -> bool:
    """Nobody is chosen without a score, whatever the line is."""
    try:
        return to_decimal(score) >= (line or 0)
    except BadScore:
        return False


def texts_of(rows: Sequence[Row]) -> dict[str, Iterable[str]]:
    """What of the rows may carry such a number: every cell but those that are numbers by rule."""
    kept = ("subjects", "written", "interview_scores", "interview", "total", "outcome")
    named = {"list.json": (str(row[key]) for row in rows for key in kept)}
    # An admission number may have as many digits as a telephone number, an identity number not.
    codes = (row[key] for row in rows for key in ("admission", "post") if len(row[key]) in (15, 18))
    return {**named, "list.csv": codes}
