"""Verbs of the list of invigilators: bring it in, take it out with the drawn duties."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from exam_system.chance import label
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.examday.duties import Stand, people, stands
from exam_system.examday.models import Invigilator
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.exams.models import District, Exam
from exam_system.people import clean_name
from exam_system.sheets import Column, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import clean_label, sha256_hex
from exam_system.violations.lookup import refuse_stopped

_SEXES = {"男": "male", "male": "male", "女": "female", "female": "female"}
_ANSWERS = {"是": True, "yes": True, "否": False, "no": False}


def _line(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        try:
            clean_label(text)
        except ValueError:
            raise Sentence(
                "The text “%(text)s” has characters that cannot be used", text=text
            ) from None
        if len(text) > longest:
            raise Sentence("Enter at most %(longest)s characters", longest=longest)
        return text

    return read


def _sex(text: str) -> str:
    if text.casefold() not in _SEXES:
        raise Sentence("Enter 男 or 女 (male or female)")
    return _SEXES[text.casefold()]


def _answer(text: str) -> bool:
    if text.casefold() not in _ANSWERS:
        raise Sentence("Enter 是 or 否 (yes or no)")
    return _ANSWERS[text.casefold()]


def _words(text: str) -> str:
    """Admission numbers or names with one space between them."""
    return " ".join(re.split(r"[、，,;；\s]+", _line(400)(" ".join(text.split()))))


COLUMNS = (
    Column("staff_no", ("工号", "staff number"), parse=_line(40), unique=True),
    Column("name", ("姓名", "name"), parse=clean_name),
    Column("sex", ("性别", "sex"), parse=_sex),
    Column("school", ("所在学校", "学校", "school"), parse=_line(120)),
    Column("district", ("考区", "district"), required=False),
    Column("lead", ("主监考", "可任主监考", "lead"), required=False, parse=_answer),
    Column("avoids", ("回避考生", "avoids"), required=False, parse=_words),
)
NAMES = tuple(column.names[0] for column in COLUMNS)


@verb
def import_invigilators(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Replace the exam's invigilators by a table (.csv or .xlsx); returns their number.

    Without the column of leads everybody may lead; districts are given for everybody or nobody.
    Raises SheetError with every problem; Conflict once their draw has begun.
    """
    exam = _open(ctx, code)
    listed = [
        {**row, "exam_id": exam.id, "label": label(ctx.chance, "i")}
        for row in _read(ctx, exam, name, data)
    ]
    ctx.session.execute(delete(Invigilator).where(Invigilator.exam_id == exam.id))
    ctx.session.execute(insert(Invigilator), listed)
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), people=len(listed))
    return len(listed)


def _open(ctx: Context, code: str) -> Exam:
    exam = open_exam(ctx.session, code, "announced", "closed", "seated")
    if newest_attempt(ctx.session, exam, "invigilators") is not None:
        raise Conflict("The draw of invigilators has begun: its list can no longer change")
    return exam


def _read(ctx: Context, exam: Exam, name: str, data: bytes) -> list[dict[str, Any]]:
    rows = read_table(name, data, _columns(ctx, exam)).rows
    _require_districts(rows)
    refuse_stopped(ctx, [row["staff_no"] for row in rows])
    everybody = all(row["lead"] is None for row in rows)
    values = [{column.key: row[column.key] for column in COLUMNS} for row in rows]
    return [{**one, "lead": everybody or bool(one["lead"])} for one in values]


def preview_invigilators(ctx: Context, code: str, name: str, data: bytes) -> Preview:
    """What a table would change in the exam's list; raises as the import does."""
    exam = _open(ctx, code)
    before = {one.staff_no: _cells(vars(one)) for one in people(ctx.session, exam)}
    after = {row["staff_no"]: _cells(row) for row in _read(ctx, exam, name, data)}
    return compare(NAMES, before, after)


def invigilator_rows(session: Session, exam: Exam) -> list[tuple[str, ...]]:
    """The list in the columns NAMES in which it is brought in, by staff number."""
    return [_cells(vars(one)) for one in people(session, exam)]


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    words = {"male": "男", "female": "女", True: "是", False: "否", None: ""}
    read = {"sex": words[one["sex"]], "lead": words[one["lead"]]}
    texts = {key: "" if one[key] is None else str(one[key]) for key in ("district", "avoids")}
    return tuple({**one, **read, **texts}[column.key] for column in COLUMNS)


def _columns(ctx: Context, exam: Exam) -> list[Column]:
    """The columns; a district is read by its name or its code."""
    query = select(District.name, District.code).where(District.exam_id == exam.id)
    known: dict[str, int] = {}
    for name, code in ctx.session.execute(query):
        known |= {name: code, str(code): code, f"{code:02}": code}

    def district(text: str) -> int:
        if text not in known:
            raise Sentence("This exam has no district %(name)s", name=text)
        return known[text]

    return [replace(one, parse=district) if one.key == "district" else one for one in COLUMNS]


def _require_districts(rows: Sequence[Mapping[str, Any]]) -> None:
    given = [row["district"] is not None for row in rows]
    if any(given) and not all(given):
        raise Invalid("Write the district of every invigilator, or of nobody")


@verb
def export_invigilators(
    ctx: Context, *, code: str, only: Callable[[Stand], bool] = lambda _one: True
) -> tuple[list[Stand], list[Invigilator]]:
    """The duties that `only` lets pass, in order, and the people who have none at all.

    Raises Conflict while no invigilators are listed.
    """
    exam = exam_by_code(ctx.session, code)
    listed = people(ctx.session, exam)
    if not listed:
        raise Conflict("No invigilators have been imported for this exam")
    every = stands(ctx.session, exam)
    serving = {one.invigilator.id for one in every}
    found = [one for one in every if only(one)]
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(found), people=len(listed))
    return found, [one for one in listed if one.id not in serving]
