"""Verbs of keys that end: the server's are replaced, an inspector's is retired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.people import reason_line
from exam_system.printing.signing import fingerprint
from exam_system.records.heads import newest_head
from exam_system.records.keys import retire, rows_of, serving, signed_at
from exam_system.records.log import sequence
from exam_system.records.models import Note, NoteSignature, Release, RoleKey
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.keys import Signer, Verifier

HEADER = "exam-system/key/v1"
LONGEST = 200


@verb
def rotate_key(ctx: Context, *, role: str, new: Signer, old: Signer | None) -> RoleKey:
    """Put a new key of the log, the publisher or the officer in the place of the one that serves.

    The act carries a statement of both keys, signed by both; `old` is None when it is lost. What
    is signed and not yet published gets the new key's signature. Raises Conflict.
    """
    row = serving(ctx.session, role)
    if row is None or (old is not None and old.verifier.vkey != row.vkey):
        raise Conflict("The key that serves as %(role)s is another one", role=role)
    if new.name != row.name or new.verifier.vkey in {one.vkey for one in rows_of(ctx.session)}:
        raise Conflict("A new key has the name of the old one, and never served before")
    _end(ctx, row)
    statement = _statement(row, new, old)
    ctx.session.add(RoleKey(role=role, name=new.name, vkey=new.verifier.vkey))
    _sign_again(ctx, role, new)
    ctx.session.flush()
    ctx.record(
        exam="",
        subject=f"key:{row.name}",
        role=role,
        old=row.vkey,
        new=new.verifier.vkey,
        size=row.retired_size,
        statement=statement,
        lost=old is None,
    )
    return row


def _end(ctx: Context, row: RoleKey) -> None:
    """Retire a key at the size that the log has now; the log's own key under its last head."""
    head = newest_head(ctx.session)
    size = (head.size if head else 0) if row.role == "log" else sequence(ctx.session)
    retire(ctx.session, row, size=size, at=_after_cosigning(ctx))


def _after_cosigning(ctx: Context) -> datetime:
    """Now, or later than every cosignature of what is published: inspectors have other clocks."""
    inspectors = {row.name: Verifier.parse(row.vkey) for row in rows_of(ctx.session, "inspector")}
    query = (
        select(NoteSignature)
        .join(Note, Note.id == NoteSignature.note_id)
        .where(Note.purpose.in_(("draw", "publication", "root")))
        .where(NoteSignature.key_name.in_(inspectors))
    )
    lines = ctx.session.scalars(query)
    times = [signed_at(inspectors[one.key_name], one.line) or 0 for one in lines]
    return max(ctx.clock.now(), datetime.fromtimestamp(max(times, default=0) + 1, UTC))


def _statement(row: RoleKey, new: Signer, old: Signer | None) -> str:
    """What both keys sign: which takes the place of which, since when."""
    rows = (HEADER, f"role {row.role}", f"old {row.vkey}", f"new {new.verifier.vkey}",
            f"size {row.retired_size}")  # fmt: skip
    text = "".join(f"{line}\n" for line in rows)
    return notes.sign(text, *([old] if old else []), new).decode()


def _sign_again(ctx: Context, role: str, new: Signer) -> None:
    """The new key's line beside the old one's, under what is not published yet."""
    for note in ctx.session.scalars(select(Note).where(Note.id.in_(_waiting(ctx, role)))):
        line = new.line(note.text.encode(), None)
        ctx.session.add(NoteSignature(note_id=note.id, key_name=new.name, line=line))


def _waiting(ctx: Context, role: str) -> Sequence[int]:
    if role == "officer":
        query = select(Attempt.note_id).where(Attempt.state == "finished")
        return [note for note in ctx.session.scalars(query) if note is not None]
    if role == "publisher":
        drafts = ctx.session.scalars(select(Release).where(Release.state == "draft")).all()
        found = [note for one in drafts for note in (one.note_id, one.root_note_id)]
        return [note for note in found if note is not None]
    return []


@verb
def replace_document_key(ctx: Context, *, old: bytes, new: bytes) -> None:
    """Tell the log which certificate (PEM) seals PDF files from now on, and which did before."""
    prints = {"old": fingerprint(old), "new": fingerprint(new)}
    if prints["old"] == prints["new"]:
        raise Conflict("This certificate is the one that seals documents already")
    ctx.record(exam="", subject="key:document", **prints)


def wanted_retirement(ctx: Context, *, name: str, reason: str) -> Wanted:
    """What an inspector of another office approves: the end of this key for this reason."""
    row = _inspector(ctx, name)
    reason = reason_line(reason, LONGEST)
    lines = (
        Sentence("The key of %(name)s is retired: from then on it signs nothing", name=row.name),
        Sentence("Reason: %(reason)s", reason=reason),
        Sentence("Fingerprint of the key: %(digest)s", digest=Verifier.parse(row.vkey).fingerprint),
        Sentence("What it has signed stays good. It cannot be taken back"),
    )
    return Wanted("oversight.retire_inspector", "", f"key:{name}", _digest(row, reason), lines)


@verb
def retire_inspector(ctx: Context, *, name: str, reason: str) -> RoleKey:
    """End an inspector's key that is lost or in other hands; somebody else has approved it.

    What it signed before stays good. A new key of this inspector has a new name.
    """
    row, reason = _inspector(ctx, name), reason_line(reason, LONGEST)
    use(ctx, subject=f"key:{name}", digest=_digest(row, reason))
    _end(ctx, row)
    ctx.record(exam="", subject=f"key:{name}", vkey=row.vkey, size=row.retired_size, because=reason)
    return row


def _inspector(ctx: Context, name: str) -> RoleKey:
    row = serving(ctx.session, "inspector", name)
    if row is None:
        raise NotFound("No inspector's key of this name serves")
    return row


def _digest(row: RoleKey, reason: str) -> str:
    return sha256_hex(f"{row.vkey}\n{reason}\n".encode())
