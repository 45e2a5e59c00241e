"""What is wrong with a form is listed on top with links and said beside its field, twice over:
by the page's script, and by the server for a browser without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fair import DRAFT, Fair
from tests.browser.visitor import Visitor

NEW = "/office/exams/new"
SESSIONS = f"/office/exams/{DRAFT}/sessions"
LISTED = "[data-problems] li a"


@pytest.fixture
def officer(chromium: Browser, fair: Fair) -> Iterator[Visitor]:
    """The officer on a phone, in Chinese."""
    person = Visitor(chromium, fair.stage, "phone", "zh")
    person.log_in("officer")
    yield person
    person.context.close()


@pytest.fixture
def bare(chromium: Browser, officer: Visitor) -> Iterator[Page]:
    """The same login in a browser that runs no script."""
    state = officer.context.storage_state()
    context = chromium.new_context(
        base_url=officer.stage.url, locale="zh-CN", storage_state=state, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def test_the_page_lists_what_is_missing_and_forgets_what_is_mended(officer: Visitor) -> None:
    page = officer.page
    officer.visit(NEW)
    page.get_by_role("button", name=officer.say("Create the exam")).click()
    expect(page.locator("[data-problems]")).to_be_focused()
    expect(page.locator(LISTED)).to_have_text(
        ["请填写“考试代码”", "请填写“中文名称”", "请填写“英文名称”"]
    )
    officer.look()
    officer.shoot("53-errors")
    page.locator(LISTED).first.click()
    code = page.locator("#code")
    expect(code).to_be_focused()
    expect(code).to_have_accessible_description(re.compile("请填写“考试代码”"))
    code.fill("gy-2027")
    expect(page.locator(LISTED)).to_have_count(2)
    assert code.get_attribute("aria-invalid") is None
    page.locator("#area_code").fill("５２ ０４００")
    page.locator("#name").fill("甲")
    assert page.locator("#area_code").input_value() == "520400"
    page.locator("#name_en").fill("A")
    expect(page.locator("[data-problems]")).to_have_count(0)


def test_without_scripts_the_server_says_it(bare: Page) -> None:
    bare.goto(NEW)
    bare.locator("#code").fill("gy 2027")
    bare.locator("#name").fill("甲")
    bare.locator("#name_en").fill("A")
    bare.locator("#area_code").fill("52")
    bare.locator("main form button, main form [type=submit]").last.click()
    expect(bare.locator(LISTED)).to_have_count(2)
    assert bare.locator(LISTED).last.get_attribute("href") == "#area_code"
    expect(bare.locator("#area_code-error")).to_be_visible()
    bare.goto(SESSIONS)
    starts = bare.locator("input[name$='.starts']").first
    ends = bare.locator("input[name$='.ends']").first
    ends.fill("2026-05-01T09:00")
    starts.fill("2026-05-01T11:00")
    bare.locator("main form button").last.click()
    expect(bare.locator(LISTED)).to_have_attribute("href", f"#{ends.get_attribute('id')}")
    assert starts.input_value() == "2026-05-01T11:00"
