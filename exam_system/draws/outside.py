"""What a draw takes from outside the two offices: further contributors and a round of drand.

They are chosen before the list is frozen, so that the approval covers them, and cannot be changed
afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.chance import reference
from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.draws.lookup import Held, find, lock_exam, subject
from exam_system.draws.models import Attempt, Draw, Invitation, SourceChoice
from exam_system.draws.parties import CONTRIBUTORS, MOST, parties, waits_for_drand
from exam_system.draws.recipes import recipe_of
from exam_system.draws.states import require
from exam_system.errors import Conflict, Fault, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.trust import drand
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import DrawError

CHAIN_FILE = "drand.json"


class SecondStart(Conflict):
    """Somebody would begin a draw that has begun; the refusal is logged (refuse_start)."""


def chain_of(config: Config) -> drand.Chain:
    """The beacon of this instance: quicknet, or the one that its drand.json describes.

    The file has `chain`, `public_key`, `period` and `genesis`; raises Fault when it is wrong.
    """
    path = config.instance / CHAIN_FILE
    if not path.exists():
        return drand.QUICKNET
    try:
        return drand.Chain(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise Fault(f"{path} describes no beacon: {error}") from error


def choice_of(session: Session, exam: Exam, kind: str) -> SourceChoice:
    """What was chosen for the next attempt; nothing when nobody chose."""
    query = select(SourceChoice).where(SourceChoice.exam_id == exam.id, SourceChoice.kind == kind)
    return session.scalar(query) or SourceChoice(exam_id=exam.id, kind=kind, contributors="")


def round_of(ctx: Context, choice: SourceChoice) -> dict[str, Any]:
    """What the manifest says of drand; raises Conflict when the chosen time is over."""
    if choice.drand_at is None:
        return {}
    chosen = drand.first_from(chain_of(ctx.config), ceil(choice.drand_at.timestamp()))
    if chosen.at <= ctx.clock.now().timestamp():
        raise Conflict("The chosen time of the drand round is over: choose a later one")
    return {"drand": chosen.document}


@verb
def choose_sources(
    ctx: Context,
    *,
    code: str,
    kind: str,
    contributors: Sequence[str],
    drand_at: datetime | None = None,
) -> None:
    """Choose who and what takes part in the next attempt beside officer, inspector and dice.

    `contributors` are roles of CONTRIBUTORS; with `drand_at` the first round of drand from then on
    counts. What was asked for or approved before no longer fits. Raises Invalid or Conflict.
    """
    exam = lock_exam(ctx.session, code)
    recipe_of(kind)
    chosen = [role for role in CONTRIBUTORS if role in contributors]
    if len(chosen) != len(contributors) or len(chosen) > MOST:
        raise Invalid("Choose at most %(most)s further contributors of the list", most=MOST).about(
            "contributor"
        )
    choice = choice_of(ctx.session, exam, kind)
    choice.contributors, choice.drand_at = " ".join(chosen), drand_at
    round_of(ctx, choice)
    ctx.session.add(choice)
    ctx.record(
        exam=exam.code,
        subject=f"exam:{exam.code}",
        kind=kind,
        contributors=chosen,
        drand=int(drand_at.timestamp()) if drand_at else None,
    )


@verb
def invite_contributor(ctx: Context, *, draw: str, number: int, role: str) -> str:
    """Make the link of a further contributor; returns its token, which is stored nowhere.

    A new link ends the one before; each is an act, so that a second one cannot stay unnoticed.
    """
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "frozen", "committed", "rolled", "confirmed")
    if role not in CONTRIBUTORS or role not in parties(held.manifest):
        raise Invalid("Nobody of this role contributes to this draw")
    token = reference(ctx.chance)
    row = invitations(ctx.session, held.attempt).get(role)
    if row is None:
        row = Invitation(attempt_id=held.attempt.id, role=role)
        ctx.session.add(row)
    row.token_digest, row.made_at = _digest(token), ctx.clock.now()
    _record(ctx, held, role=role)
    return token


def _digest(token: str) -> str:
    return sha256_hex(f"exam-system/draw/v1 invitation\n{token}\n".encode())


def invitations(session: Session, attempt: Attempt) -> dict[str, Invitation]:
    """The newest link of each further contributor, by role."""
    query = select(Invitation).where(Invitation.attempt_id == attempt.id)
    return {row.role: row for row in session.scalars(query)}


def by_token(session: Session, token: str) -> tuple[str, int, str]:
    """(draw, number, role) that a link is for; raises NotFound."""
    query = (
        select(Draw.code, Attempt.number, Invitation.role)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .join(Invitation, Invitation.attempt_id == Attempt.id)
        .where(Invitation.token_digest == _digest(token))
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound("This link does not count: ask the exam officer for a new one")
    return row[0], row[1], row[2]


def invited_role(session: Session, held: Held, token: str) -> str:
    """The role of a link's holder in this attempt; raises NotFound for any other link."""
    draw, number, role = by_token(session, token)
    if (draw, number) != (held.draw.code, held.attempt.number):
        raise NotFound("This link is for another draw")
    return role


def require_before_round(ctx: Context, held: Held) -> None:
    """Raise Conflict when the manifest's round of drand is out: its value could be known."""
    manifest = held.manifest
    if "drand" in manifest and drand.parse(manifest["drand"]).at <= ctx.clock.now().timestamp():
        raise Conflict(
            "The drand round of this draw has been out since %(at)s: whoever commits now could "
            "know it. Void this attempt and choose a later round",
            at=manifest["drand"]["time"],
        )


@verb
def record_drand(ctx: Context, *, draw: str, number: int, signature: str) -> None:
    """Enter the signature of the manifest's round; only the right one passes.

    It is checked against the beacon's public key, so nobody need confirm it. Raises Conflict while
    the round is not out, Invalid for anything else than its signature.
    """
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "confirmed")
    if not waits_for_drand(held.manifest, held.attempt):
        raise Conflict("This draw does not wait for a round of drand")
    chosen = drand.parse(held.manifest["drand"])
    if ctx.clock.now().timestamp() < chosen.at:
        raise Conflict("By the clock of this server the round is out at %(at)s", at=chosen.time)
    text = "".join(signature.split()).lower()
    try:
        drand.require_signed(chosen, text)
    except DrawError:
        raise Invalid(
            "This is not the signature of round %(number)s: look at all 96 characters again",
            number=chosen.number,
        ).about("signature") from None
    held.attempt.drand = text
    _record(ctx, held, signature=text)


@verb
def refuse_start(ctx: Context, *, code: str, kind: str) -> None:
    """Log that somebody was refused to begin a draw that has begun (THREATS D01)."""
    exam = lock_exam(ctx.session, code)
    query = (
        select(Attempt)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Draw.exam_id == exam.id, Draw.kind == kind)
        .order_by(Attempt.number.desc())
    )
    newest = ctx.session.scalars(query.limit(1)).one()
    draw = f"{exam.code}-{kind}"
    ctx.record(
        exam=exam.code,
        subject=subject(draw, newest.number),
        draw=draw,
        attempt=newest.number,
        state=newest.state,
    )


def _record(ctx: Context, held: Held, **details: str) -> None:
    attempt = held.attempt.number
    ctx.record(
        exam=held.exam.code, subject=held.subject, draw=held.draw.code, attempt=attempt, **details
    )
