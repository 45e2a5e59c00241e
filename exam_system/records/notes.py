"""Signed notes in the database: put, cosign, read with their signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.records.models import Note, NoteSignature, RoleKey
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import Signer, Verifier


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


def keys_of(session: Session, *roles: str) -> list[Verifier]:
    """The public keys registered for these roles (all roles when none is named)."""
    query = select(RoleKey.vkey).order_by(RoleKey.id)
    if roles:
        query = query.where(RoleKey.role.in_(roles))
    return [Verifier.parse(vkey) for vkey in session.scalars(query)]


def keys_text(session: Session) -> str:
    """The file `keys.txt` that lies beside everything published."""
    rows = session.execute(select(RoleKey.role, RoleKey.vkey).order_by(RoleKey.id))
    return "".join(f"{role} {vkey}\n" for role, vkey in rows)


def add_cosignatures(session: Session, data: bytes) -> tuple[Note, list[str]]:
    """Take the inspectors' signatures of an uploaded note over to ours; returns their names.

    Raises Invalid when the file is no note, when it is not one of ours or bears no inspector's
    signature that holds; signatures we already have are passed over.
    """
    try:
        opened = notes.open_note(data, keys_of(session, "inspector"))
    except TrustError as error:
        raise Invalid("The file is not a note signed by an inspector: %(why)s", why=error) from None
    note = session.scalar(select(Note).where(Note.digest == sha256_hex(opened.text.encode())))
    if note is None:
        raise NotFound("The signed text is none that this system has made")
    added = _add_lines(session, note, data, {signer.name for signer in opened.signers})
    if not added:
        raise Conflict("This signature is already here")
    return note, added


def _add_lines(session: Session, note: Note, data: bytes, names: set[str]) -> list[str]:
    present = signers_of(session, note.id)
    added: list[str] = []
    for signature in notes.parse(data).signatures:
        if signature.name in names - present - set(added):
            row = {"note_id": note.id, "key_name": signature.name, "line": signature.line}
            session.execute(insert(NoteSignature).values(row))
            added.append(signature.name)
    return added


def missing_cosigners(
    session: Session, note_id: int, *, needed: int | None = None, among: Sequence[str] | None = None
) -> list[str]:
    """Names of the inspectors who may still sign the note; none once `needed` have signed.

    `among` are the vkeys that count (default: all registered inspectors), `needed` is how many of
    them must sign (default: all).
    """
    keys = keys_of(session, "inspector") if among is None else map(Verifier.parse, among)
    names, signed = [key.name for key in keys], signers_of(session, note_id)
    missing = [name for name in names if name not in signed]
    enough = needed is not None and len(names) - len(missing) >= needed
    return [] if enough else missing


def require_cosigned(
    session: Session, note_id: int, *, needed: int, among: Sequence[str] | None = None
) -> None:
    """Raise Conflict naming who is missing; also when no inspector's key is registered at all."""
    inspectors = keys_of(session, "inspector")
    if not inspectors:
        raise Conflict("No inspector's key is registered: nothing can be published")
    missing = missing_cosigners(session, note_id, needed=needed, among=among)
    if not missing:
        return
    lacking = needed - (len(among or inspectors) - len(missing))
    names = ", ".join(missing)
    if lacking == len(missing):
        raise Conflict("Not published: the signature of %(who)s is missing", who=names)
    raise Conflict(
        "Not published: %(count)s more of these inspectors must sign: %(who)s",
        count=lacking,
        who=names,
    )
