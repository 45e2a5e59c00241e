"""Writing acts and giving them their place in the tree."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.database import lock_log
from exam_system.errors import Fault
from exam_system.records.models import Act, ActDetail, Leaf
from exam_system.trust.acts import entry, payload
from exam_system.trust.canonical import JSON, jcs
from exam_system.trust.merkle import leaf_hash

_ACT = insert(Act.__table__)  # type: ignore[arg-type]
_DETAIL = insert(ActDetail.__table__)  # type: ignore[arg-type]


def write(
    session: Session,
    *,
    kind: str,
    exam: str,
    at: datetime,
    actor: str,
    subject: str,
    details: JSON,
    salt: bytes,
) -> int:
    """Insert the act and its details in the running transaction; returns the act's id."""
    data = entry(kind, exam, rfc3339(at), actor, subject, payload(salt, details))
    row = {"kind": kind, "exam": exam, "at": at, "actor": actor, "subject": subject, "entry": data}
    connection = session.connection()  # Core, not ORM: a third of the time, and it is every act's
    key = connection.execute(_ACT, row).inserted_primary_key
    if key is None:
        raise Fault("the database did not say which row an act has got")
    act_id = int(key[0])
    text = jcs(details).decode()
    connection.execute(_DETAIL, {"act_id": act_id, "salt": salt, "details": text})
    return act_id


_WINDOW = 10_000


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
        .where(Act.id > (0 if everything else newest - _WINDOW), ~placed)
        .order_by(Act.id)
    ).all()
    rows = [
        {"position": size + place, "act_id": act_id, "hash": leaf_hash(data)}
        for place, (act_id, data) in enumerate(waiting)
    ]
    if rows:
        session.execute(insert(Leaf), rows)
    return size + len(rows)
