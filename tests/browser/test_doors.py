"""Coming in on a telephone: register with proof of work, log in, ask for a takeover."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from exam_system.accounts import takeovers
from exam_system.accounts.models import Takeover
from exam_system.database import reading
from exam_system.demo import people
from exam_system.demo.road import PASSWORD
from tests.accounts.doors import card
from tests.browser.fair import Fair
from tests.browser.visitor import Visitor


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_candidate_registers_and_asks_for_a_takeover(
    chromium: Browser, fair: Fair, language: str
) -> None:
    number = 7_800 + (language == "en")
    made = next(people.candidates("doors", 1, year=2026, first=number))
    visitor = Visitor(chromium, fair.stage, "phone", language)
    register(visitor, made)
    visitor.fill({"login": made.id_number, "password": PASSWORD})
    visitor.press("Log in")
    assert "/applications" in visitor.page.url
    visitor.shoot("63-in")
    visitor.press("Log out")
    ref, code = take_over(visitor, made)
    visitor.visit("/takeover/answer")
    visitor.fill({"ref": ref, "code": code})
    visitor.press("Show how far it is")
    visitor.shoot("66-answer")
    assert visitor.say(takeovers.STATES["waiting"]) in visitor.text()
    decide(fair, ref, visitor, chromium)
    visitor.context.close()


def register(visitor: Visitor, made: people.Made) -> None:
    """With the keyboard alone; a look back and a reload lose nothing but the password."""
    visitor.visit("/register")
    page = visitor.page
    send(visitor, {"name": made.name, "id_number": made.id_number})
    send(visitor, {"phone": made.phone})
    send(visitor, {"password": PASSWORD, "again": PASSWORD})
    assert page.get_by_role("checkbox", checked=False).count() == 2
    page.go_back()
    assert page.locator("#password").input_value() == PASSWORD
    page.reload()
    assert page.locator("#password").input_value() == ""
    page.get_by_role("link", name=f"← {visitor.say('Back')}").press("Enter")
    assert page.locator("#phone").input_value() == made.phone
    page.locator("#phone").press("Enter")
    send(visitor, {"password": PASSWORD, "again": PASSWORD})
    for box in page.get_by_role("checkbox").all():
        box.focus()
        page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("[data-answers]")).to_contain_text(made.id_number)
    done = visitor.say("Your browser has proved that you are not a program.")
    expect(visitor.page.get_by_role("status")).to_have_text(done, timeout=20_000)
    visitor.shoot("60-register")
    with visitor.page.expect_navigation():
        page.get_by_role("button", name=visitor.say("Register"), exact=True).press("Enter")
    visitor.look()
    visitor.shoot("61-registered")


def send(visitor: Visitor, values: dict[str, str]) -> None:
    """Fill in a question's fields and press Enter in the last."""
    visitor.fill(values)
    visitor.page.locator(f"#{list(values)[-1]}").press("Enter")
    visitor.look()


def take_over(visitor: Visitor, made: people.Made) -> tuple[str, str]:
    """Sent at once: the form waits for the proof and then goes by itself."""
    visitor.visit("/takeover")
    visitor.page.get_by_label(visitor.say(takeovers.CLAIMS["lost"])).check()
    visitor.answer()
    visitor.answer({"name": made.name, "id_number": made.id_number})
    visitor.answer({"phone": made.phone})
    for name in ("front", "back", "held"):
        visitor.attach(name, f"{name}.jpg", card())
    visitor.answer()
    for box in visitor.page.get_by_role("checkbox").all():
        box.check()
    visitor.answer()
    visitor.shoot("64-takeover")
    visitor.press("Ask for the takeover")
    visitor.shoot("65-taken")
    ref, code = visitor.page.locator("dd").all_inner_texts()
    return ref, code


def decide(fair: Fair, ref: str, visitor: Visitor, chromium: Browser) -> None:
    officer = Visitor(chromium, fair.stage, visitor.device, visitor.language)
    officer.log_in("officer")
    officer.visit("/office/takeovers")
    officer.shoot("67-queue")
    officer.visit(f"/office/takeovers/{ref}")
    officer.press("Open the documents (on record)")
    officer.shoot("68-case")
    officer.visit("/privacy")
    officer.shoot("69-texts")
    officer.context.close()
    with reading(fair.stage.cast.office.engine) as db:
        query = select(Takeover.opened_at).where(Takeover.ref == ref)
        assert db.scalars(query).one() is not None
