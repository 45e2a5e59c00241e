"""From dates to entries of a timeline: a pure function; it knows neither rows nor a clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from exam_system.errors import Sentence


@dataclass(frozen=True, slots=True)
class Dated:
    """One thing with a date. `ends` is None for a moment; `lasts` says that it goes on without an
    end that is known. `link` is an endpoint with its arguments. Equal when they say the same."""

    begins: datetime
    what: tuple[str, tuple[tuple[str, str], ...]]
    ends: datetime | None = None
    lasts: bool = False
    why: tuple[str, tuple[tuple[str, str], ...]] | None = None
    link: tuple[str, tuple[tuple[str, str], ...]] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A date as it stands at a moment. `state` is past, now or coming; `next` marks the first
    that is coming."""

    dated: Dated
    state: str
    next: bool = False


def said(msgid: str, **params: object) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A sentence as a value: equal and printable, unlike an exception."""
    return msgid, tuple((name, str(value)) for name, value in params.items())


def sentence(told: tuple[str, tuple[tuple[str, str], ...]]) -> Sentence:
    """The sentence that `said` keeps."""
    return Sentence(told[0], **dict(told[1]))


def state_of(dated: Dated, now: datetime) -> str:
    """past, now or coming: a moment is past from its own instant on, a span from its end on."""
    if now < dated.begins:
        return "coming"
    if dated.lasts or (dated.ends is not None and now < dated.ends):
        return "now"
    return "past"


def entries(dates: Iterable[Dated], now: datetime) -> list[Entry]:
    """Every date in the order of time with its state; what begins together ends in its order,
    what has no end last."""
    found: list[Entry] = []
    waiting = True
    for one in sorted(dates, key=_order):
        state = state_of(one, now)
        found.append(Entry(one, state, next=waiting and state == "coming"))
        waiting = waiting and state != "coming"
    return found


def _order(one: Dated) -> tuple[datetime, bool, datetime, str]:
    return one.begins, one.lasts, one.ends or one.begins, one.what[0]
