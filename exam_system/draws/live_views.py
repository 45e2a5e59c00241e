"""Pages of draws for those who watch: events, the hall's screen, paper, and the dry run."""

from __future__ import annotations

import base64
from itertools import islice

import segno
from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system import running
from exam_system.database import reading
from exam_system.draws import dry_runs, pages
from exam_system.draws.dry_runs import DryRun
from exam_system.draws.live import Look
from exam_system.draws.lookup import find
from exam_system.draws.manifest import next_number
from exam_system.draws.recipes import recipe_of
from exam_system.draws.rehearsal import is_small, picture
from exam_system.draws.streaming import mark_answer, stream
from exam_system.draws.views import ATTEMPT, words
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.records.models import Note
from exam_system.sheets import Cell, write_csv, write_xlsx
from exam_system.trust.canonical import sha256_hex
from exam_system.web import download, flash_refusal, looking, office

bp = Blueprint("live", __name__)
bp.context_processor(words)
REHEARSAL = "/exams/<code>/draws/<kind>/rehearsal"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _look(draw: str, number: int) -> Look:
    engine = office().engine

    def look() -> str:
        with reading(engine) as db:
            return pages.stamp_of(db, draw, number)

    return look


@bp.get(f"{ATTEMPT}/events")
def events(draw: str, number: int) -> ResponseReturnValue:
    """Server-sent events of one attempt."""
    return stream((draw, number), _look(draw, number))


@bp.get(f"{ATTEMPT}/stamp")
def stamp(draw: str, number: int) -> ResponseReturnValue:
    """The mark that changes whenever the attempt's page has something new to show."""
    return mark_answer((draw, number), _look(draw, number))


@bp.get(f"{ATTEMPT}/hall")
def hall(draw: str, number: int) -> ResponseReturnValue:
    """The ceremony for the screen in the hall, with the way to its public page for phones."""
    db = looking().session
    story = pages.story_of(db, find(db, draw, number))
    address = office().config.base_url + url_for("draws.show", draw=draw, number=number)
    return render_template(
        "draws/hall.html",
        story=story,
        most=pages.MOST_SLOTS,
        address=address,
        code=_picture(address),
    )


@bp.get(f"{ATTEMPT}/print")
def printed(draw: str, number: int) -> ResponseReturnValue:
    """The minutes of one attempt, whole and to be signed by those present."""
    db = looking().session
    story = pages.story_of(db, find(db, draw, number))
    attempt = story.held.attempt
    note = db.get_one(Note, attempt.note_id).digest if attempt.note_id else ""
    path = url_for("oversight.published", path=f"{story.folder}/")
    address = office().config.base_url + path + (f"#{note}" if note else "")
    return render_template(
        "draws/print.html",
        story=story,
        note=note,
        result=sha256_hex(attempt.result.encode()) if attempt.result else "",
        code=_picture(address),
    )


@bp.get(REHEARSAL)
def rehearsal(code: str, kind: str) -> ResponseReturnValue:
    """The newest dry run of the next attempt: whether it can be held, how often who comes where."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    recipe_of(kind)
    known: dict[str, object] = {}
    try:
        next_number(ctx, exam, kind)
        made = dry_runs.newest(ctx.config, ctx.keys.vault, exam, kind)
        known = {"made": made, "problem": made.problem, **_shown(made)} if made else {}
    except Sentence as error:
        known = {"problem": error, "begun": True}
    return render_template("draws/rehearsal.html", exam=exam, kind=kind, **known)


@bp.post(REHEARSAL)
def rehearse(code: str, kind: str) -> ResponseReturnValue:
    """Make a dry run; nothing is written and nothing is used up."""
    back = url_for("live.rehearsal", code=code, kind=kind)
    recipe_of(kind)
    exam_by_code(looking().session, code)

    def act() -> str:
        ctx = looking()
        dry_runs.make(ctx, exam_by_code(ctx.session, code), kind)
        return ""

    try:
        running.begin(running.Work("rehearsal", f"{code}-{kind}", back), act)
    except Conflict as error:
        flash_refusal(error)
    return redirect(back, 303)


def _shown(made: DryRun) -> dict[str, object]:
    """What the page of a dry run shows of labels."""
    if made.found is None:
        return {}
    data = base64.b64encode(picture(made.found).encode()).decode()
    return {
        "few": is_small(made.found),
        "lines": list(islice(made.found.lines(), pages.MOST_SLOTS)),
        "svg": f"data:image/svg+xml;base64,{data}",
    }


@bp.get(f"{REHEARSAL}.<any(csv, xlsx):form>")
def rehearsed(code: str, kind: str, form: str) -> ResponseReturnValue:
    """Every label of the newest dry run as a table."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    made = dry_runs.newest(ctx.config, ctx.keys.vault, exam, kind)
    if made is None or made.problem:
        raise NotFound("No dry run has been made yet")
    if made.found is None:
        raise Conflict("The draw is confidential: its dry run names no labels")
    head = [_("Draw group"), _("Label"), _("Times with a place"), _("Dry runs")]
    head += [_("Different places"), _("Most often"), _("Times there")]
    rows: list[tuple[Cell, ...]] = [
        (one.group, one.label, one.placed, made.runs, one.different, one.often, one.times)
        for one in made.found.lines()
    ]
    name = f"rehearsal-{code}-{kind}.{form}"
    if form == "csv":
        return download(write_csv(head, rows), name, "text/csv")
    return download(write_xlsx(_("Dry run"), head, rows), name, XLSX)


def _picture(text: str) -> str:
    found: str = segno.make(text, error="m", micro=False).svg_data_uri(scale=4, light="#fff")
    return found
