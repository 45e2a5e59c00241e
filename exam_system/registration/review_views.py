"""Pages of reviewers: the list of cases, one case, everything that is done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from exam_system.access import VERBS, Role
from exam_system.accounts.models import Account, Person
from exam_system.appointing.leaving import given_up_among
from exam_system.appointing.models import GivingUp
from exam_system.context import Context
from exam_system.errors import Invalid, Refused, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.paging import page_count
from exam_system.people import mask_id, mask_phone, read_day
from exam_system.photos.service import unjudged
from exam_system.registration import cases, queue, service
from exam_system.registration.blueprint import bp
from exam_system.registration.candidate import explained
from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.forms import RefuseForm
from exam_system.registration.integrity import bars_of
from exam_system.registration.lookup import Found, any_application, rules_from
from exam_system.registration.models import ReviewerAbsence
from exam_system.registration.office import page_asked
from exam_system.registration.photos import photo_bytes
from exam_system.registration.queue import Asked, Case
from exam_system.registration.reviewing import (
    OTHER,
    ground_of,
    half_of,
    is_overdue,
    proposal_of,
    today,
)
from exam_system.registration.states import STATES
from exam_system.violations.lookup import records_among
from exam_system.violations.models import IntegrityRecord
from exam_system.web import acting, actor, flash_refusal, inline, looking, trying
from exam_system.web_forms import check_form

CHOICES = {
    "show": queue.SHOW,
    "whose": queue.WHOSE,
    "checks": queue.CHECKS,
    "sort": queue.SORT,
}


@bp.get("/review", endpoint="queue")
def cases_page() -> ResponseReturnValue:
    """The list of cases, the most urgent first; many can be decided alike."""
    ctx, page, asked = looking(), page_asked(), _asked()
    me, day = actor().account_id, today(looking())
    standings = queue.standings(ctx.session, me, day)
    total = queue.count_cases(ctx.session, asked, me, day)
    reviews = actor().role is Role.REVIEWER
    return render_template(
        "registration/queue.html",
        standings=standings,
        sums={key: sum(getattr(one, key) for one in standings) for key in _SUMS},
        asked=asked,
        choices={name: _words(names) for name, names in CHOICES.items()},
        total=total,
        rows=[(row, *_due(ctx, row), _doubts(row)) for row in _rows(ctx, asked, page)],
        states=STATES,
        page=page,
        pages=page_count(total, queue.PAGE),
        reviews=reviews,
        grounds=_grounds(ctx, asked.exam),
        following=queue.next_case(ctx.session, me) if reviews else None,
        absences=_absences(ctx, day),
    )


_SUMS = ("waiting", "overdue", "second", "mine")


def _rows(ctx: Context, asked: Asked, page: int) -> list[Case]:
    return queue.list_cases(ctx.session, asked, actor().account_id, today(ctx), page)


def _asked() -> Asked:
    given = {name: request.args.get(name, "").strip()[:80] for name in ("exam", "words")}
    for name, names in CHOICES.items():
        value = request.args.get(name, "")
        given[name] = value if value in names else next(iter(names))
    return Asked(**given)


def _words(names: dict[str, str]) -> list[tuple[str, str]]:
    return [(key, gettext(name)) for key, name in names.items()]


def _grounds(ctx: Context, code: str) -> list[tuple[str, str]]:
    """Grounds for many at once: those of the exam that is looked at."""
    return _ground_choices(exam_by_code(ctx.session, code).rules) if code else _ground_choices("")


def _ground_choices(rules: str) -> list[tuple[str, str]]:
    named = rules_from(rules).refusal_grounds if rules else ()
    first = ("", gettext("— choose —"))
    return [
        first,
        *((one.code, one.name) for one in named),
        (OTHER, gettext("another ground: say which")),
    ]


def _absences(ctx: Context, day: date) -> list[tuple[ReviewerAbsence, str]]:
    query = (
        select(ReviewerAbsence, Account.name)
        .join(Account, Account.id == ReviewerAbsence.account_id)
        .where(ReviewerAbsence.ends >= day)
        .order_by(ReviewerAbsence.begins, ReviewerAbsence.id)
    )
    return [(row, name) for row, name in ctx.session.execute(query)]


def _due(ctx: Context, row: Case) -> tuple[str, bool]:
    """The last day (or how long it has waited where no holidays are announced), and overdue."""
    if row.due is None:
        days = (ctx.clock.now() - row.submitted_at).days
        return gettext("waiting for %(days)s days", days=days), False
    return row.due.isoformat(), today(ctx) > row.due


def _doubts(row: Case) -> int:
    return sum(1 for _, ok, _ in explained(row.checks) if ok is not True)


@bp.post("/review/together", endpoint="bulk")
def decide_many() -> ResponseReturnValue:
    """Approve or refuse the chosen applications, each by an act of its own; all or none."""
    refs = request.form.getlist("ref")
    try:
        with acting() as ctx:
            cases.decide_together(ctx, refs=refs, approve=_decision(), **_refusal())
        flash(gettext("%(count)s applications were decided", count=len(set(refs))), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("registration.queue", **_back()), 303)


def _back() -> dict[str, Any]:
    names = ("exam", "show", "whose", "checks", "sort", "words", "page")
    return {name: request.form[name] for name in names if request.form.get(name)}


def _refusal() -> dict[str, str]:
    form = request.form
    return {"ground": form.get("ground", OTHER), "reason": form.get("reason", "")}


def _decision() -> bool:
    decision = request.form.get("decision")
    if decision not in ("approve", "refuse"):
        raise Refused("Choose to approve or to refuse")
    return decision == "approve"


@bp.route("/review/<ref>", methods=["GET", "POST"])
def review(ref: str) -> ResponseReturnValue:
    """One application beside its post: approve, or refuse on a ground."""
    form = RefuseForm()
    found = any_application(looking().session, ref)
    if request.method == "GET":
        return _review_page(found, form, 200)
    try:
        check_form(form)
        with acting() as ctx:
            service.decide_application(ctx, ref=ref, approve=_decision(), **_refusal())
            following = queue.next_case(ctx.session, ctx.actor.account_id)
    except Sentence as error:
        flash_refusal(error)
        return _review_page(found, form, error.status)
    if following is None:
        return redirect(url_for("registration.queue"), 303)
    return redirect(url_for("registration.review", ref=following), 303)


def _review_page(found: Found, form: RefuseForm, status: int) -> ResponseReturnValue:
    ctx = looking()
    application, exam, post, person, district = found
    rules = rules_from(exam.rules)
    bars = bars_of(ctx.session, person, rules.exam_type, today(ctx))
    return render_template(
        "registration/review.html",
        application=application,
        exam=exam,
        post=post,
        person=person,
        district=district,
        id_number=mask_id(ctx.keys.vault.open(person.id_sealed)),
        education=gettext(LEVEL_NAMES[application.education]),
        state_name=gettext(STATES[application.state]),
        checks=explained(application.checks),
        bars=bars,
        archive=_archive(ctx, person),
        alike=unjudged(ctx.session, application),
        form=form,
        grounds=_ground_choices(exam.rules),
        chosen_ground=request.form.get("ground", ""),
        ground=ground_of(rules, application.ground),
        case=_case(ctx, found),
        history=_told(ctx, application.ref),
        states=STATES,
    ), status


def _archive(ctx: Context, person: Person) -> list[IntegrityRecord | GivingUp]:
    """What the integrity archive says: decided violations, places given up."""
    blinds, day = [person.id_blind], today(ctx)
    decided = records_among(ctx.session, blinds, day).get(person.id_blind, ())
    return [*decided, *given_up_among(ctx.session, blinds, day).get(person.id_blind, ())]


def _told(ctx: Context, ref: str) -> list[tuple[str, queue.Told]]:
    return [(VERBS[one.kind].said, one) for one in queue.history(ctx.session, ref)]


def _case(ctx: Context, found: Found) -> dict[str, Any]:
    """Whose case it is, until when, and what this reviewer may do with it."""
    application, exam, *_ = found
    me = actor().account_id
    people = {application.owner_id, application.deputy_id, application.proposed_by}
    query = select(Account.id, Account.name).where(Account.id.in_(people - {None}))
    names = {row.id: row.name for row in ctx.session.execute(query)}
    proposal = proposal_of(application) if application.state == "second" else None
    waits = application.state == "submitted"
    return {
        "owner": names.get(application.owner_id),
        "deputy": names.get(application.deputy_id),
        "first": names.get(application.proposed_by),
        "half": half_of(ctx, exam, application) if application.submitted_at else None,
        "overdue": is_overdue(ctx, application) and application.state in ("submitted", "second"),
        "mine": application.owner_id in (None, me),
        "can_take": waits
        and application.owner_id != me
        and cases.may_take_over(ctx, exam, application),
        "proposal": proposal,
        "proposal_ground": ground_of(rules_from(exam.rules), proposal.ground) if proposal else None,
        "can_confirm": proposal is not None and application.proposed_by != me,
        "can_reopen": application.state in ("approved", "refused") and exam.state == "announced",
    }


@bp.get("/review/<ref>/photo.jpg")
def review_photo(ref: str) -> ResponseReturnValue:
    """The candidate's photo for the reviewer."""
    ctx = looking()
    return inline(photo_bytes(ctx.config, any_application(ctx.session, ref)[0].photo), "image/jpeg")


def _act(ref: str, verb: Callable[..., Any], **arguments: Any) -> ResponseReturnValue:
    any_application(looking().session, ref)
    with trying() as ctx:
        verb(ctx, ref=ref, **arguments)
    return redirect(url_for("registration.review", ref=ref), 303)


def _why() -> str:
    return request.form.get("reason", "")


@bp.post("/review/<ref>/second", endpoint="second")
def second_review(ref: str) -> ResponseReturnValue:
    """Confirm another reviewer's decision, or give it back with a reason."""
    if request.form.get("decision") == "confirm":
        return _act(ref, cases.confirm_decision)
    return _act(ref, cases.return_decision, reason=_why())


@bp.post("/review/<ref>/take-over")
def take_over(ref: str) -> ResponseReturnValue:
    """Make another reviewer's case one's own."""
    return _act(ref, cases.take_over, reason=_why())


@bp.post("/review/<ref>/reopen")
def reopen(ref: str) -> ResponseReturnValue:
    """Take a decision back."""
    return _act(ref, cases.reopen_review, reason=_why())


@bp.post("/review/absence")
def absence() -> ResponseReturnValue:
    """Say on which days a reviewer is away."""
    try:
        begins, ends = (_typed_day(name) for name in ("begins", "ends"))
        with acting() as ctx:
            who = request.form.get("username", "")
            cases.declare_absence(ctx, begins=begins, ends=ends, username=who)
        flash(gettext("The absence is declared: the deputies act meanwhile"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("registration.queue"), 303)


def _typed_day(name: str) -> date:
    try:
        return read_day(request.form.get(name, ""))
    except ValueError:
        sentence = "Give the first and the last day; the absence is at most a year"
        raise Invalid(sentence).about(name) from None


@bp.route("/candidates/<ref>/unmask", methods=["GET", "POST"])
def unmask(ref: str) -> ResponseReturnValue:
    """The full ID number or phone, once, for a reason that stays in the log."""
    ctx = looking()
    application, exam, _post, person, _ = any_application(ctx.session, ref)
    field, shown, status = request.form.get("field", ""), "", 200
    if request.method == "POST":
        try:
            with acting() as doing:
                shown = cases.unmask(doing, ref=ref, field=field, reason=_why())
        except Sentence as error:
            flash_refusal(error)
            status = error.status
    vault = ctx.keys.vault
    return render_template(
        "registration/unmask.html",
        application=application,
        exam=exam,
        person=person,
        id_number=mask_id(vault.open(person.id_sealed)),
        phone=mask_phone(vault.open(person.phone_sealed)),
        field=field,
        shown=shown,
        reason=_why(),
        for_office=actor().role is Role.OFFICER,
    ), status
