"""What the features really publish holds on the page too; the office offers the page for saving."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from exam_system.access import Role
from exam_system.draws.recipes import RECIPES
from exam_system.records import releases
from exam_system.records.models import ReleaseRecord
from tests.draws import ceremony
from tests.results.play import INTERVIEWS, carry_out, exam_with_marks
from tests.results.setting import hold_interviews
from tests.verify_page.asked import choose_folder
from tests.verify_page.conftest import PAGE
from tests.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]


def apart(work: Callable[[], None]) -> None:
    """Run work in a thread of its own: Chromium's driver keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def publish_results(world: World) -> None:
    """An exam's lists through all stages, one correction, everybody's slip."""
    exam = exam_with_marks(world)
    carry_out(world, "written")
    carry_out(world, "shortlist")
    hold_interviews(world, exam, INTERVIEWS)
    carry_out(world, "final")
    carry_out(world, "final", reason="06号考生面试成绩录入有误")
    with world.acting(Role.OFFICER) as ctx:
        release = releases.newest(ctx.session, exam.id, "results", state="published")
        assert release is not None
        for record in ctx.session.query(ReleaseRecord).filter_by(release_id=release.id):
            data = releases.slip(ctx.session, release, record.application_id)
            (world.config.published / f"slip-{record.position}.tlog-proof").write_bytes(data)
    world.seal()


def test_a_whole_exam_of_results(world: World, page: Page) -> None:
    apart(lambda: publish_results(world))
    expect(choose_folder(page, world.config.published)).to_contain_text("全部无误")
    told = page.locator("#objects").inner_text()
    assert told.count("的成绩单：gwy-2026第4版") == 7
    assert told.count("已被旁边的第4版取代") == 1


def publish_second_attempt(world: World) -> None:
    """A draw that was voided once, and held."""
    ceremony.make_exam(world)
    ceremony.run(world, 0, 2)
    for role, act in ((Role.OFFICER, ceremony.void), (Role.INSPECTOR, ceremony.approve)):
        with world.acting(role) as ctx:
            act(ctx, 1)
    ceremony.run(world, number=2)
    ceremony.cosign(world, 2)
    with world.acting(Role.OFFICER) as ctx:
        ceremony.publish(ctx, 2)


def test_a_draw_with_a_void_attempt_before_it(
    world: World, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    apart(lambda: publish_second_attempt(world))
    expect(choose_folder(page, world.config.published)).to_contain_text("全部无误")
    told = page.locator("#objects").inner_text()
    assert "第2次（共2次）：order/v1，19个代号，11项行为" in told


def test_the_office_offers_the_page_for_saving(world: World) -> None:
    client = world.app().test_client()
    check = client.get("/check").get_data(as_text=True)
    assert 'href="/static/verify.html" download="verify.html"' in check
    saved = client.get("/static/verify.html")
    assert saved.get_data() == PAGE.read_bytes()
    assert "unsafe-inline" not in saved.headers["Content-Security-Policy"]
