"""The screen of a hall in Chromium: it fills 1920 × 1080, nobody touches it, it follows a draw."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from exam_system.access import Role
from exam_system.clock import RehearsalClock
from tests.conftest import START
from tests.examday import hall
from tests.world import World

SIZE = {"width": 1920, "height": 1080}
MEASURE = """() => ({
  wide: document.documentElement.scrollWidth, high: document.documentElement.scrollHeight,
  title: parseFloat(getComputedStyle(document.querySelector("h1")).fontSize),
  text: parseFloat(getComputedStyle(document.querySelector(".hall-list li")).fontSize),
  controls: document.querySelectorAll("main button, main input, main select, main a").length,
  dark: getComputedStyle(document.body).backgroundColor, language: document.documentElement.lang,
})"""


class Quiet(WSGIRequestHandler):
    """Does not log every request."""

    def log_request(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """An exam whose seats are to be drawn."""
    shutil.copytree(template, tmp_path / "instance")
    world = World.open(tmp_path / "instance", RehearsalClock(START))
    hall.standard(world, first=20)
    world.seal()
    yield world
    world.engine.dispose()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The address at which it is served."""
    server = make_server("127.0.0.1", 0, world.app(), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_the_screen_fits_and_follows_a_draw(chromium: Browser, world: World, url: str) -> None:
    with closing(
        chromium.new_context(viewport=SIZE, locale="en-GB", reduced_motion="reduce")
    ) as at:
        page = at.new_page()
        page.goto(f"{url}/exams/{hall.CODE}/live/hall")
        found = page.evaluate(MEASURE)
        assert (found["wide"], found["high"]) == (1920, 1080)
        assert found["title"] >= 48
        assert found["text"] >= 28
        assert found["controls"] == 0
        assert found["language"] == "zh-CN"
        channels = [int(one) for one in found["dark"].removeprefix("rgb(")[:-1].split(",")]
        assert max(channels) < 130
        assert page.locator(".hall-show").count() == 0
        with world.acting(Role.OFFICER) as ctx:
            hall.freeze(ctx, "seats")
        page.wait_for_selector(".hall-show", timeout=15_000)
        hall.reveal(world, "seats")
        page.wait_for_selector(".hall-digest .hall-big, .hall-show .step-now", timeout=15_000)
        assert page.evaluate(MEASURE)["high"] == 1080
        assert page.locator("[data-lost]").is_hidden()
        assert [one["id"] for one in Axe().run(page).response["violations"]] == []
