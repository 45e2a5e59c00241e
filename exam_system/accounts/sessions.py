"""Login sessions: rows in the database, so that they can be listed and ended."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account, LoginSession
from exam_system.context import Actor


def digest(token: str) -> str:
    """What the database keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of(db: Session, token: str, now: datetime) -> Actor | None:
    """Whose session this is; None when it has ended or the account is closed."""
    row = db.execute(
        select(Account, LoginSession.ends_at)
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(LoginSession.token_digest == digest(token), LoginSession.ended_at.is_(None))
    ).one_or_none()
    if row is None or not row.Account.active or row.ends_at <= now:
        return None
    return actor_for(row.Account)


def actor_for(account: Account) -> Actor:
    """The actor behind an account."""
    return Actor(account.ref, Role(account.role), account.id, account.name)
