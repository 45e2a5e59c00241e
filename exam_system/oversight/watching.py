"""Pages that watch: alerts, an exam's timeline, evidence bundles, the integrity board."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Account, is_staff
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.oversight import service
from exam_system.oversight.acts import Filter, count_acts, named, said
from exam_system.oversight.alerts import Alert
from exam_system.oversight.blueprint import bp
from exam_system.oversight.board import read_board
from exam_system.oversight.evidence import MOST_ACTS
from exam_system.oversight.record import asked, form_words
from exam_system.oversight.timeline import draw_timeline
from exam_system.oversight.watch import acknowledged, find_alerts
from exam_system.oversight.words import (
    PROMISED,
    REASONS,
    STATES,
    TITLES,
    alert_sentence,
    deed,
)
from exam_system.records.models import Leaf
from exam_system.web import acting, download, flash_refusal, looking, trying

_SHOWN_ACTS = 12


@bp.get("/oversight/alerts")
def alerts() -> ResponseReturnValue:
    """Everything the rules find, what is not acknowledged yet first."""
    ctx = looking()
    found, noted = find_alerts(ctx.session, ctx.config.zone), acknowledged(ctx.session)
    return render_template(
        "oversight/alerts.html",
        waiting=[one for one in found if one.id not in noted],
        done=[one for one in found if one.id in noted],
        noted=noted,
        names=_names(ctx.session),
        places=_places(ctx.session, found),
        say=alert_sentence,
        titles=TITLES,
        reasons=REASONS,
    )


def _names(session: Session) -> dict[str, str]:
    """Staff by reference."""
    query = select(Account.ref, Account.name).where(is_staff())
    return {ref: name for ref, name in session.execute(query)}  # noqa: C416


def _places(session: Session, found: list[Alert]) -> dict[int, int]:
    """Where the first acts of each alert stand in the log, by act id."""
    wanted = {act for one in found for act in one.acts[:_SHOWN_ACTS]}
    query = select(Leaf.act_id, Leaf.position)
    if len(wanted) <= _SHOWN_ACTS * 70:  # few enough to name them
        query = query.where(Leaf.act_id.in_(wanted))
    return {act: place for act, place in session.execute(query) if act in wanted}


@bp.post("/oversight/alerts/<alert>")
def note_alert(alert: str) -> ResponseReturnValue:
    """Acknowledge an alert with a note."""
    with trying() as ctx:
        service.note_alert(ctx, alert=alert, note=request.form.get("note", ""))
    return redirect(url_for("oversight.alerts"))


@bp.get("/oversight/exams/<code>/timeline")
def timeline(code: str) -> ResponseReturnValue:
    """An exam's acts by stage and day."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    return render_template(
        "oversight/timeline.html",
        exam=exam,
        picture=draw_timeline(ctx.session, exam, ctx.config.zone),
        deed=deed,
        said=said,
    )


@bp.get("/oversight/evidence")
def evidence() -> ResponseReturnValue:
    """Choose the acts of a case; how many they are is said before they are taken away."""
    ctx, wanted = looking(), asked()
    return render_template(
        "oversight/evidence.html",
        asked=wanted,
        number=count_acts(ctx.session, named(ctx.session, wanted), ctx.config.zone),
        most=MOST_ACTS,
        chosen=wanted != Filter(),
        **form_words(),
    )


@bp.post("/oversight/evidence")
def make_evidence() -> ResponseReturnValue:
    """The bundle itself; its digest is in the log before it is handed out."""
    try:
        with acting() as ctx:
            made = service.make_evidence(ctx, asked=named(ctx.session, asked()))
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("oversight.evidence", _external=False, **asked().words()))
    return download(made.data, made.name, "application/zip")


@bp.get("/oversight/board")
def board() -> ResponseReturnValue:
    """One line for each promise: what was measured, when and by which command."""
    ctx = looking()
    found = read_board(ctx.config.instance)
    fresh = found is not None and found.is_fresh(ctx.clock.now())
    if found is not None and not fresh:
        flash(_("The last run is older than a day: nothing on this board speaks for today."))
    return render_template(
        "oversight/board.html", board=found, fresh=fresh, promised=PROMISED, states=STATES
    )
