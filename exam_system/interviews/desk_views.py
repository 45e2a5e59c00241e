"""The interviewer's tablet: the sheet of the candidate in the room, avoidances, closing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.interviews.forms import OwnAvoidanceForm
from exam_system.interviews.scores import sent_before
from exam_system.interviews.screen import hall_view
from exam_system.interviews.sealed import sealed_until
from exam_system.interviews.service import RELATIONS, close_panel, declare_avoidance, enter_score
from exam_system.interviews.sheets import Sheet, read_sheet
from exam_system.interviews.showing import Desk, desk_of, own_avoidances
from exam_system.interviews.views import bp
from exam_system.web import acting, actor, flash_refusal, looking, say, trying
from exam_system.web_forms import check_form

_CLIENT = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST = 50
Typed = Mapping[str, str]


@bp.get("/interview")
def desk() -> ResponseReturnValue:
    """The interviewer's desk."""
    return _desk({})


def _desk(typed: Typed, *, sure: str = "", total: str = "") -> str:
    found = _drawn_desk()
    return render_template(
        "interviews/desk.html",
        desk=found,
        data=_data(found) if found else {},
        sentence=hall_view(found.hall)["sentence"] if found else "",
        typed=typed,
        sure=sure,
        total=total,
    )


def _data(found: Desk) -> dict[str, Any]:
    """What the tablet's script needs to keep a sheet and send it."""
    return {
        "key": f"{found.exam.code}:{found.panel.code}:{found.seat}",
        "code": found.exam.code,
        "panel": found.panel.code,
        "place": found.hall.place,
        "open": found.hall.state == "open",
        "token": generate_csrf(),
        "sheets": url_for("interviews.sheets"),
        "again": url_for("interviews.desk"),
        "worker": url_for("interviews.worker"),
    }


def _drawn_desk() -> Desk | None:
    """The actor's desk; none before the hour at which the panels open."""
    found = desk_of(looking().session, actor().account_id)
    return None if found is None or sealed_until(looking(), found.exam) else found


def _own_desk() -> Desk:
    found = _drawn_desk()
    if found is None:
        raise NotFound("You have not been drawn for a panel")
    return found


@bp.post("/interview/score")
def score() -> ResponseReturnValue:
    """Show the typed score once more; entered is what the interviewer then confirms."""
    typed = {
        key.removeprefix("mark."): value
        for key, value in request.form.items()
        if key == "score" or key.startswith("mark.")
    }
    try:
        sheet, given = _read(typed)
        if request.form.get("sure") != "yes":
            return _desk(given, sure=request.form.get("place", ""), total=sheet.total)
        with acting() as ctx:
            enter_score(
                ctx,
                code=request.form.get("code", ""),
                panel=request.form.get("panel", ""),
                place=request.form.get("place", 0, type=int),
                score=given.get("score", ""),
                marks=None if "score" in given else given,
            )
    except Sentence as error:
        flash_refusal(error)
        return _desk(typed), error.status
    return redirect(url_for("interviews.desk"))


def _read(typed: Typed) -> tuple[Sheet, Typed]:
    """The sheet as it would be stored, and its fields with two decimals."""
    found = _drawn_desk()
    rules = rules_of(found.exam) if found else None
    elements = found.elements if found else ()
    if rules is None:
        raise NotFound("You have not been drawn for a panel")
    marks = {code: mark for code, mark in typed.items() if code != "score"}
    sheet = read_sheet(rules, elements, typed.get("score", ""), marks or None)
    if sheet.marks is None:
        return sheet, {"score": sheet.total}
    codes = [element.code for element in elements]
    return sheet, dict(zip(codes, sheet.marks.split(), strict=True))


@bp.post("/interview/sheets")
def sheets() -> ResponseReturnValue:
    """Take in what a tablet has kept; answers for each sheet whether it is in, or why it is not."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict) or not isinstance(sent.get("sheets"), list):
        return jsonify(error=_("This is nothing that a tablet sends")), 400
    code, panel = str(sent.get("code", "")), str(sent.get("panel", ""))
    return jsonify(taken=[_take(code, panel, one) for one in sent["sheets"][:_MOST]])


def _take(code: str, panel: str, sheet: object) -> dict[str, str]:
    client = str(sheet.get("client", "")) if isinstance(sheet, dict) else ""
    try:
        if not isinstance(sheet, dict) or not _CLIENT.fullmatch(client):
            raise Invalid("This is nothing that a tablet sends")
        _enter(code, panel, client, sheet)
    except Sentence as error:
        with acting() as ctx:
            if _CLIENT.fullmatch(client) and sent_before(ctx, client):
                return {"client": client, "outcome": "taken"}
        return {"client": client, "outcome": "refused", "why": say(error)}
    return {"client": client, "outcome": "taken"}


def _enter(code: str, panel: str, client: str, sheet: Mapping[str, Any]) -> None:
    place, marks, score = sheet.get("place"), sheet.get("marks"), sheet.get("score", "")
    if marks is not None and not isinstance(marks, dict):
        raise Invalid("This is nothing that a tablet sends")
    with acting() as ctx:
        if not sent_before(ctx, client):
            enter_score(
                ctx,
                code=code,
                panel=panel,
                place=place if type(place) is int else 0,
                score=str(score),
                marks=marks,
                client=client,
            )


@bp.get("/interview/worker.js")
def worker() -> Response:
    """What lets the desk load without a network; it serves the desk only."""
    response = current_app.send_static_file("attendance-worker.js")
    response.headers["Service-Worker-Allowed"] = url_for("interviews.desk")
    return response


@bp.route("/interview/avoidance", methods=["GET", "POST"])
def avoid() -> ResponseReturnValue:
    """The interviewer declares an avoidance of their own."""
    exam, form = _own_desk().exam, OwnAvoidanceForm()
    if request.method == "GET":
        return _avoid(exam, form)
    try:
        check_form(form)
        with acting() as ctx:
            declare_avoidance(
                ctx, code=exam.code, number=form.number.data, relation=form.relation.data
            )
    except Sentence as error:
        flash_refusal(error)
        return _avoid(exam, form), error.status
    flash(_("The avoidance is declared"), "success")
    return redirect(url_for("interviews.avoid"))


def _avoid(exam: Exam, form: OwnAvoidanceForm) -> str:
    rows = own_avoidances(looking().session, actor().account_id, exam)
    return render_template(
        "interviews/avoid.html", exam=exam, form=form, rows=rows, relations=RELATIONS
    )


@bp.post("/interview/close")
def close() -> ResponseReturnValue:
    """The chief interviewer closes the panel."""
    found = _own_desk()
    with trying() as ctx:
        close_panel(ctx, code=found.exam.code, panel=found.panel.code)
    return redirect(url_for("interviews.desk"))
