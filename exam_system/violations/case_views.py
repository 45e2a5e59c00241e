"""Pages of cases: the office's list and case, the candidate's own, papers, public figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from exam_system.accounts.models import Account
from exam_system.approvals.views import ask, asked
from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.people import narrow, read_day
from exam_system.violations import cases, deciding, hearing, serving
from exam_system.violations.bundle import decision_zip
from exam_system.violations.cases import exam_of, find_case, regime_of_case
from exam_system.violations.kinds import kind_of, kinds
from exam_system.violations.listing import (
    cases_of,
    figures_of,
    notices_of,
    own_cases,
    steps_of,
)
from exam_system.violations.models import (
    CaseAvoidance,
    Decision,
    Incident,
    ViolationCase,
)
from exam_system.violations.papers import addressed, kept, subject_name
from exam_system.violations.regimes import procedure, staff_tiers
from exam_system.violations.serving import REVIEW_OUTCOMES, REVIEWS, WAYS
from exam_system.violations.states import CASE_STATES
from exam_system.web import acting, actor, download, flash_refusal, inline, looking, say, trying

bp = Blueprint("cases", __name__)
OUTCOMES = {
    "decided": "Decision of the case",
    "upheld": "Upheld by a review",
    "changed": "Changed by a review",
    "cancelled": "Cancelled by a review",
}


@bp.get("/exams/<code>/violations")
def figures(code: str) -> ResponseReturnValue:
    """What was decided in an exam, by sanction; nobody is named."""
    exam = exam_by_code(looking().session, code)
    rows = figures_of(looking().session, exam)
    return render_template("violations/figures.html", exam=exam, rows=rows)


@bp.get("/office/<code>/violations")
def index(code: str) -> ResponseReturnValue:
    """All cases of an exam; what is overdue is named."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    lines = cases_of(ctx, exam)
    return render_template(
        "violations/cases.html",
        exam=exam,
        lines=lines,
        late=[(line, say(line.overdue)) for line in lines if line.overdue],
        states=CASE_STATES,
        kinds=[one for one in kinds().values() if one.who != "event" and not one.experts],
    )


@bp.post("/office/<code>/violations")
def report(code: str) -> ResponseReturnValue:
    """Open a case that no incident led to."""
    form = request.form
    staff = (form.get("staff_no", "").strip(), form.get("staff_name", "").strip())
    try:
        with acting() as ctx:
            made = cases.report_case(
                ctx,
                code=code,
                kind=form.get("kind", ""),
                facts=form.get("facts", ""),
                number=form.get("number", "").strip(),
                staff=staff if all(staff) else None,
            )
        return redirect(url_for("cases.show", ref=made.ref), 303)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("cases.index", code=code), 303)


@bp.get("/cases/<ref>")
def show(ref: str) -> ResponseReturnValue:
    """One case with its steps, papers, and the form of what comes next."""
    ctx = looking()
    case = find_case(ctx.session, ref)
    exam, regime = exam_of(ctx.session, case), regime_of_case(case)
    draft = deciding.draft_of(ctx.session, case)
    tiers = staff_tiers() if case.staff_no else regime.tiers
    incident = ctx.session.get(Incident, case.incident_id) if case.incident_id else None
    query = (
        select(Account.name, CaseAvoidance.why)
        .join(CaseAvoidance, CaseAvoidance.account_id == Account.id)
        .where(CaseAvoidance.case_id == case.id)
    )
    return render_template(
        "violations/case.html",
        exam=exam,
        case=case,
        kind=kind_of(case.kind),
        regime=regime,
        tiers=tiers,
        suggestion=kind_of(case.kind).suggestion(case.regime),
        subjects=rules_of(exam).subjects,
        whom=addressed(ctx, case),
        subject=subject_name(exam, case),
        incident=incident,
        steps=steps_of(ctx, case),
        notices=notices_of(ctx.session, case),
        decisions=_versions(ctx, case),
        draft=draft,
        asked=asked(deciding.wanted_decision(ctx, ref=ref)) if draft else None,
        settled=deciding.settled_review(ctx.session, case),
        avoiding=list(ctx.session.execute(query)),
        today=ctx.clock.now().astimezone(ctx.config.zone).date(),
        procedure=procedure(),
        ways={key: name for key, name in WAYS.items() if key != "page"},
        all_ways=WAYS,
        reviews=REVIEWS,
        outcomes=REVIEW_OUTCOMES,
        versions=OUTCOMES,
        states=CASE_STATES,
        by_office=actor().role == "officer",
    )


def _versions(ctx: Context, case: ViolationCase) -> list[dict[str, object]]:
    """The decided versions with service and reviews, newest first."""
    regime = regime_of_case(case)
    return [
        {
            "row": one,
            "tier": regime.tier(one.tier) if one.tier else None,
            "service": serving.service_of(ctx.session, one),
            "reviews": serving.reviews_of(ctx.session, one),
        }
        for one in deciding.decisions_of(ctx.session, case)
    ]


def _text(name: str) -> str:
    return request.form.get(name, "")


def _number(name: str) -> int:
    text = narrow(_text(name))
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _day(name: str) -> date:
    try:
        return read_day(_text(name))
    except ValueError:
        raise Invalid("Enter a day such as 2026-03-31").about(name) from None


def _tier() -> tuple[str, int]:
    """Tier and item, chosen in one list as "CANCEL_5Y:3"."""
    tier, _colon, item = _text("tier").partition(":")
    return tier, int(item) if item.isdecimal() and len(item) < 4 else 0


def _notify(ctx: Context, ref: str) -> None:
    tier, item = _tier()
    typed = {name: _text(name) for name in ("facts", "reasons", "subject")}
    hearing.notify_case(ctx, ref=ref, tier=tier, item=item, **typed)


def _draft(ctx: Context, ref: str) -> None:
    tier, item = _tier()
    typed = {name: _text(name) for name in ("facts", "reasons")}
    deciding.draft_decision(ctx, ref=ref, tier=tier, item=item, **typed)


def _decide(ctx: Context, ref: str) -> None:
    if "ask" in request.form:
        ask(ctx, deciding.wanted_decision(ctx, ref=ref))
    else:
        deciding.decide_case(ctx, ref=ref)


STEPS: dict[str, Callable[[Context, str], object]] = {
    "notify": _notify,
    "answer": lambda ctx, ref: hearing.note_answer(ctx, ref=ref, text=_text("text")),
    "end": lambda ctx, ref: hearing.end_hearing(ctx, ref=ref),
    "recheck": lambda ctx, ref: hearing.recheck_case(ctx, ref=ref, finding=_text("finding")),
    "draft": _draft,
    "decide": _decide,
    "serve": lambda ctx, ref: serving.serve_decision(
        ctx, ref=ref, way=_text("way"), proof=_text("proof"), on=_day("on")
    ),
    "review": lambda ctx, ref: serving.file_review(
        ctx, ref=ref, kind=_text("kind"), body=_text("body"), on=_day("on")
    ),
    "outcome": lambda ctx, ref: serving.note_outcome(
        ctx, ref=ref, outcome=_text("outcome"), document=_text("document")
    ),
    "finish": lambda ctx, ref: serving.finish_case(ctx, ref=ref),
    "close": lambda ctx, ref: cases.close_case(ctx, ref=ref, reason=_text("reason")),
    "avoid": lambda ctx, ref: cases.avoid_case(ctx, ref=ref, reason=_text("reason")),
}


@bp.post("/cases/<ref>/<step>")
def act(ref: str, step: str) -> ResponseReturnValue:
    """Take one step of a case."""
    if step not in STEPS:
        raise NotFound("There is no such step")
    with trying() as ctx:
        STEPS[step](ctx, ref)
    return redirect(url_for("cases.show", ref=ref), 303)


def _case_for(ctx: Context, ref: str) -> ViolationCase:
    """For candidates only their own."""
    return (
        hearing.own_case(ctx, ref) if ctx.actor.role == "candidate" else find_case(ctx.session, ref)
    )


@bp.get("/cases/<ref>/notice-<int:version>.pdf")
def notice(ref: str, version: int) -> ResponseReturnValue:
    """The notice of what is intended."""
    ctx = looking()
    case = _case_for(ctx, ref)
    for one in notices_of(ctx.session, case):
        if one.version == version:
            return inline(kept(ctx, one.ref), "application/pdf")
    raise NotFound("There is no such paper")


def _decision(ctx: Context, ref: str, version: int) -> tuple[ViolationCase, Decision]:
    case = _case_for(ctx, ref)
    for one in deciding.decisions_of(ctx.session, case):
        if one.version == version:
            return case, one
    raise NotFound("There is no such paper")


@bp.get("/cases/<ref>/decision-<int:version>.pdf")
def decision(ref: str, version: int) -> ResponseReturnValue:
    """The decision."""
    ctx = looking()
    _case, one = _decision(ctx, ref, version)
    return inline(kept(ctx, one.ref), "application/pdf")


@bp.get("/cases/<ref>/decision-<int:version>.zip")
def bundle(ref: str, version: int) -> ResponseReturnValue:
    """The decision with its signed text and its proof, to be checked."""
    ctx = looking()
    name, data = decision_zip(ctx, *_decision(ctx, ref, version))
    return download(data, name, "application/zip")


@bp.get("/my/cases")
def mine() -> ResponseReturnValue:
    """The candidate's own cases."""
    ctx = looking()
    rows = own_cases(ctx.session, ctx.actor.account_id)
    exams = {row.id: ctx.session.get_one(Exam, row.exam_id) for row in rows}
    return render_template("violations/mine.html", rows=rows, exams=exams, states=CASE_STATES)


@bp.route("/my/cases/<ref>", methods=["GET", "POST"])
def own(ref: str) -> ResponseReturnValue:
    """What is intended or decided against the candidate, and what they can do."""
    if request.method == "POST":
        with trying() as ctx:
            if "receive" in request.form:
                serving.receive_decision(ctx, ref=ref)
            else:
                hearing.answer_notice(ctx, ref=ref, text=_text("text"))
        return redirect(url_for("cases.own", ref=ref), 303)
    ctx = looking()
    case = hearing.own_case(ctx, ref)
    regime = regime_of_case(case)
    notices = notices_of(ctx.session, case)
    today = ctx.clock.now().astimezone(ctx.config.zone).date()
    return render_template(
        "violations/own.html",
        exam=exam_of(ctx.session, case),
        case=case,
        regime=regime,
        notice=notices[0],
        tier=regime.tier(notices[0].tier),
        open=case.state == "noticed" and today <= notices[0].due,
        decisions=_versions(ctx, case),
        steps=steps_of(ctx, case),
        procedure=procedure(),
        ways=WAYS,
        versions=OUTCOMES,
    )
