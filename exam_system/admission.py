"""How many requests are at work: the rest is told at once to come back.

One small process, the doorman, accepts every connection of the server. Once somebody asks for
something it hands the connection to the worker with the most room, or answers 503 by itself when
none has any. It has an interpreter of its own and never waits for those at work, and what it turns
away has reached neither the application nor the database. What a worker has been handed is served.
"""

from __future__ import annotations

import array
import fcntl
import os
import selectors
import signal
import socket
import termios
import time
from collections import deque
from contextlib import suppress
from functools import cache
from mmap import mmap
from pathlib import Path
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import TConn, ThreadWorker

RETRY = 5  # seconds
IDLE = 10.0
"""Seconds for which somebody may say nothing; no worker hears of it."""
LINGER = 0.5
"""Seconds in which somebody who is turned away may read the answer and send the rest; closing at
once would reset the connection before that."""
GUESTS = 4_000  # connections with the doorman
AT_ONCE = 32  # connections between two looks at the others
_PAGE = Path(__file__).parent / "templates" / "busy.html"


@cache
def busy_page() -> bytes:
    """What is shown, in both languages, without the database."""
    return _PAGE.read_bytes()


def refusal() -> bytes:
    """The whole answer to whoever finds no place."""
    page = busy_page()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\n"
        f"Retry-After: {RETRY}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(page)}\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + page


class Post:
    """Where one worker is handed connections. Counts are shared; each has one writer."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap(-1, 24)).cast("q")  # given, done, open
        self.inside, self._outside = socket.socketpair()
        self.inside.setblocking(False)
        self._outside.setblocking(False)

    @property
    def open(self) -> bool:
        """Whether a worker is here."""
        return bool(self._counts[2])

    def take_over(self) -> None:
        """A worker begins: what waits here is all there is."""
        queued = array.array("i", [0])  # one byte was sent with each connection
        fcntl.ioctl(self.inside, termios.FIONREAD, queued)
        self._counts[1] = self._counts[0] - queued[0]
        self._counts[2] = 1

    def leave(self) -> None:
        """Nothing more is handed in."""
        self._counts[2] = 0

    def at_work(self) -> int:
        """Requests at work or waiting for a thread."""
        return self._counts[0] - self._counts[1]

    def give(self, guest: socket.socket) -> bool:
        """Hand a connection in; False when that is not possible."""
        try:
            socket.send_fds(self._outside, [b"."], [guest.fileno()])
        except OSError:
            return False
        self._counts[0] += 1
        return True

    def done(self) -> None:
        """A request is answered."""
        self._counts[1] += 1


class PostedWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, which accept nothing by themselves. One connection, one request."""

    post: Post
    """Set before the process of the worker is made."""

    def run(self) -> None:
        """Serve until told to end; then what has been handed in already."""
        self.poller.register(self.post.inside, selectors.EVENT_READ, self._receive)
        self.post.take_over()
        super().run()

    def set_accept_enabled(self, enabled: bool) -> None:
        """The doorman accepts."""
        self._accepting = enabled

    def handle_exit(self, sig: int, frame: object) -> None:
        """Take nothing more and end."""
        self.post.leave()
        super().handle_exit(sig, frame)

    def _receive(self, inside: socket.socket) -> None:
        try:
            _bytes, files, _flags, _address = socket.recv_fds(inside, AT_ONCE, AT_ONCE)
        except BlockingIOError:
            return
        for file in files:
            self._begin(socket.socket(fileno=file))

    def _begin(self, client: socket.socket) -> None:
        try:
            conn = TConn(self.cfg, client, client.getpeername(), client.getsockname())
        except OSError:  # gone already
            client.close()
            self.post.done()
            return
        conn.data_ready = True
        self.nr_conns += 1
        self.enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """A request is answered: its place is free."""
        super().finish_request(conn, fs)
        self.post.done()


class Doorman:
    """Accepts for all workers, and answers 503 when none of them has room."""

    def __init__(self, posts: list[Post], places: int, listeners: list[socket.socket]) -> None:
        self.posts, self.places, self.listeners = posts, places, listeners
        self.answer = refusal()
        self.poller = selectors.DefaultSelector()
        self.silent: deque[tuple[float, socket.socket]] = deque()
        self.turned_away: deque[tuple[float, socket.socket]] = deque()
        self.accepting = False

    def run(self, parent: int) -> None:
        """Stand at the door until the server is gone; nobody enters before a worker is there."""
        while os.getppid() == parent:
            self._accept_if(any(post.open for post in self.posts))
            for key, _events in self.poller.select(0.1):
                key.data(key.fileobj)
            self._see_off(self.silent)
            self._see_off(self.turned_away)

    def _accept_if(self, some: bool) -> None:
        for listener in self.listeners if some != self.accepting else ():
            if some:
                listener.setblocking(False)
                self.poller.register(listener, selectors.EVENT_READ, self._accept)
            else:
                self.poller.unregister(listener)
        self.accepting = some

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                guest, _address = listener.accept()
            except OSError:
                return
            guest.setblocking(False)
            self._listen_to(guest)

    def _listen_to(self, guest: socket.socket) -> None:
        try:
            asks = guest.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            self.silent.append((time.monotonic() + IDLE, guest))
            self.poller.register(guest, selectors.EVENT_READ, self._asked)
        except OSError:
            guest.close()
        else:
            self._decide(guest) if asks else guest.close()

    def _asked(self, guest: socket.socket) -> None:
        self.poller.unregister(guest)
        self._decide(guest)

    def _decide(self, guest: socket.socket) -> None:
        """Somebody asks: to the worker with the most room, or away."""
        post = min((one for one in self.posts if one.open), key=Post.at_work, default=None)
        if post is not None and post.at_work() < self.places and post.give(guest):
            guest.close()
            return
        try:
            guest.recv(65536)
            guest.send(self.answer)
            guest.shutdown(socket.SHUT_WR)
        except OSError:
            guest.close()
        else:
            self.turned_away.append((time.monotonic() + LINGER, guest))

    def _see_off(self, guests: deque[tuple[float, socket.socket]]) -> None:
        """Close whoever has been here long enough."""
        now = time.monotonic()
        while guests and (guests[0][0] < now or len(guests) > GUESTS):
            guest = guests.popleft()[1]
            if guest.fileno() == -1:
                continue
            with suppress(KeyError):
                self.poller.unregister(guest)
            with suppress(OSError):  # what has come meanwhile would make the closing a reset
                guest.recv(1 << 20)
            guest.close()


class DoorArbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's parent of all workers, and of the doorman."""

    def __init__(self, app: Any, places: int) -> None:
        super().__init__(app)
        self.places, self.doorman = places, 0
        self.posts = [Post() for _ in range(2 * self.cfg.workers + 2)]  # a reload has both kinds

    def manage_workers(self) -> None:
        """Called every second: the doorman is there before any worker, and again if it died."""
        if not self.doorman or not _lives(self.doorman):
            self.doorman = self._post_doorman()
        super().manage_workers()

    def _post_doorman(self) -> int:
        parent, child = os.getpid(), os.fork()
        if child:
            return child
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            Doorman(self.posts, self.places, [one.sock for one in self.LISTENERS]).run(parent)
        finally:
            os._exit(0)

    def assign(self, worker: PostedWorker) -> None:
        """Give a new worker a post that no other one has."""
        taken = [one.post for one in self.WORKERS.values()]
        worker.post = next(post for post in self.posts if post not in taken)

    def stop(self, graceful: bool = True) -> None:
        """Stop the workers, then the doorman."""
        super().stop(graceful)
        with suppress(ProcessLookupError):
            os.kill(self.doorman, signal.SIGTERM)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
