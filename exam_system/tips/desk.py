"""The inspector's pages of reports: sealed files out, sealed answers in. Nobody else sees them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.errors import NotFound, Sentence
from exam_system.tips import lookup, service
from exam_system.web import acting, download, flash_refusal, looking, trying

bp = Blueprint("tips", __name__, url_prefix="/oversight/reports")


@bp.get("")
def desk() -> ResponseReturnValue:
    """All reports: day, size class, state."""
    db = looking().session
    rows = lookup.reports(db)
    day = service.today(looking())
    return render_template(
        "tips/desk.html",
        rows=rows,
        due=sum(row.number is None and row.day < day for row in rows),
        keys=lookup.sealing_notes(db),
    )


@bp.get("/<digest>.report")
def letter(digest: str) -> ResponseReturnValue:
    """A sealed report, to be opened on the inspector's own machine."""
    found = lookup.by_digest(looking().session, digest)
    if found is None:
        raise NotFound("There is no such report")
    return download(found.data, f"{digest[:16]}.report", "application/octet-stream")


@bp.post("/enter")
def enter() -> ResponseReturnValue:
    """Enter the reports of earlier days in the log."""
    with trying() as ctx:
        service.enter_reports(ctx)
    return redirect(url_for("tips.desk"))


@bp.post("/answer")
def answer() -> ResponseReturnValue:
    """Hand sealed answers in."""
    try:
        with acting() as ctx:
            service.answer_report(ctx, data=_uploaded())
        flash(_("The answer is stored; only who holds the receipt can read it."), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("tips.desk"))


@bp.post("/sealing-key")
def sealing_key() -> ResponseReturnValue:
    """Hand a sealing key in."""
    with trying() as ctx:
        service.register_sealing_key(ctx, note=_uploaded())
    return redirect(url_for("tips.desk"))


def _uploaded() -> bytes:
    file = request.files.get("file")
    return file.read() if file else b""
