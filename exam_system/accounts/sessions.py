"""Login sessions: rows in the database, so that they can be listed and ended."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account, LoginSession
from exam_system.context import Actor


def digest(token: str) -> str:
    """What the database keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


_ACTOR = (
    select(
        *(Account.id, Account.ref, Account.role, Account.name, Account.active, Account.pledge),
        *(LoginSession.ends_at, LoginSession.waits),
    )
    .join(LoginSession, LoginSession.account_id == Account.id)
    .where(LoginSession.token_digest == bindparam("digest"), LoginSession.ended_at.is_(None))
)


def actor_of(db: Session | Connection, token: str, now: datetime) -> Actor | None:
    """Whose session this is; None when it has ended, waits for a step, or the account is closed.

    Every request of somebody who is logged in asks this: columns only, no entities.
    """
    row = db.execute(_ACTOR, {"digest": digest(token)}).one_or_none()
    if row is None or not row.active or row.ends_at <= now or row.waits:
        return None
    return Actor(row.ref, Role(row.role), row.id, row.name, row.pledge is not None)


def find_session(db: Session, token: str, now: datetime) -> tuple[Account, LoginSession] | None:
    """The session of a token that has not ended, also while it waits, and its open account."""
    row = db.execute(
        select(Account, LoginSession)
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(LoginSession.token_digest == digest(token), LoginSession.ended_at.is_(None))
    ).one_or_none()
    if row is None or not row.Account.active or row.LoginSession.ends_at <= now:
        return None
    return row.Account, row.LoginSession


def last_holder(db: Session, token: str) -> int | None:
    """The account whose session this was until its time ran out; None for one that was ended."""
    query = (
        select(Account.id)
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(LoginSession.token_digest == digest(token), LoginSession.ended_at.is_(None))
        .where(LoginSession.waits.is_(None), Account.active)
    )
    return db.scalar(query)


def actor_for(account: Account) -> Actor:
    """The actor behind an account."""
    pledged = account.pledge is not None
    return Actor(account.ref, Role(account.role), account.id, account.name, pledged)
