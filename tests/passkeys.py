"""Passkeys need an origin that a browser trusts: an instance served as localhost, and Chromium
with its virtual authenticator."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

from exam_system.clock import RehearsalClock
from tests.conftest import START
from tests.world import World

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def at_localhost(folder: Path) -> World:
    """The instance of a folder, which from now on knows itself as localhost with a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "config.toml"
    path.write_text(path.read_text().replace("127.0.0.1:8000", f"localhost:{port}"))
    return World.open(folder, RehearsalClock(START))


@contextmanager
def serving(world: World) -> Iterator[None]:
    """The application on its own address; the world is closed afterwards."""
    port = urlsplit(world.config.base_url).port or 80
    server = make_server("127.0.0.1", port, world.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    world.engine.dispose()


@contextmanager
def browser_page(world: World) -> Iterator[Any]:
    """An English page of Chromium with an authenticator of its own; skipped without Chromium."""
    if shutil.which("chromium") is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_context(locale="en", base_url=world.config.base_url).new_page()
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()


def enter(page: Any, login: str, password: str) -> None:
    """Log in with name and password."""
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("#submit")
