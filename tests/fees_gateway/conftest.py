"""Fixtures: the sandbox as a real process, our driver, and a real HTTP receiver of callbacks."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fees_bench import Bench, Receiver, free_port, start, stop

from exam_system.fees.sandbox import make_merchant
from exam_system.fees.wechat import Merchant, WechatNative


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    box = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = box.judge(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    box.base = f"http://127.0.0.1:{server.server_port}"
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def sandbox(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder, port = tmp_path_factory.mktemp("merchant"), free_port()
    base = f"http://127.0.0.1:{port}"
    merchant = Merchant.load(make_merchant(folder, gateway=base, notify_url=receiver.url))
    receiver.driver = WechatNative(merchant)
    process = start(folder, port)
    yield Bench(receiver.driver, merchant, base, receiver, folder)
    stop(process)


@pytest.fixture
def bench(sandbox: Bench) -> Bench:
    """The sandbox with honest behaviour and an empty receiver."""
    sandbox.behave(
        duplicates=0,
        drop=False,
        delay=0,
        forms=["genuine"],
        retry_delays=[0.05, 0.05],
        refund_gap=0,
        refund_takes=0,
        refund_forms=["genuine"],
        refund_ends="SUCCESS",
    )
    sandbox.receiver.round += 1
    sandbox.receiver.got.clear()
    sandbox.receiver.unavailable = 0
    return sandbox
