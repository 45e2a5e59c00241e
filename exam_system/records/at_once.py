"""A transaction's rows and its last act in one statement, on PostgreSQL.

A rush consists of acts that write one row or change two. The ORM would send each row by itself and
have it read back for its digest; here the rows go along with the act, the statement returns what
was sent as the database has it now, and that must be what the digest was made of. Columns that
were not sent are empty in a new row, and in a changed one as they were read under its lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, Date, Integer, LargeBinary, String, Table, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper, Session, make_transient, make_transient_to_detached

from exam_system.database import UtcTime, refusal
from exam_system.errors import Fault
from exam_system.records.rows import Block, key_column

_MOST = 4  # rows; more go the ordinary way
_KINDS: tuple[tuple[type[Any], type[Any]], ...] = (
    (Boolean, bool),
    (Integer, int),
    (String, str),
    (LargeBinary, bytes),
    (UtcTime, datetime),
    (Date, date),
)
Shape = tuple[tuple[Table, bool, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Write:
    """One object that is to become a row, or changes columns of its row."""

    thing: object
    table: Table
    row: dict[str, Any]
    """The whole row, in the order of the table's columns."""
    new: bool
    columns: tuple[str, ...]
    """Those that are sent: not empty, or changed."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Names of a table's columns and attributes, with the type of value each takes."""

    table: Table
    columns: tuple[tuple[str, str, type[Any]], ...]
    defaults: Mapping[str, Any]


@lru_cache(maxsize=200)
def _layout(mapper: Mapper[Any]) -> _Layout | None:
    """None when a column is of a kind that this module does not know."""
    table, columns, defaults = mapper.local_table, [], {}
    if not isinstance(table, Table) or mapper.relationships:
        return None
    for column in table.columns:
        kinds = [kind for known, kind in _KINDS if isinstance(column.type, known)]
        plain = column.default is None or column.default.is_scalar
        if not kinds or not plain or column.server_default is not None:
            return None
        attribute = mapper.get_property_by_column(column).key
        columns.append((column.name, attribute, kinds[0]))
        if column.default is not None:
            defaults[attribute] = column.default.arg
    return _Layout(table, tuple(columns), defaults)


def gather(session: Session) -> list[Write] | None:
    """What the session holds back, when one statement can write it; None when it cannot."""
    dirty = [thing for thing in session.dirty if session.is_modified(thing)]
    if session.deleted or len(session.new) + len(dirty) > _MOST:
        return None
    found = [_write(thing, new=True) for thing in session.new]
    found += [_write(thing, new=False) for thing in dirty]
    whole = [one for one in found if one is not None]
    return whole if len(whole) == len(found) else None


def _write(thing: object, *, new: bool) -> Write | None:
    state: Any = inspect(thing)
    layout = _layout(state.mapper)
    if layout is None or (not new and state.unloaded):
        return None
    held = state.dict
    if new:
        for _, attribute, _kind in layout.columns:
            if held.get(attribute) is None:
                setattr(thing, attribute, layout.defaults.get(attribute))
    row = {}
    for name, attribute, kind in layout.columns:
        value = held[attribute]
        if value is not None and type(value) is not kind:
            return None
        row[name] = value.astimezone(UTC) if kind is datetime and value is not None else value
    if row[key_column(layout.table).name] is None:
        return None
    filled = tuple(name for name, value in row.items() if value is not None)
    return Write(thing, layout.table, row, new, filled if new else _changed(state, layout))


def _changed(state: Any, layout: _Layout) -> tuple[str, ...]:
    attributes = state.attrs
    return tuple(
        name for name, attribute, _ in layout.columns if attributes[attribute].history.has_changes()
    )


def send(
    session: Session,
    writes: Sequence[Write],
    act: Sequence[Any],
    detail: Sequence[Any],
    blocks: Sequence[Block],
) -> None:
    """Insert the act, its details and blocks, and write its rows.

    `act`: kind, exam, at, actor, subject, entry; `detail`: salt, details. Raises Fault when the
    database has a row otherwise than it was sent, and what `put` was told when it refuses one.
    """
    shape = tuple((one.table, one.new, one.columns) for one in writes)
    values: list[Any] = [value for one in writes for value in _values(one)]
    values += [*act, *detail]
    values += [value for one in blocks for value in (one.table, one.salt, one.lines)]
    try:
        result = session.connection().exec_driver_sql(_statement(shape, len(blocks)), tuple(values))
    except IntegrityError as error:
        raise refusal(session, error) from None
    if writes:
        _compare(writes, result.one())
    for one in writes:
        _settle(session, one)


def _values(one: Write) -> list[Any]:
    sent = [one.row[name] for name in one.columns]
    return sent if one.new else [*sent, one.row[key_column(one.table).name]]


def _compare(writes: Sequence[Write], returned: Sequence[Any]) -> None:
    start = 0
    for one in writes:
        end = start + len(one.columns)
        if list(returned[start:end]) != [one.row[name] for name in one.columns]:
            raise Fault(f"the database keeps a row of {one.table.name} otherwise than it was sent")
        start = end


def _settle(session: Session, one: Write) -> None:
    """Let the session know that this object is as its row."""
    session.expunge(one.thing)
    make_transient(one.thing)
    make_transient_to_detached(one.thing)
    session.add(one.thing)


@lru_cache(maxsize=200)
def _statement(shape: Shape, blocks: int) -> str:
    """Everything as one WITH; its answer is the rows, side by side."""
    parts = [f"w{n} AS ({_row(*one)})" for n, one in enumerate(shape)]
    parts.append(
        "a AS (INSERT INTO act (kind, exam, at, actor, subject, entry) "
        "VALUES (%s, %s, %s, %s, %s, %s) RETURNING id)"
    )
    parts.append(
        "d AS (INSERT INTO act_detail (act_id, salt, details) "
        "SELECT id, %s::bytea, %s::text FROM a)"
    )
    if blocks:
        rows = ", ".join(["(%s::text, %s::bytea, %s::text)"] * blocks)
        found = f"SELECT a.id, v.t, v.s, v.l FROM a, (VALUES {rows}) AS v (t, s, l)"  # noqa: S608
        parts.append(f"r AS (INSERT INTO act_rows (act_id, table_name, salt, lines) {found})")
    sources = [f"w{n}" for n in range(len(shape))]
    whole = ", ".join(f"{source}.*" for source in sources)
    answer = f"{whole} FROM {', '.join(sources)}" if shape else "id FROM a"
    return f"WITH {', '.join(parts)} SELECT {answer}"


def _row(table: Table, new: bool, columns: tuple[str, ...]) -> str:
    name, key = _quoted(table.name), _quoted(key_column(table).name)
    returning = f"RETURNING {', '.join(map(_quoted, columns))}"
    if new:
        names, marks = ", ".join(map(_quoted, columns)), ", ".join(["%s"] * len(columns))
        return f"INSERT INTO {name} ({names}) VALUES ({marks}) {returning}"  # noqa: S608
    changes = ", ".join(f"{_quoted(column)} = %s" for column in columns)
    return f"UPDATE {name} SET {changes} WHERE {key} = %s {returning}"  # noqa: S608


def _quoted(name: str) -> str:
    return f'"{name}"'
