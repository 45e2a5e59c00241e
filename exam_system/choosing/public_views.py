"""What everybody sees of the choice of places, the hall's screen, and the candidate's own page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from exam_system.appointing.lookup import own_application
from exam_system.choosing import service, showing
from exam_system.choosing.closing import folder_files
from exam_system.choosing.lookup import Held, find, sessions_of
from exam_system.choosing.views import text
from exam_system.context import Context
from exam_system.errors import NotFound
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.trust.choice_note import CHOICES, NOTE
from exam_system.web import download, looking, office, say, trying

bp = Blueprint("choices", __name__)


@bp.get("/exams/<code>/choice")
def public(code: str) -> ResponseReturnValue:
    """The places of an exam that are chosen, and the results of every closed session."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    sessions = sessions_of(ctx.session, exam)
    return render_template(
        "choosing/public.html",
        exam=exam,
        rules=rules_of(exam),
        sessions=[(one, showing.screen(one, service.second(ctx))) for one in sessions],
        names=showing.place_names,
        results=showing.results,
        outcomes=showing.OUTCOMES,
        say=say,
        tones=showing.TONES,
    )


def _found(ctx: Context, code: str, ref: str) -> Held:
    one = find(ctx.session, ref)
    if one.exam.code != code:
        raise NotFound("There is no such session")
    return one


@bp.get("/exams/<code>/choice/<ref>/hall")
def hall(code: str, ref: str) -> ResponseReturnValue:
    """The screen in the hall: whose turn, the clock, what is left."""
    ctx = looking()
    one = _found(ctx, code, ref)
    view = showing.screen(one, service.second(ctx)).shown(showing.place_names(one))
    address = office().config.base_url + url_for("choices.public", code=code)
    return render_template("choosing/hall.html", exam=one.exam, one=one, view=view, address=address)


@bp.get("/exams/<code>/choice/<ref>/state.json")
def state(code: str, ref: str) -> ResponseReturnValue:
    """The same in JSON, asked for every second by who watches."""
    ctx = looking()
    one = _found(ctx, code, ref)
    answer = jsonify(showing.screen(one, service.second(ctx)).shown(showing.place_names(one)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/exams/<code>/choice/<ref>/<name>")
def file(code: str, ref: str, name: str) -> ResponseReturnValue:
    """One of the two files of a closed session, to be checked by anybody."""
    one = _found(looking(), code, ref)
    if name not in (CHOICES, NOTE) or one.row.state != "closed":
        raise NotFound("There is no such file")
    kind = "application/json" if name == CHOICES else "text/plain"
    return download(folder_files(one.row)[name], name, kind)


@bp.get("/my/applications/<ref>/choice")
def mine(ref: str) -> ResponseReturnValue:
    """The candidate's own turn: how far it is, and choosing when it comes."""
    ctx = looking()
    application = own_application(ctx, ref)
    one = showing.own_session(ctx.session, application)
    view = showing.screen(one, service.second(ctx)) if one else None
    return render_template(
        "choosing/mine.html",
        exam=ctx.session.get_one(Exam, application.exam_id),
        application=application,
        one=one,
        view=view,
        before=_before(one, str(application.number)) if one else None,
        result=_result(one, str(application.number)) if one else None,
        names=showing.place_names(one) if one else {},
        outcomes=showing.OUTCOMES,
        say=say,
    )


def _before(one: Held, number: str) -> int | None:
    """How many people choose before; None when the turn is over."""
    state = one.state
    waiting = list(state.order[state.turn :])
    return waiting.index(number) if number in waiting else None


def _result(one: Held, number: str) -> object:
    return next((row for row in one.state.results if row.ref == number), None)


OWN: dict[str, Callable[[Context, str], object]] = {
    "choose": lambda ctx, ref: service.choose(ctx, ref=ref, place=text("place")),
    "withdraw": lambda ctx, ref: service.withdraw_choice(ctx, ref=ref),
    "sign": lambda ctx, ref: service.sign_choice(ctx, ref=ref, place=text("place")),
    "give-up": lambda ctx, ref: service.give_up_choice(ctx, ref=ref),
}


@bp.post("/my/applications/<ref>/choice/<step>")
def mine_act(ref: str, step: str) -> ResponseReturnValue:
    """The candidate chooses, signs, takes back or gives up."""
    application = own_application(looking(), ref)
    one = showing.own_session(looking().session, application)
    if step not in OWN or one is None:
        raise NotFound("There is no such step")
    with trying() as ctx:
        OWN[step](ctx, one.row.ref)
    return redirect(url_for("choices.mine", ref=ref), 303)
