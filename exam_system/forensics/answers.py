"""The scanner's table of answers comes in: a verb and its preview.

A table has either a column with all answers of a sheet as one text, or a column for each item, as
printed in the candidate's form. Sheets that are in already and not in the table stay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.examday.models import Seat
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.forensics.columns import Taken, seal, taken_of
from exam_system.forensics.lookup import paper_of, require_idle
from exam_system.forensics.models import AnswerPaper
from exam_system.forensics.paper import (
    DOUBLE,
    LETTERS,
    MASTER,
    NOT_REACHED,
    Paper,
    Sheets,
    strip,
)
from exam_system.forensics.presence import absent_from
from exam_system.marking.models import ScriptCode
from exam_system.marking.service import WRITTEN_STATES, seated_numbers
from exam_system.registration.models import Application
from exam_system.sheets import CellError, Column, Sentence, Sheet, SheetError, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex
from proctoring.similarity.answers import OMIT

NUMBER, FORM, ANSWERS = "准考证号", "卷型", "答案"
NAMES = (NUMBER, FORM, ANSWERS)
_NUMBERS = (NUMBER, "密号", "admission number", "script code")
_OMITS = frozenset("-.0_")
_DOUBLES = frozenset("*#")
UNREADABLE = 127  # never stored: marks a place whose sign is no option


@dataclass(frozen=True, slots=True)
class Read:
    """A table that fits: its sheets by form and application id."""

    exam: Exam
    row: AnswerPaper
    sheets: dict[int, dict[int, Sheets]]
    numbers: Mapping[int, str]


@verb
def import_answers(ctx: Context, *, code: str, subject: str, name: str, data: bytes) -> int:
    """Take in the answers of a table (.csv or .xlsx); returns the number of sheets.

    Numbers are admission numbers or, after their draw, script codes of the subject. Omits, two
    options marked, and items not reached (omits up to the end of the form) are kept apart from
    options. Raises SheetError naming every bad cell: strangers, unknown options, another form than
    the seat's, sheets of those who were absent. Conflict while a screening runs.
    """
    read = _read(ctx, code, subject, name, data)
    require_idle(ctx.session, read.row)
    before = taken_of(ctx, read.row)
    for form in sorted({*before, *read.sheets}):
        seal(ctx, read.row, form, _merged(read, form, before.get(form)))
    count = sum(map(len, read.sheets.values()))
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        session=subject,
        file=sha256_hex(data),
        sheets=count,
    )
    return count


def _merged(read: Read, form: int, before: Taken | None) -> Taken:
    """The sheets of a form, those of the table in the place of earlier ones of the same people."""
    fresh = {one for sheets in read.sheets.values() for one in sheets}
    kept = before or Taken(np.empty(0, np.int64), np.empty((0, 0), np.int8))
    rows = {
        int(who): sheet
        for who, sheet in zip(kept.people, kept.printed, strict=True)
        if int(who) not in fresh
    } | read.sheets.get(form, {})
    people = np.array(sorted(rows), dtype=np.int64)
    items = len(Paper.parse(read.row.document).counts)
    printed = np.array([rows[int(who)] for who in people], dtype=np.int8).reshape(-1, items)
    return Taken(people, printed)


def preview_answers(ctx: Context, code: str, subject: str, name: str, data: bytes) -> Preview:
    """What a table of answers would change; raises as the import does."""
    read = _read(ctx, code, subject, name, data)
    after = {
        read.numbers[who]: (read.numbers[who], LETTERS[form - 1], strip(sheet))
        for form, sheets in sorted(read.sheets.items())
        for who, sheet in sorted(sheets.items())
    }
    before = {row[0]: row for row in answer_rows(ctx, read.exam, subject)}
    return compare(NAMES, before, after, removes=False)


def answer_rows(ctx: Context, exam: Exam, subject: str) -> Iterator[tuple[str, str, str]]:
    """The sheets that are in, as printed: number, form and answers; by form and number."""
    row = paper_of(ctx.session, exam, subject)
    if row is not None:
        numbers = _by_application(ctx, exam)
        for form, taken in taken_of(ctx, row).items():
            for who, sheet in zip(taken.people, taken.printed, strict=True):
                yield numbers[int(who)], LETTERS[form - 1], strip(sheet)


def _by_application(ctx: Context, exam: Exam) -> dict[int, str]:
    return {who: number for number, who in seated_numbers(ctx.session, exam.id).items()}


# ---- the named steps of reading a table


def _read(ctx: Context, code: str, subject: str, name: str, data: bytes) -> Read:
    exam = open_exam(ctx.session, code, *WRITTEN_STATES)
    row = paper_of(ctx.session, exam, subject)
    if row is None:
        raise Conflict("The items and keys of this subject are not in yet: take them in first")
    paper = Paper.parse(row.document)
    table = _table(name, data, len(paper.counts))
    people = _people(ctx, exam, subject)
    forms = _forms(ctx, exam)
    absent = absent_from(ctx.session, exam, subject)
    found: dict[int, dict[int, Sheets]] = {}
    errors: list[CellError] = []
    for line in table.rows:
        one = _Line(line, people.get(line["number"]), paper, forms, absent)
        errors += (CellError(line["_sheet"], line["_row"], *told) for told in one.problems())
        if one.who is not None and one.form in (MASTER, *paper.forms):
            found.setdefault(one.form, {})[one.who] = one.sheet
    errors += _twice(table, people)
    if errors:
        raise SheetError(errors)
    return Read(exam, row, found, _by_application(ctx, exam))


def _table(name: str, data: bytes, items: int) -> Sheet:
    """The rows, each with `given`: the signs of all items, or None with what is wrong."""
    head = [Column("number", _NUMBERS, unique=True), Column("form", (FORM, "form"), False, _form)]
    try:
        return read_table(name, data, [*head, Column("given", (ANSWERS, "answers"))])
    except SheetError as error:
        if any(one.column for one in error.errors):
            raise
    cells = [
        Column(f"{item}", (f"{item}", f"第{item}题", f"q{item}"), blank=True)
        for item in range(1, items + 1)
    ]
    sheet = read_table(name, data, [*head, *cells])
    for row in sheet.rows:
        row["cells"] = [row[f"{item}"] or "-" for item in range(1, items + 1)]
    return sheet


def _form(text: str) -> int:
    letter = unicodedata.normalize("NFKC", text).strip().upper().removesuffix("卷")
    if len(letter) != 1 or letter not in LETTERS:
        raise Sentence("A paper form is one of the letters A to %(last)s", last=LETTERS[-1])
    return LETTERS.index(letter) + 1


def _people(ctx: Context, exam: Exam, subject: str) -> dict[str, int]:
    """Application ids by script code, where they are drawn, and by admission number."""
    query = (
        select(ScriptCode.code, ScriptCode.application_id)
        .join(Application, Application.id == ScriptCode.application_id)
        .where(Application.exam_id == exam.id, ScriptCode.subject == subject)
    )
    codes = {row.code: row.application_id for row in ctx.session.execute(query)}
    return codes | seated_numbers(ctx.session, exam.id)


def _forms(ctx: Context, exam: Exam) -> dict[int, int]:
    """The paper form of each seat; A where the exam has one form."""
    query = (
        select(Seat.application_id, Seat.form)
        .join(Application, Application.id == Seat.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {row.application_id: row.form or MASTER for row in ctx.session.execute(query)}


def _twice(table: Sheet, people: Mapping[str, int]) -> Iterator[CellError]:
    """Somebody under the admission number and again under the script code."""
    seen: dict[int, int] = {}
    for line in table.rows:
        who = people.get(line["number"])
        if who is not None and seen.setdefault(who, line["_row"]) != line["_row"]:
            sentence = Sentence("This sheet is in row %(row)s already", row=seen[who])
            yield CellError(line["_sheet"], line["_row"], NUMBER, sentence)


class _Line:
    """One row of the table: whose sheet it is, its form, its answers as printed."""

    def __init__(
        self,
        line: Mapping[str, Any],
        who: int | None,
        paper: Paper,
        forms: Mapping[int, int],
        absent: frozenset[int],
    ) -> None:
        self.line, self.who, self.paper, self.absent = line, who, paper, absent
        self.drawn = forms.get(who or 0, MASTER)
        self.form: int = line["form"] or self.drawn
        given = line.get("cells") or list("".join(line["given"].split()))
        self.short = len(given) != len(paper.counts)
        self.sheet = _codes(given)

    def problems(self) -> Iterator[tuple[str, Sentence]]:
        """Column and sentence of all that is wrong with the row."""
        if self.who is None:
            sentence = "No seat or script has the number %(number)s (are leading zeros missing?)"
            yield NUMBER, Sentence(sentence, number=self.line["number"])
            return
        if self.who in self.absent:
            yield NUMBER, Sentence("This candidate was absent according to the sign-in")
        if self.form != MASTER and self.form not in self.paper.forms:
            yield FORM, Sentence("The table of items does not have this form")
        elif self.form != self.drawn:
            sentence = "The seat has form %(drawn)s: look at the sheet and at the paper"
            yield FORM, Sentence(sentence, drawn=LETTERS[self.drawn - 1])
        elif self.short:
            yield ANSWERS, self._length()
        else:
            yield from self._unknown()

    def _length(self) -> Sentence:
        found, items = len(self.sheet), len(self.paper.counts)
        return Sentence(
            "There are %(found)s answers, the paper has %(items)s items: write an omit as -",
            found=found,
            items=items,
        )

    def _unknown(self) -> Iterator[tuple[str, Sentence]]:
        offered = self.paper.offered(self.form)
        for at in np.flatnonzero(self.sheet >= np.array(offered)):
            options = LETTERS[: offered[at]]
            column = f"{at + 1}" if "cells" in self.line else ANSWERS
            sentence = Sentence(
                "Item %(item)s: an answer is one of %(options)s, - for an omit, * for two marks",
                item=int(at) + 1,
                options=options,
            )
            yield column, sentence


def _codes(given: list[str]) -> Sheets:
    """Codes of the signs as printed; omits up to the end are not reached."""
    codes = np.array([_code(sign) for sign in given], dtype=np.int8)
    answered = np.flatnonzero(codes != OMIT)
    codes[answered[-1] + 1 if len(answered) else 0 :] = NOT_REACHED
    return codes


def _code(sign: str) -> int:
    sign = unicodedata.normalize("NFKC", sign).strip().upper()
    if sign in _OMITS or sign == "/":
        return OMIT
    both = len(sign) > 1 and set(sign) <= set(LETTERS)
    if sign in _DOUBLES or both:
        return DOUBLE
    return LETTERS.index(sign) if len(sign) == 1 and sign in LETTERS else UNREADABLE
