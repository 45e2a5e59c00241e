"""A real server process on an instance, candidates who apply over HTTP, and crashes."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from flask import session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf
from sqlalchemy import make_url, text

from exam_system.accounts.models import LoginSession
from exam_system.accounts.sessions import digest
from exam_system.context import PUBLIC, Actor
from tests.postgresql import _as_user, find_binaries
from tests.races.stage import FIELDS, Stage
from tests.registration.setting import CODE
from tests.world import World

CLIENTS = 8


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """`exam serve` on an instance."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "exam_system.cli", "--instance", str(self.folder)]
        command += ["serve", "--bind", f"127.0.0.1:{self.port}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet)  # type: ignore[call-overload]
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError, HTTPException):
                if _ask(self.port, "GET", "/login") == 200:
                    return process  # type: ignore[no-any-return]
            time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """kill -9 of all its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        """The same server once more."""
        self.process = self._start()


def _ask(port: int, how: str, path: str, body: bytes | None = None, cookie: str = "") -> int:
    link = HTTPConnection("127.0.0.1", port, timeout=20)
    head = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    try:
        link.request(how, path, body, head)
        answer = link.getresponse()
        answer.read()
        return answer.status
    finally:
        link.close()


@dataclass(slots=True)
class Candidates:
    """Candidates with a session each, and whose application was acknowledged."""

    people: list[Actor]
    cookies: list[tuple[str, str]]
    acknowledged: set[int] = field(default_factory=set)
    faults: list[int] = field(default_factory=list)

    @classmethod
    def come(cls, stage: Stage, count: int) -> Candidates:
        """Registered and logged in."""
        people, at = stage.people(count), stage.world.clock.now()
        ends = at + timedelta(hours=12)
        with stage.world.context(PUBLIC).session as db:
            db.add_all(
                LoginSession(
                    token_digest=digest(who.ref), account_id=who.account_id, created_at=at,
                    ends_at=ends,
                )
                for who in people
            )  # fmt: skip
            db.commit()
        stage.world.seal()
        return cls(people, _cookies(stage.world, people))

    def apply_until(self, port: int, enough: int, crash: Callable[[], None]) -> None:
        """Apply, several at a time; after so many more were acknowledged the crash comes."""
        ahead = iter([n for n in range(len(self.people)) if n not in self.acknowledged])
        target, over, lock = len(self.acknowledged) + enough, threading.Event(), threading.Lock()

        def run() -> None:
            while not over.is_set():
                with lock:
                    n = next(ahead, None)
                if n is None:
                    return
                self._apply(port, n)

        threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while len(self.acknowledged) < target and any(one.is_alive() for one in threads):
            time.sleep(0.005)
        crash()
        over.set()
        for thread in threads:
            thread.join()

    def _apply(self, port: int, n: int) -> None:
        cookie, token = self.cookies[n]
        form = {**FIELDS, "post": f"10{n % 3 + 1}", "district": "1", "csrf_token": token}
        with suppress(OSError, HTTPException):  # the server is gone: nothing was acknowledged
            body = urlencode(form).encode()
            status = _ask(port, "POST", f"/exams/{CODE}/apply", body, f"exam={cookie}")
            if status == 302:
                self.acknowledged.add(n)
            elif status != 503:
                self.faults.append(status)


def _cookies(world: World, people: list[Actor]) -> list[tuple[str, str]]:
    app = world.app()
    app.config["WTF_CSRF_ENABLED"] = True
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    found = []
    for who in people:
        with app.test_request_context():
            session["token"] = who.ref
            token = generate_csrf()
            found.append((str(signer.dumps(dict(session))), token))
    return found


class Database:
    """A durable PostgreSQL server that is crashed and started again."""

    def __init__(self, world: World) -> None:
        with world.engine.connect() as db:
            self.folder = Path(db.scalar(text("SHOW data_directory")))
        self.port = make_url(str(world.config.database_url)).port
        binaries = find_binaries()
        assert binaries is not None
        self.control = [*_as_user(), str(binaries / "pg_ctl"), "-D", str(self.folder), "-w"]

    def stop_at_once(self) -> None:
        """As after a failure of the server: every connection is cut, nothing is written."""
        subprocess.run([*self.control, "-m", "immediate", "stop"], check=True, **_QUIET)  # type: ignore[call-overload]

    def kill(self) -> None:
        """kill -9 of the postmaster and of all its processes."""
        postmaster = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGSTOP)  # no further children
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        processes = [postmaster, *map(int, children)]
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while not all(map(_dead, processes)):
            time.sleep(0.02)
        # Nobody may have taken its body away yet: then its number is no proof that it lives.
        for path in (self.folder / "postmaster.pid", *self.folder.parent.glob(".s.PGSQL.*")):
            path.unlink()

    def start_again(self) -> None:
        """With the options that it had; it recovers by itself."""
        started = shlex.split((self.folder / "postmaster.opts").read_text())[3:]  # after -D …
        more = ["-l", str(self.folder.parent / "log"), "-o", shlex.join(started), "start"]
        subprocess.run([*self.control, *more], check=True, **_QUIET)  # type: ignore[call-overload]


_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}


def _dead(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
