"""The officer's pages of the register of barred people."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system import imports
from exam_system.approvals.lookup import open_approval, standing, summary_of
from exam_system.approvals.views import ask, asked
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.paging import page_count
from exam_system.people import mask_id
from exam_system.registration import integrity
from exam_system.registration.bar_table import REGIMES
from exam_system.registration.blueprint import bp
from exam_system.registration.office import page_asked
from exam_system.sheets import SheetError
from exam_system.sheets.preview import Preview, compare
from exam_system.web import acting, flash_refusal, looking, say


@bp.route("/barred", methods=["GET", "POST"])
def barred() -> ResponseReturnValue:
    """The register; a table is looked at, its approval asked for, and once given taken in."""
    if request.method == "GET":
        return _page()
    one = imports.Import(
        gettext("Register of barred people"), url_for("registration.barred"), _preview, _take
    )
    try:
        return imports.step(one)
    except SheetError as error:
        return _page(error.lines(gettext)), 422
    except Sentence as error:
        return _page([say(error)]), error.status


def _preview(ctx: Context, name: str, data: bytes) -> Preview:
    """The new rows; a register only grows, so that nothing else changes."""
    rows = integrity.new_bars(ctx, name, data)
    regimes = {regime: gettext(words) for regime, words in REGIMES.items()}
    cells = {
        f"{row['id_blind']}{place}": (
            *(row["name"], mask_id(row["id_number"]), regimes[row["regime"]]),
            *(row["basis"], row["why"], str(row["begins"])),
            str(row["ends"] or gettext("for life")),
        )
        for place, row in enumerate(rows)
    }
    names = ("Name", "ID number", "Exams", "Basis", "What happened", "From", "Until")
    note = gettext("Entering them needs the approval of somebody of another office.")
    shown = compare([gettext(name) for name in names], {}, cells, removes=False)
    return Preview(shown.columns, shown.lines, 0, (note,))


def _take(ctx: Context, name: str, data: bytes) -> str:
    """Enter the rows if their approval is given, otherwise ask for it."""
    wanted = integrity.wanted_bars(ctx, name=name, data=data)
    if standing(ctx.session, wanted).state == "approved":
        count = integrity.bar_people(ctx, name=name, data=data)
        return str(gettext("%(count)s entries were added to the register", count=count))
    ask(ctx, wanted)
    return str(gettext("Once it is given, send the same table again: then it is taken in."))


def _page(problems: Sequence[str] = ()) -> str:
    ctx, page = looking(), page_asked()
    number = request.args.get("number", "").strip().upper()
    blind = ctx.keys.vault.blind(number) if number else ""
    rows, total = integrity.list_bars(ctx.session, blind, page)
    opened = ctx.keys.vault.open
    return render_template(
        "registration/barred.html",
        rows=[(row, mask_id(opened(row.id_sealed)), gettext(REGIMES[row.regime])) for row in rows],
        total=total,
        page=page,
        pages=page_count(total, integrity.PAGE),
        problems=problems,
        searched=bool(number),
    )


@bp.route("/barred/<ref>/lift", methods=["GET", "POST"])
def lift(ref: str) -> ResponseReturnValue:
    """Lift an entry before its time: ask for the approval, and once it is given do it."""
    row = integrity.find_bar(looking().session, ref)
    if request.method == "POST":
        try:
            _lift(ref, request.form.get("reason", ""))
            return redirect(url_for("registration.barred"), 303)
        except Sentence as error:
            flash_refusal(error)
            return redirect(url_for("registration.lift", ref=ref), 303)
    ctx = looking()
    approval = open_approval(ctx.session, integrity.LIFT, f"barred:{ref}")
    why = str(summary_of(approval)[-1].params["reason"]) if approval else ""
    wanted = integrity.wanted_lift(ctx, ref=ref, reason=why) if why else None
    return render_template(
        "registration/lift.html",
        row=row,
        id_number=mask_id(ctx.keys.vault.open(row.id_sealed)),
        why=why,
        asked=asked(wanted) if wanted else None,
    )


def _lift(ref: str, reason: str) -> None:
    with acting() as ctx:
        if "ask" in request.form:
            ask(ctx, integrity.wanted_lift(ctx, ref=ref, reason=reason))
        else:
            integrity.lift_bar(ctx, ref=ref, reason=reason)
