"""Verb of marking: the written marks come in as one table, complete or not at all."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet, Subject
from exam_system.marking.models import WrittenMark
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.sheets import CellError, Column, Sheet, SheetError, read_table
from exam_system.trust.canonical import sha256_hex
from scoring.rounding import BadScore, show, to_decimal

ABSENT = "absent"
DECIMALS = 2
WRITTEN_STATES = ("seated", "written", "shortlisted", "interviewing", "final")
_ABSENT_WORDS = frozenset({ABSENT, "缺考"})
_NUMBER = ("准考证号", "admission number", "admission")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class MarkChange:
    """A mark that an import changed."""

    number: str
    subject: str
    before: str
    after: str


@verb
def import_written_scores(
    ctx: Context, *, code: str, name: str, data: bytes, reason: str = ""
) -> int:
    """Take in every mark of the exam from a table (.csv or .xlsx); returns the number of rows.

    Each seated candidate stands in it exactly once, with a mark from 0 to the full marks or
    "absent" for every subject. A later table replaces the earlier one; once written scores are
    published it is a correction and needs a reason. Raises SheetError naming every bad cell.
    """
    exam = open_exam(ctx.session, code, *WRITTEN_STATES)
    _require_time(ctx.session, exam, reason)
    rules = rules_of(exam)
    sheet = read_table(name, data, _columns(rules))
    seated = seated_numbers(ctx.session, exam.id)
    _require_everybody(sheet, seated)
    changes = _replace(ctx.session, exam, rules, sheet, seated)
    details: dict[str, Any] = {"correction": reason} if reason else {}
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        file=sha256_hex(data),
        rows=len(sheet.rows),
        changed=[[c.number, c.subject, c.before, c.after] for c in changes],
        **details,
    )
    return len(sheet.rows)


def seated_numbers(session: Session, exam_id: int) -> dict[str, int]:
    """Application id by admission number, for everybody who has a seat."""
    query = select(Application.number, Application.id).where(
        Application.exam_id == exam_id, Application.number.is_not(None)
    )
    return {str(row.number): row.id for row in session.execute(query)}


def marks_of(session: Session, exam_id: int) -> dict[int, dict[str, str]]:
    """Marks by application id and subject code."""
    query = (
        select(WrittenMark.application_id, WrittenMark.subject, WrittenMark.mark)
        .join(Application, Application.id == WrittenMark.application_id)
        .where(Application.exam_id == exam_id)
    )
    found: dict[int, dict[str, str]] = {}
    for row in session.execute(query):
        found.setdefault(row.application_id, {})[row.subject] = row.mark
    return found


def _require_time(session: Session, exam: Exam, reason: str) -> None:
    last = releases.newest(session, exam.id, "results")
    if last is not None and last.state == "draft":
        raise Conflict(
            "Version %(version)s of the results is prepared and not yet published: "
            "publish it before the marks change",
            version=last.version,
        )
    published = releases.newest(session, exam.id, "results", stage="written") is not None
    if published and not reason.strip():
        raise Conflict("The written scores are published: a correction needs a reason")
    if not published and reason.strip():
        raise Invalid("Nothing is published yet, so there is nothing to correct: give no reason")


def _columns(rules: RuleSet) -> list[Column]:
    return [
        Column("number", _NUMBER, unique=True),
        *(
            Column(f"mark:{one.code}", (one.name, one.code), parse=_mark_of(one))
            for one in rules.subjects
        ),
    ]


def _mark_of(subject: Subject) -> Any:
    def parse(text: str) -> str:
        text = unicodedata.normalize("NFKC", text).strip()
        if text.casefold() in _ABSENT_WORDS:
            return ABSENT
        try:
            mark = to_decimal(text)
            shown = show(mark, DECIMALS)
        except BadScore:
            raise Sentence(
                "A mark is a number such as 65.50 with at most two decimals, or the word absent"
            ) from None
        if mark > subject.full_marks:
            raise Sentence("The full marks are %(full)s", full=f"{subject.full_marks:f}")
        return shown

    return parse


def _require_everybody(sheet: Sheet, seated: Mapping[str, int]) -> None:
    errors = [
        CellError(
            row["_sheet"],
            row["_row"],
            _NUMBER[0],
            Sentence(
                "No seat has the admission number %(number)s (are leading zeros missing?)",
                number=row["number"],
            ),
        )
        for row in sheet.rows
        if row["number"] not in seated
    ]
    missing = sorted(set(seated) - {row["number"] for row in sheet.rows})
    if missing:
        errors.append(CellError(sheet.name, 0, "", _missing(missing)))
    if errors:
        raise SheetError(errors)


def _missing(numbers: list[str]) -> Sentence:
    return Sentence(
        "%(count)s seated candidates are not in the table, first of all %(numbers)s. Whoever did "
        "not come is marked absent",
        count=len(numbers),
        numbers=", ".join(numbers[:_NAMED]),
    )


def _replace(
    session: Session, exam: Exam, rules: RuleSet, sheet: Sheet, seated: Mapping[str, int]
) -> list[MarkChange]:
    """Put the table's marks in the place of the earlier ones; returns what differs from them."""
    before = marks_of(session, exam.id)
    ours = select(Application.id).where(Application.exam_id == exam.id)
    session.execute(delete(WrittenMark).where(WrittenMark.application_id.in_(ours)))
    rows, changes = [], []
    for row in sheet.rows:
        who = seated[row["number"]]
        for subject in rules.subjects:
            mark = row[f"mark:{subject.code}"]
            rows.append({"application_id": who, "subject": subject.code, "mark": mark})
            old = before.get(who, {}).get(subject.code)
            if old is not None and old != mark:
                changes.append(MarkChange(row["number"], subject.code, old, mark))
    session.execute(insert(WrittenMark), rows)
    return changes
