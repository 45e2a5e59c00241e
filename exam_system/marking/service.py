"""Verbs of marking: the written marks come in as one table, complete or not at all."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet, Subject
from exam_system.marking.models import WrittenMark
from exam_system.marking.typed import keep_first, require_same
from exam_system.people import reason_line
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.sheets import CellError, Column, Sheet, SheetError, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import jcs, sha256_hex
from scoring.rounding import BadScore, show, to_decimal

ABSENT = "absent"
DECIMALS = 2
WRITTEN_STATES = ("seated", "written", "shortlisted", "interviewing", "final")
_ABSENT_WORDS = frozenset({ABSENT, "缺考"})
_NUMBER = ("准考证号", "admission number", "admission")
_NAMED = 5
_SHOWN = 20  # changed marks told one by one
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class MarkChange:
    """A mark that an import changed."""

    number: str
    subject: str
    before: str
    after: str


@verb
def import_written_scores(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Take in every mark of the exam from a table (.csv or .xlsx); returns the number of rows.

    Each seated candidate stands in it exactly once, with a mark from 0 to the full marks or
    "absent" for every subject. Raises SheetError naming every bad cell, Conflict when a mark that
    is in already would change: that is a correction.
    """
    exam, table = _read(ctx, code, name, data)
    _refuse_corrections(table)
    if table.rules.written_entry == "twice":
        require_same(ctx, exam, _by_number(table))
    _replace(ctx.session, exam, table)
    ctx.record(
        exam=code, subject=f"exam:{code}", file=sha256_hex(data), candidates=len(table.sheet.rows)
    )
    return len(table.sheet.rows)


@verb
def type_first_scores(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Put the first typing of the marks aside, where the rules say that they are typed twice.

    Whoever imports afterwards is somebody else, and every mark must be the same.
    """
    exam, table = _read(ctx, code, name, data)
    _refuse_corrections(table)
    if table.rules.written_entry != "twice":
        raise Conflict("The rules of this exam have its table of marks come in once")
    keep_first(ctx, exam, _by_number(table))
    rows = len(table.sheet.rows)
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), rows=rows)
    return rows


def _by_number(table: Table) -> dict[str, tuple[str, ...]]:
    keys = [f"mark:{one.code}" for one in table.rules.subjects]
    return {row["number"]: tuple(row[key] for key in keys) for row in table.sheet.rows}


def preview_written_scores(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a first table of marks would change; raises as the import does."""
    exam, table = _read(ctx, code, name, data)
    _refuse_corrections(table)
    names = (_NUMBER[0], *(one.name for one in table.rules.subjects))
    keys = ("number", *(f"mark:{one.code}" for one in table.rules.subjects))
    after = {row["number"]: [row[key] for key in keys] for row in table.sheet.rows}
    return compare(names, mark_rows(ctx.session, exam), after)


def mark_rows(session: Session, exam: Exam) -> dict[str, tuple[str, ...]]:
    """The marks that are in, by admission number: the number and a mark for each subject."""
    subjects, marks = rules_of(exam).subjects, marks_of(session, exam.id)
    return {
        number: (number, *(marks[one].get(subject.code, "") for subject in subjects))
        for number, one in sorted(seated_numbers(session, exam.id).items())
        if one in marks
    }


def _refuse_corrections(table: Table) -> None:
    if table.changes:
        raise Conflict(
            "%(count)s marks that are in already would change, first of all that of %(number)s: "
            "that is a correction and needs a reason and an inspector's approval",
            count=len(table.changes),
            number=table.changes[0].number,
        )


@verb
def correct_written_scores(ctx: Context, *, code: str, name: str, data: bytes, reason: str) -> int:
    """Take in a table that changes marks which are in already; returns how many it changes.

    An inspector has approved exactly these changes. Raises SheetError, or Conflict when nothing
    would change.
    """
    exam, table = _read(ctx, code, name, data)
    reason = reason_line(reason, _LONGEST_REASON)
    _require_changes(table)
    use(ctx, subject=f"exam:{code}", digest=correction_digest(table, reason))
    _replace(ctx.session, exam, table)
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        file=sha256_hex(data),
        candidates=len(table.sheet.rows),
        changed=[[c.number, c.subject, c.before, c.after] for c in table.changes],
        correction=reason,
    )
    return len(table.changes)


def wanted_correction(ctx: Context, *, code: str, name: str, data: bytes, reason: str) -> Wanted:
    """What an inspector approves of a correction: every changed mark, the table, the reason."""
    _exam, table = _read(ctx, code, name, data)
    reason = reason_line(reason, _LONGEST_REASON)
    _require_changes(table)
    shown = [
        Sentence(
            "%(number)s, %(subject)s: %(before)s becomes %(after)s",
            number=change.number,
            subject=change.subject,
            before=change.before,
            after=change.after,
        )
        for change in table.changes[:_SHOWN]
    ]
    return Wanted(
        "marking.correct_written_scores",
        code,
        f"exam:{code}",
        correction_digest(table, reason),
        (
            Sentence("%(count)s marks change", count=len(table.changes)),
            *shown,
            Sentence("Reason: %(reason)s", reason=reason),
            Sentence("The digest is that of every row of the table and the reason"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of marks that fits the exam: its rows, who they are, what they change."""

    rules: RuleSet
    sheet: Sheet
    seated: Mapping[str, int]
    changes: list[MarkChange]


def correction_digest(table: Table, reason: str) -> str:
    """SHA-256 (hex) of the rows as read (number and marks, sorted), the changes and the reason."""
    keys = ["number", *(f"mark:{one.code}" for one in table.rules.subjects)]
    rows = sorted([row[key] for key in keys] for row in table.sheet.rows)
    changes = [[c.number, c.subject, c.before, c.after] for c in table.changes]
    return sha256_hex(jcs({"rows": rows, "changes": changes, "reason": reason}))


def _read(ctx: Context, code: str, name: str, data: bytes) -> tuple[Exam, Table]:
    exam = open_exam(ctx.session, code, *WRITTEN_STATES)
    require_time(ctx.session, exam)
    rules = rules_of(exam)
    if rules.marking_questions:
        raise Conflict(
            "This exam is marked question by question: its marks come from the markers, and a "
            "wrong one is corrected where it was given"
        )
    sheet = read_table(name, data, _columns(rules))
    seated = seated_numbers(ctx.session, exam.id)
    _require_everybody(sheet, seated)
    before = marks_of(ctx.session, exam.id)
    return exam, Table(rules, sheet, seated, list(_changes(rules, sheet, seated, before)))


def _require_changes(table: Table) -> None:
    if not table.changes:
        raise Conflict("The table changes no mark that is in already: there is nothing to correct")


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


def require_time(session: Session, exam: Exam) -> None:
    """Raise Conflict while a release of results waits to be published."""
    last = releases.newest(session, exam.id, "results")
    if last is not None and last.state == "draft":
        raise Conflict(
            "Version %(version)s of the results is prepared and not yet published: "
            "publish it before the marks change",
            version=last.version,
        )


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


def _changes(
    rules: RuleSet,
    sheet: Sheet,
    seated: Mapping[str, int],
    before: Mapping[int, Mapping[str, str]],
) -> Iterator[MarkChange]:
    """The marks that are in already and stand otherwise in the table."""
    for row in sheet.rows:
        own = before.get(seated[row["number"]], {})
        for subject in rules.subjects:
            old, mark = own.get(subject.code), row[f"mark:{subject.code}"]
            if old is not None and old != mark:
                yield MarkChange(row["number"], subject.code, old, mark)


def _replace(session: Session, exam: Exam, table: Table) -> None:
    """Put the table's marks in the place of the earlier ones."""
    ours = select(Application.id).where(Application.exam_id == exam.id)
    session.execute(delete(WrittenMark).where(WrittenMark.application_id.in_(ours)))
    rows = [
        {
            "application_id": table.seated[row["number"]],
            "subject": subject.code,
            "mark": row[f"mark:{subject.code}"],
        }
        for row in table.sheet.rows
        for subject in table.rules.subjects
    ]
    session.execute(insert(WrittenMark), rows)
