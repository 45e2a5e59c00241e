"""One small exam from its first page to a verified result, walked in Chromium."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser

from exam_system.access import Role
from exam_system.demo import sources
from exam_system.demo.road import Road
from tests.browser.conftest import OPENS
from tests.browser.drawing import draw_invigilators, draw_seats, fetch_ticket, keep, see_the_draw
from tests.browser.fair import HELD, plan
from tests.browser.hearing import hear, set_up_interviews
from tests.browser.opening import announce, apply, close_registration, create, pay, review, set_up
from tests.browser.stage import open_stage
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk, run_exam

OTHERS = 11
COMMITMENTS = 2 * 5 + 2  # both sides in five draws, two more people in that of the order


@pytest.fixture
def walk(chromium: Browser, tmp_path: Path) -> Iterator[Walk]:
    """An empty office and the people who will hold an exam in it."""
    with open_stage(tmp_path / "instance", OPENS, "road") as stage:
        desk = tmp_path / "desk"
        desk.mkdir()
        exam = plan("as-2026", HELD, OPENS, OTHERS)
        walk = Walk(
            stage,
            Road(stage.cast, exam, 2_000),
            officer=Visitor(chromium, stage, "desktop", "zh"),
            inspector=Visitor(chromium, stage, "desktop", "en"),
            candidate=Visitor(chromium, stage, "phone", "zh"),
            public=Visitor(chromium, stage, "phone", "en"),
            desk=desk,
        )
        yield walk
        for visitor in (walk.officer, walk.inspector, walk.candidate, walk.public):
            visitor.context.close()


def test_an_exam_from_its_rules_to_a_verified_slip(walk: Walk, chromium: Browser) -> None:
    walk.officer.log_in("officer")
    walk.inspector.log_in("inspector")
    walk.officer.keys = True  # from an empty office to a new exam without a mouse
    create(walk)
    walk.officer.keys = False
    set_up(walk)
    announce(walk)
    apply(walk)
    review(walk, chromium)
    pay(walk)
    close_registration(walk)
    draw_seats(walk)
    see_the_draw(walk, chromium)
    fetch_ticket(walk)
    draw_invigilators(walk)
    mark(walk, chromium)
    release(walk, "33-written", 1)
    release(walk, "34-shortlist", 2)
    set_up_interviews(walk)
    hear(walk, chromium)
    release(walk, "41-final", 3)
    read_scores(walk)
    read_the_log(walk)
    assert " refused" not in run_exam("verify", str(walk.stage.folder / "published"))


def test_a_candidates_whole_way_on_an_english_phone(tmp_path: Path, chromium: Browser) -> None:
    """The same steps of the candidate; what the office does meanwhile goes through its verbs."""
    with open_stage(tmp_path / "instance", OPENS, "english") as stage:
        road = Road(stage.cast, plan("as-2026", HELD, OPENS, OTHERS), 2_000)
        me = Visitor(chromium, stage, "phone", "en")
        me.keys = True  # with a keyboard and no finger
        walk = Walk(stage, road, officer=me, inspector=me, candidate=me, public=me, desk=tmp_path)
        road.at(road.announced)
        aside(road.announce)
        apply(walk)
        review(walk, chromium)
        pay(walk)
        aside(road.close)
        aside(road.seat)
        fetch_ticket(walk)
        aside(road.mark)
        me.visit("/applications")
        me.follow("Scores")
        number, *told = my_marks(walk)
        marks = [me.say("absent") if mark == "缺考" else mark for mark in told]
        assert [text for text in (number, *marks) if text not in me.text()] == []
        me.shoot("39-scores")
        me.context.close()


def aside(work: Callable[[], None]) -> None:
    """Do something in a thread of its own: Playwright's loop runs in this one, and whatever signs
    a PDF starts one too."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def my_marks(walk: Walk) -> list[str]:
    """Admission number and marks of the candidate on the phone, as the marker's table has them."""
    with walk.stage.cast.acting(Role.OFFICER) as ctx:
        table = sources.marks(walk.plan, walk.others.numbers(ctx)).decode()
    mine = walk.numbers()[walk.ref]
    return next(line.split(",") for line in table.splitlines() if line.startswith(mine))


def mark(walk: Walk, chromium: Browser) -> None:
    walk.stage.at(walk.plan.written_on + timedelta(days=10))
    numbers = walk.numbers()
    rest = [number for ref, number in sorted(numbers.items()) if ref != walk.ref]
    table = sources.marks(walk.plan, rest) + f"\n{numbers[walk.ref]},91.5,88.0".encode()
    marker = Visitor(chromium, walk.stage, "desktop", "en")
    marker.log_in("marker")
    marker.visit(f"/marking/{walk.code}")
    marker.attach("file", "marks.csv", table)
    marker.press("Take the marks in")
    marker.press("Take the table in")
    marker.shoot("32-marks")
    marker.context.close()


def release(walk: Walk, name: str, version: int) -> None:
    walk.stage.at(walk.stage.cast.clock.now() + timedelta(days=1))
    officer = walk.officer
    officer.visit(f"/exams/{walk.code}/results/office")
    officer.press("Compute, recheck and sign the list")
    walk.approve()
    walk.cosign()
    officer.visit(f"/exams/{walk.code}/results/office")
    officer.press("Publish version %(version)s", version=version)
    walk.public.visit(f"/exams/{walk.code}/results/{version}")
    walk.public.shoot(name)
    officer.visit(f"/exams/{walk.code}/results/{version}")
    officer.shoot(name)


def read_scores(walk: Walk) -> None:
    candidate = walk.candidate
    candidate.visit("/applications")
    candidate.follow("Scores")
    assert candidate.say("proposed for appointment") in candidate.text()
    keep(candidate.shoot("42-scores"), "score.png", 2100)
    slip = candidate.fetch("Signed proof (slip.tlog-proof)", walk.desk)
    keys = walk.desk / "keys.txt"
    keys.write_bytes(candidate.context.request.get("/published/keys.txt").body())
    told = run_exam("verify", str(slip), "--keys", str(keys))
    assert "1 files verified" in told


def read_the_log(walk: Walk) -> None:
    inspector = walk.inspector
    inspector.visit("/oversight/acts")
    inspector.page.locator("summary", has_text=inspector.say("Filter")).click()
    inspector.fill({"exam": walk.code, "kind": "draws.commit_secret"})
    inspector.press("Show")
    rows = inspector.page.locator("main tbody tr")
    assert rows.count() == COMMITMENTS
    inspector.shoot("43-acts")
    table = inspector.fetch("Export to a spreadsheet (is logged)", walk.desk).read_bytes()
    book = openpyxl.load_workbook(io.BytesIO(table)).active
    assert sum(row[2] == "draws.commit_secret" for row in book.values) == COMMITMENTS
    rows.first.get_by_role("link").first.click()
    inspector.look()
    inspector.shoot("44-act")
    inspector.visit("/oversight")
    inspector.shoot("45-inspector")
    inspector.page.locator("summary", has_text=inspector.say("Files to verify:")).click()
    records = inspector.fetch("zip with the salted records", walk.desk)
    keys = walk.desk / "keys.txt"
    assert f"ok results-{walk.code}-v3" in run_exam("verify", str(records), "--keys", str(keys))
