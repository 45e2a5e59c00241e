"""Pages of the bank's files: read one, see what it would do, take it in; refunds it carries out."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.approvals.views import ask, asked
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import bank, reconciling, refund_lists
from exam_system.fees.blueprint import bp
from exam_system.language import when, yuan
from exam_system.people import read_day
from exam_system.registration.office import sheet_file
from exam_system.sheets import SheetError
from exam_system.web import acting, flash_refusal, looking

SHOWN = 300


@bp.route("/fees/bank-files", methods=["GET", "POST"])
def bank_files() -> ResponseReturnValue:
    """All files that were read, and the form for another one."""
    problems: list[str] = []
    if request.method == "POST":
        try:
            return redirect(url_for("fees.bank_file", ref=_read()), 303)
        except SheetError as error:
            problems = error.lines(gettext)
        except Sentence as error:
            flash_refusal(error)
    rows = bank.files(looking().session, SHOWN)
    given = request.form.get("day", "")
    page = render_template("fees/bank_files.html", rows=rows, problems=problems, given=given)
    return page, 422 if problems else 200


def _read() -> str:
    file, nobody = request.files.get("file"), "nobody" in request.form
    there = file is not None and bool(file.filename)
    if there == nobody:
        raise Invalid("Choose the bank's file, or say that nobody has paid on that day").about(
            "file"
        )
    try:
        day = read_day(request.form.get("day", ""))
    except ValueError:
        raise Invalid("Choose a day").about("day") from None
    name, data = (file.filename or "", file.read()) if file and there else ("", None)
    with acting() as ctx:
        return bank.read_bank_file(ctx, day=day, name=name, data=data).ref


@bp.route("/fees/bank-files/<ref>", methods=["GET", "POST"])
def bank_file(ref: str) -> ResponseReturnValue:
    """What each line would do; ask for the approval; once that is given take the file in."""
    if request.method == "POST":
        try:
            _take(ref)
        except Sentence as error:
            flash_refusal(error)
        return redirect(url_for("fees.bank_file", ref=ref), 303)
    ctx = looking()
    file = bank.find(ctx.session, ref)
    foreseen = bank.foresee(ctx.session, file)
    return render_template(
        "fees/bank_file.html",
        file=file,
        rows=foreseen[:SHOWN],
        more=max(0, len(foreseen) - SHOWN),
        counts=Counter(one.effect for one in foreseen),
        effects={name: gettext(sentence) for name, sentence in bank.EFFECTS.items()},
        asked=asked(bank.wanted_file(ctx, ref=ref)) if file.state == "read" else None,
    )


def _take(ref: str) -> None:
    with acting() as ctx:
        if "ask" in request.form:
            ask(ctx, bank.wanted_file(ctx, ref=ref))
            return
        bank.take_bank_file(ctx, ref=ref)
    _reconcile(ref)
    flash(gettext("The file is taken in and the day is reconciled"))


def _reconcile(ref: str) -> None:
    """All files of the day against our books; a file that changes nothing needs no new version."""
    with suppress(Conflict), acting() as ctx:
        day = bank.find(ctx.session, ref).day
        theirs = bank.lines_of_day(ctx.session, day)
        reconciling.reconcile_day(ctx, day=day, source="nontax", theirs=theirs)


@bp.post("/exams/<code>/refunds/list")
def export_refunds(code: str) -> ResponseReturnValue:
    """The list of refunds for the bank; from then on they are under way."""
    try:
        with acting() as ctx:
            rows = refund_lists.export_refunds(ctx, code=code)
            title = exam_by_code(ctx.session, code).name
    except Conflict as error:
        flash_refusal(error)
        return redirect(url_for("fees.refunds", code=code), 303)
    number, fen, result, serial, _done = (column.names[0] for column in refund_lists.COLUMNS)
    columns = [number, gettext("Transaction"), fen, gettext("Paid at"), result, serial]
    cells = [
        (
            known.refund.number,
            known.payment.transaction,
            yuan(known.refund.fen)[1:],
            when(known.payment.paid_at),
            "",
            "",
        )
        for known in rows
    ]
    return sheet_file(f"refunds-{code}", title, columns, cells, verb="fees.export_refunds")


@bp.post("/exams/<code>/refunds/confirmation")
def confirm_refunds(code: str) -> ResponseReturnValue:
    """What the bank says of its list: all lines or none."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid("Choose the bank's file").about("file")
        with acting() as ctx:
            told = refund_lists.confirm_refunds(
                ctx, code=code, name=file.filename, data=file.read()
            )
        flash(
            gettext(
                "The bank has sent back %(done)s payments, and %(failed)s not",
                done=told["SUCCESS"],
                failed=told["CLOSED"],
            )
        )
    except SheetError as error:
        for line in error.lines(gettext)[:20]:
            flash(line, "danger")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("fees.refunds", code=code), 303)
