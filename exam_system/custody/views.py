"""Pages of bags: the board with what is missing, the register, a bag with its timeline and acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system import imports
from exam_system.access import Role
from exam_system.approvals.lookup import open_approval, summary_of
from exam_system.approvals.views import ask
from exam_system.context import Context
from exam_system.custody import deeds, overview, register, spares, statements
from exam_system.custody.devices import devices_within, notes_within
from exam_system.custody.handing import PARTIES
from exam_system.custody.lookup import (
    bag_of,
    clean_barcode,
    open_photo,
    require_touch,
    subject_name,
)
from exam_system.custody.models import Bag, Statement
from exam_system.custody.states import KINDS, MOVES, STATES
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.examday.duties import sessions_of
from exam_system.exams.forms import TableForm
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, ExamSession, Room
from exam_system.paging import page_count
from exam_system.people import narrow
from exam_system.sheets import SheetError
from exam_system.web import acting, flash_refusal, inline, looking, office, say, trying

bp = Blueprint("custody", __name__)
PAGE = 200
HOME = "/custody/<code>"
ROW = "int(min=1, max=2000000000)"


@bp.app_context_processor
def words() -> dict[str, Any]:
    """What the templates of custody call states, kinds and parties."""
    return {"bag_states": STATES, "bag_kinds": KINDS, "hand_parties": PARTIES}


@bp.get(HOME)
def board(code: str) -> ResponseReturnValue:
    """How many bags are where in each session, and which of them are late."""
    ctx = looking()
    seen = overview.scene(ctx, code)
    now = ctx.clock.now()
    published = set(ctx.session.scalars(select(Statement.session_id)))
    return render_template(
        "custody/board.html",
        exam=seen.exam,
        seen=seen,
        subjects={row.id: subject_name(seen.exam, row) for row in seen.sessions},
        counts=overview.counts(seen.sessions, seen.bags),
        late=overview.missing(seen.exam, seen.sessions, seen.bags, now),
        places=overview.place_names(ctx.session, seen.exam),
        published=published,
        now=now,
        file=statements.file_name,
        waiting=overview.waiting(ctx.session, seen.exam, ctx.actor.account_id),
    )


@bp.get(f"{HOME}/bags")
def bags(code: str) -> ResponseReturnValue:
    """The bags that somebody may see, those of one session or in one state if asked for."""
    ctx = looking()
    seen = overview.scene(ctx, code)
    subject, wanted = request.args.get("subject", ""), request.args.get("state", "")
    of = {row.id: row.subject for row in seen.sessions}
    rows = [
        bag
        for bag in seen.bags
        if subject in ("", of[bag.session_id]) and wanted in ("", bag.state)
    ]
    last = page_count(len(rows), PAGE)
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    return render_template(
        "custody/bags.html",
        exam=seen.exam,
        seen=seen,
        rows=rows[(page - 1) * PAGE : page * PAGE],
        subjects={row.id: subject_name(seen.exam, row) for row in seen.sessions},
        places=overview.place_names(ctx.session, seen.exam),
        subject=subject,
        wanted=wanted,
        page=page,
        last=last,
    )


@bp.get(f"{HOME}/find")
def find(code: str) -> ResponseReturnValue:
    """From a scanned or typed barcode to the page of its bag."""
    try:
        ctx = looking()
        bag = bag_of(ctx.session, exam_by_code(ctx.session, code), request.args.get("barcode", ""))
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("custody.board", code=code))
    return redirect(url_for("custody.bag", code=code, barcode=bag.barcode))


@bp.get(f"{HOME}/bag/<barcode>")
def bag(code: str, barcode: str) -> ResponseReturnValue:
    """One bag: where it is, what may be done with it now, everything that was done."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    found = bag_of(ctx.session, exam, barcode)
    row = ctx.session.get_one(ExamSession, found.session_id)
    place = require_touch(ctx, exam, found, row)
    return render_template(
        "custody/bag.html",
        exam=exam,
        bag=found,
        row=row,
        place=place,
        subject=subject_name(exam, row),
        current=_current(ctx, exam, row),
        room=overview.place_names(ctx.session, exam).get(found.room_id or 0, ""),
        may=MOVES[found.kind][found.state],
        used=deeds.spares_used(ctx.session, found),
        steps=overview.timeline(ctx.session, found),
        leaves=_leaves(ctx, code, found),
        causes=spares.CAUSES,
    )


def _current(ctx: Context, exam: Exam, own: ExamSession) -> ExamSession:
    """The session that a room is in: the first that is not over, else the bag's own."""
    coming = [row for row in sessions_of(ctx.session, exam) if row.ends_at > ctx.clock.now()]
    return coming[0] if coming else own


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave that can be given for a bag: its approval's state and reason, if it was asked for."""

    what: str
    label: str
    state: str
    reason: str


def _leaves(ctx: Context, code: str, found: Bag) -> list[Leave]:
    """What the office may allow for this bag now."""
    if ctx.actor.role is not Role.OFFICER:
        return []
    rows = []
    for what, label in spares.WHAT.items():
        try:
            wanted = spares.wanted_leave(
                ctx, code=code, barcode=found.barcode, what=what, reason="—"
            )
        except Conflict:
            continue
        asked = open_approval(ctx.session, spares.VERB, wanted.subject)
        reason = str(summary_of(asked)[2].params["reason"]) if asked else ""
        rows.append(Leave(what, label, asked.state if asked else "", reason))
    return rows


def _number(name: str) -> int:
    text = narrow(request.form.get(name, ""))
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        raise Invalid("Type a number in every field").about(name)
    return int(text)


def _open(ctx: Context, code: str, barcode: str) -> str:
    subject, seal = request.form.get("subject", ""), request.form.get("seal", "")
    two = deeds.open_bag(ctx, code=code, subject=subject, barcode=barcode, seal=seal)
    return "The bag is open" if two else SECOND


def _pack(ctx: Context, code: str, barcode: str) -> str:
    counts = {name: _number(name) for name in ("issued", "blank", "unused")}
    seal = request.form.get("seal", "")
    two = deeds.pack_bag(ctx, code=code, barcode=barcode, seal=seal, **counts)
    return "The bag is packed" if two else SECOND


def _destroy(ctx: Context, code: str, barcode: str) -> str:
    two = deeds.destroy_waste(ctx, code=code, barcode=barcode, papers=_number("papers"))
    return "The papers are recorded as destroyed" if two else SECOND


def _seal(ctx: Context, code: str, barcode: str) -> str:
    deeds.report_seal(ctx, code=code, barcode=barcode, why=request.form.get("why", ""))
    return "The seal is reported: headquarters sees the incident"


def _spare(ctx: Context, code: str, barcode: str) -> str:
    file = request.files.get("photo")
    spares.use_spare(
        ctx,
        code=code,
        barcode=barcode,
        seat=_number("seat"),
        cause=request.form.get("cause", ""),
        reason=request.form.get("reason", ""),
        photo=(file.filename, file.read()) if file is not None and file.filename else None,
    )
    return "The spare paper is recorded"


def _leave(ctx: Context, code: str, barcode: str) -> str:
    about = {name: request.form.get(name, "") for name in ("what", "reason")}
    if "ask" in request.form:
        ask(ctx, spares.wanted_leave(ctx, code=code, barcode=barcode, **about))
        return "Asked: an inspector finds it on the page “Approvals”"
    spares.allow_opening(ctx, code=code, barcode=barcode, **about)
    return "Leave is given: the room may go on"


SECOND = "Recorded. Now the second person confirms it on their own account"
DEEDS: dict[str, Callable[[Context, str, str], str]] = {
    "open": _open,
    "pack": _pack,
    "destroy": _destroy,
    "seal": _seal,
}


@bp.post(f"{HOME}/bag/<barcode>/<any(open, pack, destroy, seal):deed>")
def act(code: str, barcode: str, deed: str) -> ResponseReturnValue:
    """Open, pack, destroy, or report the seal; a refused opening is an incident."""
    refused = _do(DEEDS[deed], code, barcode)
    if deed == "open" and isinstance(refused, Conflict):
        _tell_refusal(code, barcode, refused)
    return redirect(url_for("custody.bag", code=code, barcode=barcode), 303)


def _do(deed: Callable[[Context, str, str], str], code: str, barcode: str) -> Sentence | None:
    try:
        with acting() as ctx:
            said = deed(ctx, code, barcode)
        flash(_(said), "success")
    except Sentence as error:
        flash_refusal(error)
        return error
    return None


def _tell_refusal(code: str, barcode: str, refused: Conflict) -> None:
    """Keep a trace of the attempt, in a transaction of its own."""
    with trying() as ctx:
        subject = request.form.get("subject", "")
        deeds.report_refusal(ctx, code=code, barcode=barcode, subject=subject, why=say(refused))


@bp.post(f"{HOME}/bag/<barcode>/spare")
def spare(code: str, barcode: str) -> ResponseReturnValue:
    """Record a spare paper that was opened."""
    _do(_spare, code, barcode)
    return redirect(url_for("custody.bag", code=code, barcode=barcode), 303)


@bp.post(f"{HOME}/bag/<barcode>/leave")
def leave(code: str, barcode: str) -> ResponseReturnValue:
    """Ask for leave, and give it once it is approved."""
    _do(_leave, code, barcode)
    return redirect(url_for("custody.bag", code=code, barcode=barcode), 303)


@bp.get(f"{HOME}/room/<{ROW}:room>")
def room(code: str, room: int) -> ResponseReturnValue:
    """Everything that was done with the bags of one room, and its devices."""
    ctx = looking()
    seen = overview.scene(ctx, code)
    mine = [bag for bag in seen.bags if bag.room_id == room]
    found = ctx.session.get(Room, room)
    if found is None or not mine:
        raise NotFound("There are no bags of this room that you may see")
    steps = [(bag, step) for bag in mine for step in overview.timeline(ctx.session, bag)]
    place = next(place for place in seen.places)
    devices = [(one, at) for one, at in devices_within(ctx.session, place) if at.id == room]
    return render_template(
        "custody/room.html",
        exam=seen.exam,
        name=overview.place_names(ctx.session, seen.exam)[room],
        rows=mine,
        subjects={row.id: subject_name(seen.exam, row) for row in seen.sessions},
        steps=sorted(steps, key=lambda pair: pair[1].at),
        devices=devices,
        notes=notes_within(ctx.session, place),
    )


@bp.get(f"{HOME}/bag/<barcode>/<digest>.jpg")
def photo(code: str, barcode: str, digest: str) -> ResponseReturnValue:
    """A photo or signed sheet of a bag, for those whose bag it is."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    found = bag_of(ctx.session, exam, barcode)
    require_touch(ctx, exam, found, ctx.session.get_one(ExamSession, found.session_id))
    if digest not in {step.photo for step in overview.timeline(ctx.session, found)}:
        raise NotFound("There is no such photo")
    return inline(*open_photo(ctx.config, ctx.keys.vault, digest))


@bp.route(f"{HOME}/register", methods=["GET", "POST"])
def bring_in(code: str) -> ResponseReturnValue:
    """Bring the register of bags in; or have it made."""
    exam, form = exam_by_code(looking().session, code), TableForm(formdata=None)
    if request.method == "GET":
        return _register(exam, form, [])

    def run(ctx: Context, name: str, data: bytes) -> str:
        count = register.import_bags(ctx, code=code, name=name, data=data)
        said: str = _("%(count)s bags were imported", count=count)
        return said

    def read(ctx: Context, name: str, data: bytes) -> Any:
        return register.preview_bags(ctx, code, name, data)

    try:
        back = url_for("custody.bring_in", code=code)
        return imports.step(imports.Import(_("Register of bags"), back, read, run))
    except SheetError as error:
        return _register(exam, form, error.lines(_)), 422
    except Sentence as error:
        return _register(exam, form, [say(error)]), error.status


def _register(exam: Exam, form: TableForm, problems: list[str]) -> str:
    db = looking().session
    return render_template(
        "custody/register.html",
        exam=exam,
        form=form,
        problems=problems,
        columns=register.NAMES,
        count=len(register.bag_rows(db, exam)),
        sessions=sessions_of(db, exam),
        subjects={row.id: subject_name(exam, row) for row in sessions_of(db, exam)},
    )


@bp.post(f"{HOME}/register/make")
def generate(code: str) -> ResponseReturnValue:
    """Make the bags of every room and session."""
    try:
        with acting() as ctx:
            count = register.generate_bags(
                ctx, code=code, spares=_number("spares"), answers="answers" in request.form
            )
        flash(_("%(count)s bags were made", count=count), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("custody.bring_in", code=code), 303)


@bp.post(f"{HOME}/labels.pdf")
def labels(code: str) -> ResponseReturnValue:
    """The labels to print."""
    try:
        with acting() as ctx:
            pdf = register.print_labels(ctx, code=code, subject=request.form.get("subject", ""))
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("custody.bring_in", code=code), 303)
    return inline(pdf, "application/pdf")


@bp.post(f"{HOME}/statement/<subject>")
def publish(code: str, subject: str) -> ResponseReturnValue:
    """Sign and publish the custody statement of a session."""
    try:
        with acting() as ctx:
            statements.publish_statement(ctx, code=code, subject=subject)
        clean = office().context(looking().actor, write=False).session
        with clean as db:
            statements.show_statements(db, office().config)
        flash(_("The custody statement is published"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("custody.board", code=code), 303)


def typed_barcodes(text: str) -> list[str]:
    """Barcodes from a field: one in a line, as a scanner types them. Raises Invalid."""
    return [clean_barcode(line) for line in text.replace(",", "\n").splitlines() if line.strip()]
