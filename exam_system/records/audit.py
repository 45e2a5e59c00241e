"""`exam log audit`: every row of every table against the act that wrote it last.

`exam log fsck` derives the log again; this compares everything else in the database with it
(THREATS S01-S03, S08). What it cannot see: a database restored as a whole together with its log,
which the inspectors' memory of the last head finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from exam_system.database import Base
from exam_system.errors import Conflict
from exam_system.records.models import Act, ActDetail, ActRows, Leaf
from exam_system.records.rows import (
    GONE,
    LOOSE,
    SEALED,
    UNSEEN,
    Block,
    blocks_digest,
    column_checks,
    key_column,
    read_rows,
    row_digest,
    touched_tables,
)
from exam_system.trust.canonical import parse_jcs
from exam_system.trust.errors import TrustError

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """How an act left a row."""

    act_id: int
    salt: bytes
    columns: str
    digest: str
    checks: str


def audited_tables() -> list[Table]:
    """The tables whose rows belong to acts."""
    return [table for table in Base.metadata.sorted_tables if table.name not in UNSEEN | LOOSE]


def faults(session: Session, tables: Collection[str] | None = None) -> Iterator[str]:
    """One sentence for each row that is not as its last act left it, and each block of digests
    that is not the one its act names. `tables` narrows the look (`act_rows`: the blocks)."""
    if tables is None or ActRows.__tablename__ in tables:
        yield from _blocks(session)
    if tables is None or ActDetail.__tablename__ in tables:
        yield from _details(session)
    for table in audited_tables():
        if tables is None or table.name in tables:
            yield from _table(session, table)


def require_whole(session: Session, *tables: str) -> None:
    """Raise Conflict when a row of these tables is not as its last act left it.

    For acts that others will rely on: draws and releases begin with it (THREATS D03, S02). It
    goes through all rows of the tables, a second or so for some ten thousand.
    """
    session.flush()
    touched = touched_tables(session)
    for fault in faults(session, set(tables) - touched):
        raise Conflict(
            "Somebody changed a row past the acts (%(fault)s): nothing was done, and the "
            "inspectors must look into it",
            fault=fault,
        )


def count_rows(session: Session) -> int:
    """How many rows acts have touched: what an audit goes through."""
    texts = session.scalars(select(ActRows.lines).execution_options(yield_per=_BATCH))
    return sum(text.count("\n") - 1 for text in texts)


def _details(session: Session) -> Iterator[str]:
    """Every act must have its details: there is no act yet that erases them."""
    bare = select(Act.id).where(~select(ActDetail).where(ActDetail.act_id == Act.id).exists())
    for act_id in session.scalars(bare.order_by(Act.id)):
        yield f"act_detail {act_id}: the details are gone of {_act(session, act_id)}"


def _blocks(session: Session) -> Iterator[str]:
    """Each act's blocks against the digest in its details, which the log vouches for."""
    query = (
        select(ActDetail.act_id, ActDetail.details)
        .where(ActDetail.details.contains('"rows_digest":'))
        .order_by(ActDetail.act_id)
        .execution_options(yield_per=_BATCH)
    )
    named = {act_id: digest for act_id, text in session.execute(query) if (digest := _named(text))}
    for act_id, blocks in _blocks_by_act(session):
        digest = named.pop(act_id, None)
        if digest is None:
            yield f"act_rows: nothing vouches for the rows under {_act(session, act_id)}"
        elif digest != blocks_digest(blocks):
            yield f"act_rows: changed under {_act(session, act_id)}"
    for act_id in named:
        yield f"act_rows: the digests of rows are gone under {_act(session, act_id)}"


def _blocks_by_act(session: Session) -> Iterator[tuple[int, list[Block]]]:
    query = (
        select(ActRows.act_id, ActRows.table_name, ActRows.salt, ActRows.lines)
        .order_by(ActRows.act_id)
        .execution_options(yield_per=_BATCH)
    )
    for act_id, rows in groupby(session.execute(query), key=lambda row: int(row.act_id)):
        yield act_id, [Block(row.table_name, row.salt, row.lines) for row in rows]


def _named(details: str) -> str | None:
    try:
        value = parse_jcs(details.encode())
    except TrustError:
        return None  # fsck names it
    found = value.get("rows_digest") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _table(session: Session, table: Table) -> Iterator[str]:
    last = _last(session, table.name)
    for row in read_rows(session, table):
        key = str(row[key_column(table).name])
        seen = last.pop(key, None)
        why = _difference(session, table.name, row, seen)
        if why:
            yield f"{table.name} {key}: {why}"
    for key, seen in last.items():
        if seen.digest != GONE:
            yield f"{table.name} {key}: the row is gone; {_left(session, seen)}"


def _last(session: Session, table: str) -> dict[str, _Seen]:
    """By key: how the last act that touched the row left it."""
    query = (
        select(ActRows.act_id, ActRows.salt, ActRows.lines)
        .where(ActRows.table_name == table)
        .order_by(ActRows.act_id)
        .execution_options(yield_per=_BATCH)
    )
    found: dict[str, _Seen] = {}
    for act_id, salt, text in session.execute(query):
        columns, *lines = text.split("\n")
        for line in lines:
            if line.count(" ") == 2:  # of a damaged block, which is named as such, what is left
                key, digest, checks = line.split(" ")
                found[key] = _Seen(act_id, salt, columns, digest, checks)
    return found


def _difference(
    session: Session, table: str, row: dict[str, object], seen: _Seen | None
) -> str | None:
    """Why a row is not as it must be; None when it is."""
    if seen is None:
        return None if table in SEALED else "no act wrote this row"
    if seen.digest == GONE:
        return f"an act deleted this row; {_left(session, seen)}"
    if row_digest(table, seen.salt, row) == seen.digest:
        return None
    names = seen.columns.split(",")
    checks = column_checks(row.get(name) for name in names)
    changed = [
        name
        for place, name in enumerate(names)
        if checks[place] != seen.checks[4 * place : 4 * place + 4]
    ]
    return f"changed in {', '.join(changed) or 'a column'}; {_left(session, seen)}"


def _left(session: Session, seen: _Seen) -> str:
    return f"it was left by {_act(session, seen.act_id)}"


def _act(session: Session, act_id: int) -> str:
    """An act in words: its place in the log, kind and time."""
    found = session.execute(
        select(Act.kind, Act.at, Leaf.position)
        .outerjoin(Leaf, Leaf.act_id == Act.id)
        .where(Act.id == act_id)
    ).first()
    if found is None:
        return f"an act (row {act_id}) that is gone"
    place = f"act {found.position}" if found.position is not None else f"act row {act_id}"
    return f"{place} ({found.kind}, {found.at:%Y-%m-%d %H:%M} UTC)"
