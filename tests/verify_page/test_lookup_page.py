"""The look-up page over plain HTTP from any folder, in Chromium: one code, one record, checked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.results.setting import number_of
from tests.results.test_release_day import exported
from tests.world import World


class Quiet(SimpleHTTPRequestHandler):
    """Files, and what was asked for."""

    asked: list[str] = []

    def log_message(self, format: str, *args: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    Quiet.asked.clear()
    handler = partial(Quiet, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/lookup/", tmp_path
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_candidate_looks_the_score_up_and_the_slip_is_checked_here(
    world: World, site: tuple[str, Path], browser: Browser
) -> None:
    address, place = site
    with ThreadPoolExecutor() as pool:  # the browser's loop would keep notices from being signed
        folder, code = pool.submit(exported, world, place).result()
    page = browser.new_page(viewport={"width": 390, "height": 800}, locale="zh-CN")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.fill("#code", code[:-1] + ("0" if code[-1] != "0" else "1"))
    page.click("#look")
    expect(page.locator("#told")).to_contain_text("请与准考证逐位核对")
    page.fill("#code", code.lower().replace("0", "o"))
    page.click("#look")
    expect(page.locator("#checked")).to_contain_text("签名和证明均有效")
    expect(page.locator("#record")).to_contain_text(number_of(2))
    expect(page.locator("#record")).to_contain_text("70.00")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not any(code[:5] in path for path in Quiet.asked)
    with page.expect_download() as saved:
        page.click("#save")
    assert Path(saved.value.path()).read_bytes().startswith(b"c2sp.org/tlog-proof@v1\n")
    for shard in folder.rglob("*.bin"):
        data = bytearray(shard.read_bytes())
        data[40::50] = b"\0" * len(data[40::50])
        shard.write_bytes(bytes(data))
    page.close()
    page = browser.new_page(locale="zh-CN")
    page.goto(f"{address}#{code}")
    expect(page.locator("#told")).to_contain_text(re.compile("损坏|没有"))
    assert errors == []
    page.close()
