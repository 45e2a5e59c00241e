"""What `exam log fsck` says of keys, heads and signed notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.records.models import Head, Note, NoteSignature, RoleKey
from exam_system.trust import checkpoint, draw_note, notes, publication
from exam_system.trust.canonical import b64, sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import COSIGNATURE, ED25519, Verifier
from exam_system.trust.merkle import Levels

Keys = Sequence[tuple[RoleKey, Verifier]]


def read_keys(session: Session) -> tuple[Keys, list[str]]:
    """The registered keys that can be read, and a sentence for each that is not as it must be."""
    found: list[tuple[RoleKey, Verifier]] = []
    wrong = []
    for row in session.scalars(select(RoleKey).order_by(RoleKey.id)):
        try:
            key = Verifier.parse(row.vkey)
        except TrustError as error:
            wrong.append(f"key {row.name}: it cannot be read: {error}")
            continue
        found.append((row, key))
        if key.name != row.name:
            wrong.append(f"key {row.name}: its name is {key.name}")
        if key.type != (COSIGNATURE if row.role == "inspector" else ED25519):
            wrong.append(f"key {row.name}: it is not of the type of a key of {row.role}")
        if len({row.retired_at is None, row.retired_size is None, row.retired_line is None}) > 1:
            wrong.append(f"key {row.name}: its end is told only in part")
    for role in ("log", "publisher", "officer"):
        serving = [row for row, _ in found if row.role == role and row.retired_at is None]
        if len(serving) != 1:
            wrong.append(f"{len(serving)} keys serve as {role}: there must be one")
    return found, wrong


def head_faults(session: Session, tree: Levels, log: Verifier, keys: Keys) -> Iterator[str]:
    """Every head by its row, its note, its root and its signature by the log's key of then."""
    query = (
        select(Head.size, Note.id, Note.text)
        .outerjoin(Note, Note.id == Head.note_id)
        .order_by(Head.size)
    )
    seen = set()
    for size, note_id, text in session.execute(query):
        seen.add(note_id)
        if text is None:
            yield f"head {size}: its note is missing"
            continue
        yield from (f"head {size}: {why}" for why in _head(size, text, tree, log))
        lines = session.scalars(
            select(NoteSignature.line).where(NoteSignature.note_id == note_id)
        ).all()
        if not _signed(text, lines, _log_key(size, keys) or log):
            yield f"head {size}: the line of the log's own key is missing"
    for note in session.scalars(select(Note).where(Note.purpose == "checkpoint")):
        if note.id not in seen:
            yield f"note {note.title!r}: the row of this head is gone"


def _head(size: int, text: str, tree: Levels, log: Verifier) -> Iterator[str]:
    try:
        said = checkpoint.parse(text)
    except TrustError as error:
        yield f"it cannot be read: {error}"
        return
    if said.origin != log.name or said.size != size:
        yield f"its note is of {said.size} acts of {said.origin}"
    elif size > tree.size:
        yield f"the database has {tree.size} acts"
    elif said.root != tree.root(size):
        yield f"the acts have the root {b64(tree.root(size))}, signed was {b64(said.root)}"


def _log_key(size: int, keys: Keys) -> Verifier | None:
    """The key that the log had when it had so many acts."""
    ends = [(row.retired_size, key) for row, key in keys if row.role == "log"]
    return next((key for end, key in ends if end is None or size <= end), None)


def _signed(text: str, lines: Sequence[str], key: Verifier) -> bool:
    for line in lines:
        try:
            notes.open_note(f"{text}\n{line}".encode(), [key])
        except TrustError:
            continue
        return True
    return False


def note_faults(session: Session, origin: str, keys: Sequence[Verifier]) -> Iterator[str]:
    """Every note against its digest, its columns against its text, every line under it."""
    notes_ = session.scalars(select(Note).order_by(Note.id)).all()
    lines: dict[int, list[NoteSignature]] = {note.id: [] for note in notes_}
    for row in session.scalars(select(NoteSignature).order_by(NoteSignature.id)):
        if row.note_id in lines:
            lines[row.note_id].append(row)
        else:
            yield f"the line of {row.key_name} (row {row.id}): its note is gone"
    for note in notes_:
        yield from (f"note {note.title!r}: {why}" for why in _note(note, origin))
        if not lines[note.id]:
            yield f"note {note.title!r}: nobody has signed it"
        for row in lines[note.id]:
            yield from (f"note {note.title!r}: {why}" for why in _line(note, row, keys))


def _note(note: Note, origin: str) -> Iterator[str]:
    if sha256_hex(note.text.encode()) != note.digest:
        yield "its text is not that of its digest"
        return
    for name, value in _columns(note.text, origin).items():
        if getattr(note, name) != value:
            yield f"the column {name} says {getattr(note, name)!r}, its text {value!r}"


def _columns(text: str, origin: str) -> dict[str, str]:
    """What a note's text says of its row: purpose, and where the text tells them title and exam."""
    header = text.partition("\n")[0]
    try:
        if header == draw_note.HEADER:
            drawn = draw_note.parse(text)
            title = f"draw {drawn.draw} attempt {drawn.attempt}"
            return {"purpose": "draw", "title": title}
        if header == f"{origin}/publication/v1":
            said = publication.parse(text)
            title = f"{said.chain} {said.exam} v{said.version} {said.stage}"
            return {"purpose": "publication", "title": title, "exam": said.exam}
        if header in (f"{origin}/interview/v1", f"{origin}/interview/v2"):
            return {"purpose": "interview"}
        return _tree_columns(checkpoint.parse(text), origin)
    except TrustError:
        return {}


def _tree_columns(said: Checkpoint, origin: str) -> dict[str, str]:
    if said.origin == origin:
        return {"purpose": "checkpoint", "title": f"checkpoint {said.size}", "exam": ""}
    return {
        "purpose": "root",
        "exam": said.origin.removeprefix(f"{origin}/results/").partition("/")[0],
    }


def _line(note: Note, row: NoteSignature, keys: Sequence[Verifier]) -> Iterator[str]:
    try:
        signers = notes.open_note(f"{note.text}\n{row.line}".encode(), keys).signers
    except TrustError as error:
        yield f"the line of {row.key_name}: {error}"
        return
    if [key.name for key in signers] != [row.key_name]:
        yield f"the line of {row.key_name} is by {signers[0].name}"
