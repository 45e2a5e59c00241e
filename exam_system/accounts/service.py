"""Verbs of accounts: register, create, close, log in and out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.accounts import tries
from exam_system.accounts.models import Account, LoginSession, Person
from exam_system.accounts.sessions import actor_for, digest
from exam_system.chance import reference
from exam_system.context import Actor, Context, verb
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.people import IdNumber, clean_line, clean_name, clean_phone
from exam_system.vault import hash_password, password_holds

STAFF = frozenset(Role) - {Role.PUBLIC, Role.SYSTEM, Role.CANDIDATE}
SHORTEST_PASSWORD = 10
LONGEST_OFFICE = 60


def _new_account(
    ctx: Context, username: str, name: str, role: Role, password: str, office: str | None = None
) -> Account:
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("The password needs at least %(least)s characters", least=SHORTEST_PASSWORD)
    if ctx.session.scalar(select(Account.id).where(Account.username == username)):
        raise Conflict("This login name is taken")
    account = Account(
        ref=reference(ctx.chance),
        username=username,
        name=name,
        role=role.value,
        office=office,
        password_hash=hash_password(password, ctx.config.password_cost, ctx.chance.take(16)),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    return account


@verb
def create_account(
    ctx: Context, *, username: str, name: str, role: Role, password: str, office: str | None
) -> Account:
    """Create a member of staff; candidates register themselves.

    `office` is the unit they work for; interviewers come from elsewhere and have None.
    """
    if role not in STAFF:
        raise Invalid("The role %(role)s cannot be given", role=role.value)
    unit = _office(role, office)
    account = _new_account(ctx, username.strip(), clean_name(name), role, password, unit)
    ctx.record(exam="", subject=f"account:{account.ref}", role=role.value, office=unit)
    return account


def _office(role: Role, office: str | None) -> str | None:
    if role is Role.INTERVIEWER:
        if office:
            raise Invalid("Interviewers belong to no office here")
        return None
    unit = clean_line(office or "", LONGEST_OFFICE)
    if not unit:
        raise Invalid("Name the office this person works for, in 1 to 60 characters")
    return unit


@verb
def close_account(ctx: Context, *, username: str) -> None:
    """Close an account and end its sessions; what it did stays in the log."""
    account = ctx.session.scalar(select(Account).where(Account.username == username))
    if account is None or not account.active:
        raise NotFound("There is no open account of this name")
    if account.id == ctx.actor.account_id:
        raise Conflict("Nobody closes their own account")
    account.active = False
    _end_sessions(ctx, LoginSession.account_id == account.id)
    ctx.record(exam="", subject=f"account:{account.ref}")


@verb
def register_candidate(
    ctx: Context, *, name: str, id_number: str, phone: str, password: str
) -> Account:
    """Register a person under their ID number (which is also their login name)."""
    today = ctx.clock.now().astimezone(ctx.config.zone).date()
    number = IdNumber.parse(id_number, today=today)
    blind = ctx.keys.vault.blind(number.number)
    if ctx.session.scalar(select(Person.id).where(Person.id_blind == blind)):
        raise Conflict(
            "This ID number is registered already: log in, or ask the hotline if it was not you"
        )
    # The login name is the blind value: the ID number itself stands nowhere in clear.
    account = _new_account(ctx, blind, clean_name(name), Role.CANDIDATE, password)
    vault = ctx.keys.vault
    person = Person(
        account_id=account.id,
        name=account.name,
        sex=number.sex,
        birth=number.birth,
        id_sealed=vault.seal(number.number),
        id_blind=blind,
        phone_sealed=vault.seal(clean_phone(phone)),
    )
    ctx.session.add(person)
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{account.ref}")
    return account


def find_login(ctx: Context, login: str) -> Account | None:
    """The open account behind a login name or an ID number."""
    names = [login.strip()]
    try:
        today = ctx.clock.now().astimezone(ctx.config.zone).date()
        names.append(ctx.keys.vault.blind(IdNumber.parse(login, today=today).number))
    except Sentence:
        pass  # not an ID number: only the login name is looked for
    query = select(Account).where(Account.username.in_(names), Account.active)
    return ctx.session.scalar(query)


def check_password(ctx: Context, login: str, password: str) -> Account | None:
    """The account if the password holds; the same work is done for unknown names.

    After five failures each further one doubles the wait (up to 15 minutes) for this name.
    """
    key = ctx.keys.vault.blind(f"login:{login.strip()}")
    failure = tries.earlier_failures(ctx, key)
    account = find_login(ctx, login)
    stored = account.password_hash if account else _decoy(ctx)
    holds = password_holds(password, stored)
    if account is not None and holds:
        tries.held(ctx, failure)
        return account
    tries.failed(ctx, key, failure)
    return None


def _decoy(ctx: Context) -> str:
    return hash_password("no such account", ctx.config.password_cost, bytes(16))


@verb
def log_in(ctx: Context, *, account: Account) -> str:
    """Open a session for an account whose password held; returns the cookie's token."""
    token = ctx.chance.take(32).hex()
    now = ctx.clock.now()
    ends = now + timedelta(hours=ctx.config.session_hours)
    ctx.session.add(
        LoginSession(
            token_digest=digest(token), account_id=account.id, created_at=now, ends_at=ends
        )
    )
    ctx.record(exam="", subject=f"account:{account.ref}")
    return token


@verb
def log_out(ctx: Context, *, token: str) -> None:
    """End the session of this token."""
    _end_sessions(ctx, LoginSession.token_digest == digest(token))
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}")


def _end_sessions(ctx: Context, which: object) -> None:
    ctx.session.execute(
        update(LoginSession)
        .where(which, LoginSession.ended_at.is_(None))  # type: ignore[arg-type]
        .values(ended_at=ctx.clock.now())
    )


def actor_named(ctx: Context, username: str) -> Actor:
    """The actor a command acts as; raises NotFound."""
    account = ctx.session.scalar(
        select(Account).where(Account.username == username, Account.active)
    )
    if account is None:
        raise NotFound("There is no open account named %(name)s", name=username)
    return actor_for(account)
