"""Logging in with all its steps, and registering; what everybody may try is slowed down here."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import cast

from flask import current_app, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from exam_system.accounts import consents, doors, entering, factors, passkeys, service, work
from exam_system.accounts.blueprint import bp
from exam_system.accounts.forms import LoginForm, RegisterForm, spelled
from exam_system.accounts.glance import glance
from exam_system.accounts.hashing import POOL
from exam_system.accounts.models import Account, LoginSession
from exam_system.accounts.sessions import actor_for, find_session
from exam_system.context import Context
from exam_system.errors import Conflict, Refused, Sentence
from exam_system.people import clean_name, clean_phone
from exam_system.web import acting, flash_refusal, looking, safe_path, say, typed_factor

STEPS = {"factor": "accounts.second", "consent": "accounts.agree"}


@bp.record_once
def _set_up(state: BlueprintSetupState) -> None:
    state.app.extensions["login_budget"] = doors.Budget()


def _budget() -> doors.Budget:
    return cast(doors.Budget, current_app.extensions["login_budget"])


def network() -> str:
    """From which part of the network the request comes, as far as that is known."""
    return doors.prefix(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""))


def proof() -> str:
    """The proof of work that the form brings."""
    return request.form.get("altcha", "")


def with_wait(page: str, error: Sentence) -> ResponseReturnValue:
    """A page that refuses, with how long to wait where it says so."""
    seconds = getattr(error, "seconds", 0)
    return page, error.status, {"Retry-After": str(seconds)} if seconds else {}


def _target() -> str:
    target = safe_path(request.args.get("next"))
    return url_for("accounts.home") if target == "/" else target


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Log in; wrong name and wrong password get the same answer."""
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form)
    try:
        entered = _enter(form.login.data, form.password.data)
        if entered is None:
            raise WrongPassword("Name or password is wrong")
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_login_page(form), error)
    token, waits = entered
    _remember(token)
    return _to_step(waits)


def _remember(token: str) -> None:
    session.clear()  # a new session at every login: a planted one is worth nothing
    session["token"] = token


class WrongPassword(Refused):
    """The name or the password; which of them is not said."""

    status = 401


def _login_page(form: LoginForm) -> str:
    puzzle = work.puzzle(looking(), "login") if _needs_work(form.login.data or "") else ""
    return render_template("accounts/login.html", form=form, puzzle=puzzle)


def _needs_work(login: str) -> bool:
    ctx = looking()
    seen = glance(ctx, login, network())
    try:
        return doors.login_needs_work(ctx, seen.name, seen.there, _budget())
    except Refused:
        return True  # after the wait


def _enter(login: str, password: str) -> tuple[str, str | None] | None:
    """The token of a new session and what it waits for; None when name or password is wrong."""
    POOL.require_room()
    ctx = looking()
    seen = glance(ctx, login, network())
    if doors.login_needs_work(ctx, seen.name, seen.there, _budget()):
        work.require_solved(ctx, "login", proof())
    tried = service.try_password(ctx, seen, password)
    with acting() as ctx:
        seen = glance(ctx, login, network(), acts=True)
        if doors.login_needs_work(ctx, seen.name, seen.there, _budget()):
            work.require(ctx, "login", proof())
        account = service.check_password(ctx, login, password, tried, seen)
        if account is None:
            doors.login_failed(ctx, network(), seen.there, _budget())
            return None
        waits = entering.first_wait(ctx, account, seen)
        return service.log_in(ctx, account=account, seen=seen), waits


def _go_on(token: str) -> ResponseReturnValue:
    """To the login's next step, or where one wanted to go."""
    ctx = looking()
    found = find_session(ctx.session, token, ctx.clock.now())
    return _to_step(found[1].waits if found else None)


def _to_step(waits: str | None) -> ResponseReturnValue:
    step = STEPS.get(waits or "")
    if step:
        return redirect(url_for(step, next=request.args.get("next")))
    return redirect(_target())


def _waiting(what: str) -> tuple[str, Account, LoginSession] | None:
    """One's own login that waits for this: its token, whose it is, its row."""
    token = str(session.get("token", ""))
    try:
        return token, *entering.waiting(looking(), token, what)
    except Conflict:
        return None


def _again() -> ResponseReturnValue:
    return redirect(url_for("accounts.login", next=request.args.get("next")), 303)


@bp.route("/login/second", methods=["GET", "POST"])
def second() -> ResponseReturnValue:
    """A candidate's second factor, after the password."""
    found = _waiting("factor")
    if found is None:
        return _again()
    token, account, row = found
    if request.method == "POST":
        try:
            _confirm(token, account)
            return _go_on(token)
        except Sentence as error:
            flash_refusal(error)
            return with_wait(_second_page(account, row), error)
    return _second_page(account, row)


def _second_page(account: Account, row: LoginSession) -> str:
    ctx = looking()
    own = factors.factors_of(ctx.session, account.id)
    keys = [one for one in own if one.kind == "passkey"]
    challenge = entering.occasion(row).challenge
    options = json.dumps(passkeys.assertion(ctx.config, keys, challenge)) if keys else ""
    codes = any(one.kind == "totp" for one in own)
    return render_template("accounts/second.html", options=options, codes=codes)


def _confirm(token: str, account: Account) -> None:
    with acting(who=actor_for(account)) as ctx:
        _, row = entering.waiting(ctx, token, "factor")
        holds = factors.prove(ctx, entering.occasion(row), typed_factor())
        if holds:
            entering.finish_log_in(ctx, token=token)
    if not holds:
        raise Refused(factors.WRONG.msgid)
    looking().session.rollback()  # what was read before the login went on


@bp.route("/login/consent", methods=["GET", "POST"])
def agree() -> ResponseReturnValue:
    """The texts on personal data that have changed, before a candidate goes on."""
    found = _waiting("consent")
    if found is None:
        return _again()
    token, account, _row = found
    if request.method == "POST":
        try:
            with acting(who=actor_for(account)) as ctx:
                entering.agree_texts(ctx, token=token, agreed=request.form.getlist("agree"))
            return redirect(_target())
        except Sentence as error:
            flash_refusal(error)
            return with_wait(_agree_page(), error)
    return _agree_page()


def _agree_page() -> str:
    return render_template(
        "accounts/agree.html", texts=consents.in_force(looking().session), agreed=[]
    )


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """A candidate asks to be registered; the answer is the same for every ID number."""
    form = RegisterForm()
    if not form.is_submitted():
        return _register_page(form)
    if not _is_sound(form):
        return _register_page(form), 422
    try:
        _ask_registration(form)
    except Sentence as error:
        flash_refusal(error)
        return with_wait(_register_page(form), error)
    return redirect(url_for("accounts.login", registered=1, next=request.args.get("next")), 303)


def identity(ctx: Context) -> dict[str, Callable[[str], object]]:
    """How name, ID number and phone are looked at, by the names of their fields."""
    return {
        "name": clean_name,
        "id_number": partial(service.parse_id, ctx),
        "phone": clean_phone,
    }


def has_agreed(ctx: Context, form: FlaskForm) -> bool:
    """Whether every text is agreed to; says it on top of the form otherwise."""
    try:
        consents.require(ctx, request.form.getlist("agree"))
    except Sentence as error:
        form.form_errors.append(say(error))
        return False
    return True


def _is_sound(form: RegisterForm) -> bool:
    """Whether everything can be taken in; all that cannot is said at once."""
    ctx = looking()
    found = form.validate(), spelled(form, identity(ctx)), has_agreed(ctx, form)
    return all(found)


def _ask_registration(form: RegisterForm) -> None:
    work.require_solved(looking(), "register", proof())
    given = form.name.data, form.id_number.data, form.phone.data
    service.sound(looking(), *given)  # nobody has a password hashed for what cannot be taken in
    service.require_password(form.password.data)
    config, salt = looking().config, looking().chance.take(16)
    looking().session.close()
    stored = POOL.hash(form.password.data, config.password_cost, salt)
    with acting() as ctx:
        work.require(ctx, "register", proof())
        doors.count_registration(ctx, network())
        service.ask_registration(
            ctx,
            name=given[0],
            id_number=given[1],
            phone=given[2],
            password=form.password.data,
            agreed=request.form.getlist("agree"),
            stored=stored,
        )


def _register_page(form: RegisterForm) -> str:
    ctx = looking()
    return render_template(
        "accounts/register.html",
        form=form,
        texts=consents.in_force(ctx.session),
        agreed=request.form.getlist("agree"),
        puzzle=work.puzzle(ctx, "register"),
    )
