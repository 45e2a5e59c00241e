"""The public page on which anybody objects to a notice that is running."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from exam_system.accounts import tries, work
from exam_system.accounts.door_pages import network, proof, with_wait
from exam_system.appointing.lookup import by_ref
from exam_system.appointing.models import PublicNotice
from exam_system.appointing.objecting import object_publicly
from exam_system.cases.public_views import LETTERS_AN_HOUR
from exam_system.cases.service import Taken
from exam_system.context import Context
from exam_system.errors import NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.web import acting, flash_refusal, looking

bp = Blueprint("objecting", __name__)


@bp.after_request
def _not_kept(response: Response) -> Response:
    """Who objects stays in no browser's cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/exams/<code>/public-notice/<ref>/object", methods=["GET", "POST"])
def write(code: str, ref: str) -> ResponseReturnValue:
    """Object to somebody in a notice; the answer is the service number and its code."""
    if request.method == "GET":
        return _page(code, ref)
    try:
        taken = _take(ref)
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_page(code, ref), error)
    exam = exam_by_code(looking().session, code)
    return render_template("appointing/objected.html", exam=exam, taken=taken)


def _page(code: str, ref: str) -> str:
    ctx = looking()
    exam, notice = exam_by_code(ctx.session, code), by_ref(ctx.session, PublicNotice, ref)
    if notice.exam_id != exam.id:
        raise NotFound("There is nothing of this reference")
    return render_template(
        "appointing/object.html",
        exam=exam,
        notice=notice,
        rules=rules_of(exam),
        typed=request.values,
        puzzle=work.puzzle(ctx, "letter"),
    )


def _take(ref: str) -> Taken:
    with acting() as ctx:
        work.require(ctx, "letter", proof())
        _brake(ctx)
    given = {name: request.form.get(name, "") for name in ("number", "name", "phone", "text")}
    with acting() as ctx:
        return object_publicly(ctx, ref=ref, **given)


def _brake(ctx: Context) -> None:
    """Raise TooMany when too many letters came from there within an hour."""
    if network():
        key = ctx.keys.vault.blind(f"letters:{network()}")
        tries.count_request(ctx, key, most=LETTERS_AN_HOUR, within=timedelta(hours=1))
