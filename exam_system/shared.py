"""SQLite's one writer, shared: transactions of several threads end in one commit.

A commit that survives a power cut waits for the disk. Each transaction is a savepoint of a common
one, in which they take turns; whoever ends when nobody else is waiting for a turn commits for all
of them, and nobody is answered before that. A transaction that fails is rolled back to its own
beginning, alone. When the common commit fails, all of them have failed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, get_ident

from sqlalchemy.engine import Connection, Engine

from exam_system.database import WritingSession, joining
from exam_system.errors import Fault

MOST = 64  # transactions in one commit
LONGEST = 0.05  # seconds for which the first of them is kept waiting by others


@dataclass(slots=True)
class _Batch:
    """Transactions that will be committed together."""

    connection: Connection
    since: float
    members: int = 0
    over: Event = field(default_factory=Event)
    error: BaseException | None = None


class SharedWriter:
    """The turns of the threads of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn, self._count = Lock(), Lock()
        self._waiting = 0
        self._holder: int | None = None
        self._batch: _Batch | None = None

    @contextmanager
    def transaction(self) -> Iterator[WritingSession]:
        """A session that the caller commits; the block ends when that is on the disk."""
        with self._my_turn():
            batch = self._batch or self._begin()
            try:
                with joining(batch.connection) as session:
                    yield session
                batch.members += 1
            finally:
                if self._is_due(batch):
                    self._end(batch)
        batch.over.wait()
        if batch.error is not None:
            raise batch.error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A turn for a transaction on a connection of its own."""
        with self._my_turn():
            if self._batch is not None:
                self._end(self._batch)
            yield

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self._holder == get_ident():
            raise Fault("a transaction cannot begin inside another one")
        with self._count:
            self._waiting += 1
        self._turn.acquire()
        with self._count:
            self._waiting -= 1
        self._holder = get_ident()
        try:
            yield
        finally:
            self._holder = None
            self._turn.release()

    def _begin(self) -> _Batch:
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        self._batch = _Batch(connection, time.monotonic())
        return self._batch

    def _is_due(self, batch: _Batch) -> bool:
        late = time.monotonic() - batch.since > LONGEST
        return self._waiting == 0 or late or batch.members >= MOST

    def _end(self, batch: _Batch) -> None:
        self._batch = None
        try:
            batch.connection.commit()
        except BaseException as error:
            batch.error = error
        finally:
            batch.connection.close()
            batch.over.set()
