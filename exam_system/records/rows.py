"""What every transaction did to the rows of the tables, so that a change past the acts is found.

A database administrator can change a row without any act. So each transaction that changes rows
leaves, under its last act, one block for each table: the key of every row it touched and a digest
of the row as read back from the database. The act's details carry the digest over its blocks, and
the log carries the digest of the details. `records/audit.py` compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from zlib import crc32

from sqlalchemy import Column, Table, event, inspect, select
from sqlalchemy.engine import Result
from sqlalchemy.orm import ORMExecuteState, Session

from exam_system.database import WritingSession
from exam_system.errors import Fault

Key = int | str
GONE = "-"
UNSEEN = frozenset({"act", "act_detail", "act_rows", "leaf", "head"})
"""Tables of the log itself: `exam log fsck` derives them again."""
SEALED = frozenset({"note", "note_signature"})
"""Tables that sealing writes without an act (the signed heads), and acts write as well."""
LOOSE = frozenset({"login_failure", "tip_arrived"})
"""Tables that no act stands for: wrong passwords counted for a name nobody may be behind, and
reports of today, whose act at once would tell when they came."""
_TOUCHED = "touched rows"
_LOADED = "blocks of loaded rows"
_EASY = frozenset({str, int, bool, type(None)})
# Made once: `json.dumps` makes one for each call, and there is one for every row.
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_MOST = 900  # keys in one query; SQLite takes at least 999 parameters
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one table that a transaction touched; `lines` end with a newline each.

    The first line names the table's columns, each further one `<key> <digest> <checks>`: SHA-256
    of salt and row (`-` when the row is gone), and 16 bits for each column to name what changed.
    """

    table: str
    salt: bytes
    lines: str


def key_column(table: Table) -> Column[Any]:
    """The one column of a table's primary key."""
    (column,) = table.primary_key.columns
    return column


def row_digest(table: str, salt: bytes, row: Mapping[str, Any]) -> str:
    """Digest of a row (hex); an empty column (None) does not count, so that a column added later
    leaves old digests as they are."""
    full = {
        name: value if type(value) in _EASY else _plain(value)
        for name, value in row.items()
        if value is not None
    }
    return sha256(salt + _JSON([table, full]).encode()).hexdigest()


def column_checks(values: Iterable[Any]) -> list[str]:
    """16 bits (hex) for the value of each column."""
    return [
        f"{crc32(repr(value if type(value) in _EASY else _plain(value)).encode()) & 0xFFFF:04x}"
        for value in values
    ]


def read_rows(
    session: Session, table: Table, keys: Sequence[Key] | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a table as the database has them, those of `keys` or all, by column name."""
    query = select(*table.columns).execution_options(yield_per=_BATCH)
    if keys is not None:
        query = query.where(key_column(table).in_(keys))
    names = [column.name for column in table.columns]
    for row in session.connection().execute(query):
        yield dict(zip(names, row, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, str | int):  # nearly all: asked first
        return value
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def blocks_digest(blocks: Iterable[Block]) -> str:
    """Hex SHA-256 over the blocks of one act, tables in order."""
    total = sha256()
    for block in sorted(blocks, key=lambda block: block.table):
        total.update(f"{block.table} {block.salt.hex()}\n{block.lines}\n".encode())
    return total.hexdigest()


def touched_tables(session: Session) -> set[str]:
    """Names of the tables whose rows this transaction has changed so far."""
    return {table.name for table, keys in _touched(session).items() if keys} | _loaded(session)


def _loaded(session: Session) -> set[str]:
    return {block.table for block in session.info.get(_LOADED, ())}


def keep_block(session: Session, block: Block) -> None:
    """Keep the block of rows that were written past the session, for the transaction's last act.

    The rows of a table are written so once in a transaction, and no others of it: else Fault.
    """
    if block.table in touched_tables(session):
        raise Fault(f"rows of {block.table} are written in one way in a transaction, and once")
    session.info.setdefault(_LOADED, []).append(block)


def take_blocks(session: Session, salt: bytes) -> list[Block]:
    """The blocks of this transaction, read back from the database; forgets what was touched."""
    touched = session.info.pop(_TOUCHED, {})
    blocks: list[Block] = session.info.pop(_LOADED, [])
    names = {table.name for table, keys in touched.items() if keys}
    if both := names.intersection(block.table for block in blocks):
        raise Fault(f"rows of {', '.join(sorted(both))} were written in two ways")
    blocks += [
        _block(table, sorted(keys), _read_back(session, table, sorted(keys)), salt)
        for table, keys in touched.items()
        if keys and table.name not in LOOSE
    ]
    return sorted(blocks, key=lambda block: block.table)


def make_blocks(rows: Iterable[tuple[Table, Mapping[str, Any]]], salt: bytes) -> list[Block]:
    """The blocks of a transaction that leaves these rows, and no others, as they are here."""
    tables: dict[Table, dict[Key, Mapping[str, Any]]] = {}
    for table, row in rows:
        if table.name not in UNSEEN | LOOSE:
            tables.setdefault(table, {})[row[key_column(table).name]] = row
    return [
        _block(table, sorted(there), there.items(), salt)
        for table, there in sorted(tables.items(), key=lambda item: item[0].name)
    ]


def _read_back(
    session: Session, table: Table, keys: Sequence[Key]
) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    name = key_column(table).name
    for start in range(0, len(keys), _MOST):
        for row in read_rows(session, table, keys[start : start + _MOST]):
            yield row[name], row


def _block(
    table: Table, keys: Sequence[Key], there: Iterable[tuple[Key, Mapping[str, Any]]], salt: bytes
) -> Block:
    salt = sha256(salt + table.name.encode()).digest()
    lines = dict.fromkeys(keys, f"{GONE} ")
    for key, row in there:
        checks = "".join(column_checks(row.values()))
        lines[key] = f"{row_digest(table.name, salt, row)} {checks}"
    text = "".join(f"{key} {line}\n" for key, line in lines.items())
    return Block(table.name, salt, f"{head_line(table)}{text}")


def head_line(table: Table) -> str:
    """The first line of a block: the table's columns."""
    return ",".join(column.name for column in table.columns) + "\n"


def _touched(session: Session) -> dict[Table, set[Key]]:
    found: dict[Table, set[Key]] = session.info.setdefault(_TOUCHED, {})
    return found


def _touch(session: Session, table: Any, keys: Iterable[Key]) -> None:
    if table.name not in UNSEEN:
        _touched(session).setdefault(table, set()).update(keys)


def _touch_objects(session: Session, objects: Iterable[Any]) -> None:
    for thing in objects:
        mapper = inspect(thing).mapper
        _touch(session, mapper.local_table, mapper.primary_key_from_instance(thing))


@event.listens_for(WritingSession, "before_flush")
def _before_flush(session: Session, _context: Any, _objects: Any) -> None:
    changed = [thing for thing in session.dirty if session.is_modified(thing)]
    _touch_objects(session, [*changed, *session.deleted])


@event.listens_for(WritingSession, "after_flush")
def _after_flush(session: Session, _context: Any) -> None:
    _touch_objects(session, session.new)


@event.listens_for(WritingSession, "after_rollback")
def forget(session: Session) -> None:
    """Forget what the transaction has touched."""
    session.info.pop(_TOUCHED, None)
    session.info.pop(_LOADED, None)


@event.listens_for(WritingSession, "do_orm_execute")
def _execute(state: ORMExecuteState) -> Result[Any] | None:
    if state.is_insert:
        return _insert(state)
    if state.is_update or state.is_delete:
        _touch(state.session, state.statement.table, _aimed_at(state))  # type: ignore[attr-defined]
    return None


def _insert(state: ORMExecuteState) -> Result[Any] | None:
    """Note the keys that the rows bring, or have the database say which it gave them."""
    statement: Any = state.statement
    if statement.table.name in UNSEEN:
        return None
    key = key_column(statement.table)
    given = _given_keys(state, key.name)
    if given is not None:
        _touch(state.session, statement.table, given)
        return None
    result = state.invoke_statement(statement=statement.returning(key)).freeze()
    _touch(state.session, statement.table, [row[-1] for row in result()])
    return result()


def _given_keys(state: ORMExecuteState, name: str) -> list[Key] | None:
    rows: Any = state.parameters
    if not isinstance(rows, list) or not all(name in row for row in rows):
        return None
    return [row[name] for row in rows]


def _aimed_at(state: ORMExecuteState) -> list[Key]:
    """Keys of the rows that an UPDATE or DELETE is about to change, locked until the end."""
    statement: Any = state.statement
    key = key_column(statement.table)
    if isinstance(state.parameters, list):
        given = _given_keys(state, key.name)
        if given is None:
            raise Fault("a bulk update must name the rows by their key")
        return given
    query = select(key).with_for_update()
    if statement.whereclause is not None:
        query = query.where(statement.whereclause)
    return list(state.session.connection().scalars(query, state.parameters))
