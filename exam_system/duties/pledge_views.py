"""Pages of the integrity pledge: one's own to read and sign, the office's list and next text."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.accounts import factors
from exam_system.context import Context
from exam_system.duties import pledges
from exam_system.duties.blueprint import bp
from exam_system.errors import Refused, Sentence
from exam_system.web import acting, actor, flash_refusal, looking, typed_factor


@bp.get("/pledge")
def pledge() -> ResponseReturnValue:
    """The pledge of the own role, to be read and signed; afterwards to be read again."""
    ctx, who = looking(), actor()
    text = pledges.in_force(ctx.session, who.role.value)
    return render_template(
        "duties/pledge.html",
        text=text,
        signed=pledges.signature_of(ctx.session, who.account_id, text.digest),
        factor=bool(factors.factors_of(ctx.session, who.account_id)),
        occasion=pledges.occasion(ctx, text),
    )


@bp.post("/pledge")
def sign() -> ResponseReturnValue:
    """Sign it with the own password, or with the second factor where there is one."""
    try:
        with acting() as ctx:
            if held := _proved(ctx):
                pledges.sign_pledge(ctx, digest=request.form.get("digest", ""))
        if not held:
            raise Refused("Your password or code is wrong: nothing was signed")
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("integrity.pledge"), 303)
    flash(_("The pledge is signed: your post is active."), "success")
    return redirect(url_for("accounts.home"), 303)


def _proved(ctx: Context) -> bool:
    text = pledges.in_force(ctx.session, ctx.actor.role.value)
    occasion = pledges.occasion(ctx, text)
    if factors.factors_of(ctx.session, ctx.actor.account_id):
        return factors.prove(ctx, occasion, typed_factor())
    return factors.prove_password(ctx, request.form.get("password", "")[:200], occasion)


@bp.get("/office/pledges")
def pledge_list() -> ResponseReturnValue:
    """Who has signed and who has not, by role, and every text with its digest."""
    ctx = looking()
    return render_template(
        "duties/pledges.html",
        rows=pledges.signed_by_role(ctx.session),
        most=pledges.LONGEST,
    )


@bp.post("/office/pledges/<role>")
def publish_pledge(role: str) -> ResponseReturnValue:
    """Put the next text of a role in force."""
    try:
        with acting() as ctx:
            row = pledges.publish_pledge(
                ctx, role=role, zh=request.form.get("zh", ""), en=request.form.get("en", "")
            )
        flash(_("Version %(number)s is in force", number=row.version), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("integrity.pledge_list"), 303)
