"""Writing acts and giving them their place in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.database import WritingSession, holds_back, lock_log
from exam_system.errors import Fault
from exam_system.records import at_once, rows
from exam_system.records.models import Act, ActDetail, ActRows, Leaf
from exam_system.trust.acts import entry, payload
from exam_system.trust.canonical import JSON, jcs
from exam_system.trust.merkle import leaf_hash

_ACT = insert(Act.__table__)  # type: ignore[arg-type]
_DETAIL = insert(ActDetail.__table__)  # type: ignore[arg-type]
_ROWS = insert(ActRows.__table__)  # type: ignore[arg-type]
_FIELDS = ("kind", "exam", "at", "actor", "subject", "entry")
_LAST = "last act"


@dataclass(frozen=True, slots=True)
class _Pending:
    """An act that is not in its table yet."""

    kind: str
    exam: str
    at: datetime
    actor: str
    subject: str
    details: dict[str, JSON]
    salt: bytes
    rows_salt: bytes


def write(
    session: Session,
    *,
    kind: str,
    exam: str,
    at: datetime,
    actor: str,
    subject: str,
    details: dict[str, JSON],
    salt: bytes,
    rows_salt: bytes,
) -> None:
    """Take an act into the running transaction.

    It is inserted by the next act or by the commit: the last act of a transaction also carries
    the digest of all rows that the transaction changed. `salt` hides the details and may be shown
    with them (draws show theirs); `rows_salt` hides the rows and is never shown.
    """
    if not isinstance(session, WritingSession):
        raise Fault("an act needs a session that may write")
    if "rows_digest" in details:
        raise Fault("the detail `rows_digest` is the digest of the rows that a transaction changed")
    _put_out(session)
    session.info[_LAST] = _Pending(kind, exam, at, actor, subject, details, salt, rows_salt)


def waits(session: Session) -> bool:
    """Whether an act of this transaction is still to be inserted."""
    return _LAST in session.info


def _put_out(session: Session) -> None:
    pending: _Pending | None = session.info.pop(_LAST, None)
    if pending is not None:
        _insert(session, pending, [], [])


def _insert(
    session: Session,
    act: _Pending,
    blocks: Sequence[rows.Block],
    writes: Sequence[at_once.Write],
) -> None:
    """The act with the blocks of its rows; on PostgreSQL rows that are still unwritten as well."""
    sealed = payload(act.salt, act.details)
    data = entry(act.kind, act.exam, rfc3339(act.at), act.actor, act.subject, sealed)
    fields = (act.kind, act.exam, act.at, act.actor, act.subject, data)
    text = jcs(act.details).decode()
    if session.get_bind().dialect.name == "postgresql":
        at_once.send(session, writes, fields, (act.salt, text), blocks)
        return
    connection = session.connection()  # Core, not ORM: a third of the time, and it is every act's
    key = connection.execute(_ACT, dict(zip(_FIELDS, fields, strict=True))).inserted_primary_key
    if key is None:
        raise Fault("the database did not say which row an act has got")
    connection.execute(_DETAIL, {"act_id": key[0], "salt": act.salt, "details": text})
    if blocks:
        connection.execute(
            _ROWS,
            [
                {"act_id": key[0], "table_name": one.table, "salt": one.salt, "lines": one.lines}
                for one in blocks
            ],
        )


@event.listens_for(WritingSession, "before_commit")
def _close_transaction(session: Session) -> None:
    """Put out the last act with the digest of the rows; rows without an act are a Fault."""
    writes = _held_back(session)
    if not writes:
        session.flush()
    last: _Pending | None = session.info.pop(_LAST, None)
    if last is None:
        loose = rows.touched_tables(session) - rows.SEALED - rows.LOOSE
        if loose:
            raise Fault(f"rows of {', '.join(sorted(loose))} were changed without an act")
        rows.forget(session)
        return
    if writes:
        blocks = rows.make_blocks(((one.table, one.row) for one in writes), last.rows_salt)
    else:
        blocks = rows.take_blocks(session, last.rows_salt)
    if blocks:
        last = replace(last, details={**last.details, "rows_digest": rows.blocks_digest(blocks)})
    _insert(session, last, blocks, writes)


def _held_back(session: Session) -> list[at_once.Write]:
    """The rows that the statement of the last act can write with it, on PostgreSQL.

    Only when `put` brought one of them, and they are all that the transaction changes.
    """
    postgresql = session.get_bind().dialect.name == "postgresql"
    if not postgresql or not holds_back(session) or rows.touched_tables(session):
        return []
    if not waits(session):
        return []
    return at_once.gather(session) or []


@event.listens_for(WritingSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_LAST, None)


WINDOW = 10_000


def sequence(session: Session, *, everything: bool = False) -> int:
    """Give every committed act without a place the next index; returns the log's size.

    Holds the log's lock until the transaction ends. The leaf is hashed from the bytes read back
    from the database, never from what was sent to it. On PostgreSQL an act may be committed after
    one with a higher id; such stragglers are looked for among the last 10,000 ids, and among all
    when `everything` is set (at start).
    """
    lock_log(session)
    last = session.execute(
        select(Leaf.position, Leaf.act_id).order_by(Leaf.position.desc()).limit(1)
    ).first()
    size, newest = (0, 0) if last is None else (last.position + 1, last.act_id)
    placed = select(Leaf).where(Leaf.act_id == Act.id).exists()
    waiting = session.execute(
        select(Act.id, Act.entry)
        .where(Act.id > (0 if everything else newest - WINDOW), ~placed)
        .order_by(Act.id)
    ).all()
    rows = [
        {"position": size + place, "act_id": act_id, "hash": leaf_hash(data)}
        for place, (act_id, data) in enumerate(waiting)
    ]
    if rows:
        session.execute(insert(Leaf), rows)
    return size + len(rows)
