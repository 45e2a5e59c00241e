"""The page of a confidential draw: until when, who has looked, and looking with a reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from exam_system.draws.bundle import place_rows
from exam_system.draws.confidential import glances, hidden, look_at_result
from exam_system.draws.lookup import find
from exam_system.draws.views import ATTEMPT, words
from exam_system.errors import Sentence
from exam_system.web import acting, flash_refusal, looking

bp = Blueprint("sealed", __name__)
bp.context_processor(words)


@bp.get(f"{ATTEMPT}/sealed")
def page(draw: str, number: int) -> ResponseReturnValue:
    """Until when the result is confidential, and who looked at it."""
    return _sealed(draw, number, None)


def _sealed(draw: str, number: int, groups: list[dict[str, Any]] | None) -> str:
    db = looking().session
    held = find(db, draw, number)
    return render_template(
        "draws/sealed.html",
        held=held,
        glances=glances(db, held.subject),
        hidden=hidden(held.attempt),
        rows=None if groups is None else place_rows(groups),
        reason=request.form.get("reason", ""),
    )


@bp.post(f"{ATTEMPT}/sealed")
def look(draw: str, number: int) -> ResponseReturnValue:
    """Look at the result before its hour; this answer is the only place where it stands."""
    try:
        with acting() as ctx:
            reason = request.form.get("reason", "")
            groups = look_at_result(ctx, draw=draw, number=number, reason=reason)
    except Sentence as error:
        flash_refusal(error)
        return _sealed(draw, number, None), error.status
    return _sealed(draw, number, groups)
