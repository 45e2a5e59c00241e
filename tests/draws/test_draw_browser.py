"""The ceremony in a real browser: the secret is made there and stays there."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from exam_system.access import Role
from exam_system.draws import service
from tests.draws import ceremony
from tests.draws.ceremony import DRAW, SECRETS, attempt, run
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser
HERE = f"/draws/{DRAW}/1"


@pytest.fixture
def site(office: World) -> Iterator[str]:
    """The office's address while a real server answers."""
    server = make_server("127.0.0.1", 0, office.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(site: str) -> Iterator[Any]:
    """A page of Chromium that fails the test at any script error or blocked resource."""
    if shutil.which("chromium") is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        path = shutil.which("chromium")
        browser = engine.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_context(locale="en").new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        yield page
        browser.close()
    assert problems == []


def _log_in(page: Any, site: str, role: Role) -> None:
    page.goto(f"{site}/login")
    page.fill("#login", role.value)
    page.fill("#password", PASSWORD)
    page.click("#submit")


def test_the_secret_is_made_kept_and_revealed(office: World, site: str, page: Any) -> None:
    run(office, last=1)
    _log_in(page, site, Role.OFFICER)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    page.goto(f"{site}{HERE}/ceremony")
    page.click("[data-make]")
    page.wait_for_function("document.getElementById('commitment').value.length === 64")
    secret = page.inner_text("[data-secret]").replace(" ", "")
    text = f"exam-system/draw/v1 commit\n{DRAW}\n1\nofficer\n{secret}\n"
    assert page.input_value("#commitment") == hashlib.sha256(text.encode()).hexdigest()
    page.click("#submit")
    page.wait_for_selector("text=It is not your turn")
    assert len(secret) == 64
    assert not any(secret in one for one in sent)
    run(office, 2, 5)
    page.goto(f"{site}{HERE}/ceremony")
    assert page.input_value("#secret") == secret
    page.click("#submit")
    page.wait_for_selector("text=Waiting for the other secrets")
    with office.acting(Role.INSPECTOR) as ctx:
        service.reveal_secret(ctx, draw=DRAW, number=1, secret=SECRETS["inspector"])
    assert attempt(office).state == "revealed"


def test_the_public_page_follows_the_ceremony(office: World, site: str, page: Any) -> None:
    run(office, last=3)
    page.goto(f"{site}{HERE}")
    assert page.locator(".ball").count() == 0
    page.evaluate("window.before = true")
    run(office, 3, 4)
    page.wait_for_selector(".ball", timeout=8000)
    assert page.locator(".ball").count() == 20
    run(office, 4)
    page.wait_for_selector("text=Result of the draw >> nth=1", timeout=8000)
    assert page.evaluate("window.before")  # replaced in place, not loaded anew
    assert ceremony.attempt(office).seed in page.content()


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_nothing_hinders_a_reader_and_nothing_overflows_a_phone(
    office: World, site: str, page: Any, steps: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    run(office, last=steps)
    page.set_viewport_size({"width": 360, "height": 740})
    _log_in(page, site, Role.OFFICER)
    for path in (HERE, f"{HERE}/ceremony", f"/exams/{ceremony.EXAM}/draws/office"):
        page.goto(f"{site}{path}")
        found = axe.Axe().run(page, "#main")
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, path
