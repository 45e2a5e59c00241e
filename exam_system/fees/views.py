"""Pages of fees: pay, the gateway's callback, "I paid but it shows unpaid", the ledger."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from exam_system.context import SYSTEM
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.fees import (
    alipay,
    bank_views,
    counter_views,
    drivers,
    receipts,
    refund_views,
    service,
    statement_views,
    ways,
)
from exam_system.fees import ledger as books
from exam_system.fees.blueprint import bp
from exam_system.fees.desk import Desk, Terms, ask_gateway, expiry, open_desk
from exam_system.fees.gateway import (
    CallbackRefused,
    GatewayError,
    GatewayRefused,
    Payment,
    Refusal,
)
from exam_system.fees.models import Order
from exam_system.fees.refunds import accept_refund, returns_of, unsettled
from exam_system.fees.service import Asked
from exam_system.fees.settling import settle_refunds
from exam_system.fees.showing import offered, show_way
from exam_system.fees.states import REFUND_STATES, STATES
from exam_system.fees.wechat import answer_ok, answer_refused
from exam_system.language import when, yuan
from exam_system.paging import page_count
from exam_system.pictures import Bar, bars
from exam_system.registration.lookup import rules_from
from exam_system.registration.office import page_asked, sheet_file
from exam_system.web import acting, flash_refusal, inline, looking, office

__all__ = ["bank_views", "bp", "counter_views", "refund_views", "statement_views"]
PAYMENT = "/applications/<ref>/payment"


@bp.route(PAYMENT, methods=["GET", "POST"])
def pay(ref: str) -> ResponseReturnValue:
    """The posted basis and the button; after it the QR code of the gateway."""
    if request.method == "POST":
        found = service.asked(looking(), ref)
        way = _chosen(request.form.get("way", ""))
        try:
            _open_order(ref, found, way)
        except Sentence as error:
            flash_refusal(error)
        return redirect(url_for("fees.pay", ref=ref, way=way if way != "wechat" else None), 303)
    ctx = looking()
    found = service.asked(ctx, ref)
    unpayable: Sentence | None = None
    try:
        service.check_payable(ctx, found)
    except Conflict as error:
        unpayable = error
    return render_template(
        "fees/pay.html",
        found=found,
        closes=rules_from(found.exam.rules).payment_closes,
        grounds=rules_from(found.exam.rules).waiver_grounds,
        unpayable=unpayable.text(gettext) if unpayable else "",
        returns=returns_of(ctx.session, found.order),
        refund_states={state: gettext(name) for state, name in REFUND_STATES.items()},
        shown=show_way(ctx, found, request.args.get("way", "")) if unpayable is None else None,
        others=offered(ctx.config),
    )


def _chosen(way: str) -> str:
    """The way that the form names, else the first one that the bureau has set up."""
    there = drivers.ways(office().config)
    return way if way in there else (there or ["wechat"])[0]


def _open_order(ref: str, found: Asked, way: str) -> None:
    """Three steps: make the order and commit; ask the gateway; keep what it answered.

    A payment code and the counter need no gateway.
    """
    order = found.order
    if order is None:
        with acting() as ctx:
            order = service.create_order(ctx, ref=ref)
    else:
        service.check_payable(looking(), found)
    if order.state == "paid" or way == "counter":
        return
    if way == "nontax":
        with acting() as ctx:
            ways.issue_code(ctx, ref=ref)
        return
    try:
        link = ask_gateway(open_desk(office().config, way), _terms(ref, found, order))
    except GatewayRefused as refused:
        raise Conflict(_PAID_THERE if refused.code == "ORDERPAID" else _NO_GATEWAY) from None
    except GatewayError:
        raise Conflict(_NO_GATEWAY) from None
    with acting() as ctx:
        if way == "wechat":
            service.open_payment(ctx, ref=ref, link=link)
        else:
            ways.open_way(ctx, ref=ref, driver=way, link=link)


_NO_GATEWAY = "The payment service does not answer: nothing was charged, try again in a minute"
_PAID_THERE = "The payment service has your payment already: press “I have paid, ask again”"


def _terms(ref: str, found: Asked, order: Order) -> Terms:
    base = office().config.base_url.rstrip("/")
    now = datetime.fromtimestamp(time.time(), UTC)
    return Terms(
        trade_no=order.trade_no,
        fen=order.fen,
        description=found.exam.name,
        expires=expiry(rules_from(found.exam.rules).payment_closes, now),
        return_url=base + url_for("registration.application", ref=ref),
    )


@bp.get(f"{PAYMENT}/status.json")
def status(ref: str) -> ResponseReturnValue:
    """Where the order stands, for the page that waits."""
    found = service.asked(looking(), ref)
    order = found.order
    return jsonify(
        application=found.application.state,
        order=order.state if order else None,
        paid=found.application.state == "paid",
    )


@bp.post(f"{PAYMENT}/refresh")
def refresh(ref: str) -> ResponseReturnValue:
    """I paid but it shows unpaid: the gateway is asked, and what it knows is taken in.

    It is also asked how far the refunds of this order are.
    """
    found = service.asked(looking(), ref)
    try:
        _ask_again(ref, found)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("fees.pay", ref=ref), 303)


def _ask_again(ref: str, found: Asked) -> None:
    if found.order is None:
        raise Conflict("There is no order for this application yet")
    payments = _asked_about(found.order)
    with acting() as ctx:
        service.query_order(ctx, ref=ref, paid=bool(payments))
        system = ctx.as_actor(SYSTEM)
        rows = [service.accept_payment(system, payment) for payment in payments]
        refunds = unsettled(ctx.session, found.order)
    if refunds:
        settle_refunds(office(), refunds)
    if not rows:
        raise Conflict("The payment service knows of no payment yet: it may take a few minutes")
    if not all(row.kept for row in rows):
        flash(gettext("Your payment has arrived but cannot count: it goes back to you"), "warning")


def _asked_about(order: Order) -> list[Payment]:
    """What the gateways at which the order was opened know of its payment."""
    names = ways.asked_at_gateways(looking().session, order)
    found = []
    for name in names:
        try:
            found.append(
                open_desk(office().config, name).gateway.query(out_trade_no=order.trade_no)
            )
        except GatewayError:
            raise Conflict(_NO_GATEWAY) from None
    return [payment for payment in found if payment is not None]


@bp.get(f"{PAYMENT}/receipt.pdf")
def receipt(ref: str) -> ResponseReturnValue:
    """The candidate's own receipt."""
    return inline(receipts.own_receipt_pdf(looking(), ref), "application/pdf")


@bp.post("/payments/wechat/callback")
def callback() -> ResponseReturnValue:
    """The gateway tells of a payment or a refund.

    What is not believed gets 4xx, changes and logs nothing.
    """
    try:
        return _answer(*_take(open_desk(office().config)))
    except CallbackRefused as refused:
        return _answer(*answer_refused(refused.reason))
    except (NotFound, Conflict) as error:
        return _answer(error.status, answer_refused(str(error))[1])
    except Sentence as error:
        return _answer(*answer_refused(str(error)))


def _take(desk: Desk) -> tuple[int, dict[str, str]]:
    told = desk.gateway.read_callback(dict(request.headers), request.get_data(), time.time())
    with acting(as_system=True) as ctx:
        if isinstance(told, Payment):
            service.accept_payment(ctx, told)
        else:
            accept_refund(ctx, told)
    return answer_ok()


def _answer(code: int, body: dict[str, str]) -> ResponseReturnValue:
    return jsonify(body), code


@bp.post("/payments/alipay/callback")
def alipay_callback() -> ResponseReturnValue:
    """Alipay tells of a payment or a refund; `success` in plain text ends its repeats.

    What is not believed gets 4xx, changes and logs nothing.
    """
    try:
        _take(open_desk(office().config, "alipay"))
    except CallbackRefused as refused:
        told = alipay.answer_refused() if refused.reason != Refusal.NO_NEWS else alipay.answer_ok()
        return _plain(*told)
    except (NotFound, Conflict) as error:
        return _plain(error.status, alipay.answer_refused()[1])
    except Sentence:
        return _plain(*alipay.answer_refused())
    return _plain(*alipay.answer_ok())


def _plain(code: int, body: str) -> ResponseReturnValue:
    return body, code, {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/exams/<code>/ledger")
def ledger(code: str) -> ResponseReturnValue:
    """What was asked, received, kept and is owed back."""
    ctx = looking()
    exam, page = exam_by_code(ctx.session, code), page_asked()
    owed = request.args.get("show") == "owed"
    words = request.args.get("words", "").strip()[:40]
    total = books.count_entries(ctx.session, exam, owed=owed, words=words)
    totals = books.totals(ctx.session, exam)
    return render_template(
        "fees/ledger.html",
        exam=exam,
        totals=totals,
        picture=_flow(totals),
        rows=books.entries(ctx.session, exam, page, owed=owed, words=words),
        words=words,
        states={state: gettext(name) for state, name in STATES.items()},
        refund_states={state: gettext(name) for state, name in REFUND_STATES.items()},
        owed=owed,
        ways=drivers.ways(ctx.config),
        page=page,
        pages=page_count(total, books.PAGE),
    )


def _flow(totals: books.Totals) -> Markup:
    """Where the money went; the numbers stand above it."""
    sums = (
        (gettext("asked"), totals.asked, False),
        (gettext("received"), totals.received, False),
        (gettext("kept"), totals.kept, False),
        (gettext("refunded"), totals.refunded, False),
        (gettext("to refund"), totals.to_refund, True),
    )
    rows = [Bar(name, fen, yuan(fen), bad) for name, fen, bad in sums]
    return bars(rows, gettext("Asked, received, kept, refunded and to refund, in yuan"))


@bp.post("/exams/<code>/ledger/export")
def export_ledger(code: str) -> ResponseReturnValue:
    """The whole ledger as a file; the export is an act in the log."""
    with acting() as ctx:
        rows = service.export_ledger(ctx, code=code)
        title = exam_by_code(ctx.session, code).name
    cells = [_cells(row) for row in rows]
    return sheet_file(f"ledger-{code}", title, _columns(), cells, verb="fees.export_ledger")


def _columns() -> list[str]:
    return [
        gettext("Order number"),
        gettext("Application"),
        gettext("Name"),
        gettext("Asked (yuan)"),
        gettext("State"),
        gettext("Transaction"),
        gettext("Received (yuan)"),
        gettext("Kept"),
        gettext("Paid at"),
    ]


def _cells(row: books.Entry) -> tuple[Any, ...]:
    kept = {True: gettext("kept"), False: gettext("to refund"), None: ""}[row.kept]
    if row.refund:
        kept = gettext(REFUND_STATES[row.refund])
    received = "" if row.received is None else yuan(row.received)[1:]
    return (
        row.trade_no,
        row.application,
        row.name,
        yuan(row.asked)[1:],
        gettext(STATES[row.state]),
        row.transaction,
        received,
        kept,
        when(row.paid_at),
    )
