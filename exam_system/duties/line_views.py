"""Pages of the red lines and the register of accountability."""

from __future__ import annotations

import json

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.approvals.lookup import open_approval, summary_of
from exam_system.approvals.views import ask, asked
from exam_system.duties import judging, lines, watching, words
from exam_system.duties.blueprint import bp
from exam_system.duties.models import RedLineCase
from exam_system.duties.register import Entry, register_of
from exam_system.duties.sheets import every_sheet
from exam_system.errors import Invalid, Sentence
from exam_system.oversight.acts import said
from exam_system.oversight.words import about
from exam_system.paging import page_count
from exam_system.people import read_day
from exam_system.records.models import Act, Leaf
from exam_system.web import acting, actor, flash_refusal, looking, trying

PAGE = 50
_SHOWN_ACTS = 50


@bp.get("/oversight/red-lines")
def red_lines() -> ResponseReturnValue:
    """What the red lines found, open cases first; how far the log was looked through."""
    ctx = looking()
    page = max(1, min(request.args.get("page", 1, int), 10_000))
    query = (
        select(RedLineCase, Account.name)
        .outerjoin(Account, Account.id == RedLineCase.account_id)
        .order_by(RedLineCase.state != "open", RedLineCase.id.desc())
    )
    rows = ctx.session.execute(query.offset((page - 1) * PAGE).limit(PAGE)).all()
    count = ctx.session.scalar(select(func.count(RedLineCase.id))) or 0
    version, document = lines.document_of(ctx.session)
    return render_template(
        "duties/lines.html",
        rows=[(case, name, _told(case)) for case, name in rows],
        page=page,
        pages=page_count(count, PAGE),
        mark=watching.mark_of(ctx.session),
        behind=watching.is_behind(ctx.session),
        version=version,
        document=document,
        typed=lines.typed(document),
        posts=_posts(ctx.session),
        words=words,
        inspector=actor().role is Role.INSPECTOR,
    )


def _told(case: RedLineCase) -> str:
    return words.finding_sentence(case.line, json.loads(case.facts))


def _posts(session: Session) -> dict[str, dict[str, str]]:
    return {one.post: {"zh": one.name("zh"), "en": one.name("en")} for one in every_sheet(session)}


@bp.post("/oversight/red-lines")
def check() -> ResponseReturnValue:
    """Look through what has come into the log since the last time."""
    with acting() as ctx:
        found = watching.check_lines(ctx)
    flash(
        _("%(new)s new findings, %(more)s with further acts",
          new=len(found.opened), more=len(found.grown)),
        "info",
    )  # fmt: skip
    return redirect(url_for("integrity.red_lines"), 303)


@bp.post("/oversight/red-lines/rules")
def set_rules() -> ResponseReturnValue:
    """Put another version of the red lines in force."""
    try:
        with acting() as ctx:
            row = lines.set_lines(ctx, given=request.form)
        flash(_("Version %(number)s is in force", number=row.version), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("integrity.red_lines"), 303)


@bp.post("/oversight/red-lines/leave")
def leave() -> ResponseReturnValue:
    """Give somebody leave to take a list out."""
    told = {name: request.form.get(name, "") for name in ("username", "what", "exam", "reason")}
    try:
        until = read_day(request.form.get("until", ""))
    except ValueError:
        flash_refusal(Invalid("A leave is for today or for up to a month"))
        return redirect(url_for("integrity.red_lines"), 303)
    try:
        with acting() as ctx:
            judging.allow_export(ctx, **told, until=until)
        flash(_("The leave is on record."), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("integrity.red_lines"), 303)


@bp.get("/oversight/red-lines/<ref>")
def finding(ref: str) -> ResponseReturnValue:
    """One finding with the acts that prove it."""
    db = looking().session
    case = judging.case_of(db, ref)
    query = (
        select(Act, Leaf.position, Account.name)
        .outerjoin(Leaf, Leaf.act_id == Act.id)
        .outerjoin(Account, Account.ref == Act.actor)
        .where(Act.id.in_(json.loads(case.acts)[:_SHOWN_ACTS]))
        .order_by(Act.id)
    )
    return render_template(
        "duties/finding.html",
        case=case,
        told=_told(case),
        acts=db.execute(query).all(),
        number=len(json.loads(case.acts)),
        whose=db.get(Account, case.account_id) if case.account_id else None,
        judge=db.get(Account, case.decided_by) if case.decided_by else None,
        post=_posts(db)[case.post],
        words=words,
        about=about,
        said=said,
        inspector=actor().role is Role.INSPECTOR,
    )


@bp.post("/oversight/red-lines/<ref>")
def judge(ref: str) -> ResponseReturnValue:
    """Say whether the line was crossed."""
    with trying() as ctx:
        judging.judge_finding(
            ctx,
            ref=ref,
            confirmed=request.form.get("outcome") == "confirmed",
            reason=request.form.get("reason", ""),
        )
    return redirect(url_for("integrity.finding", ref=ref), 303)


@bp.get("/oversight/accountability")
def register() -> ResponseReturnValue:
    """The register of accountability."""
    db = looking().session
    rows = register_of(db)
    page = max(1, min(request.args.get("page", 1, int), 10_000))
    shown = rows[(page - 1) * PAGE : page * PAGE]
    return render_template(
        "duties/register.html",
        rows=[(one, _waiting(db, one)) for one in shown],
        page=page,
        pages=page_count(len(rows), PAGE),
        words=words,
        mine=actor().role is Role.OFFICER,
    )


def _waiting(session: Session, one: Entry) -> dict[str, object] | None:
    """The measure that is asked for or approved, as it was typed."""
    subject = f"measure:{one.source}:{one.about}"
    found = open_approval(session, "duties.hold_accountable", subject)
    if found is None or one.measure:
        return None
    lines = summary_of(found)
    (measure,) = (code for code, said in judging.MEASURES.items() if said.msgid == lines[1].msgid)
    typed = {"measure": measure, "why": str(lines[2].params["reason"])}
    wanted = judging.wanted_measure(looking(), source=one.source, about=one.about, **typed)
    return {"typed": typed, "asked": asked(wanted)}


@bp.post("/oversight/accountability/<source>/<about>")
def hold(source: str, about: str) -> ResponseReturnValue:
    """Ask for the approval of a measure; once it is given enter it."""
    typed = {name: request.form.get(name, "") for name in ("measure", "why")}
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, judging.wanted_measure(ctx, source=source, about=about, **typed))
        else:
            judging.hold_accountable(ctx, source=source, about=about, **typed)
    return redirect(url_for("integrity.register"), 303)
