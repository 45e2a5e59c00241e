"""Pages of further contributors: the choice before the freeze, their link, and their own page.

The page behind a link needs no account. Whoever is logged in as a candidate may use it as well; the
log then says `public` all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from exam_system.context import PUBLIC, Context
from exam_system.draws import forms, outside, pages, service
from exam_system.draws.lookup import find
from exam_system.draws.views import ATTEMPT, words
from exam_system.errors import Invalid, Sentence
from exam_system.people import read_moment
from exam_system.web import acting, flash_refusal, looking, trying
from exam_system.web_forms import check_form

bp = Blueprint("contributors", __name__)
bp.context_processor(words)
LINK = "/draws/contribute/<token>"


@bp.post("/exams/<code>/draws/<kind>/sources")
def choose(code: str, kind: str) -> ResponseReturnValue:
    """Choose further contributors and a round of drand for the next attempt."""
    with trying() as ctx:
        outside.choose_sources(
            ctx,
            code=code,
            kind=kind,
            contributors=request.form.getlist("contributor"),
            drand_at=_local(request.form.get("drand_at", ""), ctx.config.zone),
        )
    return redirect(url_for("draws.office", code=code))


def _local(text: str, zone: ZoneInfo) -> datetime | None:
    """A time of the bureau's own zone, as a browser's field gives it."""
    if not text:
        return None
    try:
        return read_moment(text).replace(tzinfo=zone)
    except ValueError:
        raise Invalid("This is not a date with a time").about("drand_at") from None


@bp.post(f"{ATTEMPT}/invite/<role>")
def invite(draw: str, number: int, role: str) -> ResponseReturnValue:
    """Make a contributor's link and show it, this once."""
    try:
        with acting() as ctx:
            token = outside.invite_contributor(ctx, draw=draw, number=number, role=role)
            base = ctx.config.base_url.rstrip("/")
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("draws.ceremony", draw=draw, number=number))
    link = base + url_for("contributors.show", token=token)
    picture = segno.make(link, micro=False, error="m").svg_data_uri(scale=5, border=4)
    held = find(looking().session, draw, number)
    return render_template(
        "draws/invitation.html", held=held, role=role, link=link, picture=picture
    )


@bp.get(LINK)
def show(token: str) -> ResponseReturnValue:
    """The contributor's step now."""
    return _page(token)


def _page(token: str, typed: FlaskForm | None = None) -> Response:
    db = looking().session
    draw, number, role = outside.by_token(db, token)
    story = pages.story_of(db, find(db, draw, number))
    task = pages.contribution_of(story, role)
    kind = {"commit": forms.CommitForm, "reveal": forms.RevealForm}.get(task)
    form = typed if kind and isinstance(typed, kind) else kind and kind(formdata=None)
    page = render_template(
        "draws/contribute.html", story=story, role=role, task=task, form=form, token=token
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address is a key
    return answer


def _step(
    token: str, form: FlaskForm, act: Callable[[Context, str, int], None]
) -> ResponseReturnValue:
    try:
        check_form(form)
        with acting() as ctx:
            draw, number, _role = outside.by_token(ctx.session, token)
            mine = ctx.as_actor(PUBLIC)
            act(mine, draw, number)
            ctx.recorded += mine.recorded
    except Sentence as error:
        flash_refusal(error)
        answer = _page(token, form)
        answer.status_code = error.status
        return answer
    return redirect(url_for("contributors.show", token=token))


@bp.post(f"{LINK}/commit")
def commit(token: str) -> ResponseReturnValue:
    """Log the contributor's commitment."""
    form = forms.CommitForm()

    def act(ctx: Context, draw: str, number: int) -> None:
        value = form.commitment.data
        service.commit_secret(ctx, draw=draw, number=number, commitment=value, token=token)

    return _step(token, form, act)


@bp.post(f"{LINK}/reveal")
def reveal(token: str) -> ResponseReturnValue:
    """Reveal the contributor's secret."""
    form = forms.RevealForm()

    def act(ctx: Context, draw: str, number: int) -> None:
        value = form.secret.data
        service.reveal_secret(ctx, draw=draw, number=number, secret=value, token=token)

    return _step(token, form, act)
