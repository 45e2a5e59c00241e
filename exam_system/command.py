"""What commands use: a context on an instance, as somebody, for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

import exam_system.tables  # noqa: F401  all of them, whichever command runs: an audit skips none
from exam_system.accounts.models import Account
from exam_system.accounts.service import actor_named
from exam_system.context import PUBLIC, SYSTEM, Actor, Context
from exam_system.errors import Forbidden
from exam_system.office import Office, open_office
from exam_system.oversight.service import register_server_keys


@contextmanager
def looking_at(folder: Path) -> Iterator[Context]:
    """Look at an instance without changing it."""
    ctx = open_office(folder).context(PUBLIC, write=False)
    with ctx.session:
        yield ctx


@contextmanager
def acting_as(folder: Path, username: str, reason: str) -> Iterator[Context]:
    """Act on an instance as an account; committed at the end, and the log is sealed."""
    parts = open_office(folder)
    with acting_in(parts, username, reason) as ctx:
        yield ctx
    parts.seal()


@contextmanager
def acting_in(parts: Office, username: str, reason: str) -> Iterator[Context]:
    """The same in an office that is open, without sealing."""
    ctx = parts.context(PUBLIC, write=True, reason=reason)
    with ctx.session:
        ctx.actor = _first_installer(ctx) if username == "system" else actor_named(ctx, username)
        yield ctx
        ctx.session.commit()


def _first_installer(ctx: Context) -> Actor:
    query = select(Account.id).where(Account.role == "admin", Account.active).limit(1)
    if ctx.session.scalar(query):
        raise Forbidden("`system` only adds the first administrator: use an administrator's name")
    return SYSTEM


def found_log(folder: Path) -> None:
    """Make a new instance's public keys known: the first acts of its log, sealed at once."""
    parts = open_office(folder)
    ctx = parts.context(SYSTEM, write=True)
    with ctx.session:
        register_server_keys(ctx)
        ctx.session.commit()
    parts.seal()
