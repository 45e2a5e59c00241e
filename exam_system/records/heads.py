"""Signed heads of the log, its tile folder, and proofs for single acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.database import lock_log
from exam_system.errors import Fault
from exam_system.records.keys import every_key, require_serving
from exam_system.records.log import sequence
from exam_system.records.models import Act, Head, Leaf, Note, NoteSignature, RoleKey
from exam_system.records.notes import is_cosigned, note_bytes, put_note
from exam_system.records.tree import TileStore, write_durable
from exam_system.trust.checkpoint import Checkpoint, parse
from exam_system.trust.keys import Signer, Verifier
from exam_system.trust.merkle import consistency_proof, inclusion_proof, leaf_hash, root_at
from exam_system.trust.notes import open_note
from exam_system.trust.proof import TlogProof
from exam_system.trust.witness import Request


def read_head(folder: Path, *log: Verifier) -> Checkpoint | None:
    """The head kept outside the database, checked against the log's keys; None before the first.

    `log` is every key that the log has had: the head may be the last one under an older key.
    """
    path = folder / "checkpoint"
    if not path.exists():
        return None
    return parse(open_note(path.read_bytes(), log).text)


def missing_acts(session: Session, head: Checkpoint | None) -> int:
    """How many acts the database's log lacks that the head outside it has."""
    last = session.scalar(select(func.max(Leaf.position)))
    size = 0 if last is None else last + 1
    return max(0, head.size - size) if head else 0


def continues(session: Session, folder: Path, head: Checkpoint | None) -> bool:
    """Whether the last act under the head outside the database is the one at its place inside.

    One look, for every start and every seal; `exam log fsck` compares all of them.
    """
    if head is None or head.size == 0:
        return True
    query = select(Leaf.hash).where(Leaf.position == head.size - 1)
    return session.scalar(query) == TileStore(folder, head.size).node(0, head.size - 1)


def seal(session: Session, folder: Path, signer: Signer, at: datetime) -> Checkpoint:
    """Sequence what is waiting, write its tiles, sign the new head; the caller commits, then
    calls `show_head`.

    Refuses (Fault) to sign when the database holds fewer or other acts than the head outside it,
    when a leaf read back does not hash to what the sequencer stored, or when the old head is not
    a prefix of the new one.
    """
    require_serving(session, [signer])
    size = sequence(session)
    old = read_head(folder, signer.verifier, *every_key(session, "log"))
    start = old.size if old else 0
    if start > size:
        raise Fault(
            f"the database lacks {start - size} acts that the signed head has: restore a newer copy"
        )
    if not continues(session, folder, old):
        raise Fault("the database holds other acts than the signed head: restore a newer copy")
    store = TileStore(folder, start)
    if size > start:
        store = store.grow(*_new_leaves(session, start, size))
    if old and root_at(start, store.node) != old.root:
        raise Fault("the log's tiles do not continue the last signed head: nothing is signed")
    head = Checkpoint(signer.name, size, root_at(size, store.node))
    _store_head(session, head, signer, at)
    return head


def _new_leaves(session: Session, start: int, size: int) -> tuple[list[bytes], list[bytes]]:
    rows = session.execute(
        select(Leaf.position, Leaf.hash, Act.entry)
        .join(Act, Act.id == Leaf.act_id)
        .where(Leaf.position >= start)
        .order_by(Leaf.position)
    ).all()
    if [row.position for row in rows] != list(range(start, size)):
        raise Fault(f"the leaves from {start} to {size} have a gap: nothing is signed")
    for row in rows:
        if leaf_hash(row.entry) != row.hash:
            raise Fault(f"entry {row.position} is not what was sequenced: nothing is signed")
    return [row.hash for row in rows], [row.entry for row in rows]


def _store_head(session: Session, head: Checkpoint, signer: Signer, at: datetime) -> None:
    title = f"checkpoint {head.size}"
    note = put_note(
        session,
        purpose="checkpoint",
        title=title,
        exam="",
        text=head.text,
        signers=[signer],
        at=at,
    )
    if session.get(Head, head.size) is None:
        session.add(Head(size=head.size, note_id=note.id))
        session.flush()


def show_head(session: Session, folder: Path) -> None:
    """Put the newest signed head, with all its signatures, into the tile folder (by rename)."""
    lock_log(session)
    head = newest_head(session)
    if head is not None:
        write_durable(folder / "checkpoint", note_bytes(session, head.note_id))


def newest_head(session: Session) -> Head | None:
    """The largest signed head in the database."""
    return session.scalar(select(Head).order_by(Head.size.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class Growth:
    """A head that inspectors have cosigned: its size, when, and how many signed."""

    size: int
    at: datetime
    witnesses: int


def growth(session: Session, most: int) -> list[Growth]:
    """So many of all cosigned heads, evenly spaced, the oldest first and the newest always."""
    keys = select(RoleKey.name).where(RoleKey.role == "inspector")
    counted = (
        select(NoteSignature.note_id, func.count(NoteSignature.key_name.distinct()).label("signed"))
        .where(NoteSignature.key_name.in_(keys))
        .group_by(NoteSignature.note_id)
        .subquery()
    )
    place = func.row_number().over(order_by=Head.size.desc()).label("place")
    every = (
        select(Head.size, Head.note_id, counted.c.signed, place)
        .join(counted, counted.c.note_id == Head.note_id)
        .subquery()
    )
    step = -(-(session.scalar(select(func.count()).select_from(every)) or 1) // most)
    query = (
        select(every.c.size, Note.made_at, every.c.signed)
        .join(Note, Note.id == every.c.note_id)
        .where((every.c.place - 1) % step == 0)
        .order_by(every.c.size)
    )
    return [Growth(*row) for row in session.execute(query)]


def cosigned_head(
    session: Session, at_least: int, *, needed: int = 1, among: Sequence[str] | None = None
) -> Head | None:
    """The smallest head of this size or more that as many inspectors have signed as are needed.

    `among` are the vkeys that count (default: all registered inspectors).
    """
    query = select(Head).where(Head.size >= at_least).order_by(Head.size)
    for head in session.scalars(query):
        if is_cosigned(session, head.note_id, needed=needed, among=among):
            return head
    return None


def act_proof(session: Session, folder: Path, act_id: int, head: Head) -> bytes:
    """The `.tlog-proof` file of one act against a signed head; `extra` carries the entry."""
    leaf = session.scalars(select(Leaf).where(Leaf.act_id == act_id)).one()
    if leaf.position >= head.size:
        raise Fault(f"act {leaf.position} is not below the head of size {head.size}")
    store = TileStore(folder, _disk_size(folder))
    entry = session.scalars(select(Act.entry).where(Act.id == act_id)).one()
    hashes = tuple(inclusion_proof(leaf.position, head.size, store.node))
    return TlogProof(leaf.position, hashes, note_bytes(session, head.note_id), entry).encode()


def witness_request(session: Session, folder: Path, inspector: str, head: Head) -> bytes:
    """What the inspector's machine needs to cosign `head`: the old size, a proof, the head."""
    return request_from(session, folder, _last_cosigned(session, inspector), head)


def request_from(session: Session, folder: Path, old: int, head: Head) -> bytes:
    """An add-checkpoint request for `head` from a witness that has signed `old` acts."""
    store = TileStore(folder, _disk_size(folder))
    proof = consistency_proof(old, head.size, store.node) if 0 < old < head.size else []
    return Request(old, tuple(proof), note_bytes(session, head.note_id)).encode()


def _last_cosigned(session: Session, inspector: str) -> int:
    size = session.scalar(
        select(Head.size)
        .join(NoteSignature, NoteSignature.note_id == Head.note_id)
        .where(NoteSignature.key_name == inspector)
        .order_by(Head.size.desc())
        .limit(1)
    )
    return size or 0


def _disk_size(folder: Path) -> int:
    # The folder's own head says how wide its last tiles are; its signature was checked at sealing.
    path = folder / "checkpoint"
    return int(path.read_bytes().split(b"\n")[1]) if path.exists() else 0
