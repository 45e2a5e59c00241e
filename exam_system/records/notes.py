"""Signed notes in the database: put, cosign, read with their signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.records.keys import (
    counting,
    every_key,
    keys_of,
    require_serving,
    signs_in_time,
)
from exam_system.records.models import Note, NoteSignature
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import Signer


def put_note(
    session: Session,
    *,
    purpose: str,
    title: str,
    exam: str,
    text: str,
    signers: Sequence[Signer],
    at: datetime,
) -> Note:
    """Store a text signed by our own signers; the same text twice is the same note."""
    digest = sha256_hex(text.encode())
    found = session.scalar(select(Note).where(Note.digest == digest))
    if found is not None:
        return found
    require_serving(session, signers)
    note = Note(digest=digest, purpose=purpose, title=title, exam=exam, text=text, made_at=at)
    session.add(note)
    session.flush()
    for signer in signers:
        line = signer.line(text.encode(), None)
        session.add(NoteSignature(note_id=note.id, key_name=signer.name, line=line))
    session.flush()
    return note


def note_bytes(session: Session, note_id: int) -> bytes:
    """The note as a file: text, empty line, signatures (ours first, in order of arrival)."""
    text = session.scalars(select(Note.text).where(Note.id == note_id)).one()
    lines = session.scalars(
        select(NoteSignature.line)
        .where(NoteSignature.note_id == note_id)
        .order_by(NoteSignature.id)
    )
    return f"{text}\n{''.join(lines)}".encode()


def signers_of(session: Session, note_id: int) -> set[str]:
    """Names of the keys that have signed the note."""
    query = select(NoteSignature.key_name).where(NoteSignature.note_id == note_id)
    return set(session.scalars(query))


def add_cosignatures(session: Session, data: bytes) -> tuple[Note, list[str]]:
    """Take the inspectors' signatures of an uploaded note over to ours; returns their names.

    Raises Invalid when the file is no note, when it is not one of ours or bears no inspector's
    signature that holds; signatures we already have are passed over.
    """
    try:
        opened = notes.open_note(data, keys_of(session, "inspector"))
    except TrustError as error:
        _refuse_retired(session, data)
        raise Invalid("The file is not a note signed by an inspector: %(why)s", why=error) from None
    note = session.scalar(select(Note).where(Note.digest == sha256_hex(opened.text.encode())))
    if note is None:
        raise NotFound("The signed text is none that this system has made")
    added = _add_lines(session, note, data, {signer.name for signer in opened.signers})
    if not added:
        raise Conflict("This signature is already here")
    return note, added


def _refuse_retired(session: Session, data: bytes) -> None:
    try:
        opened = notes.open_note(data, every_key(session, "inspector"))
    except TrustError:
        return
    raise Invalid(
        "The key of %(name)s was retired: its signature does not count any more",
        name=opened.signers[0].name,
    )


def _add_lines(session: Session, note: Note, data: bytes, names: set[str]) -> list[str]:
    present = signers_of(session, note.id)
    added: list[str] = []
    for signature in notes.parse(data).signatures:
        if signature.name in names - present - set(added):
            row = {"note_id": note.id, "key_name": signature.name, "line": signature.line}
            session.execute(insert(NoteSignature).values(row))
            added.append(signature.name)
    return added


def _standing(
    session: Session, note_id: int, among: Sequence[str] | None
) -> tuple[int, list[str], list[str]]:
    """How many of those who count have signed, who of them may still, and who was retired."""
    rows = counting(session, among)
    query = select(NoteSignature).where(NoteSignature.note_id == note_id)
    lines = {one.key_name: one for one in session.scalars(query)}
    good = [row for row in rows if row.name in lines and signs_in_time(row, lines[row.name])]
    rest = [row for row in rows if row not in good]
    missing = [row.name for row in rest if row.retired_at is None]
    return len(good), missing, [row.name for row in rest if row.retired_at is not None]


def is_cosigned(
    session: Session, note_id: int, *, needed: int, among: Sequence[str] | None = None
) -> bool:
    """Whether as many of those who count have signed as are needed."""
    return _standing(session, note_id, among)[0] >= needed


def missing_cosigners(
    session: Session, note_id: int, *, needed: int | None = None, among: Sequence[str] | None = None
) -> list[str]:
    """Names of the inspectors who may still sign the note; none once `needed` have signed.

    `among` are the vkeys that count (default: all inspectors), `needed` is how many of them must
    sign (default: all). Where one of `among` was retired since, whoever was registered afterwards
    counts instead.
    """
    signed, missing, _ = _standing(session, note_id, among)
    return [] if needed is not None and signed >= needed else missing


def require_cosigned(
    session: Session, note_id: int, *, needed: int, among: Sequence[str] | None = None
) -> None:
    """Raise Conflict naming who is missing; also when no inspector's key is registered at all."""
    signed, missing, retired = _standing(session, note_id, among)
    if signed >= needed:
        return
    if not keys_of(session, "inspector"):
        raise Conflict("No inspector's key is registered: nothing can be published")
    lacking, names = needed - signed, ", ".join(missing)
    if lacking > len(missing):
        raise Conflict(
            "Not published: %(count)s signatures are missing and too few inspectors are left, for "
            "keys were retired (%(retired)s). Register a new inspector's key: it counts instead",
            count=lacking,
            retired=", ".join(retired) or "-",
        )
    if lacking == len(missing):
        raise Conflict("Not published: the signature of %(who)s is missing", who=names)
    raise Conflict(
        "Not published: %(count)s more of these inspectors must sign: %(who)s",
        count=lacking,
        who=names,
    )
