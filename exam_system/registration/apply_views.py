"""Applying, one thing at a time: what is typed is kept after each step, the last one sends all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from exam_system import typed
from exam_system.accounts.models import Person
from exam_system.context import Context
from exam_system.errors import NotFound, Sentence
from exam_system.exams import search
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Post
from exam_system.paging import page_count
from exam_system.registration import service
from exam_system.registration.blueprint import bp
from exam_system.registration.candidate import CHANGEABLE, explained
from exam_system.registration.checks import LEVEL_NAMES, run_checks
from exam_system.registration.forms import ApplyForm
from exam_system.registration.lookup import check_open
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs
from exam_system.typed import Typed
from exam_system.web import acting, actor, looking, office, say

STEPS: dict[str, tuple[str, ...]] = {
    "post": ("post",),
    "district": ("district",),
    "education": ("education", "major", "school"),
    "employer": ("employer",),
    "need": ("need",),
}
"""Each step with the fields that it asks for; after them comes "check"."""
CHECK = "check"
FIELDS = tuple(name for names in STEPS.values() for name in names)
SHOWN = 10
"""So many posts stand on one page of the first step."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who applies where, and what is known so far; `earlier` is what was saved before."""

    ctx: Context
    exam: Exam
    answers: dict[str, str]
    earlier: Application | None

    def first_open(self) -> str:
        """The first step that lacks an answer."""
        for step, names in STEPS.items():
            if any(name not in self.answers for name in names):
                return step
        return CHECK


@bp.route("/exams/<code>/apply", methods=["GET", "POST"])
def apply(code: str) -> ResponseReturnValue:
    """Choose a post and say who one is; also to change an application not yet approved.

    The last page sends everything to the verb at once, without a look at anything the page shows:
    this is the page of the evening before registration closes.
    """
    if request.method == "GET":
        return _look(code)
    if "step" in request.form:
        return _keep_step(code)
    form, refusal = ApplyForm(), None
    if form.validate():
        try:
            return redirect(_apply(code, form))
        except Sentence as error:
            refusal = error
    _keep(code, {name: request.form.get(name, "").strip() for name in FIELDS})
    asked = _asked(code)
    return redirect(_to(code)) if asked is None else _check_page(asked, form, refusal)


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
    if actor().account_id is not None:
        typed.drop(office(), actor().account_id or 0, _use(code))
    return url_for("registration.application", ref=application.ref)


def _to(code: str, step: str | None = None) -> str:
    return url_for("registration.apply", code=code, step=step)


def _use(code: str) -> str:
    return f"apply {code}"


def _kept(code: str) -> dict[str, str]:
    found = typed.find(office(), actor().account_id or 0, _use(code))
    return dict(found.fields) if found else {}


def _keep(code: str, answers: dict[str, str]) -> None:
    fields = typed.joined(list(_kept(code).items()), answers.items())
    typed.keep(office(), actor().account_id or 0, _use(code), Typed("", "", fields))


def _asked(code: str) -> _Asked | None:
    """What is asked for; None where there is an application that cannot be changed any more."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    if exam.state == "draft":
        raise NotFound("There is no exam %(code)s", code=code)
    check_open(ctx, exam)
    earlier = _earlier(ctx, exam)
    if earlier is not None and earlier.state not in CHANGEABLE:
        return None
    answers = _stated(ctx, earlier) | _kept(code)
    return _Asked(ctx, exam, answers, earlier)


def _earlier(ctx: Context, exam: Exam) -> Application | None:
    query = select(Application).join(Person, Person.id == Application.person_id)
    return ctx.session.scalar(
        query.where(Application.exam_id == exam.id, Person.account_id == actor().account_id)
    )


def _stated(ctx: Context, earlier: Application | None) -> dict[str, str]:
    """What an earlier application says, as this form types it."""
    if earlier is None:
        return {}
    post = ctx.session.get_one(Post, earlier.post_id)
    district = ctx.session.get_one(District, earlier.district_id)
    found = {name: getattr(earlier, name) or "" for name in ("education", "major", "school")}
    found |= {"employer": earlier.employer, "need": earlier.need or ""}
    found |= {} if post.cancelled else {"post": post.code}
    return found | {"district": str(district.code)}


def _look(code: str) -> ResponseReturnValue:
    asked = _asked(code)
    if asked is None:
        found = _earlier(looking(), exam_by_code(looking().session, code))
        assert found is not None
        return redirect(url_for("registration.application", ref=found.ref))
    step = request.args.get("step", "")
    if "post" in request.args:
        asked.answers["post"] = request.args["post"][:40]
        step = "post"
    if step not in STEPS and step != CHECK:
        step = asked.first_open()
    if step == CHECK:
        opened = asked.first_open()
        return _check_page(asked) if opened == CHECK else redirect(_to(code, step=opened))
    return _step_page(asked, step, _form_of(asked, step))


def _keep_step(code: str) -> ResponseReturnValue:
    asked, step = _asked(code), request.form["step"]
    if asked is None or step not in STEPS:
        return redirect(_to(code), 303)
    answers = {name: request.form.get(name, "").strip() for name in STEPS[step]}
    form = _form_of(asked, step, answers)
    if step == "post" and form.validate() and _post(asked, answers["post"]) is None:
        form.post.errors = [gettext("Choose a post of the list")]
    elif form.validate():
        _keep(code, answers)
        steps = list(STEPS)
        after = [*steps, CHECK][steps.index(step) + 1]
        return redirect(_to(code, step=CHECK if request.form.get("back") else after), 303)
    return _step_page(asked, step, form), 422


def _form_of(asked: _Asked, step: str, sent: dict[str, str] | None = None) -> ApplyForm:
    """The step's fields only, with what is known or was sent."""
    answers = asked.answers if sent is None else sent
    form = ApplyForm(MultiDict({n: answers[n] for n in STEPS[step] if n in answers}))
    for name in FIELDS:
        if name not in STEPS[step]:
            del form[name]
    if "district" in form:
        form.district.choices = [(one.code, one.name) for one in _districts(asked)]
    if "education" in form:
        form.education.choices = [(code, gettext(name)) for code, name in LEVEL_NAMES.items()]
    return form


def _districts(asked: _Asked) -> Sequence[District]:
    query = select(District).where(District.exam_id == asked.exam.id)
    return asked.ctx.session.scalars(query.order_by(District.code)).all()


def _post(asked: _Asked, code: str | None) -> Post | None:
    query = select(Post).where(Post.exam_id == asked.exam.id, Post.cancelled.is_(None))
    return asked.ctx.session.scalar(query.where(Post.code == code))


def _step_page(asked: _Asked, step: str, form: ApplyForm) -> str:
    steps = list(STEPS)
    at = steps.index(step)
    chosen = _post(asked, asked.answers.get("post"))
    found = _posts(asked) if step == "post" else {}
    return render_template(
        "registration/apply.html",
        exam=asked.exam,
        step=step,
        number=at + 1,
        of=len(steps) + 1,
        before=steps[at - 1] if at else None,
        back=request.values.get("back", ""),
        form=form,
        chosen=chosen,
        doubts=_doubts(asked, chosen),
        **found,
    )


def _posts(asked: _Asked) -> dict[str, Any]:
    """The posts that fit the words, by the page; the chosen one stands first on its own."""
    session, choice = asked.ctx.session, search.Choice(q=search.chosen(request.values).q)
    conditions = choice.conditions(asked.exam)
    total = session.scalars(select(func.count()).select_from(Post).where(*conditions)).one()
    pages = page_count(total, SHOWN)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = select(Post).where(*conditions).order_by(Post.code)
    posts = session.scalars(rows.offset((page - 1) * SHOWN).limit(SHOWN)).all()
    return {"posts": posts, "q": choice.q, "total": total, "page": page, "pages": pages}


def _doubts(asked: _Asked, post: Post | None) -> list[tuple[str, bool | None, str]]:
    """What already speaks against the chosen post: age, sex, area and the register."""
    rules = ("age", "sex", "area", "barred")
    return [one for one in _checks(asked, post, rules) if one[1] is not True]


def _checks(
    asked: _Asked, post: Post | None, rules: Sequence[str] | None = None
) -> list[tuple[str, bool | None, str]]:
    """The automatic checks of what is known so far, as sentences."""
    query = select(Person).where(Person.account_id == actor().account_id)
    person = asked.ctx.session.scalar(query)
    if post is None or person is None:
        return []
    level = asked.answers.get("education")
    known = {"education": level if level in LEVEL_NAMES else next(iter(LEVEL_NAMES))}
    stated = Application(**known, major=asked.answers.get("major", ""))
    found = run_checks(*service.checked(asked.ctx, stated, asked.exam, post, person))
    chosen = [check.document() for check in found if rules is None or check.rule in rules]
    return explained(jcs(chosen).decode())


def _check_page(
    asked: _Asked, sent: ApplyForm | None = None, refusal: Sentence | None = None
) -> ResponseReturnValue:
    post = _post(asked, asked.answers.get("post"))
    named = {str(one.code): one.name for one in _districts(asked)}
    level = LEVEL_NAMES.get(asked.answers.get("education", ""), "")
    page = render_template(
        "registration/apply_check.html",
        exam=asked.exam,
        answers={name: asked.answers.get(name, "") for name in FIELDS},
        post=post,
        district=named.get(asked.answers.get("district", ""), ""),
        education=gettext(level) if level else "",
        checks=_checks(asked, post),
        number=len(STEPS) + 1,
        problems=_problems(sent, refusal),
    )
    return page, 200 if sent is None else refusal.status if refusal else 422


def _problems(sent: ApplyForm | None, refusal: Sentence | None) -> list[tuple[str, str]]:
    """(step, sentence) of everything that stood in the way."""
    if refusal is not None:
        return [("post", say(refusal))]
    step_of = {name: step for step, names in STEPS.items() for name in names}
    errors = sent.errors if sent else {}
    return [(step_of[name], str(said)) for name in FIELDS for said in errors.get(name, ())]
