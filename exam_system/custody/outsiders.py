"""Verbs of setters and markers: a register with areas, and who may not come from the exam's own.

Papers are set and marked by people from elsewhere (异地命题, 异地阅卷); how much of the area code
(GB/T 2260) must differ is a rule of the exam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.custody.models import Assignment, Specialist
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.people import clean_area, clean_name, line_within, same_area
from exam_system.sheets import Column, read_table
from exam_system.sheets.preview import Preview, compare
from exam_system.trust.canonical import sha256_hex

TASKS = {"sets": "Sets the paper", "marks": "Marks the answers"}


COLUMNS = (
    Column("number", ("编号", "number"), parse=line_within(40), unique=True),
    Column("name", ("姓名", "name"), parse=clean_name),
    Column("employer", ("工作单位", "单位", "employer"), parse=line_within(120)),
    Column("area_code", ("行政区划代码", "area code"), parse=clean_area),
)
NAMES = tuple(column.names[0] for column in COLUMNS)


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(one[column.key]) for column in COLUMNS)


def specialists(session: Session) -> Sequence[Specialist]:
    """The register by number."""
    return session.scalars(select(Specialist).order_by(Specialist.number)).all()


def preview_specialists(ctx: Context, _code: str, name: str, data: bytes) -> Preview:
    """What a table would change in the register; raises as the import does."""
    before = {one.number: _cells(vars(one)) for one in specialists(ctx.session)}
    after = {row["number"]: _cells(row) for row in read_table(name, data, COLUMNS).rows}
    return compare(NAMES, before, after, removes=False)


@verb
def import_specialists(ctx: Context, *, name: str, data: bytes) -> int:
    """Bring people who set or mark papers in; known ones (by number) are changed, none removed.

    Raises SheetError; Conflict when somebody's new area breaks the rule of an exam they work for.
    """
    rows = read_table(name, data, COLUMNS).rows
    present = {one.number: one for one in specialists(ctx.session)}
    for row in rows:
        values = {column.key: row[column.key] for column in COLUMNS}
        one = present.get(row["number"])
        if one is None:
            ctx.session.add(Specialist(**values))
            continue
        for key, value in values.items():
            setattr(one, key, value)
        for exam in _exams_of(ctx.session, one):
            _require_elsewhere(exam, one)
    ctx.session.flush()
    ctx.record(exam="", subject="specialists", file=sha256_hex(data), people=len(rows))
    return len(rows)


def _exams_of(session: Session, one: Specialist) -> Sequence[Exam]:
    query = select(Exam).join(Assignment, Assignment.exam_id == Exam.id)
    return session.scalars(query.where(Assignment.specialist_id == one.id).distinct()).all()


def _require_elsewhere(exam: Exam, one: Specialist) -> None:
    digits = rules_of(exam).paper_area_digits
    if same_area(one.area_code, exam.area_code, digits):
        raise Conflict(
            "%(name)s (%(area)s) is from the area of this exam (%(own)s): its papers are set and "
            "marked by people from elsewhere",
            name=one.name,
            area=one.area_code,
            own=exam.area_code,
        )


@verb
def assign_specialist(
    ctx: Context, *, code: str, number: str, subject: str, task: str
) -> Assignment:
    """Have somebody of the register set or mark a subject; Conflict for the exam's own area.

    Nobody does both in one subject.
    """
    exam = exam_by_code(ctx.session, code)
    query = select(Specialist).where(Specialist.number == number)
    one = ctx.session.scalar(query.with_for_update())
    if one is None:
        raise NotFound("There is nobody with this number in the register")
    if task not in TASKS or subject not in {row.code for row in rules_of(exam).subjects}:
        raise Invalid("Choose a subject and a task").about("subject")
    _require_elsewhere(exam, one)
    mine = (Assignment.exam_id == exam.id, Assignment.specialist_id == one.id)
    if ctx.session.scalar(select(Assignment.id).where(*mine, Assignment.subject == subject)):
        raise Conflict("%(name)s works on this subject already", name=one.name)
    given = Assignment(exam_id=exam.id, specialist_id=one.id, subject=subject, task=task)
    ctx.session.add(given)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict("%(name)s works on this subject already", name=one.name) from None
    ctx.record(exam=code, subject=f"specialist:{number}", area=one.area_code, of=subject, task=task)
    return given


def assigned(session: Session, exam: Exam) -> list[tuple[Assignment, Specialist]]:
    """Who sets and who marks, by subject and task."""
    query = (
        select(Assignment, Specialist)
        .join(Specialist, Specialist.id == Assignment.specialist_id)
        .where(Assignment.exam_id == exam.id)
        .order_by(Assignment.subject, Assignment.task, Specialist.number)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
