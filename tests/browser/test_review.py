"""A reviewer at the list of cases: many at once, one reopened; an officer at the register."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from exam_system.demo.reviewers import bar
from tests.browser.fair import Fair
from tests.browser.visitor import Visitor


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_reviewer_works_through_the_list(chromium: Browser, fair: Fair, device: str) -> None:
    code = fair.open.code
    login = "reviewer" if device == "desktop" else "reviewer2"
    visitor = Visitor(chromium, fair.stage, device, "zh")
    visitor.log_in(login)
    visitor.visit(f"/review?exam={code}&whose=mine")
    visitor.shoot("70-cases")
    boxes = visitor.page.get_by_role("checkbox").all()
    assert len(boxes) > 2
    for box in boxes[:2]:
        box.check()
    visitor.fill({"ground": "papers", "reason": "请补充毕业证书扫描件"})
    visitor.press("Refuse the chosen ones")
    assert visitor.say("%(count)s applications were decided", count=2) in visitor.text()
    visitor.visit(f"/review?exam={code}&show=together")
    visitor.shoot("71-together")
    visitor.page.locator("main tbody a").first.click()
    visitor.look()
    visitor.page.locator("summary").last.click()
    visitor.fill({"reason": "考生已当面补齐"})
    visitor.press("Reopen")
    assert "考生已当面补齐" in visitor.text()
    visitor.shoot("72-case")
    visitor.follow("See the full ID number or phone, with a reason")
    visitor.fill({"reason": "核对证件照片"})
    visitor.press("Show it once")
    visitor.shoot("73-unmasked")
    visitor.context.close()


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_an_officer_keeps_the_register(chromium: Browser, fair: Fair, device: str) -> None:
    cast = fair.stage.cast
    place = 1 if device == "desktop" else 2  # another page's test bars the first
    bar(cast, fair.open.everybody(place + 1)[place], fair.open.plan.opens.date())
    visitor = Visitor(chromium, fair.stage, device, "zh")
    visitor.log_in("officer")
    visitor.visit("/barred")
    visitor.shoot("74-barred")
    visitor.page.locator("summary").first.click()
    head = "姓名,身份证号,适用考试,依据文书,情形,起始日期,截止日期\n"
    visitor.attach("file", "barred.csv", f"{head}王小明,1,全部,文书,抄袭,2026-01-01,终身".encode())
    visitor.press("Look at the table", status=422)
    visitor.shoot("75-bad-table")
    visitor.visit("/barred")
    visitor.follow("Lift")
    visitor.fill({"reason": "处理决定被撤销"})
    visitor.press("Ask for approval")
    visitor.visit("/review")
    visitor.shoot("76-officer")
    visitor.context.close()
