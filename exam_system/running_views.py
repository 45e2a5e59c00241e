"""One's own long works: what is under way, how far it is, how it ended."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from exam_system import running
from exam_system.errors import NotFound
from exam_system.web import actor, office

bp = Blueprint("running", __name__)


@bp.app_context_processor
def news() -> dict[str, object]:
    """Every page tells its reader of their own work."""
    return {"work_news": running.news}


@bp.get("/work")
def mine() -> ResponseReturnValue:
    """Everything of the last days, the newest first."""
    parts, account = office(), actor().account_id
    found = running.works(parts.config, account or 0, parts.clock.now())
    return render_template("running/mine.html", works=found, days=running.KEPT.days)


@bp.get("/work/<name>.json")
def progress(name: str) -> ResponseReturnValue:
    """How far one of them is, for the page's bar."""
    account = actor().account_id or 0
    found = running.find(office().config, account, name) if name.isalnum() else None
    if found is None:
        raise NotFound("There is no such page")
    return jsonify(rooms=found.told.steps, done=found.told.done, running=found.running)
