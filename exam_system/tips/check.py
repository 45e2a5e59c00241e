"""Reports that were deleted or changed are noticed: rows are compared with the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.tips.lookup import entered
from exam_system.tips.models import ArrivedTip, Tip, TipAnswer
from exam_system.trust.canonical import sha256_hex


def faults(db: Session) -> Iterator[str]:
    """A sentence for each report that is not what the log says, in the log's order."""
    rows = {tip.number: tip for tip in db.scalars(select(Tip))}
    known = entered(db)
    for place, item in enumerate(known, start=1):
        if item.number != place:
            yield f"the log counts report {item.number} where {place} follows"
        yield from _compare(item.number, item.digest, rows.pop(item.number, None))
    for number in sorted(rows):
        yield f"report {number} is in the database and not in the log"
    yield from _changed("report of today", db.scalars(select(ArrivedTip)))
    yield from _changed("answer", db.scalars(select(TipAnswer).order_by(TipAnswer.id)))


def _changed(what: str, rows: Iterable[ArrivedTip | TipAnswer]) -> Iterator[str]:
    for row in rows:
        if sha256_hex(row.data) != row.digest:
            yield f"the {what} {row.digest} was changed"


def _compare(number: int, digest: str, tip: Tip | None) -> Iterator[str]:
    if tip is None:
        yield f"report {number} is missing: the log has {digest}"
    elif sha256_hex(tip.data) != digest or tip.digest != digest:
        yield f"report {number} was changed: the log has {digest}"
