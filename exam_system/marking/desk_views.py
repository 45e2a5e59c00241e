"""Pages of markers: their piles, and a page of scripts by number."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.errors import Invalid, Sentence
from exam_system.marking.desk import Pile, own_marks, pile, piles_of, slips
from exam_system.marking.marks import Given, save_marks
from exam_system.web import acting, actor, flash_refusal, looking

bp = Blueprint("grading", __name__)
_FIELD = re.compile("mark:([0-9]{6,12})")


@bp.get("/grading")
def desk() -> ResponseReturnValue:
    """The questions that are the marker's own, and how far they are."""
    piles = piles_of(looking().session, actor().account_id)
    return render_template("grading/desk.html", piles=piles)


@bp.route("/grading/<code>/<question>", methods=["GET", "POST"])
def sheet(code: str, question: str) -> ResponseReturnValue:
    """The next scripts of a question, and the marks given so far; saving a page of marks."""
    own = pile(looking().session, actor().account_id, code, question)
    if request.method == "GET":
        return _page(own, {})
    before = own_marks(looking().session, actor().account_id, own)
    typed = {
        match[1]: text.strip()
        for field, text in request.form.items()
        if (match := _FIELD.fullmatch(field)) and text.strip() != before.get(match[1], "")
    }
    try:
        if not typed:
            raise Invalid("Enter or change at least one mark")
        with acting() as ctx:
            marks = [Given(number, question, mark) for number, mark in typed.items()]
            count = save_marks(ctx, code=code, marks=marks)
    except Sentence as error:
        flash_refusal(error)
        return _page(own, typed), error.status
    flash(_("%(count)s marks are saved", count=count), "success")
    return redirect(url_for("grading.sheet", code=code, question=question))


def _page(own: Pile, typed: dict[str, str]) -> str:
    db, account = looking().session, actor().account_id
    first = max(0, request.args.get("from", 0, type=int))
    return render_template(
        "grading/sheet.html",
        own=own,
        typed=typed,
        waiting=slips(db, account, own, given=False),
        given=slips(db, account, own, given=True, first=min(first, own.given)),
        first=first,
    )
