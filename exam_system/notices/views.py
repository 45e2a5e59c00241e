"""The office's pages of notices: write, pass level by level, publish; the catalogue's drafts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules_form import LOCAL
from exam_system.notices import lookup, matters, public_views, service
from exam_system.notices.blueprint import bp
from exam_system.notices.checking import findings
from exam_system.notices.closing import close_exam
from exam_system.notices.machines import MACHINES
from exam_system.notices.overdue import stale
from exam_system.notices.publishing import show_notices
from exam_system.notices.rules import CATEGORIES, notice_rules
from exam_system.notices.states import STATES
from exam_system.notices.writing import Attached, Content, release_folders
from exam_system.people import read_day, read_moment
from exam_system.trust.canonical import sha256_hex
from exam_system.web import acting, actor, flash_refusal, looking, office, say

__all__ = ["bp", "public_views"]


@bp.get("/office/bulletins")
def desk() -> ResponseReturnValue:
    """What waits for which level, what is stale, what is withheld, what was published."""
    ctx = looking()
    db = ctx.session
    old = stale(db, ctx.clock.now(), ctx.config.zone)
    return render_template(
        "notices/desk.html",
        waiting=[(one, service.next_level(one.version)) for one in lookup.under_way(db)],
        stale=sorted(old, key=lambda one: one.notice.owner_id != actor().account_id),
        me=actor().account_id,
        withheld=lookup.withheld(db),
        rows=lookup.posted(db),
        categories=CATEGORIES,
        states=STATES,
        drafts=matters.waiting(db),
        catalogue=matters.catalogue(db),
    )


@bp.route("/office/bulletins/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Write a new notice."""
    if request.method == "POST":
        try:
            content = _typed()
            place = request.form.get("place", type=int)
            with acting() as ctx:
                version = service.draft_notice(
                    ctx,
                    category=request.form.get("category", ""),
                    content=content,
                    exam=request.form.get("exam", ""),
                    place=place,
                )
                ref = lookup.notice_of(ctx.session, version).ref
            return redirect(url_for("notices.show", ref=ref), 303)
        except Sentence as error:
            flash_refusal(error)
    return _form(None, request.values.get("exam", ""))


def _form(shown: lookup.Shown | None, code: str) -> ResponseReturnValue:
    db = looking().session
    exams = db.scalars(select(Exam).where(Exam.state != "draft").order_by(Exam.id.desc())).all()
    exam = next((one for one in exams if one.code == code), None)
    return render_template(
        "notices/write.html",
        shown=shown,
        said=shown.document if shown else {},
        exams=exams,
        exam=exam,
        places=rules_of(exam).public_lists if exam else (),
        folders=release_folders(db, exam) if exam else [],
        categories=CATEGORIES,
        local=_local,
    ), 422 if request.method == "POST" else 200


def _local(at: datetime | None) -> str:
    return at.astimezone(office().config.zone).strftime(LOCAL) if at else ""


def _typed() -> Content:
    form = request.form
    files = [file for file in request.files.getlist("files") if file.filename]
    return Content(
        form.get("title", ""),
        form.get("body", ""),
        _moment(form.get("event_at", "")),
        _day(form.get("review_on", "")),
        form.get("line", ""),
        tuple(sorted((_attached(file) for file in files), key=lambda one: one.name)),
        tuple(form.getlist("releases")),
    )


def _attached(file: object) -> Attached:
    return Attached(getattr(file, "filename", "") or "", file.read())  # type: ignore[attr-defined]


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return read_moment(text).replace(tzinfo=office().config.zone)
    except ValueError:
        raise Invalid("Enter a date and a time").about("event_at") from None


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return read_day(text)
    except ValueError:
        raise Invalid("Enter a day such as 2026-03-31").about("review_on") from None


@bp.get("/office/bulletins/<ref>")
def show(ref: str) -> ResponseReturnValue:
    """The newest version of a notice with everything that was done with it, and what comes next."""
    db = looking().session
    shown = lookup.versions_of(db, ref, public=False)[0]
    open_ = shown.version.state in ("draft", "checking", "cleared")
    return render_template(
        "notices/show.html",
        shown=shown,
        files=lookup.files_of(db, shown.version),
        steps=lookup.steps_of(db, [shown.version.id]),
        level=service.next_level(shown.version),
        levels=notice_rules().levels,
        found=[say(one.sentence) for one in findings(db, shown.notice, shown.version)]
        if open_
        else [],
        states=STATES,
        categories=CATEGORIES,
        outcomes=OUTCOMES,
        me=actor(),
    )


OUTCOMES = {
    "drafted": "wrote the text",
    "passed": "passed the text",
    "returned": "returned it",
    "published": "published it",
    "withheld": "withheld it",
    "lifted": "lifted the withholding",
    "reviewed": "read it again: it holds",
}


@bp.route("/office/bulletins/<ref>/write", methods=["GET", "POST"])
def write(ref: str) -> ResponseReturnValue:
    """Change a draft, or write the next version of what is published."""
    shown = lookup.versions_of(looking().session, ref, public=False)[0]
    if request.method == "POST":
        try:
            content = _typed()
            with acting() as ctx:
                if shown.version.state == "published":
                    reason = request.form.get("reason", "")
                    service.correct_notice(ctx, ref=ref, content=content, reason=reason)
                else:
                    service.edit_notice(ctx, ref=ref, content=content)
            return redirect(url_for("notices.show", ref=ref), 303)
        except Sentence as error:
            flash_refusal(error)
    return _form(shown, shown.exam)


@bp.post("/office/bulletins/<ref>/<any(pass, return, publish, withhold, lift, confirm):act>")
def act(ref: str, act: str) -> ResponseReturnValue:
    """Carry one act out: pass, return, publish, withhold, lift, confirm."""
    try:
        with acting() as ctx:
            _DEEDS[act](ctx, ref)
        if act == "publish":
            show_notices(looking().session, office().config)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("notices.show", ref=ref), 303)


def _withhold(ctx: Context, ref: str) -> None:
    until = _day(request.form.get("until", ""))
    if until is None:
        raise Invalid("Enter a day such as 2026-03-31")
    service.withhold_notice(ctx, ref=ref, reason=request.form.get("why", ""), until=until)


_DEEDS: dict[str, Callable[[Context, str], object]] = {
    "pass": lambda ctx, ref: service.pass_level(
        ctx, ref=ref, digest=request.form.get("digest", "")
    ),
    "return": lambda ctx, ref: service.return_notice(ctx, ref=ref, why=request.form.get("why", "")),
    "publish": lambda ctx, ref: service.publish_notice(
        ctx, ref=ref, late_reason=request.form.get("late_reason", "")
    ),
    "withhold": _withhold,
    "lift": lambda ctx, ref: service.lift_withholding(ctx, ref=ref),
    "confirm": lambda ctx, ref: service.confirm_notice(ctx, ref=ref),
}


@bp.post("/office/exams/<code>/finish")
def finish(code: str) -> ResponseReturnValue:
    """Close an exam, once every public list is posted."""
    try:
        exam_by_code(looking().session, code)
        with acting() as ctx:
            close_exam(ctx, code=code)
        flash(_("The exam is closed: every public list is posted."), "success")
    except NotFound:
        raise
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("notices.disclosures", code=code), 303)


@bp.route("/office/services/<code>", methods=["GET", "POST"])
def matter(code: str) -> ResponseReturnValue:
    """Write another text of a matter, or decide on the one that waits."""
    if request.method == "POST":
        try:
            with acting() as ctx:
                _decide_or_draft(ctx, code)
            return redirect(url_for("notices.matter", code=code), 303)
        except Sentence as error:
            flash_refusal(error)
    db = looking().session
    found = matters.matter_of(db, code)
    draft = next((one for one in matters.waiting(db) if one.code == code), None)
    return render_template(
        "notices/matter.html",
        matter=found,
        draft=draft,
        digest=sha256_hex(matters.text_of(draft)) if draft else "",
        labels=matters.FIELDS,
        machines=MACHINES,
        typed=request.form,
    ), 422 if request.method == "POST" else 200


def _decide_or_draft(ctx: Context, code: str) -> None:
    decision = request.form.get("decision", "")
    if decision:
        digest = request.form.get("digest", "")
        matters.decide_matter(ctx, code=code, digest=digest, approved=decision == "approve")
    else:
        matters.draft_matter(ctx, code=code, fields=request.form)
