"""One process's hand at the log: it seals, and remembers what it sealed last.

`heads.seal` looks at everything anew: the keys, the head outside the database, the last acts for
stragglers. In a rush that is most of the work. The sealer does that at its first seal, and again
whenever anything is not exactly as its own last seal left it: the checkpoint's bytes, the last
leaf, the number of keys. Otherwise only new acts are looked for. The tiles are read, grown and
compared with the old head's root every time, by the same code.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from exam_system.clock import Clock
from exam_system.database import lock_log, writing
from exam_system.errors import Fault
from exam_system.records import heads
from exam_system.records.keys import keys_text
from exam_system.records.log import WINDOW
from exam_system.records.models import Act, Head, Leaf, Note, NoteSignature, RoleKey
from exam_system.records.tree import TileStore, sweep, write_durable
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.checkpoint import Checkpoint, parse
from exam_system.trust.keys import Signer
from exam_system.trust.merkle import leaf_hash, root_at
from exam_system.trust.notes import parse as parse_note

State = tuple[int, int, int, int, bytes]
"""Number of keys, of retired ones, position, act and hash of the last leaf."""

_leaf = select(Leaf).order_by(Leaf.position.desc()).limit(1).subquery()
_STATE = select(
    select(func.count(RoleKey.id)).scalar_subquery(),
    select(func.count(RoleKey.retired_at)).scalar_subquery(),
    *(_leaf.c.position, _leaf.c.act_id, _leaf.c.hash),
)
_LATER = Act.id > bindparam("newest")
_SEEN = _STATE.add_columns(Act.id, Act.entry).order_by(Act.id)
_NEW = _SEEN.outerjoin(Act, _LATER)
_NEW_OR_LATE = _SEEN.outerjoin(Act, or_(_LATER, Act.id.in_(bindparam("gaps", expanding=True))))
_STORE = """
    WITH l AS (
        INSERT INTO leaf (position, act_id, hash)
        SELECT p, a, h FROM unnest(%s::int[], %s::int[], %s::bytea[]) AS v (p, a, h)
        RETURNING position, hash
    ), n AS (
        INSERT INTO note (digest, purpose, title, exam, text, made_at)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
    ), s AS (
        INSERT INTO note_signature (note_id, key_name, line) SELECT id, %s::text, %s::text FROM n
    ), h AS (
        INSERT INTO head (size, note_id) SELECT %s::int, id FROM n
    )
    SELECT position, hash FROM l"""


@dataclass(frozen=True, slots=True)
class _Last:
    """How the last seal left everything."""

    head: Checkpoint
    shown: bytes
    """The bytes of the checkpoint file."""
    state: State
    newest: int
    """The highest id of an act that has its place."""
    gaps: frozenset[int]
    """Lower ids of which no act was seen: rolled back, or of a transaction still under way."""


class Sealer:
    """Seals the log of one instance for one process; a call at a time."""

    def __init__(self, published: Path, signer: Signer) -> None:
        self._published, self._folder, self._signer = published, published / "log", signer
        self._last: _Last | None = None
        self._swept = False

    def seal(self, engine: Engine, clock: Clock) -> None:
        """Sequence what waits, sign and show the head; raises Fault as `heads.seal` does."""
        last, self._last = self._last, None  # whatever happens now, it is looked at anew
        with writing(engine) as db:
            lock_log(db)
            waiting = None if last is None else self._waiting(db, last)
            if last is None or waiting is None:
                self._last = self._begin(db, clock.now())
            else:
                self._last = self._go_on(db, last, waiting, clock.now()) if waiting else last

    def _waiting(self, db: Session, last: _Last) -> list[tuple[int, bytes]] | None:
        """Acts without a place, by id; None when anything is not as the last seal left it."""
        given = {"newest": last.newest, "gaps": sorted(last.gaps)}
        rows = db.connection().execute(_NEW_OR_LATE if last.gaps else _NEW, given).all()
        path = self._folder / "checkpoint"
        if not rows or tuple(rows[0][:5]) != last.state:
            return None
        if not path.exists() or path.read_bytes() != last.shown:
            return None
        return [(row[5], row[6]) for row in rows if row[5] is not None]

    def _begin(self, db: Session, at: datetime) -> _Last | None:
        """A seal that takes nothing for granted."""
        if not self._swept:  # it walks through the whole tree: once in a process
            sweep(self._folder)
            self._swept = True
        heads.seal(db, self._folder, self._signer, at)
        db.commit()
        with _showing(self._folder):
            heads.show_head(db, self._folder)
            _show_keys(self._published, db)
            shown = (self._folder / "checkpoint").read_bytes()
            state = db.execute(_STATE).first()
        head = parse(parse_note(shown).text)
        if state is None or state.position != head.size - 1:
            return None  # nothing is in the log yet, or somebody has gone on since
        newest, gaps = _unseen(db)
        return _Last(head, shown, tuple(state), newest, gaps)

    def _go_on(
        self, db: Session, last: _Last, waiting: Sequence[tuple[int, bytes]], at: datetime
    ) -> _Last:
        """A seal that only adds what came since the last one."""
        size, entries = last.head.size, [entry for _, entry in waiting]
        hashes = [leaf_hash(entry) for entry in entries]
        store = TileStore(self._folder, size).grow(hashes, entries)
        if root_at(size, store.node) != last.head.root:
            raise Fault("the log's tiles do not continue the last signed head: nothing is signed")
        head = Checkpoint(self._signer.name, store.size, root_at(store.size, store.node))
        line = self._signer.line(head.text.encode(), None)
        leaves = [(size + n, act, hashes[n]) for n, (act, _) in enumerate(waiting)]
        kept = _store(db, leaves, _note(head, at), (self._signer.name, line), head.size)
        if kept != {size + n: leaf_hash(entry) for n, entry in enumerate(entries)}:
            raise Fault("the leaves are not what was sequenced: nothing is signed")
        db.commit()
        shown = f"{head.text}\n{line}".encode()
        self._show(head, shown)
        return _next(last, head, shown, leaves)

    def _show(self, head: Checkpoint, shown: bytes) -> None:
        """Put the head into the folder, unless another process has shown a larger one."""
        path = self._folder / "checkpoint"
        with _showing(self._folder):
            if parse(parse_note(path.read_bytes()).text).size < head.size:
                write_durable(path, shown)


def _next(
    last: _Last, head: Checkpoint, shown: bytes, leaves: Sequence[tuple[int, int, bytes]]
) -> _Last:
    ids = [act for _, act, _ in leaves]
    newest = max(last.newest, *ids)
    gaps = last.gaps.union(range(last.newest + 1, newest)).difference(ids)
    state = (*last.state[:2], *leaves[-1])
    return _Last(head, shown, state, newest, frozenset(g for g in gaps if g > newest - WINDOW))


def _note(head: Checkpoint, at: datetime) -> dict[str, object]:
    return {
        "digest": sha256_hex(head.text.encode()),
        "purpose": "checkpoint",
        "title": f"checkpoint {head.size}",
        "exam": "",
        "text": head.text,
        "made_at": at,
    }


def _store(
    db: Session,
    leaves: Sequence[tuple[int, int, bytes]],
    note: dict[str, object],
    signature: tuple[str, str],
    size: int,
) -> dict[int, bytes]:
    """Give acts their places and store the head; returns the leaves as the database has them.

    Past the session: these tables are the log's own, no act stands for their rows.
    """
    connection = db.connection()
    if connection.dialect.name == "postgresql":
        columns = [list(column) for column in zip(*leaves, strict=True)]
        values = (*columns, *note.values(), *signature, size)
        return _by_place(connection.exec_driver_sql(_STORE, values))
    rows = [{"position": p, "act_id": a, "hash": h} for p, a, h in leaves]
    connection.execute(insert(Leaf), rows)
    key = connection.execute(insert(Note).values(note).returning(Note.id)).scalar_one()
    name, line = signature
    connection.execute(insert(NoteSignature).values(note_id=key, key_name=name, line=line))
    connection.execute(insert(Head).values(size=size, note_id=key))
    query = select(Leaf.position, Leaf.hash).where(Leaf.position >= leaves[0][0])
    return _by_place(connection.execute(query))


def _by_place(rows: Iterable[Any]) -> dict[int, bytes]:
    return {row[0]: row[1] for row in rows}


def _unseen(db: Session) -> tuple[int, frozenset[int]]:
    """The highest id that has a place, and the lower ones near it that have none."""
    newest = db.scalar(select(func.max(Leaf.act_id))) or 0
    placed = set(db.scalars(select(Leaf.act_id).where(Leaf.act_id > newest - WINDOW)))
    return newest, frozenset(range(max(1, newest - WINDOW + 1), newest)).difference(placed)


@contextmanager
def _showing(folder: Path) -> Iterator[None]:
    """One process at a time puts a head into the folder; all who seal work on this folder."""
    handle = os.open(folder, os.O_RDONLY)  # the folder itself: it is published, no file more in it
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _show_keys(folder: Path, db: Session) -> None:
    """Keep `keys.txt` beside the published files true."""
    path, text = folder / "keys.txt", keys_text(db).encode()
    if not path.exists() or path.read_bytes() != text:
        write_durable(path, text)
