"""Pages of the exam day."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.errors import Sentence
from exam_system.examday import plan, service
from exam_system.examday.tickets import own_ticket_pdf
from exam_system.exams.forms import TableForm
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.people import mask_id
from exam_system.sheets import Cell, SheetError, write_csv, write_xlsx
from exam_system.web import acting, actor, download, flash_refusal, inline, looking, office, say

bp = Blueprint("examday", __name__)
PAGE = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFFICE = "/office/exams/<code>"
CODE = "int(min=1, max=9999)"
ROOM = f"<{CODE}:district>/<{CODE}:site>/<{CODE}:room>"


def _page(count: int) -> tuple[int, int]:
    """The page asked for and the last one, both from 1."""
    last = max(1, -(-count // PAGE))
    return min(max(request.args.get("page", 1, type=int), 1), last), last


@bp.get(f"{OFFICE}/seats")
def seats(code: str) -> ResponseReturnValue:
    """The rooms of an exam and how many sit in each."""
    db = looking().session
    exam = exam_by_code(db, code)
    totals = plan.totals(db, exam)
    page, last = _page(totals.rooms)
    return render_template(
        "examday/seats.html",
        exam=exam,
        totals=totals,
        rooms=plan.room_lines(db, exam, first=(page - 1) * PAGE, most=PAGE),
        drawn=plan.newest_attempt(db, exam, "seats"),
        page=page,
        last=last,
    )


@bp.get(f"{OFFICE}/rooms/{ROOM}")
def room(code: str, district: int, site: int, room: int) -> ResponseReturnValue:
    """One room: the map for the invigilators and the list for the door, on one sheet of paper."""
    db = looking().session
    exam = exam_by_code(db, code)
    line = plan.room_line(db, exam, district=district, site=site, room=room)
    people = plan.sitters(db, exam, room_id=line.room.id)
    half = -(-len(people) // 2)
    return render_template(
        "examday/room.html",
        exam=exam,
        line=line,
        grid=plan.seat_grid(line.room.layout, line.room.capacity, people),
        door=[part for part in (people[:half], people[half:]) if part],
        watches=plan.watches(db, exam, room_id=line.room.id),
    )


@bp.post(f"{OFFICE}/seats/export/<any(xlsx, csv):kind>")
def export_seats(code: str, kind: str) -> ResponseReturnValue:
    """The whole plan as a table; an act."""
    try:
        with acting() as ctx:
            people = service.export_seats(ctx, code=code)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("examday.seats", code=code))
    columns = (
        *(_("District"), _("Site"), _("Room number"), _("Room"), _("Seat")),
        *(_("Admission number"), _("Name"), _("Sex"), _("ID number"), _("Post code")),
        _("Paper form"),
    )
    vault = office().keys.vault
    rows: list[list[Cell]] = [
        [
            *(one.district, one.site, f"{one.room_code:02}", one.room, one.seat),
            *(one.number, one.name, _(one.sex), mask_id(vault.open(one.id_sealed)), one.post),
            one.paper,
        ]
        for one in people
    ]
    exam = exam_by_code(looking().session, code)
    return _table(exam, kind, f"seats-{code}", _("Seating plan"), columns, rows)


def _table(
    exam: Exam,
    kind: str,
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
) -> ResponseReturnValue:
    if kind == "csv":
        return download(write_csv(columns, rows), f"{name}.csv", "text/csv")
    parts = office()
    at = parts.clock.now().astimezone(parts.config.zone)
    mark = f"{actor().name} {at:%Y-%m-%d %H:%M}"
    data = write_xlsx(f"{title} {exam.code}", columns, rows, watermark=mark)
    return download(data, f"{name}.xlsx", XLSX)


@bp.route(f"{OFFICE}/invigilators", methods=["GET", "POST"])
def invigilators(code: str) -> ResponseReturnValue:
    """Bring invigilators in; below them their drawn rooms."""
    exam = exam_by_code(looking().session, code)
    form = TableForm()
    if not form.validate_on_submit():
        return _invigilators(exam, form, []), 422 if form.errors else 200
    file = form.file.data
    try:
        with acting() as ctx:
            people = service.import_invigilators(
                ctx, code=code, name=file.filename or "", data=file.read()
            )
    except SheetError as error:
        return _invigilators(exam, form, error.lines(_)), 422
    except Sentence as error:
        return _invigilators(exam, form, [say(error)]), error.status
    flash(_("%(people)s invigilators were imported", people=people), "success")
    return redirect(url_for("examday.invigilators", code=code))


def _invigilators(exam: Exam, form: TableForm, problems: list[str]) -> str:
    db = looking().session
    count = plan.count_invigilators(db, exam)
    page, last = _page(count)
    return render_template(
        "examday/invigilators.html",
        exam=exam,
        form=form,
        problems=problems,
        columns=[column.names[0] for column in service.COLUMNS],
        count=count,
        watches=plan.watches(db, exam, first=(page - 1) * PAGE, most=PAGE),
        drawn=plan.newest_attempt(db, exam, "invigilators"),
        page=page,
        last=last,
    )


@bp.post(f"{OFFICE}/invigilators/export/<any(xlsx, csv):kind>")
def export_invigilators(code: str, kind: str) -> ResponseReturnValue:
    """The invigilators with their rooms as a table; an act."""
    try:
        with acting() as ctx:
            people = service.export_invigilators(ctx, code=code)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("examday.invigilators", code=code))
    columns = (
        *(_("Staff number"), _("Name"), _("Sex"), _("School")),
        *(_("District"), _("Site"), _("Room number"), _("Room"), _("Place")),
    )
    rows = [[*_person(one), *_duty(one)] for one in people]
    exam = exam_by_code(looking().session, code)
    return _table(exam, kind, f"invigilators-{code}", _("Invigilators"), columns, rows)


def _person(watch: plan.Watch) -> list[Cell]:
    one = watch.invigilator
    return [one.staff_no, one.name, _(one.sex), one.school]


def _duty(watch: plan.Watch) -> list[Cell]:
    if watch.room is None or watch.site is None or watch.district is None:
        return [None] * 4 + [_("Reserve")]
    where = [watch.district.name, watch.site.name, f"{watch.room.code:02}", watch.room.name]
    return [*where, _("Lead invigilator") if watch.place == 1 else _("Second invigilator")]


@bp.get("/applications/<ref>/ticket.pdf")
def ticket(ref: str) -> ResponseReturnValue:
    """The candidate's own admission ticket."""
    return inline(own_ticket_pdf(looking(), ref), "application/pdf")
