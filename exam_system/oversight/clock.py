"""When no clock is right: the act that tells the inspectors, and the one that accepts a time."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from exam_system.clock import rfc3339
from exam_system.context import SYSTEM, Context, verb
from exam_system.errors import Conflict, Unavailable
from exam_system.office import Office
from exam_system.people import reason_line
from exam_system.records.models import Act
from exam_system.timekeeping import ACCEPTED, AHEAD, BEAT, Timekeeper, UntrustedTime

REPORTED = "oversight.report_clock"
LONGEST_REASON = 200


@verb
def report_clock(ctx: Context, *, ahead: bool, by: str) -> None:
    """Put into the log that acts with a deadline are refused, and by how much the clock is off."""
    ctx.record(exam="", subject="clock", ahead=ahead, by=by)


@verb
def accept_time(ctx: Context, *, said: datetime) -> datetime:
    """Accept what the database's clock says now, after an outage; the reason is the context's.

    `said` is the time by a clock of the administrator's own. Raises Conflict when the two are
    more than five minutes apart: then the clock is wrong and has to be set first.
    """
    ctx.reason = reason_line(ctx.reason, LONGEST_REASON)
    now = ctx.clock.now()
    if abs(said - now) > AHEAD:
        raise Conflict(
            "The database's clock says %(now)s: set it right first, then accept it",
            now=rfc3339(now),
        )
    ctx.record(exam="", subject="clock", now=rfc3339(now), said=rfc3339(said))
    return now


def tell(office: Office, error: UntrustedTime) -> None:
    """Report the clock once: not again before a time has been accepted."""
    ctx = office.context(SYSTEM, write=True)
    with ctx.session:
        kinds = select(Act.kind).where(Act.kind.in_((REPORTED, ACCEPTED)))
        if ctx.session.scalar(kinds.order_by(Act.id.desc()).limit(1)) == REPORTED:
            return
        report_clock(ctx, ahead=error.ahead, by=error.by)
        ctx.session.commit()
    office.seal()


def beat(office: Office) -> None:
    """One look at the clock by a running server; what is wrong with it is reported."""
    if not isinstance(office.clock, Timekeeper):
        return
    try:
        office.clock.beat()
    except UntrustedTime as error:
        tell(office, error)


def keep_beating(office: Office) -> None:
    """Look at the clock for ever, also while nobody asks for anything."""
    while True:
        with suppress(Unavailable, OSError, SQLAlchemyError):  # every page says that by itself
            beat(office)
        time.sleep(BEAT)
