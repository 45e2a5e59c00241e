"""Pages of messages: a candidate's own with the e-mail address, the office's list of failures."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.errors import Sentence
from exam_system.language import choose_language
from exam_system.messages import listing, service
from exam_system.messages.texts import KINDS
from exam_system.messages.words import CHANNELS, STATES
from exam_system.web import acting, flash_refusal, looking, trying

bp = Blueprint("messages", __name__)


def _page() -> int:
    return max(1, min(request.args.get("page", 1, int), 10_000))


@bp.get("/messages")
def mine() -> ResponseReturnValue:
    """Everything the bureau told me, and where it may write to."""
    ctx, page = looking(), _page()
    shown, pages = listing.own_messages(ctx, choose_language(), page)
    contact = listing.own_contact(ctx)
    address = ctx.keys.vault.open(contact.address_sealed) if contact else ""
    return render_template(
        "messages/mine.html",
        messages=shown,
        page=page,
        pages=pages,
        contact=contact,
        address=_masked(address),
    )


def _masked(address: str) -> str:
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else ""


def _done() -> ResponseReturnValue:
    return redirect(url_for("messages.mine"), 303)


@bp.post("/messages/address")
def address() -> ResponseReturnValue:
    """Give, change or delete the e-mail address."""
    with trying() as ctx:
        if "drop" in request.form:
            service.drop_address(ctx)
        else:
            service.set_address(ctx, address=request.form.get("address", ""))
    return _done()


@bp.post("/messages/confirm")
def confirm() -> ResponseReturnValue:
    """Type the code that came by e-mail."""
    try:
        with acting() as ctx:
            right = service.confirm_address(ctx, code=request.form.get("code", ""))
    except Sentence as error:
        flash_refusal(error)
        return _done()
    if right:
        flash(gettext("From now on messages also come by e-mail."), "success")
    else:
        flash(gettext("The code is wrong: copy it from the newest e-mail."), "danger")
    return _done()


@bp.get("/office/messages")
def office() -> ResponseReturnValue:
    """What was sent and what was not."""
    db, page = looking().session, _page()
    rows, pages = listing.unsent(db, page)
    return render_template(
        "messages/office.html",
        counts=listing.counts(db),
        rows=rows,
        page=page,
        pages=pages,
        kinds=KINDS,
        states=STATES,
        channels=CHANNELS,
    )


@bp.post("/office/messages/<ref>/<channel>")
def again(ref: str, channel: str) -> ResponseReturnValue:
    """Have one message sent once more."""
    with trying() as ctx:
        service.send_again(ctx, ref=ref, channel=channel, reason=request.form.get("reason", ""))
    return redirect(url_for("messages.office"), 303)
