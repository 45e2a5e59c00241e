"""The doors that everybody may try: from where one comes, how often, and with how much work.

Addresses are used by their prefix (/24, /56), since whoever has one usually has its neighbours,
and only under a keyed digest. What comes from the machine itself without a proxy's word has no
address here: the limits by address are then not applied.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from exam_system.accounts import tries
from exam_system.accounts.models import LoginFailure
from exam_system.context import Context
from exam_system.errors import Refused
from exam_system.lately import Lately

PREFIX = {4: 24, 6: 56}
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FRESH = timedelta(minutes=15)  # so long after a failure a login needs work
WORK_FROM = 20  # failures of a part of the network
WAIT_FROM = 200
REGISTRATIONS = 300  # an hour from one part of the network: a school's computer rooms
TAKEOVERS = 20
ALL_WORK, ALL_MOST = 300, 3_000  # failures a minute of everybody together, in one process


class Busy(Refused):
    """More than the whole of it can take: later."""

    status = 503
    seconds = 60


class Budget(Lately):
    """Failures of everybody in the last minute, one for each server process."""

    def __init__(self) -> None:
        super().__init__(MINUTE)


def prefix(remote: str, forwarded: str = "") -> str:
    """The part of the network a request comes from; "" when nobody says.

    The proxy's word counts only when it is the machine itself that asks; of several addresses the
    last, which the nearest proxy wrote.
    """
    try:
        peer = ip_address(remote)
        if peer.is_loopback:
            peer = ip_address(forwarded.rpartition(",")[2].strip())
    except ValueError:
        return ""
    mapped = getattr(peer, "ipv4_mapped", None) or peer
    return str(ip_network((mapped, PREFIX[mapped.version]), strict=False))


def _key(ctx: Context, what: str, network: str) -> str:
    return ctx.keys.vault.blind(f"{what}:{network}")


def network_key(ctx: Context, network: str) -> str:
    """Under which failures from a part of the network are counted."""
    return _key(ctx, "net", network)


def name_key(ctx: Context, login: str) -> str:
    """Under which failures of a login name are counted."""
    return ctx.keys.vault.blind(f"login:{login.strip()}")


def login_needs_work(
    ctx: Context, name: LoginFailure | None, there: LoginFailure | None, budget: Budget
) -> bool:
    """Whether this login needs a proof of work, by what failed lately under the name, from there
    and altogether; raises TooMany or Busy when it must wait."""
    now = ctx.clock.now()
    everybody = budget.count(now)
    if everybody >= ALL_MOST:
        raise Busy("Too many logins fail at the moment: try again in a minute")
    for failure in (there, name):
        tries.require_patience(ctx, failure)
    return (
        everybody >= ALL_WORK
        or _fresh(there, now, WORK_FROM)
        or _fresh(name, now, tries.FREE_TRIES)
    )


def _fresh(failure: LoginFailure | None, now: datetime, least: int) -> bool:
    return bool(failure and failure.count >= least and failure.wait_until > now - FRESH)


def login_failed(ctx: Context, network: str, there: LoginFailure | None, budget: Budget) -> None:
    """A login from there failed; under its name that is counted already."""
    budget.add(ctx.clock.now())
    if network:
        tries.failed(ctx, network_key(ctx, network), there, free=WAIT_FROM)


def count_registration(ctx: Context, network: str) -> None:
    """Raise TooMany when too many asked for registration from there within an hour."""
    if network:
        key = _key(ctx, "registrations", network)
        tries.count_request(ctx, key, most=REGISTRATIONS, within=HOUR)


def count_takeover(ctx: Context, network: str) -> None:
    """Raise TooMany when too many asked for a takeover from there within an hour."""
    if network:
        key = _key(ctx, "takeovers", network)
        tries.count_request(ctx, key, most=TAKEOVERS, within=HOUR)
