"""A fee that is waived, as candidate and office see it: phone and desktop, both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from exam_system.demo.people import photo
from exam_system.demo.road import PASSWORD, Road
from exam_system.fees.waiver_lists import wanted_waivers
from tests.browser.conftest import OPENS
from tests.browser.fair import id_of, plan
from tests.browser.stage import Stage, open_stage
from tests.browser.visitor import Visitor

CODE = "as-waiver"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("waivers") / "instance"
    with open_stage(folder, OPENS, "waivers") as found:
        yield found


@pytest.fixture(scope="module")
def road(stage: Stage) -> Road:
    """An exam of two candidates who are approved and may pay."""
    names = ("公开招聘（减免）", "recruitment with a waiver")
    road = Road(stage.cast, plan(CODE, names, OPENS, applicants=2), 0)
    road.at(road.announced)
    road.announce()
    road.register()
    road.review()
    stage.cast.office.seal()
    return road


@pytest.mark.parametrize(
    ("device", "language", "place"), [("phone", "zh", 0), ("desktop", "en", 1)]
)
def test_from_the_request_to_the_waiver(
    stage: Stage, road: Road, chromium: Browser, device: str, language: str, place: int
) -> None:
    ref = road.applicants[place][1]
    person = Visitor(chromium, stage, device, language)
    person.log_in(id_of(road, ref), PASSWORD)
    person.visit(f"/applications/{ref}/payment")
    person.follow("Ask for a waiver before you pay")
    person.page.locator("main [name=ground]").first.check()
    person.answer()
    person.attach("documents", "证明.zip", b"PK\x03\x04" + bytes(100))
    person.answer()
    person.press("Ask for the waiver", status=422)
    assert person.page.locator("main [name=ground]").first.is_checked()
    expect(person.page.locator("#documents-error")).to_be_visible()
    person.attach("documents", "证明.jpg", photo(0))
    person.answer()
    person.press("Ask for the waiver")
    assert person.say("Waiting for the office") in person.text()
    officer = Visitor(chromium, stage, "phone" if device == "desktop" else "desktop", language)
    officer.log_in("officer")
    officer.visit(f"/exams/{CODE}/waivers")
    officer.page.locator("main td a").first.click()
    officer.look()
    with officer.context.expect_page() as opened:
        officer.page.get_by_role("button", name="1").first.click()
    opened.value.wait_for_load_state("load")
    assert opened.value.locator("img").count() == 1
    opened.value.close()
    officer.page.reload()
    officer.follow("Back to the list")
    stage.cast.approve(lambda ctx: wanted_waivers(ctx, code=CODE))
    officer.visit(f"/exams/{CODE}/waivers")
    officer.press("Waive these fees")
    nobody = "Nobody waits for a waiver. Requests come in with their papers from the candidates' "
    assert person.say(nobody + "payment pages.") in officer.text()
    person.visit(f"/applications/{ref}/waiver")
    assert person.say("You need not pay. Your place in the exam is confirmed.") in person.text()
    person.visit(f"/exams/{CODE}")
    assert "¥100.00" in person.text()
    for one in (person, officer):
        one.context.close()
