"""Pages of waivers: the candidate asks; the office looks, has a list approved, grants, refuses."""

from __future__ import annotations

import time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.access import Role
from exam_system.approvals.views import ask as ask_for
from exam_system.approvals.views import asked
from exam_system.errors import Refused, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import service, waivers
from exam_system.fees.relief import relief, undecided
from exam_system.fees.waiver_lists import (
    STATES,
    documents_of,
    fee_of,
    kept,
    list_of,
    newest,
    request_of,
    requests_of,
    wanted_waivers,
)
from exam_system.registration.documents import (
    MEDIA,
    discard_documents,
    remove_documents,
)
from exam_system.registration.lookup import rules_from
from exam_system.web import acting, actor, flash_refusal, inline, looking, office

bp = Blueprint("waivers", __name__)
HOUR = 3600


@bp.route("/applications/<ref>/waiver", methods=["GET", "POST"])
def ask(ref: str) -> ResponseReturnValue:
    """The grounds, the documents, and how far the request is."""
    if request.method == "GET":
        return _ask_page(ref)
    service.asked(looking(), ref)
    try:
        with acting() as ctx:
            ground = request.form.get("ground", "")
            waivers.ask_waiver(ctx, ref=ref, ground=ground, documents=_uploaded())
    except Sentence as error:
        flash_refusal(error)
        return _ask_page(ref, error.status)
    return redirect(url_for("waivers.ask", ref=ref), 303)


def _uploaded() -> list[tuple[str, bytes]]:
    """Names and bytes; one more than may come is read, so that the verb sees it is too many."""
    files = [file for file in request.files.getlist("documents") if file.filename]
    some = files[: waivers.MOST_DOCUMENTS + 1]
    return [(file.filename or "", file.read()) for file in some]


def _ask_page(ref: str, status: int = 200) -> ResponseReturnValue:
    ctx = looking()
    found = service.asked(ctx, ref)
    last = newest(ctx.session, ref)
    rules = rules_from(found.exam.rules)
    return render_template(
        "fees/waiver.html",
        found=found,
        last=last,
        documents=documents_of(ctx.session, last) if last else [],
        grounds=rules.waiver_grounds,
        basis=rules.basis["waiver_grounds"],
        days=rules.waiver_days,
        closes=rules.payment_closes,
        chosen=request.form.get("ground", ""),
        states=_states(),
        most=waivers.MOST_DOCUMENTS,
        may_ask=found.application.state in ("submitted", "approved")
        and found.exam.state == "announced"
        and ctx.clock.now() < rules.payment_closes
        and found.order is None
        and fee_of(ctx.session, found.exam) is not None
        and (last is None or last.state in ("refused", "withdrawn")),
    ), status


def _states() -> dict[str, str]:
    return {state: gettext(name) for state, name in STATES.items()}


@bp.post("/applications/<ref>/waiver/take-back")
def take_back(ref: str) -> ResponseReturnValue:
    """Take the request back: its documents are deleted."""
    service.asked(looking(), ref)
    try:
        with acting() as ctx:
            gone = waivers.withdraw_waiver(ctx, ref=ref)
        remove_documents(office().config, gone)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("waivers.ask", ref=ref), 303)


@bp.get("/exams/<code>/waivers")
def queue(code: str) -> ResponseReturnValue:
    """What waits, the list that can be approved, and what was decided."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    rows, wanted = list_of(ctx.session, exam)
    return render_template(
        "fees/waivers.html",
        exam=exam,
        relief=relief(ctx.session, exam),
        undecided=undecided(ctx.session, exam),
        listed={row.waiver.ref for row in rows},
        asked=asked(wanted) if wanted and actor().role is Role.OFFICER else None,
        waiting=requests_of(ctx.session, exam, "asked"),
        decided=requests_of(ctx.session, exam, "granted", "refused", "withdrawn"),
        states=_states(),
        due=len(waivers.due(ctx, exam)),
    )


@bp.post("/exams/<code>/waivers")
def grant(code: str) -> ResponseReturnValue:
    """Ask for the approval of the list; once that is given, waive the fees on it."""
    try:
        _grant(code)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("waivers.queue", code=code), 303)


def _grant(code: str) -> None:
    with acting() as ctx:
        if "ask" in request.form:
            ask_for(ctx, wanted_waivers(ctx, code=code))
            return
        made = waivers.grant_waivers(ctx, code=code)
    flash(gettext("%(count)s fees are waived", count=len(made)))


@bp.get("/waivers/<ref>")
def show(ref: str) -> ResponseReturnValue:
    """One request with its documents."""
    return _request_page(ref)


def _request_page(ref: str, reason: str = "", status: int = 200) -> ResponseReturnValue:
    db = looking().session
    found = request_of(db, ref)
    return render_template(
        "fees/waiver_request.html",
        found=found,
        documents=documents_of(db, found.waiver),
        states=_states(),
        reason=reason,
        following=_following(ref),
    ), status


def _following(ref: str) -> str | None:
    """The oldest other request of the exam that nobody has looked at."""
    db = looking().session
    rows = requests_of(db, request_of(db, ref).exam, "asked")
    left = [row.waiver.ref for row in rows if not row.waiver.looked_at and row.waiver.ref != ref]
    return left[0] if left else None


@bp.post("/waivers/documents/<ref>")
def document(ref: str) -> ResponseReturnValue:
    """Open a document; that is an act."""
    with acting() as ctx:
        kind, data = waivers.look_at_document(ctx, ref=ref)
    response = inline(data, MEDIA[kind])
    response.headers["Content-Disposition"] = f'inline; filename="{ref[:8]}.{kind}"'
    return response


@bp.post("/waivers/<ref>/refuse")
def refuse(ref: str) -> ResponseReturnValue:
    """Refuse and say why; what was typed stays when it cannot be done."""
    reason = request.form.get("reason", "")
    try:
        with acting() as ctx:
            waivers.refuse_waiver(ctx, ref=ref, reason=reason)
    except Sentence as error:
        flash_refusal(error)
        return _request_page(ref, reason, error.status)
    code = request_of(looking().session, ref).exam.code
    return redirect(url_for("waivers.queue", code=code), 303)


@bp.post("/exams/<code>/waivers/delete")
def delete(code: str) -> ResponseReturnValue:
    """Delete the documents whose time is over, and files that no request names."""
    with acting() as ctx:
        if not waivers.due(ctx, exam_by_code(ctx.session, code)):
            raise Refused("No documents are due to be deleted")
        gone = waivers.delete_documents(ctx, code=code)
        names = kept(ctx.session)
    settings = office().config
    remove_documents(settings, gone)
    discard_documents(settings, names, time.time() - HOUR)
    flash(gettext("%(count)s documents were deleted", count=len(gone)))
    return redirect(url_for("waivers.queue", code=code), 303)
