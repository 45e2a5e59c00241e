"""Verbs of tables that are typed by hand, twice, by two people: differing ones are refused.

The first typing waits here; the second, by somebody else, is compared with it row by row (Shangqiu
2021: 85 typed as another's 81; Zhanjiang 2010: two candidates exchanged; Hunan 2016: 76.6 as 70.6).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Sentence
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.marking.blind import question_of, require_marking, require_questions
from exam_system.marking.blind_models import TypedTable
from exam_system.marking.marks import Typed, digest_of, read_mark, take_typed
from exam_system.marking.sealing import NUMBER
from exam_system.sheets import CellError, Column, SheetError, read_table
from exam_system.trust.canonical import jcs, sha256_hex

COLUMNS = (
    Column("number", NUMBER),
    Column("question", ("题目", "question")),
    Column("marker", ("阅卷员", "评卷员", "marker")),
    Column("mark", ("得分", "mark")),
)
Rows = Mapping[str, Sequence[str]]
"""What was typed, by the sheet's name: admission number, or script number and question."""


def waiting(session: Session, exam: Exam) -> TypedTable | None:
    """The first typing that waits for its second."""
    return session.scalar(select(TypedTable).where(TypedTable.exam_id == exam.id))


def keep_first(ctx: Context, exam: Exam, rows: Rows) -> None:
    """Put a first typing aside, in the place of an earlier one of the same person."""
    row = waiting(ctx.session, exam)
    if row is not None and row.account_id != ctx.actor.account_id:
        raise Conflict("Somebody else's first typing waits already: send yours as the second")
    row = row or TypedTable(exam_id=exam.id, account_id=ctx.actor.account_id)
    row.rows = jcs({name: list(cells) for name, cells in sorted(rows.items())}).decode()
    ctx.session.add(row)
    ctx.session.flush()


def require_same(ctx: Context, exam: Exam, rows: Rows) -> None:
    """Use up the first typing; raises Conflict without one, Forbidden when it is the same
    person's, SheetError naming every sheet that was typed otherwise."""
    first = waiting(ctx.session, exam)
    if first is None:
        raise Conflict("These marks are typed twice: the first typing is missing")
    if first.account_id == ctx.actor.account_id:
        raise Forbidden("The second typing is by somebody else than the first")
    before: dict[str, list[str]] = json.loads(first.rows)
    wrong = [
        CellError(
            "",
            0,
            "",
            Sentence(
                "Sheet %(sheet)s was typed as %(first)s and as %(second)s: look at the sheet",
                sheet=name,
                first=" ".join(before.get(name, ("—",))),
                second=" ".join(rows.get(name, ("—",))),
            ),
        )
        for name in sorted({*before, *rows})
        if before.get(name) != (list(rows[name]) if name in rows else None)
    ]
    if wrong:
        raise SheetError(wrong)
    ctx.session.delete(first)
    ctx.session.flush()


@verb
def type_first(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Take in the first typing of the markers' sheets; returns the number of rows."""
    exam, rows = _read(ctx, code, name, data)
    keep_first(ctx, exam, _by_sheet(rows))
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), rows=len(rows))
    return len(rows)


@verb
def take_typed_marks(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Take in the second typing; where both are the same they are the markers' marks."""
    exam, rows = _read(ctx, code, name, data)
    require_same(ctx, exam, _by_sheet(rows))
    given = take_typed(ctx, exam, rows)
    ctx.record(
        exam=code,
        subject=f"exam:{code}",
        file=sha256_hex(data),
        digest=digest_of(given),
        marks=given,
    )
    return len(given)


def _read(ctx: Context, code: str, name: str, data: bytes) -> tuple[Exam, list[Typed]]:
    exam = open_exam(ctx.session, code, "seated")
    require_marking(ctx.session, exam, share=True)
    rules = require_questions(exam)
    sheet, found, wrong = read_table(name, data, COLUMNS), [], []
    for row in sheet.rows:
        try:
            question = question_of(rules, row["question"], "subjective")
            mark = read_mark(question, row["number"], row["mark"])
            found.append(Typed(row["number"], question.code, row["marker"], mark))
        except Sentence as error:
            wrong.append(CellError(row["_sheet"], row["_row"], "", error))
    names = [(one.number, one.question, one.marker) for one in found]
    if len({*names}) < len(names):
        wrong.append(CellError(sheet.name, 0, "", Sentence("A sheet is in the table twice")))
    if wrong:
        raise SheetError(wrong)
    return exam, found


def _by_sheet(rows: Sequence[Typed]) -> dict[str, tuple[str, ...]]:
    return {f"{one.number}/{one.question}/{one.marker}": (one.mark,) for one in rows}
