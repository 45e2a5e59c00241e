"""The sandbox gateway as a real process and our application as a live server that it calls back."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import BaseWSGIServer, make_server

from exam_system.chance import SeededChance
from exam_system.fees.sandbox import make_merchant
from exam_system.fees.sandbox.wire import Keys
from exam_system.fees.wechat import Merchant, WechatNative
from tests.fees_gateway.fees_bench import free_port, http, start, stop
from tests.world import World

CALLBACK = "/payments/wechat/callback"
HONEST = {
    "duplicates": 0,
    "drop": False,
    "delay": 0,
    "forms": ["genuine"],
    "retry_delays": [0.05, 0.05],
    "refund_gap": 0,
    "refund_takes": 0,
    "refund_forms": ["genuine"],
    "refund_ends": "SUCCESS",
}


@dataclass
class Market:
    """Gateway, its driver and keys, and the address of our live application."""

    base: str
    driver: WechatNative
    keys: Keys

    def behave(self, **switches: object) -> None:
        status, body = http(f"{self.base}/sandbox/behaviour", "POST", {**HONEST, **switches})
        assert status == 200, body

    def pay(self, trade_no: str) -> None:
        assert http(f"{self.base}/sandbox/pay/{trade_no}", "POST", {})[0] == 200

    def notify(self, trade_no: str) -> None:
        assert http(f"{self.base}/sandbox/notify/{trade_no}", "POST", {})[0] == 200


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, str]]:
    """Merchant files, the port our server will listen on, and the sandbox's address."""
    folder, port, ours = tmp_path_factory.mktemp("merchant"), free_port(), free_port()
    base = f"http://127.0.0.1:{port}"
    make_merchant(folder, gateway=base, notify_url=f"http://127.0.0.1:{ours}{CALLBACK}")
    process = start(folder, port)
    yield folder, ours, base
    stop(process)


@pytest.fixture
def market(world: World, bench: tuple[Path, int, str]) -> Iterator[Market]:
    """An honest gateway, and our application serving on the port it calls back."""
    folder, port, base = bench
    # The gateway outlives the test: order numbers must not come again.
    world.chance = SeededChance(world.folder.as_posix())
    shutil.copy(folder / "merchant.json", world.folder / "merchant.json")
    server = _serve(world, port)
    driver = WechatNative(Merchant.load(folder / "merchant.json"))
    market = Market(base, driver, Keys.load(folder / "gateway.json"))
    market.behave()
    yield market
    server.shutdown()
    server.server_close()


def _serve(world: World, port: int) -> BaseWSGIServer:
    server = make_server("127.0.0.1", port, world.app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
