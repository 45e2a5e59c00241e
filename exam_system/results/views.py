"""Pages of results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import CEREMONY
from exam_system.approvals.lookup import Wanted
from exam_system.approvals.publications import wanted_publication
from exam_system.approvals.views import Asked, ask, asked
from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, Post
from exam_system.interviews.models import Interview
from exam_system.paging import page_count
from exam_system.people import read_moment
from exam_system.records import releases
from exam_system.records.models import Release
from exam_system.results import codes, lookup, own, service, timing
from exam_system.results.after import AFTER
from exam_system.results.blockers import blockers
from exam_system.results.explain import explain
from exam_system.results.forms import CorrectForm, PrepareForm
from exam_system.results.freezing import frozen
from exam_system.results.models import ResultFreeze
from exam_system.results.published import SignedList, signed_list
from exam_system.results.service import CHAIN, STAGE_NAMES, STAGES
from exam_system.results.spread import Spread, spread
from exam_system.running import Act, Work, begin
from exam_system.web import acting, actor, download, flash_refusal, inline, looking, say

bp = Blueprint("results", __name__)
COMMANDS = (lookup,)  # the verb of a command
VERSION = "<int(min=1,max=9999):version>"
PAGE = 200
OUTCOMES = {
    "scored": "valid",
    "absent": "absent",
    "void": "void by a violation",
    "below": "below the pass mark",
    "shortlisted": "shortlisted",
    "not": "not selected",
    "proposed": "proposed for appointment",
    "invited": "invited to the medical examination",
    "appointed": "to be appointed",
}


def outcome_name(stage: str, outcome: str) -> str:
    """What came of it, in English; templates translate it."""
    return "not proposed" if (stage, outcome) == ("final", "not") else OUTCOMES[outcome]


@dataclass(frozen=True, slots=True)
class StagePanel:
    """What the office sees of one stage; `blockers`: what stands in the way of preparing it,
    `lookers`: who has looked at the draft, and when."""

    stage: str
    published: Release | None
    draft: Release | None
    missing: list[str]
    asked: Asked | None
    counts: dict[str, int]
    form: PrepareForm | None
    blockers: list[str]
    frozen: ResultFreeze | None
    lookers: list[tuple[str, datetime]]


@bp.get("/exams/<code>/results/office")
def office(code: str) -> ResponseReturnValue:
    """The lists of an exam: how far each is, who is missing, what can be done."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    return render_template(
        "results/office.html",
        exam=exam,
        panels=[_panel(ctx, exam, stage) for stage in (*STAGES, *AFTER)],
        names=STAGE_NAMES,
        outcome_name=outcome_name,
        codes=codes.standing(ctx.session, exam),
        now=ctx.clock.now(),
    )


def _panel(ctx: Context, exam: Exam, stage: str) -> StagePanel:
    db = ctx.session
    published = releases.newest(db, exam.id, CHAIN, stage=stage, state="published")
    draft = releases.newest(db, exam.id, CHAIN, stage=stage, state="draft")
    waiting = releases.newest(db, exam.id, CHAIN, state="draft")
    form, why = (None, []) if waiting or stage in AFTER else _next(ctx, exam, stage, published)
    shown = draft or published
    return StagePanel(
        stage,
        published,
        draft,
        releases.missing_signatures(db, draft) if draft else [],
        asked(_publication(ctx, exam, draft)) if draft else None,
        dict(signed_list(db, shown).outcomes) if shown else {},
        form,
        why,
        frozen(db, exam, stage),
        timing.lookers(db, exam.code, draft) if draft else [],
    )


def _next(
    ctx: Context, exam: Exam, stage: str, published: Release | None
) -> tuple[PrepareForm | None, list[str]]:
    """The form that prepares the stage, or what stands in the way now."""
    if published is None and exam.state != STAGES[stage][0]:
        return None, []
    form = CorrectForm(formdata=None) if published else PrepareForm(formdata=None)
    form.stage.data = stage
    found = [] if published else blockers(ctx.session, exam, stage)
    return (None, [say(one) for one in found]) if found else (form, [])


@bp.post("/exams/<code>/results/prepare")
def prepare(code: str) -> ResponseReturnValue:
    """Prepare the next version."""
    stage, reason = request.form.get("stage", ""), request.form.get("reason", "")

    def act() -> str:
        with acting() as ctx:
            at = _minute(ctx)
            service.prepare_release(ctx, code=code, stage=stage, reason=reason[:200], publish_at=at)
        return str(
            _("The list is signed. It can be published once enough inspectors have cosigned it.")
        )

    return _behind("list", code, act, "info")


def _behind(kind: str, code: str, act: Act, tone: str = "success") -> ResponseReturnValue:
    """Do what may take long, and go back to the office's page."""
    back = url_for("results.office", code=code)
    try:
        begin(Work(kind, code, back), act, tone)
    except Sentence as error:
        flash_refusal(error)
    return redirect(back)


def _minute(ctx: Context) -> datetime | None:
    """The announced minute of the form, in the bureau's zone."""
    text = request.form.get("publish_at", "").strip()
    if not text:
        return None
    try:
        return read_moment(text).replace(tzinfo=ctx.config.zone)
    except ValueError:
        sentence = "The announced time is a day and a minute"
        raise Invalid(sentence).about("publish_at") from None


@bp.post("/exams/<code>/results/freeze")
def freeze(code: str) -> ResponseReturnValue:
    """Freeze what a stage's list is computed from."""
    try:
        with acting() as ctx:
            timing.freeze_stage(ctx, code=code, stage=request.form.get("stage", ""))
        flash(_("Marks and scores are frozen for this list"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("results.office", code=code))


@bp.post(f"/exams/<code>/results/{VERSION}/publish")
def publish(code: str, version: int) -> ResponseReturnValue:
    """Ask for the approval of a version; once it is given and cosigned publish it."""

    def act() -> str:
        with acting() as ctx:
            if "ask" not in request.form:
                service.publish_release(ctx, code=code, version=version)
                return str(_("Version %(version)s is published", version=version))
            exam = exam_by_code(ctx.session, code)
            release = releases.by_version(ctx.session, exam.id, CHAIN, version)
            ask(ctx, _publication(ctx, exam, release))
        return ""

    return _behind("results", code, act)


@bp.post(f"/exams/<code>/results/{VERSION}/look")
def look(code: str, version: int) -> ResponseReturnValue:
    """The list of a version before its publication, marked with who took it."""
    try:
        with acting() as ctx:
            data = timing.look_at_draft(ctx, code=code, version=version)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("results.lists", code=code))
    return download(data, f"results-{code}-v{version}-draft.csv", "text/csv; charset=utf-8")


@bp.post(f"/exams/<code>/results/{VERSION}/arm")
def arm(code: str, version: int) -> ResponseReturnValue:
    """Order the publication at the announced minute."""
    try:
        with acting() as ctx:
            timing.arm_release(ctx, code=code, version=version)
        flash(_("It will be published at the announced minute"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("results.office", code=code))


@bp.post(f"/exams/<code>/results/{VERSION}/discard")
def discard(code: str, version: int) -> ResponseReturnValue:
    """Throw a wrong draft away."""
    try:
        with acting() as ctx:
            why = request.form.get("why", "")
            timing.discard_release(ctx, code=code, version=version, why=why)
        flash(_("The draft was thrown away"), "info")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("results.office", code=code))


@bp.post("/exams/<code>/results/codes")
def give(code: str) -> ResponseReturnValue:
    """Give pick-up codes to everybody who has a seat and none yet."""

    def act() -> str:
        with acting() as ctx:
            given = codes.give_codes(ctx, code=code)
        return str(_("%(count)s candidates were given a pick-up code", count=given))

    return _behind("codes", code, act)


@bp.post("/my/applications/<ref>/code")
def renew(ref: str) -> ResponseReturnValue:
    """Another pick-up code in place of a lost one."""
    try:
        with acting() as ctx:
            codes.renew_code(ctx, ref=ref)
        flash(_("You have a new pick-up code; the old one opens nothing new"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("results.mine", ref=ref))


def _publication(ctx: Context, exam: Exam, release: Release) -> Wanted:
    verb, name = "results.publish_release", STAGE_NAMES[release.stage]
    return wanted_publication(ctx, verb, exam, release, name)


@bp.get("/exams/<code>/results")
def lists(code: str) -> ResponseReturnValue:
    """Every published list of an exam, also those that were corrected later."""
    exam = exam_by_code(looking().session, code)
    query = (
        select(Release)
        .where(Release.exam_id == exam.id, Release.chain == CHAIN, Release.state == "published")
        .order_by(Release.version.desc())
    )
    found = looking().session.scalars(query).all()
    newest: dict[str, int] = {}
    for one in found:
        newest.setdefault(one.stage, one.version)
    draft = None
    if actor().role in CEREMONY:
        draft = releases.newest(looking().session, exam.id, CHAIN, state="draft")
    return render_template(
        "results/lists.html",
        exam=exam,
        releases=found,
        newest=newest,
        names=STAGE_NAMES,
        draft=draft,
    )


@bp.get(f"/exams/<code>/results/{VERSION}")
def release(code: str, version: int) -> ResponseReturnValue:
    """One published list: the table by pages, its files, its digest, how to check it."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    shown = releases.by_version(ctx.session, exam.id, CHAIN, version)
    if shown.state != "published":
        raise NotFound("There is no version %(version)s", version=version)
    posts = ctx.session.scalars(
        select(Post.code)
        .where(Post.exam_id == exam.id, Post.cancelled.is_(None))
        .order_by(Post.code)
    ).all()
    return render_template(
        "results/release.html",
        exam=exam,
        release=shown,
        rules=rules_of(exam),
        names=STAGE_NAMES,
        outcome_name=outcome_name,
        posts=posts,
        spread=spread(ctx.session, shown, request.args.get("post", "")),
        **_slice(signed_list(ctx.session, shown)),
        **_proof(ctx, shown),
    )


def _slice(found: SignedList) -> dict[str, Any]:
    """A page of the rows of one post, or the row of one admission number, where it is asked for."""
    number = request.args.get("number", "").strip()
    chosen = found.chosen(request.args.get("post", ""), number)
    pages = page_count(len(chosen), PAGE)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return {
        "rows": found.rows(chosen[(page - 1) * PAGE : page * PAGE]),
        "count": len(chosen),
        "page": page,
        "pages": pages,
    }


def _proof(ctx: Context, shown: Release) -> dict[str, Any]:
    folder = releases.folder_name(ctx.session, shown)
    names = [one for one in releases.file_names(ctx.session, shown) if one not in releases.PRIVATE]
    return {
        "folder": folder,
        "files": names,
        "digest_of": releases.release_digest(ctx.session, shown),
        "root": releases.root_of(ctx.session, shown),
    }


@bp.get("/my/applications/<ref>/results")
def mine(ref: str) -> ResponseReturnValue:
    """A candidate's own scores: how each came about, and the slip that proves it."""
    db = looking().session
    application = own.own_application(db, actor(), ref)
    exam = db.get_one(Exam, application.exam_id)
    rules = rules_of(exam)
    records = own.own_records(db, application)
    trees = {one.release.id: explain(rules, one.row, one.ranked) for one in records}
    shown = [one for one in records if one.current and one.release.stage in ("written", "final")]
    spreads = {one.release.id: _own_spread(db, one) for one in shown}
    return render_template(
        "results/mine.html",
        application=application,
        exam=exam,
        records=records,
        interview=db.get(Interview, application.id),
        trees=trees,
        spreads=spreads,
        names=STAGE_NAMES,
        outcome_name=outcome_name,
        command=own.COMMAND,
        code=codes.own_code(looking(), application),
    )


def _own_spread(db: Session, record: own.OwnRecord) -> Spread | None:
    row = record.row
    mine = "" if row["outcome"] in ("absent", "void") else row.get("total") or row["written"]
    return spread(db, record.release, row["post"], mine or "")


@bp.get(f"/my/applications/<ref>/results/{VERSION}/slip.tlog-proof")
def slip(ref: str, version: int) -> ResponseReturnValue:
    """The candidate's slip as a file."""
    db = looking().session
    application = own.own_application(db, actor(), ref)
    data = releases.slip(db, own.own_release(db, application, version), application.id)
    return download(data, "slip.tlog-proof", "text/plain; charset=utf-8")


@bp.get(f"/my/applications/<ref>/results/{VERSION}/slip.pdf")
def slip_pdf(ref: str, version: int) -> ResponseReturnValue:
    """The same on paper, with the proof as QR codes."""
    ctx = looking()
    application = own.own_application(ctx.session, actor(), ref)
    shown = own.own_release(ctx.session, application, version)
    return inline(own.own_slip_pdf(ctx, application, shown), "application/pdf")
