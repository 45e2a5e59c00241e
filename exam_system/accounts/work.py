"""Proof of work against bots: a puzzle that costs a browser seconds and a program its mass.

Puzzles and their check are ALTCHA's (v2, PBKDF2/SHA-256), made and checked here, with nobody
else's service. A puzzle is bound to what it is for, ends by the office's clock and counts once.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

import altcha
from sqlalchemy.exc import IntegrityError

from exam_system.accounts import tries
from exam_system.context import Context
from exam_system.errors import Refused, Sentence
from exam_system.vault import Vault

PASSES = 1_000  # of PBKDF2 for one try: native code, so that a telephone is no worse off
LASTS = timedelta(minutes=30)
LONGEST = 4_000  # characters of an answer
NEEDED = Sentence("Your browser has to prove first that you are not a program; then send it again")
_ALGORITHM = "PBKDF2/SHA-256"


@cache
def _secrets(vault: Vault) -> tuple[str, str]:
    """What signs puzzles and their keys, both from the instance's secret."""
    return vault.blind("proof of work"), vault.blind("proof of work, key")


def puzzle(ctx: Context, purpose: str) -> str:
    """A new puzzle for this purpose, JSON for static/work.js.

    The browser looks for one number below `most`; the config says how many tries that takes.
    """
    most = ctx.config.proof_of_work
    secret, key_secret = _secrets(ctx.keys.vault)
    until = int((ctx.clock.now() + LASTS).timestamp())
    made = altcha.create_challenge(
        _ALGORITHM,
        PASSES,
        counter=int.from_bytes(ctx.chance.take(8), "big") % most,
        data={"for": purpose, "most": most, "until": until},
        hmac_secret=secret,
        hmac_key_secret=key_secret,
    )
    return json.dumps(made.to_dict())


def require(ctx: Context, purpose: str, answer: str) -> None:
    """Raise Refused (NEEDED) unless the answer solves a puzzle of ours that is neither over nor
    used; then it is used up, with the transaction."""
    nonce = _solved(ctx, purpose, answer)
    if nonce is None:
        raise Refused(NEEDED.msgid)
    key = ctx.keys.vault.blind(f"work:{nonce}")
    try:
        tries.put_down(ctx, key, until=ctx.clock.now() + LASTS)
    except IntegrityError:
        raise Refused(NEEDED.msgid) from None


def require_solved(ctx: Context, purpose: str, answer: str) -> None:
    """Raise Refused (NEEDED) unless the answer solves such a puzzle; it is not used up by that."""
    if _solved(ctx, purpose, answer) is None:
        raise Refused(NEEDED.msgid)


def _solved(ctx: Context, purpose: str, answer: str) -> str | None:
    """The random of the puzzle that is solved."""
    if not answer or len(answer) > LONGEST:
        return None
    try:
        payload = altcha.Payload.from_base64(answer)
        data: Any = payload.challenge.parameters.data
        fits = data["for"] == purpose and data["until"] > ctx.clock.now().timestamp()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    secret, key_secret = _secrets(ctx.keys.vault)
    result = altcha.verify_solution(payload, secret, hmac_key_secret=key_secret)
    return str(payload.challenge.parameters.nonce) if fits and result.verified else None
