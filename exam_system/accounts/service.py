"""Verbs of accounts: register, create, close, log in and out."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.accounts import consents, doors, entering, tries
from exam_system.accounts.glance import SIGNUP_LASTS, Glance, glance
from exam_system.accounts.hashing import POOL
from exam_system.accounts.models import Account, LoginSession, Person, Signup, Takeover
from exam_system.accounts.phones import phone_key
from exam_system.accounts.sessions import actor_for, digest
from exam_system.chance import reference
from exam_system.context import Actor, Context, verb
from exam_system.database import put
from exam_system.errors import Conflict, Fault, Invalid, NotFound
from exam_system.people import IdNumber, clean_line, clean_name, clean_phone
from exam_system.vault import decoy_hash, hash_password, is_decoy, password_holds

STAFF = frozenset(Role) - {Role.PUBLIC, Role.SYSTEM, Role.CANDIDATE}
SHORTEST_PASSWORD = 10
LONGEST_OFFICE = 60
# Built once: it is every registration's.
_NAMED = select(Account.id).where(Account.username == bindparam("name"))
_REGISTERED = select(Person.id).where(Person.id_blind == bindparam("blind"))


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
    if ctx.session.scalar(_NAMED, {"name": username}):
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
        raise Invalid("The role %(role)s cannot be given", role=role.value).about("role")
    unit = _office(role, office)
    account = _new_account(ctx, username.strip(), clean_name(name), role, password, unit)
    ctx.record(exam="", subject=f"account:{account.ref}", role=role.value, office=unit)
    return account


def _office(role: Role, office: str | None) -> str | None:
    if role is Role.INTERVIEWER:
        if office:
            raise Invalid("Interviewers belong to no office here").about("office")
        return None
    unit = clean_line(office or "", LONGEST_OFFICE)
    if not unit:
        sentence = "Name the office this person works for, in 1 to 60 characters"
        raise Invalid(sentence).about("office")
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
    if ctx.session.scalar(_REGISTERED, {"blind": blind}):
        raise Conflict(
            "This ID number is registered already: log in, or ask for the takeover of its account"
        )
    # The login name is the blind value: the ID number itself stands nowhere in clear.
    account = _new_account(ctx, blind, clean_name(name), Role.CANDIDATE, password, None, stored)
    vault, phone = ctx.keys.vault, clean_phone(phone)
    person = Person(
        account_id=account.id,
        name=account.name,
        sex=number.sex,
        birth=number.birth,
        id_sealed=vault.seal(number.number),
        id_blind=blind,
        phone_sealed=vault.seal(phone),
        phone_blind=phone_key(vault, phone),
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
        if is_decoy(found.password_hash):
            return _claim(ctx, found, signup)
        # Pressed twice at once: the other request has just made it.
        holds = found.active and password_holds(password, found.password_hash)
        return found if holds else None
    name, id_number, phone = json.loads(ctx.keys.vault.open(signup.sealed))
    ctx.session.execute(delete(Signup).where(mine))
    given = {"name": name, "id_number": id_number, "phone": phone, "password": password}
    agreed, stored = signup.agreed.split(), signup.password_hash
    return register_candidate(ctx, **given, agreed=agreed, stored=stored)


def _claim(ctx: Context, account: Account, signup: Signup) -> Account | None:
    """The account that was handed over for this person; None when name or phone differ, and when
    it comes from a takeover, which has a code of its own."""
    if ctx.session.scalar(select(Takeover.id).where(Takeover.account_id == account.id)):
        return None
    name, _number, phone = json.loads(ctx.keys.vault.open(signup.sealed))
    person = ctx.session.scalars(select(Person).where(Person.account_id == account.id)).one()
    if (person.name, ctx.keys.vault.open(person.phone_sealed)) != (name, phone):
        return None
    claim_account(ctx, account=account, signup=signup)
    return account


@verb
def claim_account(ctx: Context, *, account: Account, signup: Signup) -> None:
    """Give an account without a password to whoever asked to be registered as this person."""
    agreed = consents.require(ctx, signup.agreed.split())
    account.password_hash = signup.password_hash
    consents.add_consent(ctx, account, agreed)
    ctx.session.execute(delete(Signup).where(Signup.id_blind == signup.id_blind))
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{account.ref}", agreed=agreed)


@dataclass(frozen=True, slots=True)
class TriedPassword:
    """Whether a password holds against what was stored when it was tried."""

    stored: str
    holds: bool


def try_password(ctx: Context, seen: Glance, password: str) -> TriedPassword:
    """Do the slow part of `check_password` beforehand, in the pool for it and with no connection.

    The same work is done for unknown names. Raises hashing.Busy.
    """
    stored = _stored(ctx, seen)
    ctx.session.close()
    return TriedPassword(stored, POOL.holds(password, stored))


def _stored(ctx: Context, seen: Glance) -> str:
    account, signup = seen.account, seen.signup
    known = account if account and not is_decoy(account.password_hash) else signup
    return known.password_hash if known else decoy_hash(ctx.config.password_cost)


def check_password(
    ctx: Context,
    login: str,
    password: str,
    tried: TriedPassword | None = None,
    seen: Glance | None = None,
) -> Account | None:
    """The account if the password holds; the same work is done for unknown names.

    Completes a registration that was asked for. After five failures each further one doubles the
    wait (up to 15 minutes) for this name. `seen`: what this transaction has looked up already.
    """
    seen = seen or glance(ctx, login, "", acts=True)
    tries.require_patience(ctx, seen.name)  # many at once: they are judged one by one
    stored, account = _stored(ctx, seen), seen.account
    same = tried is not None and tried.stored == stored
    holds = tried.holds if tried and same else password_holds(password, stored)
    new = account is None or is_decoy(account.password_hash)
    if holds and new and seen.signup is not None:
        account = _complete(ctx, seen.signup, password)
    if account is not None and holds:
        tries.held(ctx, seen.name)
        return account
    tries.failed(ctx, doors.name_key(ctx, login), seen.name)
    return None


@verb
def log_in(ctx: Context, *, account: Account, seen: Glance | None = None) -> str:
    """Open a session for an account whose password held; returns the cookie's token.

    A candidate's waits for the second factor, where one is set up, and for consent to new texts.
    `seen`: what this transaction has looked up already.
    """
    token = ctx.chance.take(32).hex()
    now, waits = ctx.clock.now(), entering.first_wait(ctx, account, seen)
    ends = now + (entering.STEP_LASTS if waits else timedelta(hours=ctx.config.session_hours))
    row = LoginSession(
        id=seen.key if seen else None,
        token_digest=digest(token),
        account_id=account.id,
        created_at=now,
        ends_at=ends,
        waits=waits,
    )
    put(ctx.session, row, Fault("two logins were given one token"))
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
