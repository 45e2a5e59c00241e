"""The pages of help: whom there is a tour for, and each tour."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from exam_system.access_pages import PAGES
from exam_system.errors import NotFound
from exam_system.help.tours import picture_file, tours
from exam_system.language import choose_language
from exam_system.web import actor

bp = Blueprint("help", __name__)


@bp.get("/help")
def index() -> ResponseReturnValue:
    """All tours, the reader's own first."""
    found = sorted(tours().values(), key=lambda one: one.key != actor().role)
    return render_template("help/index.html", tours=found, spoken=choose_language())


@bp.get("/help/<key>")
def tour(key: str) -> ResponseReturnValue:
    """One tour with its pictures."""
    if key not in tours():
        raise NotFound("There is no such tour")
    return render_template(
        "help/tour.html",
        tour=tours()[key],
        spoken=choose_language(),
        picture_file=picture_file,
        may_open=lambda endpoint: actor().role in PAGES[endpoint],
    )
