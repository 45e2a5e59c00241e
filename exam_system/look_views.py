"""What every page looks like: the bureau's colours and emblem, and the page of components."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, send_file

from exam_system import look
from exam_system.errors import NotFound
from exam_system.web import office

bp = Blueprint("look", __name__)


@bp.get("/look.css")
def colours() -> Response:
    """The colours that site.css uses, of the configured one."""
    response = make_response(look.stylesheet(office().config.colour))
    response.mimetype = "text/css"
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"  # kept, and asked after: the colour may change
    response.make_conditional(request)
    return response


@bp.get("/emblem")
def emblem() -> Response:
    """The bureau's emblem."""
    return make_response(send_file(office().config.emblem_file))


@bp.get("/design")
def design() -> str:
    """Every component once, as docs/DESIGN.md names them; in demonstration instances only."""
    if not office().config.demonstration:
        raise NotFound("There is no such page")
    return render_template("design.html")
