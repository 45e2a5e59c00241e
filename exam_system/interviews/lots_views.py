"""Pages of sealed lots: the officer's table, and what everybody sees of it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.access import Role
from exam_system.accounts.factors import Occasion
from exam_system.approvals.views import Asked, ask, asked
from exam_system.context import Context
from exam_system.draws.lookup import cosigning
from exam_system.errors import Invalid, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.interviews import lots as verbs
from exam_system.interviews.lookup import groups_of
from exam_system.interviews.lots import Held, newest_lots, next_list
from exam_system.interviews.lots_files import covering_head, folder_name, subject_of
from exam_system.people import narrow
from exam_system.records.notes import missing_cosigners
from exam_system.trust import lots
from exam_system.trust.canonical import parse_jcs, sha256_hex
from exam_system.web import acting, actor, confirmed, download, flash_refusal, looking, say, trying

bp = Blueprint("lots", __name__)
OFFICE = "/office/exams/<code>/lots"
GROUP = f"{OFFICE}/<group>"
NAMES = {
    "": "not begun",
    "committed": "Envelopes filled",
    "opened": "Envelopes open",
    "published": "Bundle published",
    "void": "Attempt void",
}
TONES = {"": "neutral", "committed": "info", "opened": "wait", "published": "good", "void": "bad"}


@bp.context_processor
def words() -> dict[str, object]:
    """Names of the states."""
    return {"lot_names": NAMES, "lot_tones": TONES, "say": say}


@bp.get(OFFICE)
def index(code: str) -> ResponseReturnValue:
    """The groups of an exam and how far their envelopes are."""
    db = looking().session
    exam = exam_by_code(db, code)
    found = [(group.code, newest_lots(db, exam, group.code)) for group in groups_of(db, exam)]
    return render_template("interviews/lots.html", exam=exam, found=found)


@bp.get(GROUP)
def group(code: str, group: str) -> ResponseReturnValue:
    """The step that is due at the table of one group."""
    return _group(code, group)


def _group(code: str, group: str) -> str:
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    held = newest_lots(ctx.session, exam, group)
    begun = held is not None and held.row.state != "void"
    return render_template(
        "interviews/lots_group.html",
        exam=exam,
        group=group,
        held=held,
        shown=_shown(held) if held else [],
        begin=None if begun else _begin(ctx, exam, group),
        missing=_missing(ctx, held) if held and held.row.state == "opened" else [],
        asked=_asked(code, group) if held and held.row.state == "opened" else None,
        voiding=_voiding(ctx, code, group, held),
        folder=folder_name(code, group),
    )


def _begin(ctx: Context, exam: Exam, group: str) -> dict[str, object]:
    """What the next attempt's list is, or why there can be none yet."""
    try:
        text = next_list(ctx, exam, group)
    except Sentence as error:
        return {"problem": error}
    listed = parse_jcs(text)
    assert isinstance(listed, dict)
    return {"digest": sha256_hex(text), "attempt": listed["attempt"], "size": listed["labels"]}


def _shown(held: Held) -> list[dict[str, object]]:
    """A line for every turn: label, envelope and, once opened, the place."""
    settled = {}
    if held.row.secret:
        picks = [pick.envelope for pick in held.picks]
        labels = held.listed["labels"]
        settled = {lot.label: lot for lot in lots.settle(held.row.secret, labels, picks)}
    done = {pick.turn: pick for pick in held.picks}
    return [
        {
            "turn": turn,
            "label": label,
            "now": turn == held.turn and held.row.state == "committed",
            "pick": done.get(turn),
            "lot": settled.get(label),
        }
        for turn, label in enumerate(held.listed["labels"], 1)
    ]


def _missing(ctx: Context, held: Held) -> list[Sentence]:
    """What publication waits for."""
    enough = cosigning(held.listed)
    names = missing_cosigners(ctx.session, held.row.note_id or 0, **enough)
    found: list[Sentence] = [
        Sentence("the signature of %(who)s under the draw's result", who=name) for name in names
    ]
    if covering_head(ctx.session, subject_of(held.exam.code, held.group.code), held.listed) is None:
        found.append(Sentence("the inspector's signature under the newest head of the log"))
    return found


def _asked(code: str, group: str) -> Asked | None:
    if actor().role is not Role.OFFICER:
        return None
    return asked(verbs.wanted_publication(looking(), code=code, group=group))


def _voiding(ctx: Context, code: str, group: str, held: Held | None) -> Occasion | None:
    if actor().role is not Role.INSPECTOR or held is None or held.row.state != "committed":
        return None
    return verbs.voiding(ctx, code, group)


def _step(code: str, group: str, act: Callable[[Context], object]) -> ResponseReturnValue:
    with trying() as ctx:
        act(ctx)
    return redirect(url_for("lots.group", code=code, group=group))


@bp.post(f"{GROUP}/commit")
def commit(code: str, group: str) -> ResponseReturnValue:
    """Log the commitment to the envelopes."""
    typed = request.form.get("commitment", "")[:80]
    return _step(
        code, group, lambda ctx: verbs.commit_lots(ctx, code=code, group=group, commitment=typed)
    )


@bp.post(f"{GROUP}/slips")
def slips(code: str, group: str) -> ResponseReturnValue:
    """The slips for the envelopes as PDF; the secret is not kept."""
    try:
        with acting() as ctx:
            secret = request.form.get("secret", "")[:80]
            data = verbs.print_lots(ctx, code=code, group=group, secret=secret)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("lots.group", code=code, group=group))
    return download(data, f"lots-{code}-{group}.pdf", "application/pdf")


@bp.post(f"{GROUP}/pick")
def pick(code: str, group: str) -> ResponseReturnValue:
    """Record the envelope that was taken, or that nobody came."""
    return _step(
        code,
        group,
        lambda ctx: verbs.pick_lot(ctx, code=code, group=group, envelope=_envelope()),
    )


def _envelope() -> int | None:
    """The number that was typed twice; None for somebody who is not there."""
    if "absent" in request.form:
        return None
    first, again = (narrow(request.form.get(name, "")) for name in ("envelope", "again"))
    if first != again:
        raise Invalid("The two numbers differ: look at the envelope and type it twice").about(
            "again"
        )
    if not first.isascii() or not first.isdigit() or len(first) > 3:
        raise Invalid("Type the number on the envelope").about("envelope")
    return int(first)


@bp.post(f"{GROUP}/open")
def open_envelopes(code: str, group: str) -> ResponseReturnValue:
    """Show the secret and open all envelopes."""
    secret = request.form.get("secret", "")[:80]
    return _step(
        code, group, lambda ctx: verbs.open_lots(ctx, code=code, group=group, secret=secret)
    )


@bp.post(f"{GROUP}/publish")
def publish(code: str, group: str) -> ResponseReturnValue:
    """Ask for the approval of the publication; once it is given publish the bundle."""

    def act(ctx: Context) -> None:
        if "ask" in request.form:
            ask(ctx, verbs.wanted_publication(ctx, code=code, group=group))
        else:
            verbs.publish_lots(ctx, code=code, group=group)

    return _step(code, group, act)


@bp.post(f"{GROUP}/void")
def void(code: str, group: str) -> ResponseReturnValue:
    """The inspector ends the attempt, with a fresh second factor."""
    reason = request.form.get("reason", "")
    try:
        confirmed(
            lambda ctx: verbs.voiding(ctx, code, group),
            lambda ctx: verbs.void_lots(ctx, code=code, group=group, reason=reason),
        )
        flash(_("These envelopes are void. New ones can be filled."), "info")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("lots.group", code=code, group=group))


@bp.get("/exams/<code>/lots")
def every(code: str) -> ResponseReturnValue:
    """The sealed lots of every group, for everybody."""
    return index(code)


@bp.get("/exams/<code>/lots/<group>")
def show(code: str, group: str) -> ResponseReturnValue:
    """What everybody sees: commitment, who picked what, and the places once all are open."""
    db = looking().session
    exam = exam_by_code(db, code)
    held = newest_lots(db, exam, group)
    stamp = f"{held.row.number}-{held.row.state}-{len(held.picks)}" if held else "0"
    return render_template(
        "interviews/lots_show.html",
        exam=exam,
        group=group,
        held=held,
        stamp=stamp,
        shown=_shown(held) if held else [],
        folder=folder_name(code, group),
    )
