"""The office's page of refunds: one approval for all that is owed back, and how far it is."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.approvals.views import ask, asked
from exam_system.errors import Conflict, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import ledger
from exam_system.fees.blueprint import bp
from exam_system.fees.refund_lists import by_bank
from exam_system.fees.refunds import (
    WHY,
    count_refunds,
    list_of,
    refund_payments,
    refunds_of,
    wanted_refunds,
)
from exam_system.fees.settling import Round, settle_refunds
from exam_system.fees.states import REFUND_STATES
from exam_system.web import acting, flash_refusal, looking, office

SHOWN = 200


@bp.route("/exams/<code>/refunds", methods=["GET", "POST"])
def refunds(code: str) -> ResponseReturnValue:
    """The list; ask for its approval; once that is given order the refunds, and ask the gateway."""
    if request.method == "POST":
        try:
            _order(code)
        except Sentence as error:
            flash_refusal(error)
        return redirect(url_for("fees.refunds", code=code), 303)
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    rows, wanted = list_of(ctx.session, exam)
    made = refunds_of(ctx.session, exam, SHOWN)
    count, under_way = count_refunds(ctx.session, exam)
    return render_template(
        "fees/refunds.html",
        exam=exam,
        totals=ledger.totals(ctx.session, exam),
        rows=rows,
        asked=asked(wanted) if wanted else None,
        made=made,
        more=max(0, count - SHOWN),
        states={state: gettext(name) for state, name in REFUND_STATES.items()},
        why={key: gettext(sentence) for key, sentence in WHY.items()},
        open=under_way,
        by_bank=len(by_bank(ctx.session, exam)),
    )


def _order(code: str) -> None:
    with acting() as ctx:
        if "ask" in request.form:
            ask(ctx, wanted_refunds(ctx, code=code))
            return
        numbers = refund_payments(ctx, code=code)
    _tell(settle_refunds(office(), numbers))


@bp.post("/exams/<code>/refunds/ask")
def ask_refunds(code: str) -> ResponseReturnValue:
    """Ask the gateway again for what it has not taken, and how far the rest is."""
    ctx = looking()
    made = refunds_of(ctx.session, exam_by_code(ctx.session, code))
    try:
        _tell(settle_refunds(office(), [known.refund.number for known in made]))
    except Conflict as error:
        flash_refusal(error)
    return redirect(url_for("fees.refunds", code=code), 303)


def _tell(result: Round) -> None:
    flash(gettext("The payment service has answered about %(count)s refunds", count=result.asked))
    for trouble in result.troubles[:5]:
        flash(trouble, "danger")
