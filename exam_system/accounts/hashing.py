"""Argon2id in a pool of its own: it takes what the cores leave, and never a connection.

A password costs some 20 ms of a core on purpose. One thread a core does nothing else, at a lower
priority than pages; a few more may wait. Whoever finds no place is told at once to come back, so
that a storm of logins neither queues up nor takes the threads that other pages need.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, get_native_id
from typing import ParamSpec, TypeVar

from exam_system.errors import Sentence, Unavailable
from exam_system.vault import hash_password, password_holds

P = ParamSpec("P")
R = TypeVar("R")
NICE = 10
"""A tenth of the share that a page's thread gets while both want a core."""
FULL = Sentence("Very many people are logging in at the moment. Try again in a few seconds.")


class Busy(Unavailable):
    """No place in the pool."""

    def __init__(self) -> None:
        super().__init__(FULL, "the password pool is full")


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class PasswordPool:
    """`threads` passwords at work, `places` with those that wait; the threads start when needed."""

    def __init__(self, threads: int, places: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "password", initializer=_step_back)
        self._places = BoundedSemaphore(places)

    def require_room(self) -> None:
        """Raise Busy while no place is free, before anything is looked up for nothing."""
        if not self._places.acquire(blocking=False):
            raise Busy
        self._places.release()

    def hash(self, password: str, cost: str, salt: bytes) -> str:
        """`vault.hash_password`; raises Busy."""
        return self._run(hash_password, password, cost, salt)

    def holds(self, password: str, stored: str) -> bool:
        """`vault.password_holds`; raises Busy."""
        return self._run(password_holds, password, stored)

    def _run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            return self._threads.submit(work, *args, **kwargs).result()
        finally:
            self._places.release()


def _step_back() -> None:
    if hasattr(os, "setpriority"):  # on Linux a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICE)


PLACES = 8
"""Half the threads of a server's process (`server.THREADS` and those for streams)."""
POOL = PasswordPool(min(cores(), PLACES), PLACES)
"""The pool of this process. Call it with no transaction open."""
