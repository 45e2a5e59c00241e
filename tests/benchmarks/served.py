"""A WSGI application under gunicorn in a process of its own, asked by some clients at once.

CPU is read from /proc, so that other programs on the machine move the figures little.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLIENTS = 16


@dataclass(frozen=True, slots=True)
class Request:
    """One POST, ready to send."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """What some requests took: seconds on the wall, of the application's CPU, of the database's."""

    count: int
    wall: float
    app: float
    database: float
    slowest: float
    """The 99th percentile of their times, in seconds."""


def _spent(pid: int) -> float:
    """CPU seconds of a process, all its threads (the scheduler's own count, in nanoseconds)."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except OSError:  # the thread has just ended
            continue
    return total / 1e9


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [child for word in task.read_text().split() for child in family(int(word))]
    return found


def spent(pid: int) -> float:
    """CPU seconds of a process and all its children, those that have ended included."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(words[13]) + int(words[14])) / os.sysconf("SC_CLK_TCK")
    return ended + sum(map(_spent, family(pid)))


@contextmanager
def serving(kind: str, argument: str) -> Iterator[tuple[int, int]]:
    """A server of `tests.benchmarks.served_apps.<kind>(argument)`; gives its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.benchmarks.served_apps", kind, argument, str(port)]
    process = subprocess.Popen(command, env=os.environ.copy())
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def send(port: int, server: int, database: int, requests: Sequence[Request], status: int) -> Load:
    """Send all requests, `CLIENTS` at a time, each of which must be answered with `status`."""
    before = spent(server), spent(database), time.perf_counter()
    times: list[float] = []
    faults: list[str] = []
    waiting = list(requests)

    def work() -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while waiting:
            try:
                one = waiting.pop()
            except IndexError:
                return
            start = time.perf_counter()
            link.request("POST", one.path, one.body, one.headers)
            answer = link.getresponse()
            text = answer.read()
            times.append(time.perf_counter() - start)
            if answer.status != status:
                faults.append(f"{answer.status}: {text[:2000]!r}")

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(
            f"{len(faults)} of {len(requests)} were not answered {status}: {faults[0]}"
        )
    app, base, wall = before[0], before[1], before[2]
    slowest = sorted(times)[int(len(times) * 0.99) - 1]
    return Load(
        len(times),
        time.perf_counter() - wall,
        spent(server) - app,
        spent(database) - base,
        slowest,
    )
