"""Verbs of oversight: keys, cosignatures, exports, evidence, alerts, the integrity board."""

from __future__ import annotations

from sqlalchemy import select

from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.oversight.acts import MOST, Filter, Told, find_acts
from exam_system.oversight.evidence import Evidence, build_evidence
from exam_system.oversight.watch import find_alerts
from exam_system.people import clean_line
from exam_system.records.models import Note, RoleKey
from exam_system.records.notes import add_cosignatures
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import COSIGNATURE, Verifier

LONGEST_NOTE = 500


@verb
def register_server_keys(ctx: Context) -> None:
    """Make the server's public keys known; once, when the instance is created."""
    keys = ctx.keys
    for role, signer in (
        ("log", keys.log),
        ("publisher", keys.publisher),
        ("officer", keys.officer),
    ):
        vkey = signer.verifier.vkey
        ctx.session.add(RoleKey(role=role, name=signer.name, vkey=vkey))
        ctx.record(exam="", subject=f"key:{signer.name}", vkey=vkey)


@verb
def register_inspector(ctx: Context, *, vkey: str) -> RoleKey:
    """Register an inspector's public key; the private key never comes here."""
    try:
        verifier = Verifier.parse(vkey.strip())
    except TrustError as error:
        raise Invalid("This is not a public key: %(why)s", why=error).about("vkey") from None
    if verifier.type != COSIGNATURE:
        raise Invalid("An inspector's key is of the cosignature type (0x04)").about("vkey")
    if ctx.session.scalar(select(RoleKey.id).where(RoleKey.name == verifier.name)):
        raise Conflict("A key named %(name)s is registered already", name=verifier.name)
    key = RoleKey(role="inspector", name=verifier.name, vkey=verifier.vkey)
    ctx.session.add(key)
    ctx.session.flush()
    ctx.record(exam="", subject=f"key:{verifier.name}", vkey=verifier.vkey)
    return key


@verb
def cosign_notes(ctx: Context, *, files: list[bytes]) -> list[Note]:
    """Take over the inspectors' signatures of uploaded notes; all or none."""
    if not files:
        raise Invalid("No file was chosen").about("files")
    taken = []
    for data in files:
        note, names = add_cosignatures(ctx.session, data)
        ctx.record(exam=note.exam, subject=f"note:{note.digest}", by=names, title=note.title)
        taken.append(note)
    return taken


@verb
def gather_cosignature(ctx: Context, *, data: bytes, witness: str) -> list[str]:
    """Take over what a witness answered, `data` being our note with its lines; who signed.

    Checked as an upload is: raises Invalid unless every line holds, Conflict when it is here.
    """
    note, names = add_cosignatures(ctx.session, data)
    ctx.record(
        exam=note.exam, subject=f"note:{note.digest}", by=names, title=note.title, witness=witness
    )
    return names


@verb
def export_acts(ctx: Context, *, asked: Filter) -> list[Told]:
    """Everything the filter finds, to be taken away; the taking itself is an act."""
    rows = find_acts(ctx.session, asked, ctx.config.zone, limit=MOST)
    ctx.record(exam=asked.exam, subject="acts", rows=len(rows), filter=asked.words())
    return rows


@verb
def make_evidence(ctx: Context, *, asked: Filter) -> Evidence:
    """The acts of a case as one zip that verifies offline; its digest goes into the log."""
    made = build_evidence(ctx, asked)
    ctx.record(
        exam=asked.exam,
        subject=f"evidence:{made.digest[:16]}",
        acts=made.acts,
        digest=made.digest,
        filter=asked.words(),
    )
    return made


@verb
def note_alert(ctx: Context, *, alert: str, note: str) -> None:
    """Acknowledge an alert with what was found; the act itself is the acknowledgment.

    Raises NotFound unless there is such an alert now, Invalid without a note in one line.
    """
    text = clean_line(note, LONGEST_NOTE)
    if not text:
        raise Invalid(
            "Write what you found, in at most %(most)s characters", most=LONGEST_NOTE
        ).about("note finding")
    found = {one.id: one for one in find_alerts(ctx.session, ctx.config.zone)}
    if alert not in found:
        raise NotFound("There is no such alert")
    one = found[alert]
    ctx.record(exam=one.exam, subject=f"alert:{alert}", rule=one.rule, note=text)


@verb
def check_board(ctx: Context, *, states: dict[str, str], digest: str) -> None:
    """Put a run of the integrity board into the log: what each promise came to, and the SHA-256
    of the whole outcome."""
    ctx.record(exam="", subject="board", states=states, digest=digest)
