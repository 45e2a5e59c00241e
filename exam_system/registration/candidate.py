"""Pages of registration for candidates: my applications, one application."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import func, select

from exam_system.accounts.models import Person, Takeover
from exam_system.context import Context
from exam_system.database import UtcTime
from exam_system.errors import Sentence
from exam_system.examday.versions import told_to
from exam_system.exams.models import Exam, ExamSession, Post
from exam_system.fees.models import Order
from exam_system.language import choose_language, when
from exam_system.messages.listing import own_messages
from exam_system.photos.leftovers import remove_replaced
from exam_system.registration import choosing, service
from exam_system.registration.blueprint import bp
from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.forms import PhotoForm
from exam_system.registration.lookup import is_open, own, rules_from
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_bytes
from exam_system.registration.progress import moments, next_action, steps
from exam_system.registration.reviewing import ground_of
from exam_system.registration.states import MOVES, STATES
from exam_system.violations.listing import own_cases
from exam_system.web import acting, actor, flash_refusal, inline, looking, trying
from exam_system.web_forms import check_form
from exam_system.wording import fill

APPLICATION = "/applications/<ref>"
NEWEST = 3  # messages that the home shows
Times = tuple[dict[int, datetime | None], dict[int, datetime]]
CHANGEABLE = ("draft", "refused", "withdrawn")


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
    times = _times(ctx, (row.Application for row in rows))
    return render_template(
        "registration/mine.html",
        cards=[_card(ctx, times, *row) for row in rows],
        told=own_messages(ctx, choose_language(), 1)[0][:NEWEST],
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


def _card(
    ctx: Context, times: Times, application: Application, exam: Exam, post: Post
) -> dict[str, Any]:
    return {
        "application": application,
        "exam": exam,
        "post": post,
        "state_name": gettext(STATES[application.state]),
        "steps_now": _dated_steps(application, exam, times),
        "action": next_action(application, exam, ctx.clock.now()),
        "rules": rules_from(exam.rules),
        "open": is_open(exam, ctx.clock.now()),
    }


def _times(ctx: Context, applications: Iterable[Application]) -> Times:
    """By their ids when applications were paid for, and when exams begin."""
    rows = list(applications)
    paid = select(Order.application_id, Order.paid_at).where(
        Order.application_id.in_([one.id for one in rows])
    )
    begins = (
        select(ExamSession.exam_id, func.min(ExamSession.starts_at, type_=UtcTime()))
        .where(ExamSession.exam_id.in_([one.exam_id for one in rows]))
        .group_by(ExamSession.exam_id)
    )
    return (
        {key: at for key, at in ctx.session.execute(paid)},  # noqa: C416
        {key: at for key, at in ctx.session.execute(begins)},  # noqa: C416
    )


def _dated_steps(application: Application, exam: Exam, times: Times) -> list[tuple[str, str, str]]:
    """(step, "done" | "now" | "next", when it was done, or by when it is due)."""
    paid_at, sits_on = times[0].get(application.id), times[1].get(exam.id)
    known = moments(application, rules_from(exam.rules), paid_at, sits_on)
    found = []
    for (name, kind), (past, at) in zip(steps(application, exam), known, strict=True):
        said = when(at) if isinstance(at, datetime) else str(at or "")
        if name == "Admission ticket" and said:
            said = gettext("exam on %(time)s", time=said)
        elif said and not past:
            said = "" if kind == "done" else gettext("until %(time)s", time=said)
        found.append((gettext(name), kind, said))
    return found


@bp.get(APPLICATION)
def application(ref: str) -> ResponseReturnValue:
    """One application: what was stated, the photo, the checks, what can be done."""
    return _show(ref, PhotoForm(formdata=None))


def _show(ref: str, form: PhotoForm, status: int = 200) -> ResponseReturnValue:
    ctx = looking()
    found, exam, post, person, district = own(ctx, ref)
    return render_template(
        "registration/application.html",
        **_card(ctx, _times(ctx, [found]), found, exam, post),
        person=person,
        district=district,
        checks=explained(found.checks),
        education=gettext(LEVEL_NAMES[found.education]),
        can_change=found.state in CHANGEABLE,
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
        why = fill(check["why"], gettext(check["why"]), params)
        found.append((gettext(names[check["rule"]]), check["ok"], why))
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
    try:
        check_form(form)
        with acting() as ctx:
            service.add_photo(ctx, ref=ref, data=form.photo.data.read())
    except Sentence as error:
        flash_refusal(error.about("photo"))
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
    with trying() as ctx:
        verb(ctx, ref=ref)
    return redirect(url_for("registration.application", ref=ref), 303)
