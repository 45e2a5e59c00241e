"""One ceremony as it is seen: officer, inspector, the hall's screens and a phone, all at once."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from exam_system.demo.road import Road
from tests.browser.conftest import OPENS
from tests.browser.drawing import commit
from tests.browser.fair import HELD, plan
from tests.browser.stage import Stage, open_stage
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk, run_exam

PEOPLE = 24
CODE = "as-live"
HERE = f"/draws/{CODE}-seats/1"
SOON = 20_000  # milliseconds
TYPING = """() => {
  const coming = document.querySelectorAll(".ball-coming").length;
  return coming > 0 && coming < 15;
}"""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Road]]:
    """An exam whose registration is over; made before Playwright's loop runs in this thread."""
    with open_stage(tmp_path_factory.mktemp("live") / "instance", OPENS, "live") as stage:
        road = Road(stage.cast, plan(CODE, HELD, OPENS, PEOPLE), 4_000)
        road.announce()
        road.register()
        road.at(road.plan.closes)
        road.review()
        road.pay()
        road.at(road.plan.payment_closes + timedelta(minutes=1))
        road.close()
        yield stage, road


@dataclass
class Audience:
    """Those who only look on: screens of the hall in both languages, and a phone."""

    hall: Visitor
    second: Visitor
    phone: Visitor

    def look(self, step: str) -> None:
        """What holds on every page, and a picture of each; both screens are one page."""
        self.hall.look()
        self.phone.look()
        for visitor in (self.hall, self.second, self.phone):
            visitor.shoot(f"live-{step}")

    def sees(self, selector: str, count: int = 1) -> None:
        """Nobody touched these pages: they follow the ceremony."""
        for visitor in (self.hall, self.second, self.phone):
            expect(visitor.page.locator(selector)).to_have_count(count, timeout=SOON)


@pytest.fixture
def walk(road: tuple[Stage, Road], chromium: Browser, tmp_path: Path) -> Iterator[Walk]:
    """Officer and inspector at their desks; the walk's public is nobody here."""
    stage, others = road
    desk = tmp_path / "desk"
    desk.mkdir()
    walk = Walk(
        stage,
        others,
        officer=Visitor(chromium, stage, "desktop", "zh"),
        inspector=Visitor(chromium, stage, "desktop", "en"),
        candidate=Visitor(chromium, stage, "phone", "zh"),
        public=Visitor(chromium, stage, "phone", "en"),
        desk=desk,
    )
    yield walk
    for visitor in (walk.officer, walk.inspector, walk.candidate, walk.public):
        visitor.context.close()


@pytest.fixture
def audience(walk: Walk, chromium: Browser) -> Iterator[Audience]:
    """Two screens in the hall, one of them in English, and the walk's phone."""
    hall, second = (Visitor(chromium, walk.stage, "hall", one) for one in ("zh", "en"))
    yield Audience(hall, second, walk.public)
    for visitor in (hall, second):
        visitor.context.close()


def test_a_ceremony_before_all_eyes(walk: Walk, audience: Audience) -> None:
    walk.officer.log_in("officer")
    walk.inspector.log_in("inspector")
    rehearse(walk)
    freeze(walk)
    audience.hall.visit(f"{HERE}/hall")
    audience.second.visit(f"{HERE}/hall")
    audience.phone.visit(HERE)
    audience.look("1-frozen")
    make_secrets(walk, audience)
    throw(walk, audience)
    reveal(walk, audience)
    show_the_result(walk, audience)
    lose_the_connection(audience.phone)
    publish(walk, audience)
    minutes(walk)
    told = run_exam("verify", str(walk.stage.folder / "published" / f"draw-{CODE}-seats-1"))
    assert " refused" not in told


def rehearse(walk: Walk) -> None:
    """The dry run uses nothing up."""
    officer = walk.officer
    _in_line(officer, "link", "Dry run")
    officer.press("Make a dry run")
    assert officer.say("The draw can be held") in officer.text()
    officer.shoot("live-0-rehearsal")
    officer.fetch("Export to .xlsx", walk.desk)


def _in_line(officer: Visitor, role: Literal["button", "link"], sentence: str) -> None:
    """Press what the office's page says in the line of the seats."""
    officer.visit(f"/exams/{CODE}/draws/office")
    line = officer.page.locator('section[aria-labelledby="kind-seats"]')
    with officer.page.expect_navigation():
        line.get_by_role(role, name=officer.say(sentence), exact=True).click()
    officer.look()


def freeze(walk: Walk) -> None:
    _in_line(walk.officer, "button", "Ask for approval")
    walk.inspector.visit("/approvals")
    walk.inspector.fill({"code": walk.stage.cast.code()})
    walk.inspector.press("Approve exactly this")
    _in_line(walk.officer, "button", "Freeze the list")


def make_secrets(walk: Walk, audience: Audience) -> None:
    for count, visitor in ((1, walk.officer), (2, walk.inspector)):
        visitor.visit(f"{HERE}/ceremony")
        commit(visitor)
        visitor.shoot(f"live-2-commitment-{count}")
        waiting = audience.hall.page.locator(".hall-open")
        expect(waiting).to_have_count(2 - count, timeout=SOON)
        audience.look(f"2-commitment-{count}")


def throw(walk: Walk, audience: Audience) -> None:
    """The dice are typed, and come to the screens one by one; then they are read back."""
    dice = "".join(str(secrets.randbelow(10)) for _ in range(20))
    walk.officer.visit(f"{HERE}/ceremony")
    walk.officer.fill({"digits": dice, "again": dice})
    walk.officer.press("Enter the dice")
    for visitor in (audience.hall, audience.second, audience.phone):
        expect(visitor.page.locator(".ball")).to_have_text(list(dice), timeout=SOON)
    audience.hall.page.wait_for_function(TYPING)
    assert audience.phone.page.locator(".ball-coming").count() == 0  # it asked for less motion
    audience.hall.shoot("live-3-typing")
    audience.sees(".ball-coming", 0)
    audience.look("3-typed")
    walk.inspector.visit(f"{HERE}/ceremony")
    walk.inspector.fill({"digits": dice})
    walk.inspector.press("Confirm the dice")
    audience.sees(".dice-read")
    audience.sees(".ball-unread", 0)
    audience.look("4-confirmed")


def reveal(walk: Walk, audience: Audience) -> None:
    for visitor in (walk.officer, walk.inspector):
        visitor.visit(f"{HERE}/ceremony")
        visitor.shoot("live-5-reveal")
        visitor.press("Reveal the secret")
    said = audience.hall.page.locator(".hall-said")
    expect(said).to_have_text(
        audience.hall.say("all secrets are revealed, the result is to be computed"), timeout=SOON
    )
    audience.look("5-revealed")


def show_the_result(walk: Walk, audience: Audience) -> None:
    """It is computed at once, and shown seat by seat on the screens; the phone has it whole."""
    walk.officer.visit(f"{HERE}/ceremony")
    walk.officer.press("Compute and sign the result")
    audience.sees("[data-result]")
    page, second = audience.hall.page, audience.second.page
    expect(page.locator(".player-in")).not_to_have_count(0, timeout=SOON)
    assert page.locator(".result-whole").is_hidden()
    assert audience.phone.page.locator(".result-whole").is_visible()
    audience.look("6-result")
    _button(audience.hall, "Pause").click()
    shown = page.locator(".player-in, .player-now").count()
    _button(audience.hall, "Next").click()
    expect(page.locator(".player-in, .player-now")).to_have_count(shown + 1)
    check_oneself(page)
    for _ in range(3):
        _button(audience.second, "Faster").click()
    last = second.locator(".step-note[data-count-now]")
    everybody = audience.second.say("Shown: %(shown)s of %(all)s", shown=PEOPLE, all=PEOPLE)
    expect(last).to_have_text(everybody, timeout=SOON)
    _button(audience.hall, "All at once").click()
    assert page.locator(".result-whole").is_visible()
    audience.look("7-whole")


def _button(visitor: Visitor, sentence: str) -> Locator:
    return visitor.page.get_by_role("button", name=visitor.say(sentence), exact=True)


def check_oneself(page: Page) -> None:
    """The line beside the label prints the ticket that stands under it."""
    expect(page.locator("[data-ticket]")).not_to_have_text("")
    line = page.locator("[data-command]").inner_text()
    assert page.locator("[data-label]").inner_text() in line
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
    expect(page.locator("[data-ticket]")).to_have_text(done.stdout.split()[0])


def publish(walk: Walk, audience: Audience) -> None:
    walk.cosign()
    walk.officer.visit(f"{HERE}/ceremony")
    walk.approve()
    walk.officer.visit(f"{HERE}/ceremony")
    walk.officer.press("Publish the bundle")
    audience.sees("[data-story]:not([data-follow])")
    audience.look("8-published")


def lose_the_connection(phone: Visitor) -> None:
    """Without the network nothing that is shown is lost, the page says so, and goes on later."""
    phone.context.set_offline(True)
    lost, label = phone.page.locator("[data-lost]"), phone.page.locator("[data-label]")
    expect(lost).to_be_visible(timeout=SOON)
    shown = label.inner_text()
    assert shown.startswith("k-")
    phone.shoot("live-7-offline")
    phone.context.set_offline(False)
    expect(lost).to_be_hidden(timeout=SOON)
    assert label.inner_text() == shown
    phone.complaints.clear()  # Chromium's own, of the network that was away


def minutes(walk: Walk) -> None:
    walk.officer.visit(f"{HERE}/print")
    walk.officer.shoot("live-9-minutes")
    walk.public.visit(f"{HERE}/print")
    walk.public.shoot("live-9-minutes")
