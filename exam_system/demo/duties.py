"""The demonstration's staff sign the integrity pledge of their post before they act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import select

from exam_system.accounts.factors import prove_password
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.context import Actor, Context
from exam_system.duties import pledges
from exam_system.errors import Fault


class Issued(Protocol):
    """What is handed to somebody on paper."""

    @property
    def username(self) -> str: ...

    @property
    def password(self) -> str: ...


def sign_in(ctx: Context, account: Account, password: str) -> Actor:
    """Sign the pledge in force with the own password; who they are from then on."""
    mine, text = ctx.as_actor(actor_for(account)), pledges.in_force(ctx.session, account.role)
    if not prove_password(mine, password, pledges.occasion(mine, text)):
        raise Fault("a password of the demonstration's staff does not hold")
    pledges.sign_pledge(mine, digest=text.digest)
    return actor_for(account)


def sign_issued(ctx: Context, issued: Iterable[Issued]) -> None:
    """Everybody who was given an account signs, unless they have done so before."""
    passwords = {one.username: one.password for one in issued}
    query = select(Account).where(Account.username.in_(passwords), Account.pledge.is_(None))
    for account in ctx.session.scalars(query.order_by(Account.id)):
        sign_in(ctx, account, passwords[account.username])
