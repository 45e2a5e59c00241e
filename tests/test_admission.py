"""A full server says so at once, and passwords have a pool of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from exam_system.accounts.hashing import Busy, PasswordPool
from exam_system.admission import refusal
from exam_system.draws.live import STREAMS
from exam_system.server import THREADS, WAITING
from exam_system.vault import password_holds
from tests.races.crowd import free_port

PLACES = THREADS + STREAMS + WAITING
SLEEPER = """
import sys, time
from exam_system.server import Server

def app(environ, start_response):
    time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["REMOTE_ADDR"].encode()]

class Sleeping(Server):
    def load(self):
        return app

Sleeping(None, f"127.0.0.1:{sys.argv[1]}", 1).run()
"""


def _ask(port: int, body: bytes | None = None) -> tuple[int, float, str, bytes]:
    link = HTTPConnection("127.0.0.1", port, timeout=30)
    begun = time.perf_counter()
    link.request("GET" if body is None else "POST", "/", body)
    answer = link.getresponse()
    data = answer.read()
    took = time.perf_counter() - begun
    link.close()
    return answer.status, took, answer.headers.get("Retry-After", ""), data


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            assert _ask(port)[0] == 200
            return
        except (OSError, HTTPException):
            time.sleep(0.1)
    pytest.fail("nobody answers")


@pytest.fixture
def server() -> Iterator[tuple[int, int]]:
    """A server whose application sleeps for half a second: its port and its process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SLEEPER, str(port)])
    _wait(port)
    yield port, process.pid
    process.terminate()
    assert process.wait(30) == 0


def test_who_finds_no_place_is_told_at_once_and_all_others_are_served(
    server: tuple[int, int],
) -> None:
    port, found = server[0], []

    def ask(n: int) -> None:
        found.append(_ask(port, None if n % 2 else bytes(50_000)))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(3 * PLACES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = Counter(status for status, *_rest in found)
    assert set(statuses) == {200, 503}
    assert statuses[200] >= PLACES
    page = refusal().partition(b"\r\n\r\n")[2]
    away = [(took, again, data) for status, took, again, data in found if status == 503]
    assert {(again, data) for _took, again, data in away} == {("5", page)}
    assert min(took for took, *_rest in away) < 0.3  # nobody at work had to be waited for
    assert {data for status, *_rest, data in found if status == 200} == {b"127.0.0.1"}


def test_a_doorman_or_a_worker_that_dies_is_replaced(server: tuple[int, int]) -> None:
    port, arbiter = server
    children = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
    assert len(children) == 2
    for child in children:
        os.kill(int(child), signal.SIGKILL)
        _wait(port)


def test_a_full_pool_of_passwords_refuses_and_the_others_are_computed() -> None:
    pool, refused, made = PasswordPool(1, 2), [], []
    gate = threading.Barrier(8)

    def run() -> None:
        gate.wait()
        try:
            made.append(pool.hash("correct horse", "standard", bytes(16)))
        except Busy as error:
            refused.append(error.status)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) >= 2
    assert refused == [503] * (8 - len(made))
    assert refused
    assert password_holds("correct horse", made[0])
    assert pool.holds("correct horse", made[0])
    assert not pool.holds("wrong horse", made[0])
