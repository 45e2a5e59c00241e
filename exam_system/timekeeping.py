"""The one clock by which deadlines are judged, the database's, and how it is watched (R05).

A transaction reads the time once, from the database, and its checks, rows and acts bear that time.
What a clock says is compared with what it said before: it may not be lower than the highest time
seen, and not run ahead of the last time trusted by more than five minutes beyond what has passed
since by the machine's uptime, which no setting of a clock moves. The last trusted time is kept in
`clock.json` of the instance; without it, or after the machine was started anew, nobody knows how
much time has passed, and the log's newest act is what the five minutes count from.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, SessionTransaction

from exam_system.clock import Clock, SystemClock, parse_rfc3339
from exam_system.database import database_now, reading
from exam_system.errors import Sentence, Unavailable
from exam_system.records.models import Act
from exam_system.records.tree import write_durable

ACCEPTED = "oversight.accept_time"
"""The kind of act by which an administrator accepts a time; older acts no longer count then."""
AHEAD = timedelta(minutes=5)
BACK = timedelta(seconds=1)
"""What time services take back without a step, and readings side by side may differ by."""
BEAT = 30.0
"""Seconds between two looks at the log's newest act and two writings of `clock.json`."""
UNTRUSTED = Sentence(
    "The clock cannot be trusted at the moment, so nothing that has a deadline is taken in. "
    "Nothing was done; the office has been told. Try again in a few minutes."
)


class UntrustedTime(Unavailable):
    """The clock is `by` ahead of the time that has passed, or lower than what it was."""

    def __init__(self, *, ahead: bool, by: timedelta) -> None:
        self.ahead, self.by = ahead, str(timedelta(seconds=int(by.total_seconds())))
        self.why = f"the clock is {self.by} {'ahead of its time' if ahead else 'too low'}"
        super().__init__(UNTRUSTED, self.why)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted time and the uptime (seconds) of the machine at which it was read."""

    at: datetime
    uptime: float


@cache
def _uptime_file() -> int | None:
    try:
        return os.open("/proc/uptime", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # not Linux
        return None


def uptime() -> float:
    """Seconds since the machine was started, sleep included; 4 microseconds."""
    file = _uptime_file()
    return time.monotonic() if file is None else float(os.pread(file, 32, 0).split()[0])


@cache
def boot() -> str:
    """What tells this start of the machine from every other; "" where nothing does."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What `clock.json` says: an anchor, the uptime at the last acceptance, and whether both were
    written since the machine was started."""

    anchor: Anchor
    accepted: float
    same_boot: bool


class Timekeeper:
    """What one process knows of the time of its instance; a Clock that never asks the database.

    `path` keeps the last trusted time; None in a demonstration, whose log lives in other years.
    """

    def __init__(
        self,
        engine: Engine,
        path: Path | None,
        machine: Clock | None = None,
        steady: Callable[[], float] = uptime,
    ) -> None:
        self.engine, self.path, self.steady = engine, path, steady
        self.machine = machine or SystemClock()
        self._saved, self._accepted = -BEAT, 0.0
        at, newest = self._look()
        self.anchor = self._first(at, newest)
        self.high = max(self.anchor.at, newest or self.anchor.at)
        """The highest time seen."""
        with suppress(UntrustedTime):  # who asks for the time is told
            self.judge(at, self.high)

    def now(self) -> datetime:
        """The database's time as of the last trusted reading, and what has passed since."""
        anchor = self.anchor
        return anchor.at + timedelta(seconds=self.steady() - anchor.uptime)

    def of(self, session: Session) -> TransactionClock:
        """The clock of a session that writes."""
        return TransactionClock(self, session)

    def read(self, session: Session) -> datetime:
        """The time by the database's clock; SQLite has none but the machine's."""
        found: datetime | None = session.scalar(select(database_now()))
        return found or self.machine.now()

    def judge(self, at: datetime, floor: datetime) -> None:
        """Trust a reading, or raise UntrustedTime. `floor` is what had been seen before it."""
        doubt = self._doubt(at, floor)
        if doubt and self._adopt():
            doubt = self._doubt(at, self.high)
        if doubt:
            raise doubt
        if at > self.anchor.at:
            self.anchor = Anchor(at, self.steady())
        self.high = max(self.high, at)
        if self.path is not None and self.steady() - self._saved >= BEAT:
            self._save()

    def _doubt(self, at: datetime, floor: datetime) -> UntrustedTime | None:
        away = at - self.now()
        if at < floor - BACK or -away > AHEAD:
            return UntrustedTime(ahead=False, by=max(floor - at, -away))
        return UntrustedTime(ahead=True, by=away) if away > AHEAD else None

    def beat(self) -> None:
        """Compare the time with the log's newest act and keep it; raises UntrustedTime."""
        at, newest = self._look()
        self.high = max(self.high, newest or self.high)
        self.judge(at, self.high)

    def accept(self, at: datetime) -> None:
        """Take a time as the right one from now on, in every process of this machine."""
        self._accepted = self.steady()
        self.anchor, self.high = Anchor(at, self._accepted), at
        self._save()

    def _save(self) -> None:
        self._saved = self.steady()
        if self.path is None:
            return
        anchor = self.anchor
        known = {"at": anchor.at.isoformat(), "uptime": anchor.uptime, "boot": boot()}
        write_durable(self.path, json.dumps({**known, "accepted": self._accepted}).encode())

    def _kept(self) -> _Kept | None:
        if self.path is None or not self.path.exists():
            return None
        known = json.loads(self.path.read_bytes())
        anchor = Anchor(parse_rfc3339(known["at"]), known["uptime"])
        return _Kept(anchor, known["accepted"], known["boot"] == boot() != "")

    def _adopt(self) -> bool:
        """Take over the time that an administrator has accepted since this process last looked."""
        kept = self._kept()
        if kept is None or not kept.same_boot or kept.accepted <= self._accepted:
            return False
        self.anchor, self.high, self._accepted = kept.anchor, kept.anchor.at, kept.accepted
        return True

    def _first(self, at: datetime, newest: datetime | None) -> Anchor:
        """What the first readings of this process are compared with."""
        kept = self._kept()
        if kept is not None and kept.same_boot:
            self._accepted = kept.accepted
            return kept.anchor
        known = [one for one in (kept.anchor.at if kept else None, newest) if one is not None]
        return Anchor(max(known, default=at), self.steady())

    def _look(self) -> tuple[datetime, datetime | None]:
        """The time, and that of the log's newest act since the last acceptance."""
        with reading(self.engine) as db:
            at = self.read(db)
            if self.path is None:
                return at, None
            query = select(Act.id).where(Act.kind == ACCEPTED).order_by(Act.id.desc()).limit(1)
            since = db.scalar(query) or 0
            newest = select(Act.at).where(Act.id >= since).order_by(Act.at.desc()).limit(1)
            return at, db.scalar(newest)


class TransactionClock:
    """The time of a transaction: read once, then the same for its checks, rows and acts."""

    __slots__ = ("_at", "_floor", "_of", "_session", "keeper")

    def __init__(self, keeper: Timekeeper, session: Session) -> None:
        self.keeper, self._session = keeper, session
        self._floor = keeper.high  # before any statement, which may wait long for a lock
        self._at: datetime | None = None
        self._of: SessionTransaction | None = None

    def now(self) -> datetime:
        """The time of this transaction; the first call asks the database."""
        if self._at is None or self._of is not self._session.get_transaction():
            self.take(self.keeper.read(self._session))
        return cast(datetime, self._at)

    def take(self, at: datetime | None) -> None:
        """The time that a query brought along; None where the database has no clock."""
        self._at = at or self.keeper.machine.now()
        self._of = self._session.get_transaction()

    def due(self) -> datetime:
        """The same to judge a deadline by; raises UntrustedTime."""
        at = self.now()
        self.keeper.judge(at, self._floor)
        return at
