"""Pages of the counter: take money, print its receipt, count it in the evening with somebody."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.approvals.views import ask, asked
from exam_system.errors import Gathered, Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import counter
from exam_system.fees.blueprint import bp
from exam_system.fees.comparing import fen_of
from exam_system.fees.signed import verifiable
from exam_system.people import narrow
from exam_system.records.notes import note_bytes
from exam_system.web import acting, download, flash_refusal, looking, trying


@bp.route("/exams/<code>/counter", methods=["GET", "POST"], endpoint="counter")
def takings(code: str) -> ResponseReturnValue:
    """What was taken and is not counted yet, the form for another payment, earlier counts."""
    if request.method == "POST":
        try:
            return redirect(_receipt_of(code), 303)
        except Sentence as error:
            flash_refusal(error)
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    rows, wanted = counter.list_of(ctx.session, exam)
    return render_template(
        "fees/counter.html",
        exam=exam,
        rows=rows,
        asked=asked(wanted) if wanted else None,
        means={name: gettext(word) for name, word in counter.MEANS.items()},
        counted=counter.counted(ctx.session, exam),
        sums=counter.sums,
        given=request.form,
    )


def _receipt_of(code: str) -> str:
    given = request.form
    with acting() as ctx:
        taking = counter.take_at_counter(
            ctx,
            code=code,
            trade_no=given.get("trade_no", ""),
            means=given.get("means", ""),
            slip=given.get("slip", ""),
        )
        return url_for("fees.counter_receipt", code=code, number=taking.number)


@bp.get("/exams/<code>/counter/<number>")
def counter_receipt(code: str, number: str) -> ResponseReturnValue:
    """One receipt to print and hand over."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    found = counter.one(ctx.session, exam, number)
    return render_template(
        "fees/counter_receipt.html",
        exam=exam,
        row=found,
        means={name: gettext(word) for name, word in counter.MEANS.items()},
    )


@bp.post("/exams/<code>/counter/<number>/void")
def void_taking(code: str, number: str) -> ResponseReturnValue:
    """Strike out a receipt that is not counted."""
    with trying() as ctx:
        counter.void_taking(ctx, number=number, reason=request.form.get("reason", ""))
    return redirect(url_for("fees.counter", code=code), 303)


@bp.post("/exams/<code>/counter/count")
def count(code: str) -> ResponseReturnValue:
    """Ask for the approval of a count; once that is given take the money into the books."""
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, counter.wanted_count(ctx, code=code, **_counted()))
        else:
            counter.count_takings(ctx, code=code)
            flash(gettext("The money is counted and in the books"))
    return redirect(url_for("fees.counter", code=code), 303)


def _counted() -> dict[str, int]:
    wrong, found = Gathered(), {}
    for name in ("cash", "card"):
        with wrong.about(name):
            found[name] = _fen(name)
    wrong.tell()
    return found


def _fen(name: str) -> int:
    text = narrow(request.form.get(name, "")) or "0"
    fen = fen_of(text)
    if fen < 0:
        raise Invalid("Enter an amount in yuan with at most two decimals, e.g. 100.00").about(name)
    return fen


@bp.get("/exams/<code>/counter/counts/<int(max=2147483647):note>.zip")
def counted(code: str, note: int) -> ResponseReturnValue:
    """The signed text of one count and the list that it signs, for `exam verify`."""
    db = looking().session
    rows = counter.counted(db, exam_by_code(db, code)).get(note)
    if rows is None:
        raise NotFound("There is no such count")
    name = f"takings-{rows[-1].taking.number}"
    packed = verifiable(name, "takings", note_bytes(db, note), counter.lines_of(rows))
    return download(packed, f"{name}.zip", "application/zip")
