"""Pages of admission tickets: batches by room, withdrawals, and the check of one ticket."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.errors import Sentence
from exam_system.examday import ticket_files, withdrawals
from exam_system.examday.checking import Checked, check_ticket
from exam_system.examday.plan import newest_attempt
from exam_system.examday.ticket_files import Selection
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.web import acting, download, flash_refusal, looking, office, say

bp = Blueprint("tickets", __name__)
OFFICE = "/office/exams/<code>/tickets"
PAGE = 200
LONGEST = 4000
KINDS = {"zip": "application/zip", "pdf": "application/pdf"}


@bp.get(OFFICE, endpoint="office")
def batches(code: str) -> ResponseReturnValue:
    """Print the tickets of rooms, see how far that is, withdraw single ones."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    drawn = newest_attempt(ctx.session, exam, "seats")
    gone = withdrawals.withdrawn(ctx.session, exam)
    return render_template(
        "examday/tickets.html",
        exam=exam,
        ready=drawn is not None and drawn[1].state == "published",
        told=ticket_files.progress(ctx.config, exam),
        running=ticket_files.under_way(ctx.config, exam),
        sites=ticket_files.sites_printed(ctx, exam),
        withdrawn=gone[:PAGE],
        more=max(0, len(gone) - PAGE),
        listed=withdrawals.newest_list(ctx.session, exam),
    )


@bp.post(f"{OFFICE}/print")
def start(code: str) -> ResponseReturnValue:
    """Begin to print, or go on after a stop; an act. The page shows how far it is."""
    site = request.form.get("site", "")
    district, _hyphen, number = site.partition("-")
    only = (
        Selection(int(district), int(number)) if district.isdigit() and number.isdigit() else None
    )
    try:
        with acting() as ctx:
            if ticket_files.under_way(ctx.config, exam_by_code(ctx.session, code)):
                raise Sentence("The tickets of this exam are being printed already")
            rooms = ticket_files.print_tickets(ctx, code=code, selection=only or Selection())
        ticket_files.start(office(), code, rooms)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("tickets.office", code=code))


@bp.get(f"{OFFICE}/progress.json")
def progress(code: str) -> ResponseReturnValue:
    """How far the run is, for the page's bar."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    told = ticket_files.progress(ctx.config, exam)
    running = ticket_files.under_way(ctx.config, exam)
    if told is None:
        return jsonify(rooms=0, done=0, tickets=0, running=running)
    return jsonify(rooms=told.rooms, done=told.done, tickets=told.tickets, running=running)


@bp.post(f"{OFFICE}/<site>.<any(zip, pdf):kind>")
def take(code: str, site: str, kind: str) -> ResponseReturnValue:
    """The tickets of a site as one file; an act."""
    try:
        with acting() as ctx:
            data = ticket_files.take_tickets(ctx, code=code, site=site, kind=kind)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("tickets.office", code=code))
    return download(data, f"tickets-{code}-{site}.{kind}", KINDS[kind])


@bp.post(f"{OFFICE}/withdraw")
def withdraw(code: str) -> ResponseReturnValue:
    """Withdraw somebody's ticket; the new list lies among the published files at once."""
    form = request.form
    try:
        with acting() as ctx:
            row = withdrawals.withdraw_ticket(
                ctx,
                code=code,
                number=form.get("number", ""),
                reason=form.get("reason", ""),
                again=form.get("again") != "no",
            )
        _show(exam_by_code(looking().session, code))
        flash(_("The ticket %(number)s is withdrawn", number=row.number), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("tickets.office", code=code))


@bp.post(f"{OFFICE}/list")
def list_anew(code: str) -> ResponseReturnValue:
    """Sign the list of withdrawn tickets anew, for the doors of today."""
    try:
        with acting() as ctx:
            version = withdrawals.publish_withdrawn(ctx, code=code).version
        _show(exam_by_code(looking().session, code))
        flash(_("Version %(version)s of the list is published", version=version), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("tickets.office", code=code))


def _show(exam: Exam) -> None:
    withdrawals.show_lists(looking().session, looking().config, exam)


@bp.route("/check/ticket", methods=["GET", "POST"])
def check() -> ResponseReturnValue:
    """Whether an admission ticket is good now, by the text of its code."""
    text, found = request.form.get("text", "")[:LONGEST], None
    problem: str = ""
    if request.method == "POST":
        try:
            found = check_ticket(looking(), text)
        except Sentence as error:
            problem = say(error)
    return _page(text, found, problem), 409 if problem else 200


def _page(text: str, found: Checked | None, problem: str) -> str:
    return render_template("examday/check.html", text=text, found=found, problem=problem)
