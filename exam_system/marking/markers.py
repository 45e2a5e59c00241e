"""Verbs around markers: who they are and where from, their relations, their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from exam_system.access import Role
from exam_system.accounts.handing import hand_over
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import open_exam
from exam_system.exams.models import Exam
from exam_system.interviews.issuing import Issued
from exam_system.marking.blind import marker_of, markers_of, require_questions, seal_of
from exam_system.marking.blind_models import Marker, MarkerConflict
from exam_system.marking.destinations import groups_of
from exam_system.people import (
    clean_area,
    clean_line,
    clean_name,
    line_within,
    same_area,
)
from exam_system.registration.models import Application
from exam_system.sheets import CellError, Column, Sentence, SheetError, read_table
from exam_system.trust.canonical import sha256_hex
from exam_system.violations.lookup import refuse_stopped

PLACE = ("阅卷点", "marking place")
NAMES = ("证号", "姓名", "工作单位", "行政区划代码", PLACE[0])
_LONGEST = 120
_OFFICE = 60


COLUMNS = (
    Column("certificate", (NAMES[0], "certificate"), parse=line_within(_LONGEST), unique=True),
    Column("name", (NAMES[1], "name"), parse=clean_name),
    Column("employer", (NAMES[2], "employer"), parse=line_within(_LONGEST)),
    Column("area_code", (NAMES[3], "area code"), parse=clean_area),
    Column("group", PLACE, required=False),
)


@verb
def import_markers(ctx: Context, *, code: str, name: str, data: bytes) -> int:
    """Name the markers by a table, in the place of those named before; returns their number.

    Raises SheetError naming who comes from the exam's own area (rule `marker_area`) or goes to a
    marking place that does not exist; Conflict once the numbers are sealed.
    """
    exam = _open(ctx, code)
    sheet = read_table(name, data, COLUMNS)
    refuse_stopped(ctx, [row["certificate"] for row in sheet.rows])
    places = {group.code: group.id for group, _ in groups_of(ctx.session, exam)}
    if wrong := [*_wrong(exam, sheet.rows, places)]:
        raise SheetError(wrong)
    old = select(Marker.id).where(Marker.exam_id == exam.id)
    ctx.session.execute(delete(MarkerConflict).where(MarkerConflict.marker_id.in_(old)))
    ctx.session.execute(delete(Marker).where(Marker.exam_id == exam.id))
    rows = [_row(exam, n, row, places) for n, row in enumerate(sheet.rows, 1)]
    ctx.session.execute(insert(Marker), rows)
    ctx.record(exam=code, subject=f"exam:{code}", file=sha256_hex(data), people=len(rows))
    return len(rows)


def _open(ctx: Context, code: str) -> Exam:
    exam = open_exam(ctx.session, code, "announced", "closed", "seated")
    require_questions(exam)
    if seal_of(ctx.session, exam) is not None:
        raise Conflict("The numbers are sealed already: every script has its markers")
    return exam


def _wrong(exam: Exam, rows: Sequence[dict[str, Any]], places: dict[str, int]) -> list[CellError]:
    digits = require_questions(exam).marker_area
    found = []
    for row in rows:
        if same_area(row["area_code"], exam.area_code, digits):
            said = Sentence("%(name)s comes from the area of the exam itself", name=row["name"])
            found.append(CellError(row["_sheet"], row["_row"], NAMES[3], said))
        if row["group"] and row["group"] not in places:
            said = Sentence("There is no marking place %(code)s", code=row["group"])
            found.append(CellError(row["_sheet"], row["_row"], PLACE[0], said))
    return found


def _row(exam: Exam, n: int, row: dict[str, Any], places: dict[str, int]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("certificate", "name", "employer", "area_code")}
    group = places[row["group"]] if row["group"] else None
    return {**kept, "exam_id": exam.id, "label": f"P{n:03}", "marking_group_id": group}


@verb
def declare_relation(ctx: Context, *, code: str, marker: str, number: str, relation: str) -> None:
    """A marker declared a relation to a candidate: no script of theirs is ever that one's."""
    exam = _open(ctx, code)
    own = marker_of(ctx.session, exam, marker)
    who = ctx.session.scalar(
        select(Application.id).where(Application.exam_id == exam.id, Application.number == number)
    )
    if who is None:
        raise NotFound("No seat has this admission number")
    said = clean_line(relation, _LONGEST)
    if not said:
        raise Invalid("Say what the relation is").about("relation")
    query = select(MarkerConflict.id).where(
        MarkerConflict.marker_id == own.id, MarkerConflict.application_id == who
    )
    if ctx.session.scalar(query):
        raise Conflict("This relation is declared already")
    ctx.session.add(MarkerConflict(marker_id=own.id, application_id=who, relation=said))
    ctx.session.flush()
    ctx.record(exam=code, subject=f"exam:{code}", marker=marker, relation=said)


@verb
def issue_marker_accounts(ctx: Context, *, code: str, marker: str = "") -> list[Issued]:
    """Give every marker (or one) an account and a new password, told this once.

    Done again, earlier passwords and open sessions of these markers end.
    """
    exam = open_exam(ctx.session, code, "announced", "closed", "seated")
    named = [marker_of(ctx.session, exam, marker)] if marker else markers_of(ctx.session, exam)
    chosen = [one for one in named if one.out_at is None]
    if not chosen:
        raise Conflict("There is nobody to issue an account to")
    issued = [_issue(ctx, one) for one in chosen]
    ctx.record(exam=code, subject=f"exam:{code}", markers=[one.label for one in chosen])
    return issued


def _issue(ctx: Context, one: Marker) -> Issued:
    account, password = hand_over(
        ctx,
        one.account_id,
        prefix="p",
        name=one.name,
        role=Role.GRADER,
        office=one.employer[:_OFFICE],
    )
    one.account_id = account.id
    ctx.session.flush()
    return Issued(one.label, one.name, account.username, password)
