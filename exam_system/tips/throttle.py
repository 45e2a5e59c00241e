"""Guesses of receipts are slowed down for everybody at once: nobody is told apart."""

from __future__ import annotations

from datetime import datetime, timedelta

from exam_system.errors import Conflict
from exam_system.lately import Lately

MOST = 20
WINDOW = timedelta(minutes=1)


class Throttle:
    """Counts wrong receipts of the last minute, in memory only, one for each server process.

    With 20 guesses a minute, finding one of 10,000 receipts takes some 95,000 years.
    """

    def __init__(self) -> None:
        self._wrong = Lately(WINDOW)

    def require_calm(self, now: datetime) -> None:
        """Raise Conflict while too many wrong receipts were tried."""
        if self._wrong.count(now) >= MOST:
            raise Conflict("Too many wrong receipts were tried: wait a minute, then try again")

    def wrong(self, now: datetime) -> None:
        """A receipt was wrong."""
        self._wrong.add(now)
