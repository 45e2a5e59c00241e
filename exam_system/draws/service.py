"""Verbs of draws: the ceremony of draw/v1 (PROTOCOLS.md section 4), one act a step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.accounts import factors
from exam_system.approvals.lookup import use
from exam_system.context import Context, verb
from exam_system.draws import confidential
from exam_system.draws.bundle import write_bundle
from exam_system.draws.computing import (
    DICE,
    result_of,
    transcript_of,
)
from exam_system.draws.lookup import (
    Held,
    contributions,
    cosigning,
    find,
    lock_exam,
    subject,
)
from exam_system.draws.manifest import next_manifest, rehearse
from exam_system.draws.models import Attempt, Contribution, Draw
from exam_system.draws.outside import invited_role, require_before_round
from exam_system.draws.paper import certificate_of
from exam_system.draws.parties import OFFICES, WHO, parties, values_of, waits_for_drand
from exam_system.draws.recipes import recipe_of
from exam_system.draws.states import move, require
from exam_system.errors import Conflict, Fault, Invalid, Sentence
from exam_system.exams import states as exams
from exam_system.exams.models import Exam
from exam_system.records.audit import require_whole
from exam_system.records.models import Act, Note
from exam_system.records.notes import put_note, require_cosigned
from exam_system.trust import tickets
from exam_system.trust.canonical import has_control, jcs, sha256_hex
from exam_system.trust.draw_note import DrawNote

OPENS = {"seats": "seated"}  # the state an exam enters when a draw is published
_HEX = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(rf"[0-9]{{{DICE['digits']}}}")
_LONGEST_REASON = 200


def _record(ctx: Context, held: Held, **details: Any) -> None:
    attempt = held.attempt.number
    ctx.record(
        exam=held.exam.code, subject=held.subject, draw=held.draw.code, attempt=attempt, **details
    )


def _plain(text: str) -> str:
    # Secrets are copied from paper by hand: blanks and capitals mean nothing.
    return "".join(text.split()).lower()


def _hex(text: str) -> str:
    if not _HEX.fullmatch(_plain(text)):
        raise Invalid("This must be 64 characters from 0-9 and a-f").about("commitment secret")
    return _plain(text)


def _digits(text: str) -> str:
    digits = "".join(text.split())
    if not _DIGITS.fullmatch(digits):
        raise Invalid(
            "The dice give exactly %(number)s digits from 0 to 9; %(given)s characters were typed",
            number=DICE["digits"],
            given=len(digits),
        ).about("digits dice")
    return digits


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > _LONGEST_REASON or has_control(reason):
        raise Invalid(
            "Give the reason in one line of at most %(most)s characters", most=_LONGEST_REASON
        ).about("reason")
    return reason


CEREMONY = ("draw", "attempt", "contribution", "invitation", "source_choice")


@verb
def freeze_draw(ctx: Context, *, code: str, kind: str) -> Attempt:
    """Fix the list, the rules and the sources of chance of a new attempt.

    The whole draw is run once on a seed that is not used, so that nothing can fail later: too few
    people or a label that cannot be printed is refused here. Raises Invalid or Conflict.
    """
    exam = lock_exam(ctx.session, code)
    require_whole(ctx.session, *recipe_of(kind).relies_on, *CEREMONY)
    manifest = next_manifest(ctx, exam, kind)
    rehearse(ctx, exam, manifest, paper=True)
    text = jcs(manifest)
    digest, number = sha256_hex(text), manifest["attempt"]
    use(ctx, subject=subject(manifest["draw"], number), digest=digest)
    draw = _draw_of(ctx, exam, kind)
    attempt = Attempt(
        draw_id=draw.id,
        number=number,
        state="frozen",
        manifest=text.decode(),
        manifest_digest=digest,
        opens_at=confidential.opening(manifest),
        frozen_at=ctx.clock.now(),
    )
    ctx.session.add(attempt)
    ctx.session.flush()
    _record(ctx, Held(exam, draw, attempt), manifest=attempt.manifest_digest)
    return attempt


def _draw_of(ctx: Context, exam: Exam, kind: str) -> Draw:
    db = ctx.session
    draw = db.scalar(select(Draw).where(Draw.exam_id == exam.id, Draw.kind == kind))
    if draw is None:
        draw = Draw(code=f"{exam.code}-{kind}", exam_id=exam.id, kind=kind)
        db.add(draw)
        db.flush()
    return draw


@verb
def commit_secret(
    ctx: Context, *, draw: str, number: int, commitment: str, token: str = ""
) -> None:
    """Log the digest of the actor's secret; the secret itself stays with its maker.

    A further contributor has no account: `token`, from the link, says who it is.
    """
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "frozen")
    require_before_round(ctx, held)
    role, value = _own_role(ctx, held, token), _hex(commitment)
    present = contributions(ctx.session, held.attempt)
    if role in present:
        raise Conflict("The commitment of %(who)s is in already", who=Sentence(WHO[role]))
    known = select(Contribution.id).where(Contribution.commitment == value)
    if ctx.session.scalar(known) is not None:
        raise Conflict("This commitment has been used before: make a secret of your own")
    row = Contribution(
        attempt_id=held.attempt.id, role=role, commitment=value, committed_at=ctx.clock.now()
    )
    ctx.session.add(row)
    if {*present, role} == set(parties(held.manifest)):
        move(held.attempt, "committed")
    _record(ctx, held, role=role, commit=value)


def _own_role(ctx: Context, held: Held, token: str) -> str:
    if ctx.actor.role is Role.PUBLIC:
        return invited_role(ctx.session, held, token)
    return ctx.actor.role.value


@verb
def record_dice(ctx: Context, *, draw: str, number: int, digits: str) -> None:
    """Type in the dice; a slip of the finger may be typed anew until the inspector confirms."""
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "committed", "rolled")
    held.attempt.dice = _digits(digits)
    move(held.attempt, "rolled")
    _record(ctx, held, dice=held.attempt.dice)


@verb
def confirm_dice(ctx: Context, *, draw: str, number: int, digits: str) -> None:
    """The inspector types the dice as well; only equal digits count."""
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "rolled")
    if _digits(digits) != held.attempt.dice:
        raise Conflict(
            "These digits differ from those the exam officer typed: look at the dice again; "
            "the one who is wrong types anew"
        )
    move(held.attempt, "confirmed")
    _record(ctx, held, dice=held.attempt.dice)


@verb
def reveal_secret(
    ctx: Context, *, draw: str, number: int, secret: str, role: str = "", token: str = ""
) -> None:
    """Reveal the actor's secret, or with `role` another party's from its sealed copy.

    A further contributor reveals only their own, by the `token` of their link. A secret that is not
    the one committed to is refused and its owner named; nothing is stored.
    """
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "confirmed")
    if waits_for_drand(held.manifest, held.attempt):
        raise Conflict("No secret yet: the round of drand is to be entered first")
    others = role if ctx.actor.role is not Role.PUBLIC else ""
    role, value = others or _own_role(ctx, held, token), _hex(secret)
    row = _unrevealed(ctx, held, role)
    if not _opens(held, row, value):
        raise Conflict(
            "This is not the secret that %(who)s committed to: nothing was stored",
            who=Sentence(WHO[role]),
        )
    row.secret, row.revealed_at = value, ctx.clock.now()
    if all(one.secret for one in contributions(ctx.session, held.attempt).values()):
        move(held.attempt, "revealed")
    _record(ctx, held, role=role, secret=value)


def _unrevealed(ctx: Context, held: Held, role: str) -> Contribution:
    row = contributions(ctx.session, held.attempt).get(role)
    if row is None:
        raise Invalid("Nobody of this role has a secret in this draw")
    if row.secret:
        raise Conflict("The secret of %(who)s is revealed already", who=Sentence(WHO[role]))
    return row


def _opens(held: Held, row: Contribution, secret: str) -> bool:
    made = tickets.commitment(held.draw.code, held.attempt.number, row.role, bytes.fromhex(secret))
    return made == row.commitment


@verb
def finish_draw(ctx: Context, *, draw: str, number: int) -> None:
    """Compute seed and result from the frozen manifest and the revealed values, and sign them."""
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "revealed")
    require_whole(ctx.session, *CEREMONY)
    _require_all_attempts(ctx, held)
    attempt, manifest = held.attempt, held.manifest
    seed = tickets.seed(transcript(ctx, held))
    result = result_of(manifest, seed)
    attempt.seed, attempt.result = seed, jcs(result).decode()
    attempt.certificate = certificate_of(ctx, held.exam, manifest, result, seed)
    attempt.finished_at = ctx.clock.now()
    move(attempt, "finished")
    attempt.note_id = _sign(ctx, held, manifest).id
    recipe_of(held.draw.kind).apply(ctx, held.exam, attempt, result["groups"])
    _record(ctx, held, seed=seed, result=sha256_hex(attempt.result.encode()))


def transcript(ctx: Context, held: Held) -> bytes:
    """The exact bytes whose SHA-256 is the seed."""
    values = values_of(held.attempt, contributions(ctx.session, held.attempt))
    return transcript_of(held.manifest, held.attempt.manifest_digest, values)


def _require_all_attempts(ctx: Context, held: Held) -> None:
    # A deleted attempt would make the certificate's number a lie; the log still knows it.
    prefix = subject(held.draw.code, 0)[:-1]
    query = select(func.count()).where(
        Act.kind == "draws.freeze_draw", Act.subject.startswith(prefix, autoescape=True)
    )
    logged = ctx.session.scalar(query)
    if logged != held.attempt.number:
        raise Fault(f"the log knows {logged} attempts of {held.draw.code}, the tables do not")


def _sign(ctx: Context, held: Held, manifest: dict[str, Any]) -> Note:
    attempt, code = held.attempt, held.draw.code
    note = DrawNote(
        draw=code,
        attempt=attempt.number,
        attempts=attempt.number,
        algorithm=manifest["algorithm"],
        manifest=attempt.manifest_digest,
        seed=attempt.seed,
        result=sha256_hex(attempt.result.encode()),
        sources=tuple(manifest["sources"]),
        certificate=sha256_hex(attempt.certificate or b""),
    )
    return put_note(
        ctx.session,
        purpose="draw",
        title=f"draw {code} attempt {attempt.number}",
        exam=held.exam.code,
        text=note.text,
        signers=[ctx.keys.officer],
        at=ctx.clock.now(),
    )


@verb
def publish_draw(ctx: Context, *, draw: str, number: int) -> Path:
    """Write the bundle for everybody; needs the signatures of as many of the manifest's inspectors
    as it says, under the result and under a head of the log that covers the whole ceremony."""
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "finished")
    confidential.require_hour(ctx, held.attempt)
    note = ctx.session.get_one(Note, held.attempt.note_id)
    require_cosigned(ctx.session, note.id, **cosigning(held.manifest))
    require_whole(ctx.session, *CEREMONY)
    use(ctx, subject=held.subject, digest=note.digest)
    if held.draw.kind in OPENS:
        exams.move(lock_exam(ctx.session, held.exam.code), OPENS[held.draw.kind])
    path = write_bundle(ctx.session, ctx.config, held)
    move(held.attempt, "published")
    held.attempt.published_at = ctx.clock.now()
    _record(ctx, held, note=note.digest)
    return path


@verb
def void_draw(
    ctx: Context,
    *,
    draw: str,
    number: int,
    reason: str,
    sealed: str | None = None,
    failed: str = "",
) -> None:
    """Void an attempt before the dice; afterwards only because of a secret that does not hold.

    After the dice the actor must give `sealed`: the text found in the other party's sealed copy;
    for the inspector, who keeps every copy, `failed` may be a further contributor. It is compared
    with the commitment, so nobody can end a draw with a false secret of their own.
    """
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "frozen", "committed", "confirmed")
    text, proof = _reason(reason), {}
    if held.attempt.state == "confirmed":
        proof = _failed_secret(ctx, held, sealed, failed)
    proof |= _fresh_factor(ctx, "draws.void_draw", held)
    move(held.attempt, "void")
    held.attempt.reason = text
    _record(ctx, held, reason=text, **proof)


def _fresh_factor(ctx: Context, verb: str, held: Held) -> dict[str, str]:
    """Inspectors confirm what only they may do with a second factor, in the same transaction."""
    if ctx.actor.role is not Role.INSPECTOR:
        return {}
    return {"factor": factors.take(ctx, confirming(ctx, verb, held).about)}


def confirming(ctx: Context, verb: str, held: Held) -> factors.Occasion:
    """What the inspector's second factor confirms: this step of this attempt."""
    return factors.direct(ctx, verb, held.subject, held.attempt.manifest_digest)


def _failed_secret(ctx: Context, held: Held, sealed: str | None, failed: str) -> dict[str, str]:
    if sealed is None:
        raise Conflict("The dice have been thrown: this attempt can only be finished")
    failed = failed or next(role for role in OFFICES if role != ctx.actor.role.value)
    if failed not in copies_of(ctx.actor.role, held):
        raise Invalid("You keep no sealed copy of this role")
    row = _unrevealed(ctx, held, failed)
    if _HEX.fullmatch(_plain(sealed)) and _opens(held, row, _plain(sealed)):
        raise Conflict("The sealed copy holds: reveal it, the draw goes on")
    return {"failed": failed, "sealed": sealed.strip()[:_LONGEST_REASON]}


def copies_of(role: Role, held: Held) -> list[str]:
    """Whose sealed copies somebody keeps: the other office's, the inspector everybody's."""
    if role is not Role.INSPECTOR:
        return ["inspector"]
    return [one for one in parties(held.manifest) if one != "inspector"]


@verb
def approve_redraw(ctx: Context, *, draw: str, number: int, reason: str) -> None:
    """The inspector allows one more attempt after this void one."""
    held = find(ctx.session, draw, number, lock=True)
    require(held.attempt, "void")
    if held.attempt.redraw_approved:
        raise Conflict("Another attempt is approved already")
    text = _reason(reason)
    factor = _fresh_factor(ctx, "draws.approve_redraw", held)
    held.attempt.redraw_approved, held.attempt.redraw_reason = True, text
    _record(ctx, held, reason=text, **factor)
