"""Server-sent events of the ceremonies: who watches is told when an attempt's story changes.

A stream holds a thread of its process as long as it is open, so their number is bounded; whoever
finds no place asks for the attempt's stamp every few seconds instead. All who watch an attempt in
one process share one look at the database a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock

STREAMS = 8
"""Open streams of one process; `exam serve` gives it as many threads more."""
PAUSE = 1.0  # seconds between two looks at an attempt, however many watch it
HEARTBEAT = 5  # looks between two comments, by which a browser that is gone is noticed
LOOKS = 300  # looks of one stream: then the browser connects anew
AGAIN = 2_000  # milliseconds after which it does

Key = tuple[str, int]
"""A page that is followed: the draw and attempt, or another name and 0."""
Look = Callable[[], str]
"""Reads the page's stamp in a short session of its own."""


@dataclass(slots=True)
class _Seen:
    """The newest look at one attempt."""

    lock: Lock = field(default_factory=Lock)
    stamp: str = ""
    at: float = -PAUSE


@dataclass(slots=True)
class Watching:
    """The streams of one process. `clock` and `sleep` count seconds."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(STREAMS))
    seen: dict[Key, _Seen] = field(default_factory=dict)

    def stamp(self, attempt: Key, look: Look) -> str:
        """The attempt's stamp, at most PAUSE seconds old; raises what `look` raises."""
        seen = self.seen.setdefault(attempt, _Seen())
        with seen.lock:
            if self.clock() - seen.at >= PAUSE:
                try:
                    seen.stamp, seen.at = look(), self.clock()
                except Exception:
                    self.seen.pop(attempt, None)  # names that nobody drew under take no room
                    raise
            return seen.stamp

    def enter(self) -> bool:
        """Take one of the places for streams; False when all are taken."""
        return self.places.acquire(blocking=False)

    def leave(self) -> None:
        """Give the place back."""
        self.places.release()

    def events(self, attempt: Key, look: Look, known: str) -> Iterator[str]:
        """The stream for somebody who knows the story as of `known`: one event a change."""
        yield f"retry: {AGAIN}\n\n"
        for number in range(LOOKS):
            stamp = self.stamp(attempt, look)
            if stamp != known:
                known = stamp
                yield f"id: {stamp}\nevent: story\ndata: {stamp}\n\n"
            elif number % HEARTBEAT == 0:
                yield ": still here\n\n"
            self.sleep(PAUSE)
