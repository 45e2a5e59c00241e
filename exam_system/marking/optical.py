"""Verbs of the optical mark reader: its sheets as given, and remarks on what does not fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.marking.answer_keys import key_of, newest_keys
from exam_system.marking.blind import question_of, require_questions, seal_of
from exam_system.marking.blind_models import OpticalSheet, SheetRemark
from exam_system.marking.paper_forms import read_form
from exam_system.marking.service import seated_numbers
from exam_system.people import reason_line
from exam_system.registration.models import Application
from exam_system.sheets import CellError, Column, Sentence, Sheet, SheetError, read_table
from exam_system.trust.canonical import sha256_hex

NUMBER = ("准考证号", "admission number", "admission")
FORM = ("卷型", "form", "paper form")
ANSWERS = ("答案", "answers")
_BLANK = frozenset({"", "-", ".", "_", "*", "#"})
_CHOICE = re.compile("[A-Z]{1,10}")
_MOST_ITEMS = 300
_LONGEST_REASON = 200


@verb
def import_optical(ctx: Context, *, code: str, question: str, name: str, data: bytes) -> int:
    """Take in what the machine read of every sheet of an objective question; how many sheets.

    Columns: admission number and "answers" (letters one after the other, or separated by commas
    where an item has several) or a column for each item (1, 2, …); "form" where the machine read
    the paper form. A blank is `-`, `.`, `*` or nothing. Raises SheetError naming every bad cell.
    Sent again, it takes the place of what was there; not once marking is closed.
    """
    exam = open_exam(ctx.session, code, "seated")
    question_of(require_questions(exam), question, "objective")
    seal = seal_of(ctx.session, exam, share=True)
    if seal is not None and seal.closed_at is not None:
        raise Conflict("Marking is closed: the sheets can no longer change")
    rows = _read(ctx.session, exam, question, name, data)
    ours = select(Application.id).where(Application.exam_id == exam.id)
    ctx.session.execute(
        delete(OpticalSheet).where(
            OpticalSheet.application_id.in_(ours), OpticalSheet.question == question
        )
    )
    ctx.session.execute(insert(OpticalSheet), rows)
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        question=question,
        file=sha256_hex(data),
        sheets=len(rows),
    )
    return len(rows)


def _read(
    session: Session, exam: Exam, question: str, name: str, data: bytes
) -> list[dict[str, Any]]:
    sheet = read_table(name, data, _columns())
    seated, found, wrong = seated_numbers(session, exam.id), [], []
    width = _width(session, exam, question, sheet)
    for row in sheet.rows:
        answers = _answers(row, width)
        if row["number"] not in seated:
            wrong.append(_cell(row, Sentence("No seat has this admission number")))
        elif answers is None or len(answers) != width:
            said = Sentence("These are not %(items)s answers", items=width)
            wrong.append(_cell(row, said))
        elif set(answers) != {"-"}:
            who = seated[row["number"]]
            found.append(
                {
                    "application_id": who,
                    "question": question,
                    "form": row["form"],
                    "answers": ",".join(answers),
                }
            )
    if wrong or not found:
        raise SheetError(wrong or [CellError(sheet.name, 0, "", Sentence("No sheet has answers"))])
    return found


def _width(session: Session, exam: Exam, question: str, sheet: Sheet) -> int:
    """How many items every row has: those of a key, without one those of the longest row."""
    keys = [row for (of, _), row in newest_keys(session, exam).items() if of == question]
    return (
        len(key_of(keys[0].items).items)
        if keys
        else max(len(_answers(row, 0) or ()) for row in sheet.rows)
    )


def _columns() -> list[Column]:
    return [
        Column("number", NUMBER, unique=True),
        Column("form", FORM, parse=read_form, required=False),
        Column("answers", ANSWERS, required=False),
        *(
            Column(f"item:{n}", (str(n), f"第{n}题", f"item {n}"), required=False)
            for n in range(1, _MOST_ITEMS + 1)
        ),
    ]


def _cell(row: Mapping[str, Any], said: Sentence) -> CellError:
    return CellError(row["_sheet"], row["_row"], NUMBER[0], said)


def _answers(row: Mapping[str, Any], width: int) -> list[str] | None:
    """The answers of one row, letters sorted, "-" for a blank; None when they cannot be read."""
    given = [row[f"item:{n}"] for n in range(1, _MOST_ITEMS + 1)]
    while len(given) > width and given[-1] is None:
        given.pop()
    if row["answers"]:
        if any(given):
            return None
        text = unicodedata.normalize("NFKC", row["answers"]).upper()
        given = re.split("[,;|]", text) if re.search("[,;|]", text) else list(text)
    found = [_choice(one) for one in given]
    return None if None in found else [one or "-" for one in found]


def _choice(text: str | None) -> str | None:
    """One answer; None when it is none."""
    plain = unicodedata.normalize("NFKC", text or "").strip().upper()
    if plain in _BLANK:
        return "-"
    return "".join(sorted(plain)) if _CHOICE.fullmatch(plain) else None


@verb
def explain_sheet(ctx: Context, *, code: str, number: str, subject: str, reason: str) -> None:
    """Say why somebody who was there has no sheet or script, or somebody who was not has one."""
    exam = open_exam(ctx.session, code, "seated")
    if subject not in {one.code for one in require_questions(exam).subjects}:
        raise Invalid("There is no subject %(code)s", code=subject)
    who = seated_numbers(ctx.session, exam.id).get(number)
    if who is None:
        raise NotFound("No seat has this admission number")
    why = reason_line(reason, _LONGEST_REASON)
    query = select(SheetRemark).where(
        SheetRemark.application_id == who, SheetRemark.subject == subject
    )
    row = ctx.session.scalar(query) or SheetRemark(application_id=who, subject=subject)
    row.reason = why
    ctx.session.add(row)
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", number=number, of=subject, why=why)
