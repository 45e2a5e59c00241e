"""Login names and passwords that are handed over on paper: made here, told once, kept nowhere."""

from __future__ import annotations

import base64

from sqlalchemy import update

from exam_system.access import Role
from exam_system.accounts.models import Account, LoginSession
from exam_system.accounts.service import create_account
from exam_system.chance import Chance
from exam_system.context import SYSTEM, Context
from exam_system.vault import hash_password


def hand_over(
    ctx: Context, known: int | None, *, prefix: str, name: str, role: Role, office: str | None
) -> tuple[Account, str]:
    """A new account, or (by id) the known one with its earlier password and sessions ended; and the
    new password. The login name is made up: whoever knows one can slow its owner down."""
    password = "-".join(_letters(ctx.chance, 4) for _ in range(3))
    if known is not None:
        account = ctx.session.get_one(Account, known)
        _renew(ctx, account, password)
        return account, password
    account = create_account(
        ctx.as_actor(SYSTEM),
        username=f"{prefix}{_letters(ctx.chance, 8)}",
        name=name,
        role=role,
        password=password,
        office=office,
    )
    return account, password


def _letters(chance: Chance, count: int) -> str:
    # Base32 has no 0, 1, 8 and 9, which are misread on paper; 5 bits a letter.
    return base64.b32encode(chance.take(10)).decode().lower()[:count]


def _renew(ctx: Context, account: Account, password: str) -> None:
    account.active = True
    account.password_hash = hash_password(password, ctx.config.password_cost, ctx.chance.take(16))
    ctx.session.execute(
        update(LoginSession)
        .where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None))
        .values(ended_at=ctx.clock.now())
    )
