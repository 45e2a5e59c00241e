"""A letter's whole life in a browser over a holiday, and an overdue one on the inspector's desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from exam_system.cases.models import Letter
from exam_system.cases.ticking import tick
from exam_system.context import SYSTEM
from exam_system.messages.sending import run_round
from tests.browser.stage import Stage, open_stage
from tests.browser.visitor import Visitor

MONDAY = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)  # 9:00 in Shanghai; 1 to 7 October are holidays
BEFORE = datetime(2026, 9, 30, 1, 0, tzinfo=UTC)
DUE, LATE = "2026-10-08", datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
LETTER = {
    "topic": "registration",
    "title": "照片尺寸",
    "text": "请问报名照片多大？",
    "name": "王小明",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An office with its staff and no exam; its clock stands on the Monday before the holiday."""
    folder = tmp_path_factory.mktemp("letters") / "instance"
    with open_stage(folder, MONDAY + timedelta(days=30), "letters") as stage:
        yield stage


def write(visitor: Visitor, **other: str) -> tuple[str, str]:
    """Write a letter as somebody without an account; its service number and code."""
    visitor.visit("/letters/write")
    typed = {**LETTER, **other}
    for names in (("topic",), ("title", "text"), ("name",), ()):
        visitor.answer({name: typed[name] for name in names})
    visitor.context.clear_cookies()  # as after a night: the form's token is worth nothing now
    send(visitor, status=422)
    for name, value in typed.items():
        assert visitor.page.locator(f'main [name="{name}"]').input_value() == value
    send(visitor)
    number = re.search(r"FW\d{10}", visitor.text())
    code = re.search(r"\b\d{16}\b", visitor.text())
    assert number is not None
    assert code is not None
    assert DUE in visitor.text()
    return number[0], code[0]


def send(visitor: Visitor, status: int = 200) -> None:
    """Press the button once the browser has done its work."""
    done = visitor.say("Your browser has proved that you are not a program.")
    expect(visitor.page.locator("#work-said")).to_have_text(done, timeout=20_000)
    visitor.press("Send the letter", status=status)


def ask(visitor: Visitor, number: str, code: str) -> str:
    """How far a letter is, as its page says."""
    visitor.visit("/letters/status")
    visitor.fill({"number": number, "code": code})
    visitor.press("Show how far it is")
    return visitor.text()


def clock(stage: Stage, moment: datetime) -> int:
    """Move the clock, do what is due as `exam cases tick` does, and tell people."""
    stage.at(moment)
    ctx = stage.cast.office.context(SYSTEM, write=True)
    with ctx.session:
        done = tick(ctx)
        ctx.session.commit()
    stage.cast.office.seal()
    run_round(stage.cast.office)
    return done


def test_a_letter_lives_over_a_holiday_and_an_overdue_one_reaches_the_inspector(
    chromium: Browser, stage: Stage
) -> None:
    person = Visitor(chromium, stage, "phone", "zh")
    officer = Visitor(chromium, stage, "desktop", "zh")
    number, code = write(person)
    person.shoot("80-letter-taken")
    late, _ = write(person, title="准考证", topic="tickets", text="准考证何时打印？")
    assert person.say("registered") in ask(person, number, code)
    take_up(officer, number, late)
    assert clock(stage, BEFORE) == 2  # one working day is left for both, after the holiday
    assert clock(stage, datetime(2026, 10, 5, 1, 0, tzinfo=UTC)) == 0  # in the holiday
    assert clock(stage, datetime(2026, 10, 8, 1, 0, tzinfo=UTC)) == 0  # the last day
    answer(officer, number)
    told = ask(person, number, code)
    assert "295×413像素" in told
    person.shoot("82-letter-answered")
    person.fill({"grade": "5", "remark": "很清楚"})
    person.press("That settles it")
    assert "5/5" in person.text()
    assert clock(stage, LATE) == 2  # overdue, and handed on
    person.visit("/letters?q=照片")
    assert "295×413像素" in person.text()
    inspect(chromium, stage, late)
    for visitor in (person, officer):
        visitor.context.close()


def take_up(officer: Visitor, *numbers: str) -> None:
    """Assign the letters."""
    officer.log_in("officer")
    for number in numbers:
        officer.visit("/office/letters")
        officer.page.get_by_role("link", name=number).click()
        officer.fill({"owner": "officer", "deputy": "officer2"})
        officer.press("Assign")
        assert officer.say("assigned") in officer.text()


def answer(officer: Visitor, number: str) -> None:
    """Read the reminder, answer, and publish once the name is out."""
    officer.visit("/office/letters")
    assert officer.say("A letter of yours is due soon") in officer.text()
    officer.shoot("81-letter-desk")
    officer.page.get_by_role("link", name=number).click()
    officer.fill({"finding": "已核对公告。"})
    officer.press("Write it down")
    officer.fill({"text": "照片为295×413像素。"})
    officer.press("Send the answer")
    for asked in ("王小明问：报名照片多大？", "报名照片多大？"):
        if not officer.page.locator('main [name="asked"]').is_visible():  # open after a refusal
            officer.page.locator(
                "summary", has_text=officer.say("Publish as question and answer")
            ).click()
        officer.fill({"asked": asked, "answer": "照片为295×413像素。"})
        officer.press("Publish")
        assert ("王小明" in officer.text(".alert-danger")) if "王" in asked else True
    assert officer.say("Public page") in officer.text()


def inspect(chromium: Browser, stage: Stage, number: str) -> None:
    """The overdue letter stands on the inspector's desk and can be read there."""
    inspector = Visitor(chromium, stage, "desktop", "zh")
    inspector.log_in("inspector")
    inspector.visit("/oversight")
    assert inspector.say("A letter was not answered in time") in inspector.text()
    inspector.shoot("83-letter-overdue")
    with stage.cast.office.context(SYSTEM, write=False).session as db:
        ref = db.scalars(select(Letter.ref).where(Letter.number == number)).one()
    with inspector.page.expect_navigation():
        inspector.page.locator(f'a[href="/office/letters/{ref}"]').first.click()
    inspector.look()
    assert "准考证何时打印？" in inspector.text()
    assert inspector.say("overdue") in inspector.text()
    inspector.visit("/office/letters")
    assert inspector.say("An overdue letter comes to the inspection office") in inspector.text()
    inspector.context.close()
