"""`exam serve`: the application under gunicorn, with its sandbox gateway in a demonstration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from exam_system.admission import DoorArbiter, PostedWorker
from exam_system.app import create_app
from exam_system.draws.live import STREAMS
from exam_system.office import open_office
from exam_system.oversight.board_commands import board_commands
from exam_system.oversight.clock import keep_beating

THREADS = 8  # per process: one process with several threads a core is the fastest (measured)
WAITING = 8  # requests that wait for a thread: there is always a next one, and no queue


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings instead of its command line."""

    def __init__(self, folder: Path, bind: str, workers: int) -> None:
        self.folder = folder
        self.options = {
            "bind": bind,
            "workers": workers,
            "worker_class": PostedWorker,
            "threads": THREADS + STREAMS,  # an open stream of a ceremony holds a thread
            "keepalive": 0,  # one connection, one request: whoever is let in is served
            "control_socket_disable": True,
            "accesslog": None,
            "pre_fork": DoorArbiter.assign,
            "child_exit": _gone,
        }
        super().__init__()

    def run(self) -> None:
        """Serve until told to end."""
        DoorArbiter(self, THREADS + STREAMS + WAITING).run()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application, made in the worker."""
        app = create_app(self.folder)
        office = app.extensions["office"]
        threading.Thread(target=keep_beating, args=(office,), daemon=True).start()
        return app


def _gone(_arbiter: Any, worker: PostedWorker) -> None:
    worker.post.leave()


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.pass_obj
def serve(folder: Path, bind: str, workers: int) -> None:
    """Serve the instance. Behind nginx in earnest; by itself in a demonstration."""
    settings = open_office(folder).config  # whatever is not in order is said here, in one line
    gateway = _sandbox(folder) if settings.demonstration else None
    click.echo(f"serving {folder} on http://{bind}")
    try:
        Server(folder, bind, workers).run()
    finally:
        if gateway is not None:
            gateway.terminate()


def _sandbox(folder: Path) -> subprocess.Popen[bytes] | None:
    """The sandbox gateway as a process of its own, when the instance has been given one."""
    path = folder / "gateway.json"
    if not path.exists():
        return None
    port = json.loads((folder / "merchant.json").read_text())["gateway"].rsplit(":", 1)[1]
    command = [sys.executable, "-m", "exam_system.fees.sandbox", "--port", port]
    return subprocess.Popen([*command, "--merchant", str(path)], env=os.environ.copy())


board = board_commands(create_app)
