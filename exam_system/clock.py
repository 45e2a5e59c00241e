"""Time as an argument: nothing below the command line and the app asks the machine for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """The current time, with zone."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class RehearsalClock:
    """A clock that stands where it is set; for tests and demonstration instances only."""

    at: datetime

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def set(self, at: datetime) -> None:
        """Move to `at`; a clock never goes back."""
        if at < self.at:
            raise ValueError(f"a clock does not go back: {at} is before {self.at}")
        self.at = at

    def advance(self, **delta: float) -> None:
        """Move forward by timedelta(**delta)."""
        self.set(self.at + timedelta(**delta))


def rfc3339(at: datetime) -> str:
    """UTC in whole seconds, as the log writes it: 2008-08-01T09:00:00Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> datetime:
    """The inverse of rfc3339, also accepting an explicit offset; raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} names no time zone")
    return at.astimezone(UTC)
