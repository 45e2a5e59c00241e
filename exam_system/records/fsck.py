"""`exam log fsck`: everything about the log derived once more from the rows, each fault named.

Nothing stored is taken on trust: columns against entry bytes, leaves against entries, tiles and
heads against leaves, signatures against keys, details against the digest in the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.errors import Fault
from exam_system.records.heads import read_head
from exam_system.records.models import Act, ActDetail, Head, Leaf
from exam_system.records.note_faults import head_faults, note_faults, read_keys
from exam_system.records.tree import WIDTH
from exam_system.trust.acts import Entry, parse_entry, payload
from exam_system.trust.canonical import parse_jcs
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import Verifier
from exam_system.trust.merkle import Levels, leaf_hash
from exam_system.trust.tiles import HEIGHT, entries_path, pack_entries, tile_files, tile_path

_TILE = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<n>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[0-9]+))?"
)
_BATCH = 2_000


@dataclass(slots=True)
class Findings:
    """What was derived (`entries` and their `tree`), and how much of what is not a fault."""

    entries: list[bytes] = field(default_factory=list)
    tree: Levels = field(default_factory=Levels)
    waiting: int = 0
    erased: int = 0


def faults(
    session: Session, folder: Path, log: Verifier, found: Findings | None = None
) -> Iterator[str]:
    """One sentence for each thing that is not as it must be; none when the log is whole."""
    found = Findings() if found is None else found
    yield from _rows(session, found)
    found.tree.extend([leaf_hash(entry) for entry in found.entries])
    keys, wrong = read_keys(session)
    yield from wrong
    yield from head_faults(session, found.tree, log, keys)
    yield from note_faults(session, log.name, [key for _, key in keys])
    yield from _folder(session, folder, found, [log, *(k for row, k in keys if row.role == "log")])


def _rows(session: Session, found: Findings) -> Iterator[str]:
    """Acts, their details and their places."""
    query = (
        select(
            *(Act.id, Act.kind, Act.exam, Act.at, Act.actor, Act.subject, Act.entry),
            *(ActDetail.salt, ActDetail.details, Leaf.position, Leaf.hash),
        )
        .outerjoin(ActDetail, ActDetail.act_id == Act.id)
        .outerjoin(Leaf, Leaf.act_id == Act.id)
        .order_by(Leaf.position.is_(None), Leaf.position, Act.id)
        .execution_options(yield_per=_BATCH)
    )
    for row in session.execute(query):
        where = f"act {row.id if row.position is None else row.position}"
        yield from (f"{where}: {why}" for why in _act(row, found))
    orphans = select(Leaf.position).where(~select(Act.id).where(Act.id == Leaf.act_id).exists())
    for position in session.scalars(orphans):
        yield f"act {position}: its place is taken, the act itself is gone"


def _act(row: Any, found: Findings) -> Iterator[str]:
    """One act; `salt` and `details` are None when they are gone, `position` and `hash` before it
    has its place."""
    try:
        said = parse_entry(row.entry)
    except TrustError as error:
        yield f"the entry cannot be read: {error}"
    else:
        yield from _columns(row, said)
        yield from _detail(row, said, found)
    if row.position is None:
        found.waiting += 1
        return
    for gap in range(len(found.entries), row.position):
        yield f"the act before it, {gap}, is missing"
        found.entries.append(b"")
    if row.hash != leaf_hash(row.entry):
        yield "the leaf is not the hash of the entry"
    found.entries.append(row.entry)


def _columns(row: Any, said: Entry) -> Iterator[str]:
    shown = {
        "kind": row.kind,
        "exam": row.exam,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "subject": row.subject,
    }
    for name, value in shown.items():
        if value != getattr(said, name):
            yield f"the column {name} says {value!r}, the entry {getattr(said, name)!r}"


def _detail(row: Any, said: Entry, found: Findings) -> Iterator[str]:
    if row.details is None:
        found.erased += 1
        return
    try:
        if payload(row.salt, parse_jcs(row.details.encode())) == said.payload:
            return
    except TrustError:
        pass
    yield "its details and salt are not those whose digest is in the log"


def _folder(session: Session, folder: Path, found: Findings, logs: list[Verifier]) -> Iterator[str]:
    """The head outside the database, and every file of the tile folder byte for byte."""
    try:
        head = read_head(folder, *logs)
    except (TrustError, OSError) as error:
        yield f"{folder / 'checkpoint'}: {error}"
        return
    size = head.size if head else 0
    if head and size > found.tree.size:
        yield f"the database lacks {size - found.tree.size} acts that the signed head has"
        return
    if head and session.get(Head, size) is None:
        yield f"head {size}: {folder / 'checkpoint'} shows it, its row is gone"
    if head and head.root != found.tree.root(size):
        yield f"{folder / 'checkpoint'}: the acts have another root"
    for name in _expected(size, found.tree):
        if not (folder / name).is_file():
            yield f"{folder / name} is missing"
    for path in sorted(folder.glob("tile/**/*")):
        if path.is_file() and path.read_bytes() != _derived(path.relative_to(folder), found):
            yield f"{path} is not what the acts give"


def _expected(size: int, tree: Levels) -> Iterator[str]:
    for start in range(0, size, WIDTH):
        yield entries_path(start // WIDTH, min(WIDTH, size - start))
    yield from (name for name, _ in tile_files(size, tree.node))


def _derived(path: Path, found: Findings) -> bytes | None:
    """What a file of this name holds, at whatever size of the log it was written."""
    match = _TILE.fullmatch(path.as_posix())
    if match is None:
        return None
    n, width = int(re.sub("[x/]", "", match["n"])), int(match["width"] or WIDTH)
    start, level = n * WIDTH, match["level"]
    try:
        if level == "entries":
            right = entries_path(n, width)
            data = pack_entries(found.entries[start : start + width])
        else:
            right = tile_path(int(level), n, width)
            span = HEIGHT * int(level)
            data = b"".join(found.tree.node(span, at) for at in range(start, start + width))
    except TrustError:
        return None
    return data if right == path.as_posix() else None


def require_whole(session: Session, folder: Path, log: Verifier) -> Findings:
    """Raise Fault with every fault, a line each; returns what was derived."""
    found = Findings()
    named = list(faults(session, folder, log, found))
    if named:
        raise Fault(f"{len(named)} faults in the log\n" + "\n".join(named))
    return found
