"""Verbs of the exam day: bring invigilators in, take the plans out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from sqlalchemy import delete, insert

from exam_system.chance import label
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Sentence
from exam_system.examday import invigilation, seats
from exam_system.examday.models import Invigilator
from exam_system.examday.plan import Sitter, Watch, newest_attempt, sitters, watches
from exam_system.exams.lookup import exam_by_code, open_exam
from exam_system.people import clean_name
from exam_system.sheets import Column, read_table
from exam_system.trust.canonical import clean_label, sha256_hex

__all__ = ["COLUMNS", "export_invigilators", "export_seats", "import_invigilators"]
RECIPES = (seats, invigilation)  # whoever has the verbs has the draws as well
_SEXES = {"男": "male", "male": "male", "女": "female", "female": "female"}


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


COLUMNS = (
    Column("staff_no", ("工号", "staff number"), parse=_line(40), unique=True),
    Column("name", ("姓名", "name"), parse=clean_name),
    Column("sex", ("性别", "sex"), parse=_sex),
    Column("school", ("所在学校", "学校", "school"), parse=_line(120)),
)


@verb
def import_invigilators(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Replace the exam's invigilators by a table (.csv or .xlsx); returns their number.

    Raises SheetError with every problem; Conflict once their draw has begun.
    """
    exam = open_exam(ctx.session, code, "announced", "closed", "seated")
    if newest_attempt(ctx.session, exam, "invigilators") is not None:
        raise Conflict("The draw of invigilators has begun: its list can no longer change")
    rows = read_table(name, data, COLUMNS).rows
    people = [
        {"exam_id": exam.id, "label": label(ctx.chance, "i")}
        | {column.key: row[column.key] for column in COLUMNS}
        for row in rows
    ]
    ctx.session.execute(delete(Invigilator).where(Invigilator.exam_id == exam.id))
    ctx.session.execute(insert(Invigilator), people)
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), people=len(people))
    return len(people)


@verb
def export_seats(ctx: Context, *, code: str) -> Sequence[Sitter]:
    """Everybody with a seat, by room and seat; raises Conflict before the draw."""
    exam = exam_by_code(ctx.session, code)
    rows = sitters(ctx.session, exam)
    if not rows:
        raise Conflict("The seats of this exam have not been drawn yet")
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows))
    return rows


@verb
def export_invigilators(ctx: Context, *, code: str) -> Sequence[Watch]:
    """All invigilators with their drawn rooms; raises Conflict while there are none."""
    exam = exam_by_code(ctx.session, code)
    rows = watches(ctx.session, exam)
    if not rows:
        raise Conflict("No invigilators have been imported for this exam")
    ctx.record(exam=code, subject=f"exam:{code}", rows=len(rows))
    return rows
