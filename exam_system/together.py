"""One does the work for all who wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

MOMENT = 0.02  # seconds


class _Round:
    """One run of the work, for everybody who had asked before it began."""

    __slots__ = ("error", "over")

    def __init__(self) -> None:
        self.over = False
        self.error: BaseException | None = None


class Together:
    """Runs of one piece of work, never two at a time in this process.

    Whoever asks waits for a run that begins after the question. While one runs, all that ask wait
    for the next, and one of them runs it; it gives those who are about to ask a moment. In a rush
    a run serves many, alone it costs nothing more.
    """

    def __init__(self) -> None:
        self._change = Condition()
        self._running = False
        self._coming = 0
        self._next = _Round()

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Around what somebody does who will ask afterwards."""
        with self._change:
            self._coming += 1
        try:
            yield
        finally:
            with self._change:
                self._coming -= 1
                self._change.notify_all()

    def run(self, work: Callable[[], None]) -> None:
        """Have the work done; raises what it raised, to everybody whom that run served."""
        with self._change:
            mine = self._next
            while self._running and not mine.over:
                self._change.wait()
            if not mine.over:
                self._running = True
                self._change.wait_for(lambda: not self._coming, MOMENT)
                self._next = _Round()
        if not mine.over:
            self._do(mine, work)
        if mine.error is not None:
            raise mine.error

    def _do(self, mine: _Round, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            mine.error = error
        with self._change:
            mine.over, self._running = True, False
            self._change.notify_all()
