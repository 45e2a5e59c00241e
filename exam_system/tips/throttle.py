"""Guesses of receipts are slowed down for everybody at once: nobody is told apart."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from exam_system.errors import Conflict

MOST = 20
WINDOW = timedelta(minutes=1)


class Throttle:
    """Counts wrong receipts of the last minute, in memory only, one for each server process.

    With 20 guesses a minute, finding one of 10,000 receipts takes some 95,000 years.
    """

    def __init__(self) -> None:
        self._wrong: deque[datetime] = deque()
        self._lock = Lock()

    def require_calm(self, now: datetime) -> None:
        """Raise Conflict while too many wrong receipts were tried."""
        with self._lock:
            while self._wrong and self._wrong[0] <= now - WINDOW:
                self._wrong.popleft()
            if len(self._wrong) >= MOST:
                raise Conflict("Too many wrong receipts were tried: wait a minute, then try again")

    def wrong(self, now: datetime) -> None:
        """A receipt was wrong."""
        with self._lock:
            self._wrong.append(now)
