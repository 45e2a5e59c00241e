"""Second factors: set up, proved afresh for one act, removed by the administrator when lost.

Codes are TOTP (RFC 6238: SHA-1, 30 seconds, 6 digits), accepted one step early or late; a code is
used up by the UPDATE that moves `last_step`, so that of two at once only one is let in.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from exam_system.accounts import passkeys, tries
from exam_system.accounts.models import Account, SecondFactor
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Sentence
from exam_system.people import clean_line
from exam_system.trust.canonical import sha256, sha256_hex
from exam_system.vault import password_holds

STEP = 30  # seconds
WINDOW = 1  # steps before and after now
LONGEST_LABEL = 60
ADDING = "accounts.add_second_factor"
WRONG = Sentence("The code is wrong, too old or used already: wait for the next one and type it")
NONE_YET = Sentence("Set up a second factor first, on your page “Second factor”")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fresh second factor confirms: its name, the digest of its content, a random (hex)."""

    about: str
    digest: str
    nonce: str

    @property
    def challenge(self) -> bytes:
        """What a passkey signs: SHA-256(digest || random)."""
        return sha256(bytes.fromhex(self.digest), bytes.fromhex(self.nonce))


@dataclass(frozen=True, slots=True)
class Typed:
    """What was given as second factor: the digits of a code, or a passkey's answer (JSON)."""

    code: str = ""
    passkey: str = ""


def direct(ctx: Context, verb: str, subject: str, digest: str) -> Occasion:
    """The occasion of an act that confirms itself, once on this subject in this condition.

    The random comes from the instance's secret, and the act cannot be done twice.
    """
    about = f"{verb} {subject}"
    return Occasion(about, digest, ctx.keys.vault.blind(f"occasion:{ctx.actor.ref}:{about}"))


def factors_of(session: Session, account_id: int | None) -> list[SecondFactor]:
    """The confirmed second factors of an account."""
    query = select(SecondFactor).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return list(session.scalars(query.order_by(SecondFactor.id)))


def step_at(at: datetime) -> int:
    """The number of the 30-second step, counted from 1970."""
    return int(at.timestamp()) // STEP


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step within the window whose code this is; None when it is none's."""
    digits = "".join(code.split()).encode()
    now, codes = step_at(at), pyotp.HOTP(secret)
    for step in range(now - WINDOW, now + WINDOW + 1):
        if hmac.compare_digest(codes.at(step).encode(), digits):
            return step
    return None


def prove(ctx: Context, occasion: Occasion, typed: Typed) -> bool:
    """Whether the actor's second factor holds for the occasion; a code or answer is used up.

    When it is False the caller commits, so that the failure counts, and then refuses (WRONG).
    Raises Conflict without a second factor, Refused while one has to wait.
    """
    own = factors_of(ctx.session, ctx.actor.account_id)
    if not own:
        raise Conflict(NONE_YET.msgid)
    key = ctx.keys.vault.blind(f"factor:{ctx.actor.ref}")
    failure = tries.earlier_failures(ctx, key)
    kind = _held(ctx, own, occasion, typed)
    if kind is None:
        tries.failed(ctx, key, failure)
        return False
    tries.held(ctx, failure)
    ctx.proved = occasion.about, kind
    return True


def prove_password(ctx: Context, password: str, occasion: Occasion | None = None) -> bool:
    """Whether the password holds for the occasion, of somebody without a second factor: by default
    that of setting the first one up."""
    if factors_of(ctx.session, ctx.actor.account_id):
        raise Conflict("You have a second factor: confirm with it")
    key = ctx.keys.vault.blind(f"factor:{ctx.actor.ref}")
    failure = tries.earlier_failures(ctx, key)
    account = ctx.session.get_one(Account, ctx.actor.account_id)
    if not password_holds(password, account.password_hash):
        tries.failed(ctx, key, failure)
        return False
    tries.held(ctx, failure)
    ctx.proved = (occasion or adding(ctx)).about, "password"
    return True


def adding(ctx: Context) -> Occasion:
    """The occasion of setting up one more second factor."""
    return direct(ctx, ADDING, f"account:{ctx.actor.ref}", sha256_hex(ctx.actor.ref.encode()))


def dropping(ctx: Context, factor: int) -> Occasion:
    """The occasion of giving up one of one's own second factors."""
    about = f"account:{ctx.actor.ref} {factor}"
    return direct(ctx, "accounts.drop_second_factor", about, sha256_hex(about.encode()))


def take(ctx: Context, about: str) -> str:
    """The kind of factor that was proved for this in the same transaction; it counts once.

    Raises Forbidden when none was.
    """
    if ctx.proved is None or ctx.proved[0] != about:
        raise Forbidden("This needs a fresh second factor")
    kind, ctx.proved = ctx.proved[1], None
    return kind


def _held(ctx: Context, own: list[SecondFactor], occasion: Occasion, typed: Typed) -> str | None:
    if typed.passkey:
        return "passkey" if _passkey_holds(ctx, own, occasion, typed.passkey) else None
    rows = [one for one in own if one.kind == "totp"]
    return "totp" if any(_code_holds(ctx, one, typed.code) for one in rows) else None


def _code_holds(ctx: Context, factor: SecondFactor, code: str) -> bool:
    step = step_of(ctx.keys.vault.open(factor.sealed), code, ctx.clock.now())
    if step is None:
        return False
    unused = or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step)
    done = ctx.session.execute(
        update(SecondFactor).where(SecondFactor.id == factor.id, unused).values(last_step=step)
    )
    return done.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _passkey_holds(ctx: Context, own: list[SecondFactor], occasion: Occasion, answer: str) -> bool:
    credential = passkeys.credential_of(answer)
    found = next((one for one in own if credential and one.credential == credential), None)
    if found is None:
        return False
    count = passkeys.holds(ctx.config, found, answer, occasion.challenge)
    if count is not None:
        found.sign_count = count
    return count is not None


@verb
def add_second_factor(ctx: Context, *, kind: str, label: str, secret: str = "") -> SecondFactor:
    """Begin to set up a second factor of one's own: "totp" or "passkey"; an unfinished one of the
    kind is given up. `secret` (base32) is for demonstrations, whose codes everybody may know.

    `prove` (or without a factor `prove_password`) must have held in the same transaction.
    """
    by = take(ctx, adding(ctx).about)
    if kind not in ("totp", "passkey"):
        raise Invalid("A second factor is a code of six digits or a passkey")
    if secret and not ctx.config.demonstration:
        raise Forbidden("Only a demonstration has secrets that were chosen")
    if kind == "passkey" and not passkeys.host(ctx.config):
        raise Conflict("Passkeys need a server with a name, not only an address")
    _give_up(ctx, kind)
    fresh = secret or (pyotp.random_base32() if kind == "totp" else ctx.chance.take(32).hex())
    factor = SecondFactor(
        account_id=ctx.actor.account_id,
        kind=kind,
        label=_label(label),
        sealed=ctx.keys.vault.seal(fresh),
        added_at=ctx.clock.now(),
    )
    ctx.session.add(factor)
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}", factor=kind, by=by)
    return factor


def _give_up(ctx: Context, kind: str) -> None:
    mine = SecondFactor.account_id == ctx.actor.account_id, SecondFactor.kind == kind
    if kind == "totp" and any(one.kind == "totp" for one in _mine(ctx)):
        raise Conflict("You have an authenticator already: the administrator removes a lost one")
    ctx.session.execute(delete(SecondFactor).where(*mine, SecondFactor.confirmed_at.is_(None)))


def _mine(ctx: Context) -> list[SecondFactor]:
    return factors_of(ctx.session, ctx.actor.account_id)


def _label(text: str) -> str:
    line = clean_line(text, LONGEST_LABEL)
    if not line:
        raise Invalid("Name the device in 1 to 60 characters")
    return line


def unfinished(session: Session, account_id: int | None) -> list[SecondFactor]:
    """What the account has begun to set up."""
    query = select(SecondFactor).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_(None)
    )
    return list(session.scalars(query.order_by(SecondFactor.id)))


@verb
def confirm_second_factor(ctx: Context, *, factor: int, answer: str) -> SecondFactor:
    """Finish the setting up: the first code, or the passkey's answer to its registration."""
    found = next((one for one in unfinished(ctx.session, ctx.actor.account_id) if one.id == factor),
                 None)  # fmt: skip
    if found is None:
        raise NotFound("There is no second factor to be confirmed")
    now, secret = ctx.clock.now(), ctx.keys.vault.open(found.sealed)
    if found.kind == "totp":
        found.last_step = step_of(secret, answer, now)
        if found.last_step is None:
            raise Refused(WRONG.msgid)
    else:
        found.credential, found.public_key, found.sign_count = passkeys.registered(
            ctx.config, answer, bytes.fromhex(secret)
        )
    found.confirmed_at = now
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}", factor=found.kind)
    return found


@verb
def drop_second_factor(ctx: Context, *, factor: int) -> None:
    """Give up a second factor of one's own; one of them must have been proved for it just now."""
    by = take(ctx, dropping(ctx, factor).about)
    found = next((one for one in _mine(ctx) if one.id == factor), None)
    if found is None:
        raise NotFound("There is no such second factor")
    ctx.session.delete(found)
    ctx.session.flush()
    ctx.record(exam="", subject=f"account:{ctx.actor.ref}", factor=found.kind, by=by)


@verb
def remove_second_factor(ctx: Context, *, username: str) -> None:
    """Remove all second factors of an account, when one is lost; its owner sets up a new one."""
    account = ctx.session.scalar(select(Account).where(Account.username == username))
    if account is None:
        raise NotFound("There is no open account of this name")
    mine = SecondFactor.account_id == account.id
    kinds = sorted(ctx.session.scalars(select(SecondFactor.kind).where(mine)))
    if not kinds:
        raise Conflict("This account has no second factor")
    ctx.session.execute(delete(SecondFactor).where(mine))
    ctx.record(exam="", subject=f"account:{account.ref}", factors=kinds)
