"""Pages of the duty sheets: public, as PDF, and the office's next version."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam_system.access import Role
from exam_system.approvals.views import ask, asked
from exam_system.duties import sheets
from exam_system.duties.blueprint import bp
from exam_system.duties.papers import sheet_pdf
from exam_system.duties.register import numbers
from exam_system.duties.words import LINE_WORDS, MEASURE_WORDS
from exam_system.web import actor, inline, looking, trying


@bp.get("/duties")
def index() -> ResponseReturnValue:
    """Every post with its sheet, for everybody."""
    return render_template("duties/index.html", rows=sheets.every_sheet(looking().session))


@bp.get("/duties/<post>")
def sheet(post: str) -> ResponseReturnValue:
    """The sheet of a post in force and its earlier versions."""
    ctx = looking()
    versions = sheets.versions_of(ctx.session, post)
    mine = actor().role is Role.OFFICER
    draft = sheets.draft_of(ctx.session, post) if mine else None
    wanted = asked(sheets.wanted_sheet(ctx, post=post)) if draft else None
    return render_template(
        "duties/sheet.html",
        one=versions[0],
        earlier=versions[1:],
        mine=mine,
        draft=draft,
        asked=wanted,
        typed=(draft or versions[0]).typed(),
    )


@bp.get("/duties/<post>.pdf")
def sheet_file(post: str) -> Response:
    """The sheet in force, to be printed and put up."""
    ctx = looking()
    data = sheet_pdf(ctx, sheets.versions_of(ctx.session, post)[0])
    return inline(data, "application/pdf")


@bp.post("/duties/<post>/draft")
def draft(post: str) -> ResponseReturnValue:
    """Write another text of a sheet."""
    names = ("name_zh", "name_en", *sheets.LINES)
    with trying() as ctx:
        sheets.draft_sheet(ctx, post=post, typed={n: request.form.get(n, "") for n in names})
    return redirect(url_for("integrity.sheet", post=post), 303)


@bp.post("/duties/<post>/publish")
def publish(post: str) -> ResponseReturnValue:
    """Ask for the approval of a drafted text; once it is given put it in force."""
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, sheets.wanted_sheet(ctx, post=post))
        else:
            sheets.publish_sheet(ctx, post=post)
    return redirect(url_for("integrity.sheet", post=post), 303)


@bp.get("/accountability")
def figures() -> ResponseReturnValue:
    """The numbers of accountability by year, without names, for everybody."""
    ctx = looking()
    return render_template(
        "duties/figures.html",
        rows=numbers(ctx.session, ctx.config.zone),
        lines=LINE_WORDS,
        measures=MEASURE_WORDS,
    )
