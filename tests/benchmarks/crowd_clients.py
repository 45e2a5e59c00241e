"""Very many clients in one process of its own: by a rate, or so many at once."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

FORM = "application/x-www-form-urlencoded"
GIVEN_UP = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 0 for nothing. Times in seconds, `begun` from the start of the run."""

    status: int
    begun: float
    took: float


@dataclass(slots=True)
class _Open:
    sock: socket.socket
    data: bytes
    begun: float
    status: int = 0


def raw(path: str, body: bytes | None = None, cookie: str = "") -> bytes:
    """A request as it goes over the wire."""
    head = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    head += ["Connection: close"] + ([f"Cookie: {cookie}"] if cookie else [])
    if body is not None:
        head += [f"Content-Type: {FORM}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + (body or b"")


class Crowd:
    """Asks without waiting for answers (`rate` a second), or with `at_once` always on the way."""

    def __init__(
        self, port: int, requests: Sequence[bytes], seconds: float, rate: float, at_once: int
    ) -> None:
        self.port, self.requests, self.seconds = port, requests, seconds
        self.rate, self.at_once = rate, at_once
        self.poller = selectors.DefaultSelector()
        self.sent, self.open = 0, 0
        self.answers: list[Answer] = []

    def run(self) -> list[Answer]:
        """Every answer of the run."""
        start = time.perf_counter()
        while (now := time.perf_counter() - start) < self.seconds or self.open:
            if now > self.seconds + GIVEN_UP:
                break
            for _ in range(self._due(now) if now < self.seconds else 0):
                self._begin(time.perf_counter() - start)
            for key, _events in self.poller.select(0.001):
                self._go_on(key.data, time.perf_counter() - start)
        return self.answers + [Answer(0, 0, GIVEN_UP)] * self.open

    def _due(self, now: float) -> int:
        if self.at_once:
            return self.at_once - self.open
        return min(int(now * self.rate) - self.sent, 200)

    def _begin(self, now: float) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", self.port))
        one = _Open(sock, self.requests[self.sent % len(self.requests)], now)
        self.poller.register(sock, selectors.EVENT_WRITE, one)
        self.sent += 1
        self.open += 1

    def _go_on(self, one: _Open, now: float) -> None:
        try:
            if one.data:
                one.data = one.data[one.sock.send(one.data) :]
                if not one.data:
                    self.poller.modify(one.sock, selectors.EVENT_READ, one)
                return
            text = one.sock.recv(65536)
        except OSError:
            text = b""
        if text and not one.status:
            one.status = int(text[9:12])
        if not text or one.data:
            self._end(one, now)

    def _end(self, one: _Open, now: float) -> None:
        self.answers.append(Answer(one.status, one.begun, now - one.begun))
        self.poller.unregister(one.sock)
        one.sock.close()
        self.open -= 1


def _work(pipe: object, *args: object) -> None:
    pipe.send(Crowd(*args).run())  # type: ignore[attr-defined, arg-type]


class Running:
    """A crowd that asks in a process of its own."""

    def __init__(
        self,
        port: int,
        requests: Sequence[bytes],
        seconds: float,
        *,
        rate: float = 0,
        at_once: int = 0,
    ) -> None:
        self._here, there = multiprocessing.Pipe()
        args = (there, port, list(requests), seconds, rate, at_once)
        self._process = multiprocessing.get_context("fork").Process(target=_work, args=args)
        self._process.start()

    def answers(self) -> list[Answer]:
        """Wait for its end."""
        found: list[Answer] = self._here.recv()
        self._process.join()
        return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
