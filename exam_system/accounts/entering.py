"""What comes between a candidate's password and being let in: second factor, then consent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts import consents, factors
from exam_system.accounts.glance import Glance
from exam_system.accounts.models import Account, LoginSession
from exam_system.accounts.sessions import find_session
from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.trust.canonical import sha256_hex

STEP_LASTS = timedelta(minutes=30)
_OVER = "This login has taken too long or is over: log in again"


def first_wait(ctx: Context, account: Account, seen: Glance | None = None) -> str | None:
    """What a login of this account has to wait for first; only those of candidates do. `seen`:
    what the transaction has looked up already."""
    # Where a registration waited, the password has just completed it and with it the consent.
    if seen is not None and seen.account is account and seen.signup is None:
        return seen.waits
    if account.role != Role.CANDIDATE:
        return None
    if factors.factors_of(ctx.session, account.id):
        return "factor"
    return _last_wait(ctx.session, account)


def _last_wait(session: Session, account: Account) -> str | None:
    return "consent" if consents.lacking(session, account.id) else None


def occasion(row: LoginSession) -> factors.Occasion:
    """What a second factor confirms at a login: this one, which nobody else's answer fits."""
    said = sha256_hex(f"login {row.token_digest}".encode())
    return factors.Occasion(f"accounts.finish_log_in {row.id}", said, row.token_digest)


def waiting(ctx: Context, token: str, what: str) -> tuple[Account, LoginSession]:
    """The login that waits for this, and whose it is; raises Conflict."""
    found = find_session(ctx.session, token, ctx.clock.now())
    if found is None or found[1].waits != what:
        raise Conflict(_OVER)
    return found


@verb
def finish_log_in(ctx: Context, *, token: str) -> None:
    """Go on with one's own login; the second factor must have been proved for it just now."""
    account, row = waiting(ctx, token, "factor")
    _require_own(ctx, account)
    factor = factors.take(ctx, occasion(row).about)
    row.waits = _last_wait(ctx.session, account)
    _let_in(ctx, row)
    ctx.record(exam="", subject=f"account:{account.ref}", factor=factor)


@verb
def agree_texts(ctx: Context, *, token: str, agreed: Collection[str]) -> None:
    """Agree to the texts on personal data in force, and be let in by one's login that waits."""
    digests = consents.require(ctx, agreed)
    account, row = waiting(ctx, token, "consent")
    _require_own(ctx, account)
    consents.add_consent(ctx, account, digests)
    row.waits = None
    _let_in(ctx, row)
    ctx.record(exam="", subject=f"account:{account.ref}", agreed=digests)


def _require_own(ctx: Context, account: Account) -> None:
    if account.id != ctx.actor.account_id:
        raise Conflict(_OVER)


def _let_in(ctx: Context, row: LoginSession) -> None:
    if row.waits is None:
        row.ends_at = ctx.clock.now() + timedelta(hours=ctx.config.session_hours)
    ctx.session.flush()
