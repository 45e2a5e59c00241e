"""Verbs of accounts: register, create, close, log in and out."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.accounts import consents, doors, entering, tries
from exam_system.accounts.hashing import POOL
from exam_system.accounts.models import Account, LoginSession, Person, Signup
from exam_system.accounts.sessions import actor_for, digest
from exam_system.chance import reference
from exam_system.context import Actor, Context, verb
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.people import IdNumber, clean_line, clean_name, clean_phone
from exam_system.vault import decoy_hash, hash_password, password_holds

STAFF = frozenset(Role) - {Role.PUBLIC, Role.SYSTEM, Role.CANDIDATE}
SHORTEST_PASSWORD = 10
LONGEST_OFFICE = 60
SIGNUP_LASTS = timedelta(days=1)


def _new_account(
    ctx: Context,
    username: str,
    name: str,
    role: Role,
    password: str,
    office: str | None = None,
    stored: str = "",
) -> Account:
    require_password(password)
    if ctx.session.scalar(select(Account.id).where(Account.username == username)):
        raise Conflict("This login name is taken")
    account = Account(
        ref=reference(ctx.chance),
        username=username,
        name=name,
        role=role.value,
        office=office,
        password_hash=stored or _hashed(ctx, password),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    return account


def _hashed(ctx: Context, password: str) -> str:
    return hash_password(password, ctx.config.password_cost, ctx.chance.take(16))


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
    end_sessions(ctx, LoginSession.account_id == account.id)
    ctx.record(exam="", subject=f"account:{account.ref}")


@verb
def register_candidate(
    ctx: Context,
    *,
    name: str,
    id_number: str,
    phone: str,
    password: str,
    agreed: Collection[str] | None = None,
    stored: str = "",
) -> Account:
    """Register a person under their ID number (which is also their login name).

    `stored`: the password's hash where it is made already. `agreed`: digests of the texts on
    personal data; None only in demonstrations, see consents.
    """
    number = parse_id(ctx, id_number)
    digests = consents.require(ctx, agreed)
    blind = ctx.keys.vault.blind(number.number)
    if ctx.session.scalar(select(Person.id).where(Person.id_blind == blind)):
        raise Conflict(
            "This ID number is registered already: log in, or ask for the takeover of its account"
        )
    # The login name is the blind value: the ID number itself stands nowhere in clear.
    account = _new_account(ctx, blind, clean_name(name), Role.CANDIDATE, password, None, stored)
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
    consents.add_consent(ctx, account, digests)
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{account.ref}", agreed=digests)
    return account


def parse_id(ctx: Context, text: str) -> IdNumber:
    """An ID number as of today; raises Sentence."""
    return IdNumber.parse(text, today=ctx.clock.now().astimezone(ctx.config.zone).date())


def sound(ctx: Context, name: str, id_number: str, phone: str) -> tuple[str, str, str]:
    """Name, ID number and phone in one spelling; raises Sentence."""
    return clean_name(name), parse_id(ctx, id_number).number, clean_phone(phone)


def require_password(password: str) -> None:
    """Raise Invalid when a new password is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("The password needs at least %(least)s characters", least=SHORTEST_PASSWORD)


@verb
def ask_registration(
    ctx: Context,
    *,
    name: str,
    id_number: str,
    phone: str,
    password: str,
    agreed: Collection[str],
    stored: str = "",
) -> None:
    """Take in what a registration needs; the first login with the password completes it.

    `stored`: the password's hash where it is made already.

    Nothing here looks whether the number is free, so that the answer, its time and the act are the
    same: only who then logs in learns that it was. A later request takes an earlier one's place.
    """
    given = sound(ctx, name, id_number, phone)
    require_password(password)
    vault, now = ctx.keys.vault, ctx.clock.now()
    row = Signup(
        id_blind=vault.blind(given[1]),
        sealed=vault.seal(json.dumps(given)),
        agreed=" ".join(consents.require(ctx, agreed)),
        password_hash=stored or _hashed(ctx, password),
        asked_at=now,
    )
    over = or_(Signup.id_blind == row.id_blind, Signup.asked_at <= now - SIGNUP_LASTS)
    ctx.session.execute(delete(Signup).where(over))
    ctx.session.add(row)
    try:
        ctx.session.flush()
    except IntegrityError:  # pressed twice at once: the other one counts
        raise Conflict("This registration has just been sent: log in") from None
    ctx.record(exam="", subject=f"signup:{reference(ctx.chance)}")


def _complete(ctx: Context, signup: Signup, password: str) -> Account | None:
    """The account of somebody who asked to be registered; None when the number is taken."""
    mine = Signup.id_blind == signup.id_blind
    ctx.session.execute(select(Signup.id_blind).where(mine).with_for_update())
    if found := ctx.session.scalar(select(Account).where(Account.username == signup.id_blind)):
        # Pressed twice at once: the other request has just made it.
        holds = found.active and password_holds(password, found.password_hash)
        return found if holds else None
    name, id_number, phone = json.loads(ctx.keys.vault.open(signup.sealed))
    ctx.session.execute(delete(Signup).where(mine))
    given = {"name": name, "id_number": id_number, "phone": phone, "password": password}
    agreed, stored = signup.agreed.split(), signup.password_hash
    return register_candidate(ctx, **given, agreed=agreed, stored=stored)


def _names(ctx: Context, login: str) -> list[str]:
    """Under what the account behind a login name or an ID number may stand."""
    names = [login.strip()]
    with suppress(Sentence):  # where it is no ID number only the login name is looked for
        names.append(ctx.keys.vault.blind(parse_id(ctx, login).number))
    return names


@dataclass(frozen=True, slots=True)
class TriedPassword:
    """Whether a password holds against what was stored when it was tried."""

    stored: str
    holds: bool


def try_password(ctx: Context, login: str, password: str) -> TriedPassword:
    """Do the slow part of `check_password` beforehand, in the pool for it and with no connection.

    The same work is done for unknown names. Raises TooMany, and hashing.Busy.
    """
    tries.earlier_failures(ctx, doors.name_key(ctx, login))
    known = _known(ctx, login)
    stored = _stored(ctx, known[0] or known[1])
    ctx.session.close()
    return TriedPassword(stored, POOL.holds(password, stored))


def _known(ctx: Context, login: str) -> tuple[Account | None, Signup | None]:
    names = _names(ctx, login)
    account = ctx.session.scalar(select(Account).where(Account.username.in_(names), Account.active))
    fresh = Signup.asked_at > ctx.clock.now() - SIGNUP_LASTS
    signup = ctx.session.scalar(select(Signup).where(Signup.id_blind.in_(names[1:]), fresh))
    return account, signup


def _stored(ctx: Context, known: Account | Signup | None) -> str:
    return known.password_hash if known else decoy_hash(ctx.config.password_cost)


def check_password(
    ctx: Context, login: str, password: str, tried: TriedPassword | None = None
) -> Account | None:
    """The account if the password holds; the same work is done for unknown names.

    Completes a registration that was asked for. After five failures each further one doubles the
    wait (up to 15 minutes) for this name.
    """
    key = doors.name_key(ctx, login)
    failure = tries.earlier_failures(ctx, key)  # many at once: they are judged one by one
    account, signup = _known(ctx, login)
    stored = _stored(ctx, account or signup)
    same = tried is not None and tried.stored == stored
    holds = tried.holds if tried and same else password_holds(password, stored)
    if holds and account is None and signup is not None:
        account = _complete(ctx, signup, password)
    if account is not None and holds:
        tries.held(ctx, failure)
        return account
    tries.failed(ctx, key, failure)
    return None


@verb
def log_in(ctx: Context, *, account: Account) -> str:
    """Open a session for an account whose password held; returns the cookie's token.

    A candidate's waits for the second factor, where one is set up, and for consent to new texts.
    """
    token = ctx.chance.take(32).hex()
    now, waits = ctx.clock.now(), entering.first_wait(ctx, account)
    ends = now + (entering.STEP_LASTS if waits else timedelta(hours=ctx.config.session_hours))
    ctx.session.add(
        LoginSession(
            token_digest=digest(token),
            account_id=account.id,
            created_at=now,
            ends_at=ends,
            waits=waits,
        )
    )
    ctx.record(exam="", subject=f"account:{account.ref}", **({"waits": waits} if waits else {}))
    return token


@verb
def log_out(ctx: Context, *, token: str) -> None:
    """End the session of this token."""
    end_sessions(ctx, LoginSession.token_digest == digest(token))
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}")


def end_sessions(ctx: Context, which: object) -> None:
    """End the login sessions that a condition names."""
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
