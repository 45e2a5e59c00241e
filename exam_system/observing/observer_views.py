"""The pages of an observer: the exams they are invited to, a view for each look, their remarks."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam_system.cases.kinds import kinds as case_kinds
from exam_system.cases.states import STATES as LETTER_STATES
from exam_system.draws.pages import STATE_NAMES, TONES
from exam_system.draws.states import WORDS
from exam_system.errors import Sentence
from exam_system.language import choose_language
from exam_system.observing import watching
from exam_system.observing.blueprint import bp
from exam_system.observing.kinds import SECTIONS, kinds, require_section
from exam_system.observing.lookup import invitations_of, remarks_of, require_invited
from exam_system.observing.sections import VIEWS
from exam_system.observing.shown import stamp_of
from exam_system.web import acting, flash_refusal, looking

OVER = "over"


@bp.get("/observing")
def home() -> ResponseReturnValue:
    """The exams that the observer may watch, with the views of each."""
    return _home()


def _home() -> str:
    ctx = looking()
    rows = [
        (invitation, kinds()[observer.kind], exam, remarks_of(ctx.session, invitation))
        for invitation, observer, exam in invitations_of(ctx)
    ]
    return render_template(
        "observing/home.html",
        rows=rows,
        sections=SECTIONS,
        letter_states=LETTER_STATES,
        case_names={code: one.name(choose_language()) for code, one in case_kinds().items()},
        form=request.form,
    )


@bp.post("/observing/<code>/<section>")
def look(code: str, section: str) -> ResponseReturnValue:
    """Look at a view: an act; the view itself is the page that follows."""
    with acting() as ctx:
        watching.look(ctx, code=code, section=section)
    return redirect(url_for("observing.view", code=code, section=section), 303)


@bp.get("/observing/<code>/<section>")
def view(code: str, section: str) -> ResponseReturnValue:
    """The view while the last look at it lasts; else a button to look again."""
    ctx = looking()
    invitation, observer, exam = require_invited(ctx, code)
    require_section(observer.kind, section)
    until = watching.open_until(ctx, invitation, section)
    shown = VIEWS[section](ctx, exam) if until else None
    return render_template(
        "observing/view.html",
        exam=exam,
        chosen=section,
        sections=SECTIONS,
        mine=kinds()[observer.kind].sections,
        until=until,
        view=shown,
        stamp=stamp_of(shown) if until else OVER,
        state_names=STATE_NAMES,
        state_words=WORDS,
        tones=TONES,
    )


@bp.get("/observing/<code>/<section>/stamp")
def own_stamp(code: str, section: str) -> ResponseReturnValue:
    """The mark of what the view shows now: asked for by the page itself while a look lasts."""
    ctx = looking()
    invitation, observer, exam = require_invited(ctx, code)
    require_section(observer.kind, section)
    lasts = watching.open_until(ctx, invitation, section)
    found = stamp_of(VIEWS[section](ctx, exam)) if lasts else OVER
    return found, {"Content-Type": "text/plain; charset=utf-8"}


@bp.post("/observing/<code>/remark", endpoint="remark")
def leave(code: str) -> ResponseReturnValue:
    """Take a remark in as a case; its number and code are shown once."""
    said = {name: request.form.get(name, "") for name in ("kind", "title", "text")}
    try:
        with acting() as ctx:
            taken = watching.leave_remark(ctx, code=code, **said)
    except Sentence as error:
        flash_refusal(error)
        return _home(), error.status
    return render_template("observing/remark.html", taken=taken)
