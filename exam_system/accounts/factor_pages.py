"""Pages of one's own second factors, and the administrator's removal of a lost one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pyotp
import segno
from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.accounts import factors, passkeys
from exam_system.accounts.blueprint import bp
from exam_system.accounts.models import SecondFactor
from exam_system.context import Context
from exam_system.errors import NotFound, Refused, Sentence
from exam_system.web import acting, confirmed, flash_refusal, inline, looking, office


@bp.get("/second-factor", endpoint="factors")
def own_factors() -> ResponseReturnValue:
    """What one has, what one has begun to set up, and how to add one."""
    ctx = looking()
    begun = factors.unfinished(ctx.session, ctx.actor.account_id)
    code = next((one for one in begun if one.kind == "totp"), None)
    key = next((one for one in begun if one.kind == "passkey"), None)
    return render_template(
        "accounts/factors.html",
        rows=factors.factors_of(ctx.session, ctx.actor.account_id),
        occasion=factors.adding(ctx),
        dropping=lambda row: factors.dropping(ctx, row.id),
        named=bool(passkeys.host(ctx.config)),
        code=code,
        secret=_grouped(ctx.keys.vault.open(code.sealed)) if code else "",
        key=key,
        options=_registration(ctx, key) if key else "",
    )


def _grouped(secret: str) -> str:
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def _registration(ctx: Context, key: SecondFactor) -> str:
    challenge = bytes.fromhex(ctx.keys.vault.open(key.sealed))
    return json.dumps(passkeys.registration(ctx.config, ctx.actor, challenge))


@bp.app_template_global("assertion_options")
def assertion_options(occasion: factors.Occasion) -> str:
    """The options of a passkey for this occasion as JSON; empty when the actor has none."""
    ctx = looking()
    keys = [one for one in _own_factors() if one.kind == "passkey"]
    return json.dumps(passkeys.assertion(ctx.config, keys, occasion.challenge)) if keys else ""


@bp.app_template_global("has_factor")
def has_factor() -> bool:
    """Whether the actor has a confirmed second factor."""
    return bool(_own_factors())


def _own_factors() -> list[SecondFactor]:
    """The actor's factors, looked up once a request: a page may ask for each thing to confirm."""
    if "own_factors" not in g:
        ctx = looking()
        g.own_factors = factors.factors_of(ctx.session, ctx.actor.account_id)
    found: list[SecondFactor] = g.own_factors
    return found


@bp.get("/second-factor/picture.svg")
def factor_picture() -> ResponseReturnValue:
    """The QR code of the authenticator that is being set up; gone once it is confirmed."""
    ctx = looking()
    begun = factors.unfinished(ctx.session, ctx.actor.account_id)
    code = next((one for one in begun if one.kind == "totp"), None)
    if code is None:
        raise NotFound("There is no second factor to be confirmed")
    totp = pyotp.TOTP(ctx.keys.vault.open(code.sealed))
    uri = totp.provisioning_uri(name=ctx.actor.name, issuer_name=office().config.origin)
    picture = io.BytesIO()
    segno.make(uri, micro=False, error="m").save(picture, kind="svg", scale=5, border=4)
    return inline(picture.getvalue(), "image/svg+xml")


@bp.post("/second-factor")
def add_factor() -> ResponseReturnValue:
    """Begin to set one up: confirmed by the password, or by the factor one has already."""
    kind, label = request.form.get("kind", ""), request.form.get("label", "")

    def act(ctx: Context) -> None:
        factors.add_second_factor(ctx, kind=kind, label=label)

    try:
        if has_factor():
            confirmed(factors.adding, act)
        else:
            _first(act)
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("accounts.factors"))


def _first(act: Callable[[Context], None]) -> None:
    with acting() as ctx:
        holds = factors.prove_password(ctx, request.form.get("password", "")[:200])
        if holds:
            act(ctx)
    if not holds:
        raise Refused("The password is wrong")


@bp.post("/second-factor/<int(max=2147483647):number>")
def confirm_factor(number: int) -> ResponseReturnValue:
    """Finish setting it up with its first code or answer."""
    answer = request.form.get("passkey") or request.form.get("code", "")
    try:
        with acting() as ctx:
            factors.confirm_second_factor(ctx, factor=number, answer=answer[:20_000])
        flash(_("The second factor is set up"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("accounts.factors"))


@bp.post("/second-factor/<int(max=2147483647):number>/drop")
def drop_factor(number: int) -> ResponseReturnValue:
    """A candidate gives a second factor up, with a fresh code or passkey."""
    try:
        confirmed(
            lambda ctx: factors.dropping(ctx, number),
            lambda ctx: factors.drop_second_factor(ctx, factor=number),
        )
        flash(_("The second factor is removed"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("accounts.factors"))


@bp.post("/users/second-factor")
def remove_factors() -> ResponseReturnValue:
    """Remove the second factors of somebody who has lost theirs."""
    try:
        with acting() as ctx:
            username = request.form.get("username", "")
            factors.remove_second_factor(ctx, username=username)
        flash(_("The second factors of %(name)s are removed", name=username), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("accounts.users"))
