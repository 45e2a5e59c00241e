"""A candidate's passkey, asked for at log-in: Chromium with its virtual authenticator."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from exam_system.clock import RehearsalClock
from tests.approvals.test_passkey import AUTHENTICATOR
from tests.conftest import START
from tests.registration import setting
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture
def served(folder: Path) -> Iterator[World]:
    """An instance that knows itself as localhost, with a candidate, and its server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "config.toml"
    path.write_text(path.read_text().replace("127.0.0.1:8000", f"localhost:{port}"))
    world = World.open(folder, RehearsalClock(START))
    setting.add_candidate(world, 31)
    server = make_server("127.0.0.1", port, world.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield world
    server.shutdown()
    thread.join()
    world.engine.dispose()


def test_the_login_is_finished_with_the_passkey(served: World) -> None:
    if shutil.which("chromium") is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_context(locale="en", base_url=served.config.base_url).new_page()
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

        def enter() -> None:
            page.goto("/login")
            page.fill("#login", setting.id_number(31))
            page.fill("#password", PASSWORD)
            page.click("#submit")

        enter()
        page.goto("/second-factor")
        page.fill("#label-passkey", "phone")
        page.fill("#password-passkey", PASSWORD)
        page.locator("section", has=page.locator("#label-passkey")).get_by_role("button").click()
        page.get_by_role("button", name="Create the passkey on this device").click()
        page.get_by_text("The second factor is set up").wait_for()
        page.get_by_role("button", name="Log out").click()
        enter()
        assert page.url.endswith("/login/second")
        page.goto("/applications")
        assert "/login?next=" in page.url
        enter()
        page.get_by_role("button", name="Confirm with a passkey").click()
        page.wait_for_url("**/applications")
        browser.close()
