"""Very many rows at once: COPY on PostgreSQL, one INSERT for all on SQLite.

The session would send, read back and digest each row by itself. Here the rows go to the server as
one stream of text; what the server then has is taken out as text and must be the same lines, so
that the digests, which are made of what was sent, are those of the rows as the database has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from zlib import crc32

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from exam_system.errors import Fault
from exam_system.records.rows import Block, head_line, keep_block, key_column

Row = Sequence[Any]
_Cell = tuple[str, str, str]
_JSON = json.JSONEncoder(ensure_ascii=False).encode
_EMPTY = "\x01"
"""Stands for an empty column in the stream; no text has it."""
_CONTROL = re.compile("[\x00-\x1f]")
_ODD = re.compile('["\\\\\x00-\x1f]')
_HEX = [f"{number:04x}" for number in range(0x10000)]
_MOST = 4_000
"""Values of one column that are remembered: many went to one school."""
_TOGETHER = 2_000
"""Rows in one piece of the stream."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for one table: `same` is in all of them, `columns` are those in which they differ, the
    key first. A column that is in neither stays empty."""

    table: Table
    same: Mapping[str, Any]
    columns: tuple[str, ...]
    rows: Sequence[Row]


def new_keys(session: Session, table: Table, count: int) -> list[int]:
    """Keys for so many new rows."""
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT nextval(:name) FROM generate_series(1, :count)")
        return list(session.scalars(query, {"name": f"{table.name}_id_seq", "count": count}))
    last = session.scalar(select(func.max(key_column(table)))) or 0
    return list(range(last + 1, last + 1 + count))


def load(
    session: Session, rows: Rows, salt: bytes, tell: Callable[[int], None] = lambda _done: None
) -> None:
    """Write new rows; the transaction's last act carries their digests under `salt` (32 fresh
    bytes). `tell` hears how many have been sent.

    Raises IntegrityError when the database refuses a row, Fault when it has one otherwise.
    """
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, rows, salt, tell)
    else:
        _insert(session, rows, tell)


def _insert(session: Session, rows: Rows, tell: Callable[[int], None]) -> None:
    for start in range(0, len(rows.rows), _TOGETHER):
        some = rows.rows[start : start + _TOGETHER]
        made = [{**rows.same, **dict(zip(rows.columns, row, strict=True))} for row in some]
        session.execute(insert(rows.table), made)
        tell(start + len(some))


def _copy(session: Session, rows: Rows, salt: bytes, tell: Callable[[int], None]) -> None:
    writer, table = _Writer(rows, salt), rows.table
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    session.execute(text("SET LOCAL TimeZone = 'UTC'"))
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor:
        copy = f"COPY \"{table.name}\" ({names}) FROM STDIN (NULL E'\\x01')"
        with cursor.copy(copy) as stream:
            for piece in writer.pieces():
                stream.write(piece)
                tell(len(writer.digests))
        cursor.execute(_had(table), ([row[0] for row in rows.rows],))
        if bytes(cursor.fetchone()[0]) != writer.total.digest():
            raise Fault(f"the database keeps rows of {table.name} otherwise than they were sent")
    keep_block(session, Block(table.name, writer.salt, writer.block()))


def _had(table: Table) -> str:
    """The query for the SHA-256 of rows as text, in the order in which they were sent."""
    columns = ", ".join(f"coalesce(t.\"{one.name}\"::text, E'\\x01')" for one in table.columns)
    line = f"concat_ws(E'\\t', {columns})"
    return (
        f"SELECT sha256(convert_to(string_agg({line}, E'\\n' ORDER BY k.place), 'UTF8')) "  # noqa: S608
        f'FROM unnest(%s::int[]) WITH ORDINALITY AS k (id, place) JOIN "{table.name}" t '
        f'ON t."{key_column(table).name}" = k.id'
    )


class _Writer:
    """The lines of a stream, and of each row its digest (as `rows.row_digest`) and checks (as
    `rows.column_checks`); what all rows share is written once."""

    def __init__(self, rows: Rows, salt: bytes) -> None:
        self.salt = sha256(salt + rows.table.name.encode()).digest()
        self.total = sha256()
        self.digests: list[str] = []
        self._rows = rows
        names = [column.name for column in rows.table.columns]
        same = [_cell(rows.same.get(name)) for name in names]
        self._lines, self._checks = [one[0] for one in same], [one[2] for one in same]
        self._members = [
            f"{_JSON(name)}:{one[1]}" if one[1] else ""
            for name, one in zip(names, same, strict=True)
        ]
        self._by_name = sorted(range(len(names)), key=names.__getitem__)
        known: list[dict[Any, _Cell]] = [{} for _ in rows.columns]
        places = [names.index(name) for name in rows.columns]
        keys = [f"{_JSON(name)}:" for name in rows.columns]
        self._differ = list(zip(places, keys, known, strict=True))
        self._begin = self.salt + f"[{_JSON(rows.table.name)},{{".encode()

    def pieces(self) -> Iterator[bytes]:
        """The stream, some thousand rows at a time."""
        between = ""
        for start in range(0, len(self._rows.rows), _TOGETHER):
            lines = [self._take(row) for row in self._rows.rows[start : start + _TOGETHER]]
            whole = "\n".join(lines)
            self.total.update((between + whole).encode())
            between = "\n"
            yield whole.replace("\\", "\\\\").encode() + b"\n"

    def _take(self, row: Row) -> str:
        lines, members, checks = self._lines, self._members, self._checks
        for (place, key, known), value in zip(self._differ, row, strict=True):
            cell = known.get(value)
            if cell is None:
                cell = _cell(value)
                if len(known) < _MOST:
                    known[value] = cell
            lines[place], found, checks[place] = cell
            members[place] = key + found if found else ""
        full = ",".join([members[place] for place in self._by_name if members[place]])
        digest = sha256(self._begin + full.encode() + b"}]").hexdigest()
        self.digests.append(f"{row[0]} {digest} {''.join(checks)}\n")
        return "\t".join(lines)

    def block(self) -> str:
        """The text of the block, rows in the order of their keys."""
        keys = [row[0] for row in self._rows.rows]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return head_line(self._rows.table) + "".join([self.digests[n] for n in order])


def _cell(value: Any) -> _Cell:
    """One value in the stream, in the digest's JSON ("" for an empty one), and its check."""
    if type(value) is str:
        if _ODD.search(value) is None:
            return value, f'"{value}"', _check(value)
        if _CONTROL.search(value):
            raise Fault("text with control characters cannot be loaded")
        return value, _JSON(value), _check(value)
    if type(value) is int:
        return str(value), str(value), _check(value)
    if value is None:
        return _EMPTY, "", _check(None)
    if type(value) is bytes:
        digest = sha256(value).hexdigest()
        return f"\\x{value.hex()}", f'"{digest}"', _check(digest)
    return _rare(value)


def _rare(value: Any) -> _Cell:
    if type(value) is bool:
        word = "true" if value else "false"
        return word, word, _check(value)
    if type(value) is datetime:
        value = value.astimezone(UTC)
        line = f"{value:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + "+00"
    elif type(value) is date:
        line = value.isoformat()
    else:
        raise Fault(f"rows with {type(value).__name__} cannot be loaded")
    plain = value.isoformat()
    return line, f'"{plain}"', _check(plain)


def _check(plain: Any) -> str:
    return _HEX[crc32(repr(plain).encode()) & 0xFFFF]
