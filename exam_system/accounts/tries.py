"""Wrong passwords and codes slow the next one down, without locking anybody out.

What is counted stands under a keyed digest and is forgotten after a day: of a name that was typed,
whether it exists or not, and of the part of the network it came from, whose address is not kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from exam_system.accounts.models import LoginFailure
from exam_system.context import Context
from exam_system.errors import Refused, Sentence

FREE_TRIES = 5
_LONGEST_WAIT = 900  # seconds
_FORGOTTEN = timedelta(days=1)
_SWEPT = 100  # rows at a time
WAIT = Sentence("Too many wrong passwords: wait a few minutes and try again")


class TooMany(Refused):
    """Too often: wait (`seconds`), then try again."""

    status = 429
    seconds = 60


def earlier_failures(ctx: Context, key: str) -> LoginFailure | None:
    """What failed lately under this key; raises TooMany while one has to wait."""
    failure = ctx.session.get(LoginFailure, key)
    require_patience(ctx, failure)
    return failure


def require_patience(ctx: Context, failure: LoginFailure | None) -> None:
    """Raise TooMany while one has to wait for what failed."""
    if failure is not None and failure.wait_until > ctx.clock.now():
        raise TooMany(WAIT.msgid)


def held(ctx: Context, failure: LoginFailure | None) -> None:
    """It was right this time: earlier failures are forgotten."""
    if failure is not None:
        ctx.session.delete(failure)


def failed(ctx: Context, key: str, failure: LoginFailure | None, *, free: int = FREE_TRIES) -> None:
    """Count one more failure; from the last free one on each doubles the wait, up to 15 minutes."""
    now = ctx.clock.now()
    if failure is None:
        failure = LoginFailure(name_blind=key, count=0, wait_until=now)
        ctx.session.add(failure)
    elif failure.wait_until < now - _FORGOTTEN:
        failure.count = 0
    failure.count += 1
    over = min(failure.count - free, 20)
    seconds = min(_LONGEST_WAIT, 2**over * 15) if over >= 0 else 0
    failure.wait_until = now + timedelta(seconds=seconds)


def put_down(ctx: Context, key: str, *, until: datetime) -> None:
    """Note something that counts once, until then; IntegrityError when it is noted already."""
    _sweep(ctx)
    ctx.session.add(LoginFailure(name_blind=key, count=1, wait_until=until))
    ctx.session.flush()


def _sweep(ctx: Context) -> None:
    """Take away some of what is over for a day."""
    over = LoginFailure.wait_until < ctx.clock.now() - _FORGOTTEN
    keys = ctx.session.scalars(select(LoginFailure.name_blind).where(over).limit(_SWEPT)).all()
    if keys:
        ctx.session.execute(delete(LoginFailure).where(LoginFailure.name_blind.in_(keys)))


def count_request(ctx: Context, key: str, *, most: int, within: timedelta) -> None:
    """Count one more request under this key; raises TooMany from `most` on, until `within` after
    the first one."""
    now = ctx.clock.now()
    row = ctx.session.get(LoginFailure, key)
    if row is None or row.wait_until <= now:
        row = row or LoginFailure(name_blind=key)
        row.count, row.wait_until = 0, now + within
        ctx.session.add(row)
    if row.count >= most:
        raise TooMany("Too many requests came from your part of the network: try again later")
    row.count += 1
