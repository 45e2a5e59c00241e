"""Pages of the choice of places: the desk and the inspector's, who is named as proxy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam_system.approvals.views import Asked, ask, asked
from exam_system.choosing import closing, opening, proxies, service, showing
from exam_system.choosing.closing import show_choices
from exam_system.choosing.lookup import Held, find, posts_of, sessions_of
from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.interviews.signing import PAPER
from exam_system.people import read_moment
from exam_system.web import acting, download, flash_refusal, looking, office, say, trying

bp = Blueprint("choosing", __name__)
Step = Callable[[Context, str], object]
_KINDS = {"pdf": "application/pdf", "jpg": "image/jpeg"}


def text(name: str) -> str:
    """What was typed or stands in the address."""
    return request.values.get(name, "")


def _starts_at() -> datetime:
    try:
        found = read_moment(text("starts_at"))
    except ValueError:
        raise Invalid("Enter a date and a time").about("starts_at") from None
    return found.replace(tzinfo=office().config.zone)


def _session() -> dict[str, Any]:
    lots = text("lots").replace("，", " ").replace(",", " ").split()
    return {"post": text("post"), "starts_at": _starts_at(), "lots": lots}


@bp.get("/office/exams/<code>/choice")
def index(code: str) -> ResponseReturnValue:
    """The posts whose places are chosen, the sessions so far, and who is named as proxy."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    wanted = None
    if text("post"):
        try:
            wanted = asked(opening.wanted_opening(ctx, code=code, **_session()))
        except Sentence as error:
            flash_refusal(error)
    sessions = sessions_of(ctx.session, exam)
    return render_template(
        "choosing/index.html",
        exam=exam,
        rules=rules_of(exam),
        posts=posts_of(ctx.session, exam),
        sessions=[(one, showing.screen(one, service.second(ctx))) for one in sessions],
        say=say,
        proxies=showing.proxies_of(ctx, exam),
        asked=wanted,
    )


@bp.post("/office/exams/<code>/choice/open")
def open_session(code: str) -> ResponseReturnValue:
    """Ask for the approval of a session, or open it."""
    about: dict[str, Any] = {name: text(name) for name in ("post", "starts_at", "lots")}
    try:
        with acting() as ctx:
            if "ask" in request.form:
                ask(ctx, opening.wanted_opening(ctx, code=code, **_session()))
                return redirect(url_for("choosing.index", code=code, **about), 303)
            row = opening.open_session(ctx, code=code, **_session())
            return redirect(url_for("choosing.desk", ref=row.ref), 303)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("choosing.index", code=code, **about), 303)


@bp.post("/office/exams/<code>/choice/proxies")
def add_proxy(code: str) -> ResponseReturnValue:
    """Name who chooses for somebody, with the authorisation."""
    file = request.files.get("file")
    with trying() as ctx:
        proxies.name_proxy(
            ctx,
            code=code,
            number=text("number"),
            name=text("name"),
            id_number=text("id_number"),
            file=(file.filename or "") if file else "",
            data=file.read() if file else b"",
        )
    return redirect(url_for("choosing.index", code=code), 303)


@bp.get("/office/choice/proxies/<ref>")
def proxy_paper(ref: str) -> ResponseReturnValue:
    """The authorisation as it was handed in."""
    kind, data = proxies.authorisation(looking(), ref)
    return download(data, f"{ref}.{kind}", _KINDS[kind])


@bp.post("/office/exams/<code>/choice/proxies/<ref>/end")
def end_proxy(code: str, ref: str) -> ResponseReturnValue:
    """An authorisation is withdrawn."""
    with trying() as ctx:
        proxies.end_proxy(ctx, ref=ref)
    return redirect(url_for("choosing.index", code=code), 303)


@bp.get("/office/choice/<ref>")
def desk(ref: str) -> ResponseReturnValue:
    """A session at the desk and for the inspector in the hall."""
    ctx = looking()
    one = find(ctx.session, ref)
    return render_template(
        "choosing/desk.html",
        exam=one.exam,
        one=one,
        view=showing.screen(one, service.second(ctx)),
        people=showing.people(ctx, one),
        names=showing.place_names(one),
        outcomes=showing.OUTCOMES,
        say=say,
        tones=showing.TONES,
        closing=_closing(ctx, one),
        reopening=_reopening(ctx, one),
        reopen={name: text(name) for name in ("number", "why", "present")},
    )


def _closing(ctx: Context, one: Held) -> Asked | None:
    if one.row.state != "open" or not one.state.finished:
        return None
    return asked(closing.wanted_closing(ctx, ref=one.row.ref))


def _reopening(ctx: Context, one: Held) -> Asked | None:
    if one.row.state != "open" or not text("why"):
        return None
    try:
        return asked(closing.wanted_reopening(ctx, ref=one.row.ref, **_turn()))
    except Sentence as error:
        flash_refusal(error)
        return None


def _turn() -> dict[str, Any]:
    return {"number": text("number"), "why": text("why"), "present": text("present") == "1"}


def _arrive(ctx: Context, ref: str) -> None:
    numbers, by_proxy = request.form.getlist("number"), "proxy" in request.form
    service.note_arrivals(ctx, ref=ref, numbers=numbers, by_proxy=by_proxy)


def _reopen(ctx: Context, ref: str) -> None:
    if "ask" in request.form:
        ask(ctx, closing.wanted_reopening(ctx, ref=ref, **_turn()))
    else:
        closing.reopen_turn(ctx, ref=ref, **_turn())


def _close(ctx: Context, ref: str) -> None:
    if "ask" in request.form:
        ask(ctx, closing.wanted_closing(ctx, ref=ref))
    else:
        closing.close_session(ctx, ref=ref)


STEPS: dict[str, Step] = {
    "arrive": _arrive,
    "call": lambda ctx, ref: service.call_next(ctx, ref=ref),
    "absent": lambda ctx, ref: service.note_absent(ctx, ref=ref),
    "choose": lambda ctx, ref: service.choose(ctx, ref=ref, place=text("place")),
    "withdraw": lambda ctx, ref: service.withdraw_choice(ctx, ref=ref),
    "sign": lambda ctx, ref: service.sign_choice(
        ctx, ref=ref, place=text("place"), signature=text("signature")
    ),
    "paper": lambda ctx, ref: service.sign_choice(
        ctx, ref=ref, place=text("place"), signature=PAPER
    ),
    "give-up": lambda ctx, ref: service.give_up_choice(ctx, ref=ref),
    "overtime": lambda ctx, ref: service.note_overtime(ctx, ref=ref),
    "reopen": _reopen,
    "close": _close,
}


@bp.post("/office/choice/<ref>/witness")
def witness(ref: str) -> ResponseReturnValue:
    """An inspector in the hall confirms what they have seen signed."""
    with trying() as ctx:
        service.witness_choice(ctx, ref=ref, place=text("place"))
    return redirect(url_for("choosing.desk", ref=ref), 303)


@bp.post("/office/choice/<ref>/<step>")
def act(ref: str, step: str) -> ResponseReturnValue:
    """Take one step of a session; a refusal is shown on the next page."""
    if step not in STEPS:
        raise NotFound("There is no such step")
    try:
        with acting() as ctx:
            STEPS[step](ctx, ref)
        if step == "close":
            show_choices(looking().session, office().config)
    except Sentence as error:
        flash_refusal(error)
    asks = step == "reopen" and "ask" in request.form
    kept: dict[str, Any] = {name: text(name) for name in ("number", "why", "present") if asks}
    return redirect(url_for("choosing.desk", ref=ref, **kept), 303)
