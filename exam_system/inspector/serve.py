"""The inspector's desk on the network: a C2SP tlog-witness v1.0.0.

`POST /add-checkpoint` with the bytes of a request, the same that travel as a file. Judging and
storing is the folder's one locked step, on disk before the answer is written.
"""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from exam_system.clock import Clock
from exam_system.inspector.folder import InspectorFolder
from exam_system.inspector.reading import Declined
from exam_system.trust.errors import BadKey

PATH = "/add-checkpoint"
SIZE = "text/x.tlog.size"
TEXT = "text/plain; charset=utf-8"
MOST_BYTES = 1_000_000
PATIENCE = 30  # seconds for one request to arrive


def answer(desk: InspectorFolder, clock: Clock, data: bytes) -> tuple[int, str, str]:
    """Status, content type and body for an add-checkpoint request."""
    try:
        signed = desk.sign_request(data, int(clock.now().timestamp()))
    except Declined as error:
        return error.status, SIZE if error.status == 409 else TEXT, error.body
    except (BadKey, OSError) as error:  # nothing was signed: without its memory it does not
        return 500, TEXT, f"{error}\n"
    return 200, TEXT, signed.line


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: WitnessServer

    def do_POST(self) -> None:
        """The protocol's only request."""
        if self.path != PATH:
            self._send(404, TEXT, "There is only POST /add-checkpoint.\n")
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length) > MOST_BYTES:
            self._send(400, TEXT, f"A request has a length of at most {MOST_BYTES} bytes.\n")
            return
        self._send(*answer(self.server.desk, self.server.clock, self.rfile.read(int(length))))

    def _send(self, status: int, kind: str, body: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
        self.server.tell(f"{status} {body.splitlines()[0]}")

    def log_message(self, format: str, *args: Any) -> None:
        """Said by `_send`, in our words."""


class WitnessServer(ThreadingHTTPServer):
    """A thread a request; the folder's lock lets one of them sign at a time."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        desk: InspectorFolder,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self.desk, self.clock, self.tell = desk, clock, tell
        super().__init__(address, _Handler)
