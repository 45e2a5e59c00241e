"""How often something happened lately, in the memory of one server process."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock


class Lately:
    """The moments of the last `window`; for several threads."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._moments: deque[datetime] = deque()
        self._lock = Lock()

    def count(self, now: datetime) -> int:
        """How often it happened within the window before now."""
        with self._lock:
            while self._moments and self._moments[0] <= now - self._window:
                self._moments.popleft()
            return len(self._moments)

    def add(self, now: datetime) -> None:
        """It happened once more."""
        with self._lock:
            self._moments.append(now)
