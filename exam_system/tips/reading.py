"""What the holder of a receipt is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from exam_system.context import Context
from exam_system.errors import NotFound
from exam_system.tips import lookup
from exam_system.tips.models import Tip
from exam_system.tips.receipts import drawer_of, read_receipt
from exam_system.tips.service import require_known
from exam_system.tips.throttle import Throttle
from exam_system.trust.errors import TrustError
from exam_system.trust.report import parse_answer, parse_content
from exam_system.trust.sealed import open_box


@dataclass(frozen=True, slots=True)
class Stored:
    """A report of one's own: its day, digest, and its number once the log has it."""

    day: date
    digest: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """All that lies under a receipt; an answer is None when its bytes were changed."""

    receipt: str
    reports: tuple[Stored, ...]
    answers: tuple[str | None, ...]


def look_up(ctx: Context, throttle: Throttle, typed: str) -> Told:
    """Open what lies under a receipt; raises Invalid, NotFound, Conflict (too many guesses)."""
    receipt = read_receipt(typed)
    throttle.require_calm(ctx.clock.now())
    drawer = drawer_of(ctx.keys.vault, receipt)
    try:
        require_known(ctx, drawer)
    except NotFound:
        throttle.wrong(ctx.clock.now())
        raise
    reports = tuple(
        Stored(row.day, row.digest, row.number if isinstance(row, Tip) else None)
        for row in lookup.thread(ctx.session, drawer.lookup)
    )
    sealed = (row.data for row in lookup.answers(ctx.session, drawer.lookup))
    return Told(receipt, reports, tuple(_opened(data, drawer.private) for data in sealed))


def _opened(data: bytes, private: bytes) -> str | None:
    try:
        return parse_content(open_box(parse_answer(data).box, private)).text
    except TrustError:
        return None
