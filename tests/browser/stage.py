"""A running office: an instance, the real application on a port, its sandbox gateway."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from exam_system.app import create_app
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.demo.cast import Cast, assemble
from exam_system.fees.sandbox.merchant import make_merchant
from exam_system.instance import create_instance
from tests.conftest import settings

HOST = "127.0.0.1"
PATIENCE = 30  # seconds


@dataclass(frozen=True, slots=True)
class Stage:
    """The office's people and clock (`cast`), and the address at which it is served."""

    cast: Cast
    url: str

    @property
    def folder(self) -> Path:
        """The instance's folder."""
        return self.cast.office.config.instance

    def at(self, moment: datetime) -> None:
        """Move the clock of people and application on, never back."""
        if moment > self.cast.clock.now():
            self.cast.clock.set(moment)


@contextmanager
def open_stage(folder: Path, opens: datetime, seed: str) -> Iterator[Stage]:
    """An office whose first registration opens at `opens`; its clock stands a month before."""
    url, gateway = (f"http://{HOST}:{port}" for port in _free_ports())
    clock, chance = RehearsalClock(opens - timedelta(days=30)), SeededChance(seed)
    values = settings("sqlite:///exam.db") | {
        "base_url": url,
        "origin": "anshun.example/log",
        "bureau": "安顺市人事考试院",
        "bureau_en": "Anshun Personnel Examination Authority",
    }
    create_instance(folder, values, clock.now(), chance)
    make_merchant(folder, gateway=gateway, notify_url=f"{url}/payments/wechat/callback")
    cast = assemble(folder, clock, chance)
    with _gateway(folder, gateway), _server(cast, url):
        yield Stage(cast, url)
    cast.office.engine.dispose()


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on, never the same one twice."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind((HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of each request; errors are still told."""


@contextmanager
def _server(cast: Cast, url: str) -> Iterator[None]:
    app = create_app(cast.office.config.instance, clock=cast.clock)
    port = int(url.rsplit(":", 1)[1])
    server = make_server(HOST, port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["office"].engine.dispose()


@contextmanager
def _gateway(folder: Path, url: str) -> Iterator[None]:
    port = url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "exam_system.fees.sandbox", "--port", port]
    command += ["--merchant", str(folder / "gateway.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(int(port))
            yield
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection((HOST, port), timeout=1):
                return
        except OSError:
            assert time.monotonic() < end, "the sandbox gateway does not answer"
            time.sleep(0.05)
