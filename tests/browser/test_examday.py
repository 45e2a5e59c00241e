"""An exam day with twelve rooms on phones: signing in, a lost network, the board."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.attendance import lookup
from exam_system.attendance.models import Attendance, Mark
from exam_system.attendance.rooms import Codes
from exam_system.attendance.service import Issued, issue_staff_accounts
from exam_system.attendance.staff_list import import_site_staff
from exam_system.clock import RehearsalClock
from exam_system.demo.cast import Cast
from exam_system.demo.people import photo
from exam_system.exams.models import Exam
from exam_system.printing.photo import take_in
from exam_system.registration.models import Application
from exam_system.registration.photos import store_photo
from tests.attendance import day
from tests.browser.stage import Stage, _free_ports, _server
from tests.browser.visitor import Visitor
from tests.conftest import START
from tests.examday import hall
from tests.world import World, sign_pledges_in

ROOMS = tuple((room, "5x6", 6, "written") for room in range(1, 7))
PLACES = ((1, 1, "市第一中学", ROOMS), (1, 2, "市第二中学", ROOMS))
PEOPLE = 60
DISTRICT = f"/day/{day.CODE}/{day.SUBJECT}"


@dataclass(frozen=True, slots=True)
class Day:
    """The served office, and the passwords that were handed out, by the person's name."""

    world: World
    stage: Stage
    issued: dict[str, Issued]

    def visitor(self, chromium: Browser, name: str, device: str, language: str) -> Visitor:
        """Somebody with an account of the exam day, logged in."""
        found = Visitor(chromium, self.stage, device, language)
        found.log_in(self.issued[name].username, self.issued[name].password)
        return found

    def count(self, state: str) -> int:
        """How many have this state."""
        with self.world.context(self.world.people[Role.OFFICER]).session as db:
            return db.scalar(select(func.count()).where(Attendance.state == state)) or 0


@pytest.fixture(scope="module")
def examday(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Twelve rooms of two sites with drawn seats, photos and everybody's accounts."""
    folder = tmp_path_factory.mktemp("examday") / "instance"
    shutil.copytree(template, folder)
    world = World.open(folder, RehearsalClock(START))
    exam = hall.add_exam(world)
    hall.add_places(world, exam, PLACES)
    hall.add_people(world, exam, 1, PEOPLE)
    hall.seat(world)
    day.add_watchers(world, exam)
    _take_photos(world)
    with world.acting(Role.OFFICER) as ctx:
        import_site_staff(ctx, code=day.CODE, name="staff.csv", data=day.STAFF.encode())
        issued = issue_staff_accounts(ctx, code=day.CODE)
        sign_pledges_in(ctx)
    world.clock.set(day.begins(world) - timedelta(minutes=25))
    office = SimpleNamespace(office=SimpleNamespace(config=world.config), clock=world.clock)
    played = cast(Cast, office)
    url = f"http://127.0.0.1:{next(iter(_free_ports()))}"
    with _server(played, url):
        yield Day(world, Stage(played, url), {one.name: one for one in issued})
    world.engine.dispose()


def _take_photos(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        faces = [store_photo(world.config, take_in(photo(n))) for n in range(6)]
        for at, one in enumerate(ctx.session.scalars(select(Application))):
            one.photo = faces[at % 6]


def _open(visitor: Visitor, number: str) -> None:
    """Type a number (or what a scanner reads) and press Enter."""
    visitor.page.locator("#find").fill(number)
    visitor.page.locator("#find").press("Enter")
    expect(visitor.page.locator("dialog[open]")).to_be_visible()


def _mark(visitor: Visitor, number: str, kind: str) -> None:
    _open(visitor, number)
    visitor.page.locator(f'dialog [data-mark="{kind}"]').click()


def _until(holds: Callable[[], bool], visitor: Visitor) -> None:
    for _ in range(100):
        if holds():
            return
        visitor.page.wait_for_timeout(100)
    raise AssertionError("it did not come to that in ten seconds")


def _room(visitor: Visitor) -> None:
    visitor.visit("/day")
    visitor.follow("Sign candidates in")
    expect(visitor.page.locator(".sign-photo").first).to_be_visible()


def test_an_exam_day_on_phones(chromium: Browser, examday: Day) -> None:
    world, people = examday.world, day.numbers(examday.world, day.ROOM)
    stray = day.numbers(world, Codes(1, 2, 4))[0]
    near = day.numbers(world, day.NEXT)[0]
    one = examday.visitor(chromium, "监考乙甲", "phone", "zh")
    two = examday.visitor(chromium, "监考丙甲", "phone", "en")
    head = examday.visitor(chromium, "指挥甲", "desktop", "zh")
    head.visit(DISTRICT)
    head.page.get_by_role("link", name="考区1").click()
    for phone in (one, two):
        _room(phone)
    one.fill({"papers": "7"})
    one.press("Papers received")
    world.clock.set(day.begins(world) - timedelta(minutes=10))
    one.press("Bags opened")

    # a scanner reads a whole ticket; the photo is compared; somebody is in the wrong room
    one.page.locator("#find").fill(
        f"o/ticket/v2\nexam {day.CODE}\nnumber {people[0]}\nserial 1\n\n— o x\n"
    )
    one.page.locator("#find").press("Enter")
    one.shoot("examday-compare")
    one.look()
    one.page.locator('dialog [data-mark="present"]').click()
    _mark(one, near, "told")
    _open(one, stray)
    one.page.locator('dialog [data-mark="told"]').click()
    expect(one.page.locator("[data-news]")).to_contain_text("市第二中学考点 · 04")

    # the second phone loses the network, is loaded anew, and goes on
    two.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    two.page.wait_for_function(
        "async () => (await (await caches.open('exam-day-1')).keys()).length > 5"
    )
    # Chromium lets the first requests of a page that is loaded anew through: these it does not
    two.context.route("**/marks", lambda route: route.abort())
    two.context.set_offline(True)
    two.page.reload()
    expect(two.page.locator(".sign-photo").first).to_be_visible()
    for number in people[:3]:
        _mark(two, number, "present")
    expect(two.page.locator("[data-waiting]")).to_contain_text("3")
    two.page.reload()
    expect(two.page.locator("[data-waiting]")).to_contain_text("3")
    two.shoot("examday-offline")
    assert examday.count("present") == 1
    _mark(one, people[1], "present")
    two.complaints.clear()  # Chromium tells every request that found no network
    two.context.set_offline(False)
    two.context.unroute("**/marks")
    two.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(two.page.locator("[data-waiting]")).to_be_hidden()
    _until(lambda: examday.count("present") == 3, one)
    two.complaints.clear()
    two.look()
    with world.context(world.people[Role.OFFICER]).session as db:
        marks = db.scalars(select(Mark).where(Mark.kind == "present")).all()
        assert (len(marks), len({mark.client for mark in marks})) == (5, 5)

    # after the time of entry nobody is let in, and the rest are absent
    world.clock.set(day.begins(world) + timedelta(minutes=31))
    for phone in (one, two):
        phone.page.reload()
    _mark(one, people[3], "present")
    late = one.say("came after the time of entry and is not let in")
    expect(one.page.locator("[data-news]")).to_contain_text(late)
    one.shoot("examday-late")
    _mark(two, people[2], "absent")  # a correction leaves both marks
    one.page.locator("[data-rest]").click()
    one.page.locator("[data-rest]").click()
    _until(lambda: examday.count("absent") == len(people) - 3, one)
    assert (examday.count("present"), examday.count("late")) == (2, 1)

    # the board has followed by itself
    figures = head.page.locator("[data-board] .figure b")
    expect(figures.first).to_have_text("2", timeout=15_000)
    head.look()
    head.shoot("examday-board-district")
    with head.page.expect_navigation():
        head.page.get_by_role("link", name="市第一中学考点").click()
    head.look()
    head.shoot("examday-board-site")
    _close(examday, one, two)
    expect(head.page.locator("[data-board] .figure b").last).to_have_text("1 / 6", timeout=15_000)


def _close(examday: Day, one: Visitor, two: Visitor) -> None:
    """The papers are packed, both sign, and nothing changes any more."""
    world = examday.world
    world.clock.set(day.begins(world) + timedelta(minutes=121))
    one.page.reload()
    one.fill({"papers": "7"})
    one.press("Papers packed")
    one.press("Sign the attendance")
    two.page.reload()
    two.press("Sign the attendance")
    two.shoot("examday-closed")
    with world.context(world.people[Role.OFFICER]).session as db:
        exam = db.scalars(select(Exam)).one()
        assert lookup.closed_rooms(db, exam, day.SUBJECT) == 1
    expect(two.page.locator("[data-find]")).to_have_count(0)


def test_what_differs_is_settled_by_the_head_of_the_site(chromium: Browser, examday: Day) -> None:
    world, room = examday.world, Codes(1, 2, 3)
    number = day.numbers(world, room)[0]
    first, second = day.watcher(world, room, 1), day.watcher(world, room, 2)
    day.send(world, first, room, day.noted(number, age=7000))
    day.send(world, second, room, day.noted(number, "absent"))
    head = examday.visitor(chromium, "考点丁", "phone", "zh")
    head.visit(DISTRICT)
    expect(head.page.locator("main")).to_contain_text(head.say("Marks differ"))
    head.shoot("examday-board-phone")
    head.page.get_by_role("link", name=re.compile("^03")).click()
    head.look()
    head.shoot("examday-dispute")
    head.fill({"reason": "到座位查看，考生在场", "state": "present"})
    head.press("Settle")
    head.shoot("examday-settled")
    assert head.text().count(head.say("settled")) >= 1
    head.visit(f"{DISTRICT}/1/1/1", status=403)
