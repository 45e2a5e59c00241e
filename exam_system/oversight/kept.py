"""What was found in the log, kept in the process: each look costs only what is new.

Acts are never changed and never deleted, so that what follows from them alone is looked for once.
The newest acts are looked at anew each time: transactions that were slow appear among earlier
ones, and one that looks may be rolled back itself. Where the database is another one than before
(brought back from a copy), everything is looked at anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")
OVERLAP = 1_000
"""So many rows are looked at anew each time."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table that only grows: its key, and what tells one row from another under the same key."""

    id: InstrumentedAttribute[int]
    mark: InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What was found up to the row `until`, whose mark has the digest `seal`, for one question."""

    question: Hashable
    until: int = 0
    seal: bytes = b""
    found: tuple[Any, ...] = ()


_SHELVES: WeakKeyDictionary[object, dict[str, _Shelf]] = WeakKeyDictionary()


def kept(
    session: Session,
    rows: Rows,
    name: str,
    question: Hashable,
    read: Callable[[int], Iterable[tuple[int, T]]],
) -> list[T]:
    """Everything that `read` finds, in the order of the table.

    `read(after)` gives what the rows after this key tell, each with the key of its row. Another
    `question` under the same name begins anew.
    """
    shelves = _SHELVES.setdefault(session.get_bind().engine, {})
    shelf = shelves.get(name)
    if shelf is None or shelf.question != question or _seal(session, rows, shelf) != shelf.seal:
        shelf = _Shelf(question)
    newest = session.scalar(select(func.max(rows.id))) or 0
    found = list(read(shelf.until))
    settled = newest - OVERLAP
    if settled >= shelf.until + OVERLAP:
        old = (*shelf.found, *(one for key, one in found if key <= settled))
        known = select(func.max(rows.id)).where(rows.id <= settled)
        moved = _Shelf(question, session.scalar(known) or 0, b"", old)
        shelves[name] = _Shelf(question, moved.until, _seal(session, rows, moved), old)
    return [*shelf.found, *(one for _key, one in found)]


def _seal(session: Session, rows: Rows, shelf: _Shelf) -> bytes:
    """The digest of the last row that the shelf knows; empty when there is none."""
    mark = session.scalar(select(rows.mark).where(rows.id == shelf.until))
    return b"" if mark is None else sha256(repr(mark).encode()).digest()
