"""Pages of finding: the public search, and the office's search for a candidate."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from exam_system.errors import Sentence
from exam_system.finding import service
from exam_system.registration.states import STATES
from exam_system.web import acting, flash_refusal, looking

bp = Blueprint("search", __name__)


@bp.get("/search")
def everything() -> ResponseReturnValue:
    """Exams, posts, notices and answered questions by words."""
    words = service.spelled(request.args.get("q", ""))
    enough = len(words) >= service.SHORTEST
    found = service.search_public(looking().session, words) if enough else None
    return render_template("finding/everything.html", q=words, found=found)


@bp.route("/office/candidates", methods=["GET", "POST"])
def candidates() -> ResponseReturnValue:
    """A candidate by name, number, phone or reference; each look is on record."""
    words, status = service.spelled(request.form.get("q", "")), 200
    found, total = None, 0
    if request.method == "POST":
        try:
            with acting() as ctx:
                found, total = service.find_candidates(ctx, words=words)
        except Sentence as error:
            flash_refusal(error)
            status = error.status
    page = render_template(
        "finding/candidates.html",
        q=words,
        found=found,
        total=total,
        states=STATES,
        unknown=service.without_index(looking().session) if found == [] else 0,
    )
    return page, status
