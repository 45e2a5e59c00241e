"""Passkeys in Chromium with its virtual authenticator: set up, used for one approval, no other."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from exam_system.access import Role
from exam_system.accounts.models import SecondFactor
from exam_system.approvals import service
from exam_system.clock import RehearsalClock
from exam_system.exams import service as exams
from tests.approvals.probe import rows
from tests.conftest import START
from tests.exams import samples
from tests.world import PASSWORD, WANTED, World, fresh_code

pytestmark = pytest.mark.browser
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite"


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    """An instance that knows itself as localhost, with a prepared announcement."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "config.toml"
    path.write_text(path.read_text().replace("127.0.0.1:8000", f"localhost:{port}"))
    world = World.open(folder, RehearsalClock(START))
    with world.acting(Role.OFFICER) as ctx:
        samples.set_up(ctx)
        exams.prepare_announcement(ctx, code=samples.CODE)
    server = make_server("127.0.0.1", port, world.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield world
    server.shutdown()
    thread.join()
    world.engine.dispose()


@pytest.fixture
def page(world: World) -> Iterator[Any]:
    """The inspector's browser, logged in, with an authenticator of its own."""
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
        page.goto("/login")
        page.fill("#login", "inspector")
        page.fill("#password", PASSWORD)
        page.click("#submit")
        yield page
        browser.close()


def ask(world: World) -> str:
    with world.acting(Role.OFFICER) as ctx:
        wanted = WANTED["exams.publish_announcement"](ctx, code=samples.CODE)
        return service.ask_approval(ctx, wanted=wanted).ref


def code(world: World) -> str:
    with world.acting(Role.INSPECTOR) as ctx:
        return fresh_code(ctx)


def test_a_passkey_signs_one_approval_and_no_other(world: World, page: Any) -> None:
    page.goto("/second-factor")
    page.fill("#label-passkey", "手机")
    page.fill("#code-passkey", code(world))
    page.click("section[aria-labelledby=add-passkey] button.btn-primary")
    with page.expect_navigation():
        page.click("text=Create the passkey on this device")
    assert "The second factor is set up" in page.inner_text("main")
    ref = ask(world)
    page.goto("/approvals")
    with page.expect_request(re.compile("/approve$")) as sent, page.expect_navigation():
        page.click("text=Confirm with a passkey")
    assert "Approved. Whoever asked" in page.inner_text("main")
    (row,) = rows(world)
    assert (row.ref, row.state, row.factor) == (ref, "approved", "passkey")
    with world.acting(Role.INSPECTOR) as ctx:
        key = ctx.session.query(SecondFactor).filter_by(kind="passkey").one()
        assert (key.sign_count or 0) > 0
    _replay(world, page, sent.value.post_data_json)


def _replay(world: World, page: Any, form: dict[str, str]) -> None:
    """The same signature again, for a second request of the very same content."""
    with world.acting(Role.OFFICER) as ctx:
        service.withdraw_approval(ctx, ref=rows(world)[0].ref)
        # As if the authenticator kept no count: what is left is what was signed.
        ctx.session.query(SecondFactor).filter_by(kind="passkey").one().sign_count = 0
    again = ask(world)
    english = {"Accept-Language": "en"}
    answer = page.request.post(f"/approvals/{again}/approve", form=form, headers=english)
    assert "The code is wrong" in answer.text()
    assert [row.state for row in rows(world)] == ["withdrawn", "asked"]
