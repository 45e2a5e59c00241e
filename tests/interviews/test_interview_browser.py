"""The hall screen and the desk in a real browser: what comes in is shown without a reload."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.vault import hash_password
from tests.interviews import setting
from tests.interviews.setting import CODE
from tests.interviews.test_interview_scores import SEVEN
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser
HALL = f"/exams/{CODE}/hall/01"


@pytest.fixture
def site(world: World) -> Iterator[str]:
    """The address of a server with an open panel."""
    setting.begin(world)
    server = make_server("127.0.0.1", 0, world.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(site: str) -> Iterator[Any]:
    """A page of Chromium that fails the test at any script error or blocked resource."""
    path = shutil.which("chromium")
    if path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_context(locale="en", viewport={"width": 1280, "height": 800}).new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        yield page
        browser.close()
    assert problems == []


def accessible(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def test_the_hall_fills_in_by_itself(world: World, site: str, page: Any) -> None:
    page.goto(site + HALL)
    page.evaluate("() => { window.same = true; }")  # gone after a reload
    assert page.inner_text("[data-sentence]") == "Nobody has been called yet"
    setting.call(world, 1)
    for seat, score in enumerate(SEVEN[:3], 1):
        setting.enter(world, seat, 1, score)
    page.wait_for_selector(":nth-match(.hall-in, 3)")
    assert page.inner_text("[data-number]") == "1"
    assert page.inner_text("[data-result]") == "–"
    assert accessible(page) == []
    for seat, score in enumerate(SEVEN[3:], 4):
        setting.enter(world, seat, 1, score)
    page.wait_for_selector("[data-result]:has-text('85.00')")
    assert page.locator("[data-text]").all_inner_texts() == list(SEVEN)
    assert page.locator(".hall-out [data-word]").all_inner_texts() == [
        "highest, dropped",
        "lowest, dropped",
    ]
    assert page.locator("[data-heard] td").all_inner_texts() == ["1", "85.00"]
    assert page.evaluate("() => window.same") is True
    assert accessible(page) == []


def test_the_desk_follows_the_called_candidate(world: World, site: str, page: Any) -> None:
    actor = setting.interviewer(world, 3)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Account).where(Account.id == actor.account_id)
        account = ctx.session.scalars(query).one()
        account.password_hash = hash_password(PASSWORD, "cheapest", bytes(16))
        name = account.username
    page.goto(f"{site}/login")
    page.fill("#login", name)
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.click("main a[href='/interview']")
    assert page.locator("#score").count() == 0
    setting.call(world, 1)
    page.wait_for_selector("#score")
    assert accessible(page) == []
    page.fill("#score", "85.5")
    page.click("main button:has-text('Go on')")
    assert page.inner_text("[data-typed]").startswith("85.5")
    page.click("main button:has-text('Enter this score')")
    page.wait_for_selector("text=Your score is in")
    for seat in (1, 2, 4, 5, 6, 7):
        setting.enter(world, seat, 1, "80.00")
    page.wait_for_selector("td:has-text('80.00')")  # the result, in the table of own scores
    assert page.locator("#score").count() == 0
