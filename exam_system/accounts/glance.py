"""Everything a login has to know of the database, in one statement.

In a rush of logins that is what costs beside the password, once before it is tried and once in the
transaction that lets in.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from exam_system.access import Role
from exam_system.accounts import consents, doors
from exam_system.accounts.models import (
    Account,
    Consent,
    ConsentText,
    LoginFailure,
    LoginSession,
    SecondFactor,
    Signup,
)
from exam_system.context import Context
from exam_system.database import database_now, reserved
from exam_system.errors import Sentence
from exam_system.people import IdNumber
from exam_system.timekeeping import TransactionClock

SIGNUP_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Glance:
    """Who may be behind a login name, and what failed lately under it and from there."""

    account: Account | None = None
    signup: Signup | None = None
    name: LoginFailure | None = None
    there: LoginFailure | None = None
    waits: str | None = None
    """What a candidate's login has to wait for first, as `LoginSession.waits`."""
    key: int | None = None
    """The key of a new session, where the database gives keys in advance."""


_ONE = select(literal(1).label("one")).subquery()
_NAME, _THERE = aliased(LoginFailure), aliased(LoginFailure)
_FACTOR = exists().where(
    SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None)
)
_LOOK = (
    select(
        *(Account, Signup, _NAME, _THERE, Consent.texts),
        _FACTOR.label("factor"),
        select(func.count(ConsentText.id)).scalar_subquery().label("later"),
    )
    .select_from(_ONE)
    .outerjoin(
        Account,
        and_(
            or_(Account.username == bindparam("login"), Account.username == bindparam("blind")),
            Account.active,
        ),
    )
    .outerjoin(Consent, Consent.account_id == Account.id)
    .outerjoin(Signup, Signup.id_blind == bindparam("blind"))
    .outerjoin(_NAME, _NAME.name_blind == bindparam("name"))
    .outerjoin(_THERE, _THERE.name_blind == bindparam("there"))
    .order_by(Account.id, Consent.id)
)
_ACT = _LOOK.add_columns(
    reserved(LoginSession).label("key"), database_now().label("at")
).execution_options(populate_existing=True)


def glance(ctx: Context, login: str, network: str, *, acts: bool = False) -> Glance:
    """Look a login name or ID number up. `acts`: in the transaction that may let in.

    Nothing is asked when there is nothing to ask for.
    """
    if not login.strip() and not network:
        return Glance()
    rows = ctx.session.execute(_ACT if acts else _LOOK, _asked(ctx, login, network)).all()
    first = rows[0]
    if acts:
        ctx.took(first.at)
    signup = first.Signup
    if signup is not None and signup.asked_at <= ctx.clock.now() - SIGNUP_LASTS:
        signup = None
    account: Account | None = first.Account
    texts = [row.texts for row in rows if row.texts and row.Account is account]
    waits = _waits(ctx, account, bool(first.factor), texts, bool(first.later))
    key = first.key if acts else None
    return Glance(account, signup, first[2], first[3], waits, key)


def _asked(ctx: Context, login: str, network: str) -> dict[str, str]:
    """Whom the statement looks for; an empty text is nobody's."""
    name, blind = login.strip(), ""
    with suppress(Sentence):  # where it is no ID number only the login name is looked for
        # The transaction's own time comes with the answer: a second more or less does not matter.
        clock = ctx.clock.keeper if isinstance(ctx.clock, TransactionClock) else ctx.clock
        today = clock.now().astimezone(ctx.config.zone).date()
        blind = ctx.keys.vault.blind(IdNumber.parse(login, today=today).number)
    return {
        "login": name,
        "blind": blind,
        "name": doors.name_key(ctx, login) if name else "",
        "there": doors.network_key(ctx, network) if network else "",
    }


def _waits(
    ctx: Context, account: Account | None, factor: bool, texts: list[str], later: bool
) -> str | None:
    if account is None or account.role != Role.CANDIDATE:
        return None
    if factor:
        return "factor"
    force = consents.in_force(ctx.session) if later else consents.first_texts()
    agreed = {digest for row in texts for digest in row.split()}
    return None if all(text.digest in agreed for text in force) else "consent"
