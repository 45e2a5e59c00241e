"""Pages of the exam day."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from exam_system import imports
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.examday import duties, listing, plan, service
from exam_system.examday.models import Invigilator
from exam_system.examday.papers import left_seats
from exam_system.examday.tickets import own_ticket_pdf
from exam_system.exams.forms import TableForm
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exports import files
from exam_system.paging import page_count
from exam_system.people import mask_id
from exam_system.sheets import Cell, SheetError
from exam_system.sheets.preview import Preview
from exam_system.web import acting, flash_refusal, inline, looking, office, say

bp = Blueprint("examday", __name__)
PAGE = 200
OFFICE = "/office/exams/<code>"
CODE = "int(min=1, max=9999)"
ROOM = f"<{CODE}:district>/<{CODE}:site>/<{CODE}:room>"


def _page(count: int) -> tuple[int, int]:
    """The page asked for and the last one, both from 1."""
    last = page_count(count, PAGE)
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
        left=left_seats(db, exam).get(line.room.id, frozenset()),
        grid=plan.seat_grid(line.room.layout, line.room.capacity, people),
        door=[part for part in (people[:half], people[half:]) if part],
        watches=_watching(db, exam, line.room.id),
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
    title = f"{_('Seating plan')} {code}"
    return files.table(kind, f"seats-{code}", title, columns, rows, verb="examday.export_seats")


@bp.route(f"{OFFICE}/invigilators", methods=["GET", "POST"])
def invigilators(code: str) -> ResponseReturnValue:
    """Bring invigilators in; below them their drawn rooms."""
    exam, form = exam_by_code(looking().session, code), TableForm(formdata=None)
    if request.method == "GET":
        return _invigilators(exam, form, [])

    def act(ctx: Context, name: str, data: bytes) -> str:
        people = listing.import_invigilators(ctx, code=code, name=name, data=data)
        said: str = _("%(people)s invigilators were imported", people=people)
        return said

    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return listing.preview_invigilators(ctx, code, name, data)

    back = url_for("examday.invigilators", code=code)
    try:
        return imports.step(imports.Import(_("Invigilators"), back, read, act))
    except SheetError as error:
        return _invigilators(exam, form, error.lines(_)), 422
    except Sentence as error:
        return _invigilators(exam, form, [say(error)]), error.status


def _invigilators(exam: Exam, form: TableForm, problems: list[str]) -> str:
    db = looking().session
    words = request.args.get("words", "").strip()[:40]
    lines = [line for line in _lines(db, exam) if _fits(line[0], words)]
    page, last = _page(len(lines))
    return render_template(
        "examday/invigilators.html",
        words=words,
        exam=exam,
        form=form,
        problems=problems,
        columns=[column.names[0] for column in listing.COLUMNS],
        count=len(lines),
        lines=lines[(page - 1) * PAGE : page * PAGE],
        served=duties.served_before(db, exam),
        drawn=plan.newest_attempt(db, exam, "invigilators"),
        page=page,
        last=last,
    )


def _fits(one: Invigilator, words: str) -> bool:
    return any(words.lower() in text.lower() for text in (one.name, one.staff_no, one.school))


def _lines(db: Session, exam: Exam) -> list[tuple[Invigilator, list[duties.Stand]]]:
    """Everybody with their duties, by the first one; those who have none last."""
    found: dict[int, tuple[Invigilator, list[duties.Stand]]] = {}
    for one in duties.stands(db, exam):
        found.setdefault(one.invigilator.id, (one.invigilator, []))[1].append(one)
    for person in duties.people(db, exam):
        found.setdefault(person.id, (person, []))
    return list(found.values())


def _watching(db: Session, exam: Exam, room_id: int) -> list[tuple[str, list[duties.Stand]]]:
    """Who comes to a room, by the name of the subject in the order of the sessions."""
    found: dict[str, list[duties.Stand]] = {}
    for one in duties.stands(db, exam):
        if one.room is not None and one.room.id == room_id and one.absence is None:
            found.setdefault(rules_of(exam).subject(one.session.subject).name, []).append(one)
    return list(found.items())


@bp.get("/applications/<ref>/ticket.pdf")
def ticket(ref: str) -> ResponseReturnValue:
    """The candidate's own admission ticket."""
    return inline(own_ticket_pdf(looking(), ref), "application/pdf")
