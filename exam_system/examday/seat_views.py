"""Pages of the seating plan after its draw: sites and their papers, late changes, versions."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.approvals.lookup import Wanted, open_approval
from exam_system.approvals.models import Approval
from exam_system.approvals.views import ask, asked
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.examday import changes, late, papers, pictures, versions, withdrawals
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District
from exam_system.exports import files
from exam_system.printing.room_papers import KINDS
from exam_system.registration.lookup import any_application
from exam_system.registration.states import STATES
from exam_system.sheets import Cell
from exam_system.web import acting, download, flash_refusal, looking, say

bp = Blueprint("seating", __name__)
OFFICE = "/office/exams/<code>"
CODE = "int(min=1, max=9999)"
SITE = f"{OFFICE}/sites/<{CODE}:district>/<{CODE}:site>"
PAIR = f"{OFFICE}/versions/<{CODE}:first>/<{CODE}:second>"
LATE = f"{OFFICE}/late"


@bp.get(SITE)
def site(code: str, district: int, site: int) -> ResponseReturnValue:
    """The picture of a site, its rooms as a table, and the papers to print."""
    db = looking().session
    exam = exam_by_code(db, code)
    found = papers.site_of(db, exam, district, site)
    return render_template(
        "examday/site.html",
        exam=exam,
        site=found,
        district=db.get_one(District, found.district_id),
        tiles=pictures.tiles(db, exam, found),
        version=versions.newest_version(db, exam),
    )


@bp.post(f"{SITE}/papers.pdf", endpoint="papers")
def papers_pdf(code: str, district: int, site: int) -> ResponseReturnValue:
    """The papers of a site as one file; an act."""
    kinds = [kind for kind in KINDS if kind in request.form.getlist("kind")] or list(KINDS)
    photos = "photos" in request.form
    try:
        with acting() as ctx:
            data = papers.print_papers(
                ctx,
                code=code,
                district=district,
                site=site,
                kinds=kinds,
                photos=photos,
                spare=request.form.get("spare", 1, type=int),
                reserve=request.form.get("reserve", 5, type=int),
            )
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("seating.site", code=code, district=district, site=site))
    name = f"{code}-{district:02}-{site:02}-{'-'.join(kinds)}.pdf"
    return download(data, name, "application/pdf")


@bp.get(LATE, endpoint="late")
def late_changes(code: str) -> ResponseReturnValue:
    """Find whoever needs another seat, or a first one."""
    db, words = looking().session, request.args.get("words", "").strip()
    exam = exam_by_code(db, code)
    return render_template(
        "examday/late.html",
        exam=exam,
        words=words,
        found=late.found(db, exam, words) if words else [],
        waiting=late.waiting(db, exam),
        without=late.without_seat(db, exam),
        states=STATES,
    )


@bp.route(f"{LATE}/<ref>", methods=["GET", "POST"])
def change(code: str, ref: str) -> ResponseReturnValue:
    """One late change: what is asked for, its approval, and the act itself."""
    if request.method == "GET":
        return _change_page(code, ref)
    try:
        with acting() as ctx:
            if "ask" in request.form:
                ask(ctx, _wanted(ctx, code, ref, request.form))
                target = url_for("seating.change", code=code, ref=ref)
            else:
                _carry_out(ctx, code, ref)
                target = url_for("seating.versions", code=code)
        look = looking()
        withdrawals.show_lists(look.session, look.config, exam_by_code(look.session, code))
    except Sentence as error:
        flash_refusal(error)
        return _change_page(code, ref), error.status
    return redirect(target)


def _open(ctx: Context, ref: str) -> tuple[str, Approval | None]:
    """The verb that would change somebody's seat, and its open approval."""
    application = any_application(ctx.session, ref)[0]
    verb = changes.MOVE if ctx.session.get(Seat, application.id) else changes.ADD
    return verb, open_approval(ctx.session, verb, f"application:{ref}")


def _wanted(ctx: Context, code: str, ref: str, typed: dict[str, str]) -> Wanted:
    """What the form says, or without a reason in it what was asked for before."""
    verb, approval = _open(ctx, ref)
    given = dict(typed)
    if "reason" not in given and approval is not None:
        given = changes.asked_for(approval)
    reason, number = given.get("reason", ""), given.get("number", "")
    if verb == changes.ADD:
        return changes.wanted_addition(ctx, code=code, ref=ref, reason=reason)
    return changes.wanted_move(ctx, code=code, ref=ref, reason=reason, number=number)


def _carry_out(ctx: Context, code: str, ref: str) -> None:
    verb, approval = _open(ctx, ref)
    given = changes.asked_for(approval) if approval else {"reason": "", "number": ""}
    if verb == changes.ADD:
        changes.add_late_candidate(ctx, code=code, ref=ref, reason=given["reason"])
    else:
        changes.move_candidate(ctx, code=code, ref=ref, **given)
    number = any_application(ctx.session, ref)[0].number
    flash(_("Done: the admission number is now %(number)s", number=number), "success")


def _change_page(code: str, ref: str) -> str:
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    application, _exam, post, person, district = any_application(ctx.session, ref)
    verb, approval = _open(ctx, ref)
    try:
        spots, problem = changes.reserve_of(ctx, exam, application), ""
        waits = asked(_wanted(ctx, code, ref, {})) if approval else None
    except Sentence as error:
        spots, problem, waits = [], say(error), None
    return render_template(
        "examday/change.html",
        exam=exam,
        application=application,
        post=post,
        person=person,
        district=district,
        moves=verb == changes.MOVE,
        spots=spots,
        problem=problem,
        asked=waits,
        typed=request.form,
        states=STATES,
    )


@bp.get(f"{OFFICE}/versions", endpoint="versions")
def plan_versions(code: str) -> ResponseReturnValue:
    """Every version of the plan: when, who, why, and its digest."""
    db = looking().session
    exam = exam_by_code(db, code)
    return render_template(
        "examday/versions.html",
        exam=exam,
        versions=versions.versions(db, exam),
        names={what: say(name) for what, name in NAMES.items()},
    )


NAMES = {
    versions.DRAW: Sentence("Draw of the seats"),
    versions.ADDED: Sentence("Late addition"),
    versions.MOVED: Sentence("Change of a seat"),
}


@bp.get(PAIR)
def difference(code: str, first: int, second: int) -> ResponseReturnValue:
    """What one version has otherwise than another, room by room."""
    db = looking().session
    exam = exam_by_code(db, code)
    rooms = versions.difference(db, exam, first, second)
    return render_template(
        "examday/difference.html",
        exam=exam,
        first=first,
        second=second,
        newest=versions.newest_version(db, exam),
        rooms=rooms,
    )


@bp.post(f"{PAIR}/export/<any(xlsx, csv):kind>")
def export_changes(code: str, first: int, second: int, kind: str) -> ResponseReturnValue:
    """The difference of two versions as a table; an act."""
    with acting() as ctx:
        rooms = papers.export_changes(ctx, code=code, first=first, second=second)
    columns = (
        *(_("District"), _("Site"), _("Room number"), _("Room"), _("Change"), _("Name")),
        *(_("Seat"), _("Admission number")),
    )
    name = f"seats-{code}-v{first}-v{second}"
    title = _("Versions %(first)s and %(second)s", first=first, second=second)
    verb = "examday.export_changes"
    return files.table(kind, name, f"{title} {code}", columns, _rows(rooms), verb=verb)


def _rows(rooms: Sequence[versions.RoomDifference]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for room in rooms:
        place = room.place
        where = [f"{place.district:02}", f"{place.site:02}", f"{place.room:02}", place.name]
        for line in room.left:
            seat = line.before.seat if line.before else None
            rows.append([*where, _("leaves"), line.name, seat, line.number_before])
        for line in room.came:
            seat = line.after.seat if line.after else None
            rows.append([*where, _("comes"), line.name, seat, line.number_after])
    return rows
