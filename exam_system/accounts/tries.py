"""Wrong passwords and codes slow the next one down, without locking anybody out."""

from __future__ import annotations

from datetime import timedelta

from exam_system.accounts.models import LoginFailure
from exam_system.context import Context
from exam_system.errors import Refused

_FREE_TRIES = 5
_LONGEST_WAIT = 900  # seconds


def earlier_failures(ctx: Context, key: str) -> LoginFailure | None:
    """What failed lately under this key; raises Refused while one has to wait."""
    failure = ctx.session.get(LoginFailure, key)
    if failure is not None and failure.wait_until > ctx.clock.now():
        raise Refused("Too many wrong passwords: wait a few minutes and try again")
    return failure


def held(ctx: Context, failure: LoginFailure | None) -> None:
    """It was right this time: earlier failures are forgotten."""
    if failure is not None:
        ctx.session.delete(failure)


def failed(ctx: Context, key: str, failure: LoginFailure | None) -> None:
    """Count one more failure; from the fifth on each doubles the wait, up to 15 minutes."""
    now = ctx.clock.now()
    if failure is None:
        failure = LoginFailure(name_blind=key, count=0, wait_until=now)
        ctx.session.add(failure)
    failure.count += 1
    over = failure.count - _FREE_TRIES
    if over >= 0:
        failure.wait_until = now + timedelta(seconds=min(_LONGEST_WAIT, 2**over * 15))
