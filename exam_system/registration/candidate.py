"""Pages of registration for candidates: my applications, apply, one application."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from exam_system.accounts.models import Person, Takeover
from exam_system.context import Context
from exam_system.errors import NotFound, Sentence
from exam_system.examday.versions import told_to
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Post
from exam_system.photos.leftovers import remove_replaced
from exam_system.registration import choosing, service
from exam_system.registration.blueprint import bp
from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.forms import ApplyForm, PhotoForm
from exam_system.registration.lookup import check_open, is_open, own, rules_from
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_bytes
from exam_system.registration.progress import next_action, steps
from exam_system.registration.reviewing import ground_of
from exam_system.registration.states import MOVES, STATES
from exam_system.violations.listing import own_cases
from exam_system.web import acting, actor, flash_refusal, inline, looking

APPLICATION = "/applications/<ref>"
_CHANGEABLE = ("draft", "refused", "withdrawn")


@bp.get("/applications")
def mine() -> ResponseReturnValue:
    """Where I stand in every exam, and the exams that take applications now."""
    ctx = looking()
    rows = ctx.session.execute(
        select(Application, Exam, Post)
        .join(Exam, Exam.id == Application.exam_id)
        .join(Post, Post.id == Application.post_id)
        .join(Person, Person.id == Application.person_id)
        .where(Person.account_id == actor().account_id)
        .order_by(Application.id.desc())
    ).all()
    announced = ctx.session.scalars(
        select(Exam).where(Exam.state == "announced").order_by(Exam.announced_at, Exam.id)
    )
    taken, now = {row.Exam.id for row in rows}, ctx.clock.now()
    return render_template(
        "registration/mine.html",
        cards=[_card(ctx, *row) for row in rows],
        disputed=_disputed(ctx),
        open_exams=[exam for exam in announced if exam.id not in taken and is_open(exam, now)],
        closes=lambda exam: rules_from(exam.rules).registration_closes,
    )


def _disputed(ctx: Context) -> Takeover | None:
    """The newest takeover of one's own account that nobody has decided."""
    query = (
        select(Takeover)
        .join(Person, Person.id_blind == Takeover.id_blind)
        .where(Person.account_id == actor().account_id, Takeover.state == "waiting")
    )
    return ctx.session.scalar(query.order_by(Takeover.id.desc()).limit(1))


def _card(ctx: Context, application: Application, exam: Exam, post: Post) -> dict[str, Any]:
    return {
        "application": application,
        "exam": exam,
        "post": post,
        "state_name": gettext(STATES[application.state]),
        "steps_now": [(gettext(name), kind, "") for name, kind in steps(application, exam)],
        "action": next_action(application, exam, ctx.clock.now()),
        "rules": rules_from(exam.rules),
        "open": is_open(exam, ctx.clock.now()),
    }


@bp.route("/exams/<code>/apply", methods=["GET", "POST"])
def apply(code: str) -> ResponseReturnValue:
    """Choose a post and say who one is; also to change an application not yet approved.

    What is sent goes to the verb at once, without a look at anything the page shows: this is the
    page of the evening before registration closes.
    """
    if request.method == "GET":
        return _apply_page(code, None)
    form, refusal = ApplyForm(), None
    if form.validate():
        try:
            return redirect(_apply(code, form))
        except Sentence as error:
            refusal = error
    return _apply_page(code, form, refusal)


def _apply_page(
    code: str, sent: ApplyForm | None, refusal: Sentence | None = None
) -> ResponseReturnValue:
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    if exam.state == "draft":
        raise NotFound("There is no exam %(code)s", code=code)
    check_open(ctx, exam)
    posts = ctx.session.scalars(
        select(Post).where(Post.exam_id == exam.id, Post.cancelled.is_(None)).order_by(Post.code)
    ).all()
    earlier = _earlier(ctx, exam)
    if earlier is not None and earlier.state not in _CHANGEABLE:
        return redirect(url_for("registration.application", ref=earlier.ref))
    if refusal is not None:
        flash_refusal(refusal)
    form = _apply_form(ctx, exam, list(posts), earlier, sent)
    page = render_template("registration/apply.html", exam=exam, form=form, posts=posts)
    return page, 200 if refusal is None else refusal.status


def _apply(code: str, form: ApplyForm) -> str:
    with acting() as ctx:
        application = service.apply(
            ctx,
            exam_code=code,
            post_code=form.post.data,
            district_code=form.district.data,
            education=form.education.data,
            major=form.major.data,
            school=form.school.data,
            employer=form.employer.data or "",
            need=form.need.data or "",
        )
    return url_for("registration.application", ref=application.ref)


def _earlier(ctx: Context, exam: Exam) -> Application | None:
    query = select(Application).join(Person, Person.id == Application.person_id)
    return ctx.session.scalar(
        query.where(Application.exam_id == exam.id, Person.account_id == actor().account_id)
    )


def _apply_form(
    ctx: Context,
    exam: Exam,
    posts: list[Post],
    earlier: Application | None,
    sent: ApplyForm | None,
) -> ApplyForm:
    districts = ctx.session.scalars(
        select(District).where(District.exam_id == exam.id).order_by(District.code)
    ).all()
    form = sent or ApplyForm(data=_typed_before(posts, list(districts), earlier))
    form.post.choices = [(post.code, f"{post.code} {post.unit} {post.title}") for post in posts]
    form.district.choices = [(district.code, district.name) for district in districts]
    form.education.choices = [(code, gettext(name)) for code, name in LEVEL_NAMES.items()]
    return form


def _typed_before(
    posts: list[Post], districts: list[District], earlier: Application | None
) -> dict[str, Any]:
    if earlier is None:
        return {"post": request.args.get("post"), "education": "bachelor"}
    codes = {post.id: post.code for post in posts}
    places = {district.id: district.code for district in districts}
    return {
        "post": request.args.get("post") or codes.get(earlier.post_id),
        "district": places.get(earlier.district_id),
        "education": earlier.education,
        "major": earlier.major,
        "school": earlier.school,
        "employer": earlier.employer,
        "need": earlier.need or "",
    }


@bp.get(APPLICATION)
def application(ref: str) -> ResponseReturnValue:
    """One application: what was stated, the photo, the checks, what can be done."""
    return _show(ref, PhotoForm(formdata=None))


def _show(ref: str, form: PhotoForm, status: int = 200) -> ResponseReturnValue:
    ctx = looking()
    found, exam, post, person, district = own(ctx, ref)
    return render_template(
        "registration/application.html",
        **_card(ctx, found, exam, post),
        person=person,
        district=district,
        checks=explained(found.checks),
        education=gettext(LEVEL_NAMES[found.education]),
        can_change=found.state in _CHANGEABLE,
        **_refusal(found, exam, post),
        can_withdraw="withdrawn" in MOVES[found.state] and exam.state == "announced",
        seat_changes=told_to(ctx.session, found),
        cases=own_cases(ctx.session, ctx.actor.account_id),
        form=form,
    ), status


def _refusal(application: Application, exam: Exam, post: Post) -> dict[str, Any]:
    """The ground of a refusal, and what the rules leave the candidate to do."""
    rules = rules_from(exam.rules)
    refused = application.state == "refused"
    posts = (application.refused_posts or "").split()
    return {
        "ground": ground_of(rules, application.ground),
        "may_again": not (refused and rules.reapply == "never"),
        "barred_from_post": refused and rules.reapply == "other" and post.code in posts,
    }


def explained(checks: str) -> list[tuple[str, bool | None, str]]:
    """Rule, result and sentence of the stored checks, in the request's language."""
    names = {"age": "Age", "education": "Education", "sex": "Sex", "major": "Major"}
    names |= {"area": "Area", "barred": "Register of barred people"}
    levels = set(LEVEL_NAMES.values())
    found = []
    for check in json.loads(checks):
        params = {key: gettext(v) if v in levels else v for key, v in check["params"].items()}
        found.append((gettext(names[check["rule"]]), check["ok"], gettext(check["why"]) % params))
    return found


@bp.route(f"{APPLICATION}/choose", methods=["GET", "POST"])
def choose(ref: str) -> ResponseReturnValue:
    """After one's post was cancelled: choose another one, or take the money back."""
    ctx = looking()
    found, exam, post, *_rest = own(ctx, ref)
    if request.method == "POST":
        chosen = request.form.get("post", "")
        return _button(ref, partial(choosing.choose_again, post_code=chosen))
    query = select(Post).where(Post.exam_id == exam.id, Post.cancelled.is_(None))
    return render_template(
        "registration/choose.html",
        application=found,
        exam=exam,
        post=post,
        until=choosing.window(ctx.session, exam),
        posts=ctx.session.scalars(query.order_by(Post.code)).all(),
    )


@bp.post(f"{APPLICATION}/give-up")
def give_up(ref: str) -> ResponseReturnValue:
    """Choose no other post and get the money back."""
    return _button(ref, choosing.give_up_choice)


@bp.post(f"{APPLICATION}/photo")
def photo(ref: str) -> ResponseReturnValue:
    """Take the photo in; a photo that cannot be used is explained beside the field."""
    form = PhotoForm()
    before = own(looking(), ref)[0].photo
    if not form.validate_on_submit():
        return _show(ref, form, 422)
    try:
        with acting() as ctx:
            service.add_photo(ctx, ref=ref, data=form.photo.data.read())
    except Sentence as error:
        form.photo.errors = [error.text(gettext)]
        return _show(ref, form, error.status)
    ctx = looking()
    ctx.session.rollback()  # what was read before the photo came
    remove_replaced(ctx.session, ctx.config, before)
    return redirect(url_for("registration.application", ref=ref))


@bp.get(f"{APPLICATION}/photo.jpg")
def photo_file(ref: str) -> ResponseReturnValue:
    """My photo as it was taken in."""
    ctx = looking()
    return inline(photo_bytes(ctx.config, own(ctx, ref)[0].photo), "image/jpeg")


@bp.post(f"{APPLICATION}/submit")
def submit(ref: str) -> ResponseReturnValue:
    """Submit for review."""
    return _button(ref, service.submit_application)


@bp.post(f"{APPLICATION}/withdraw")
def withdraw(ref: str) -> ResponseReturnValue:
    """Withdraw."""
    return _button(ref, service.withdraw_application)


def _button(ref: str, verb: Any) -> ResponseReturnValue:
    own(looking(), ref)
    try:
        with acting() as ctx:
            verb(ctx, ref=ref)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("registration.application", ref=ref), 303)
