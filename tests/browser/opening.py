"""From an empty office to the close of registration."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Browser, expect

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.demo import people, sources
from exam_system.demo.reviewers import owners
from exam_system.demo.road import PASSWORD
from exam_system.exams.rules_form import LOCAL
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk


def create(walk: Walk) -> None:
    walk.public.visit("/")
    walk.public.shoot("01-empty")
    walk.stage.at(walk.plan.opens - timedelta(days=7))
    officer = walk.officer
    officer.visit("/office/exams")
    officer.follow("New exam")
    names = {"code": walk.code, "name": walk.plan.name, "name_en": walk.plan.name_en}
    officer.fill({**names, "exam_type": walk.plan.type})
    officer.shoot("02-create")
    officer.press("Create the exam")
    officer.shoot("03-setup")


def set_up(walk: Walk) -> None:
    officer, exam, zone = walk.officer, walk.plan, walk.stage.cast.office.config.zone
    officer.follow("Rule set")
    dates = {
        "registration_opens": exam.opens,
        "registration_closes": exam.closes,
        "payment_closes": exam.payment_closes,
    }
    officer.fill({key: at.astimezone(zone).strftime(LOCAL) for key, at in dates.items()})
    officer.shoot("04-rules")
    officer.press("Save the rule set")
    officer.visit(f"/office/exams/{walk.code}/places")
    officer.attach("file", "places.csv", sources.places(exam))
    officer.press("Check and import")
    officer.press("Take the table in")
    officer.shoot("05-places")
    officer.visit(f"/office/exams/{walk.code}/sessions")
    for subject, starts, ends in sources.sessions(exam):
        times = {f"{subject}.starts": starts, f"{subject}.ends": ends}
        officer.fill({key: at.astimezone(zone).strftime(LOCAL) for key, at in times.items()})
    officer.press("Save the sessions")
    set_fee(walk)
    officer.visit(f"/office/exams/{walk.code}")
    officer.attach("file", "posts.csv", sources.posts(exam))
    officer.press("Check and import")
    officer.press("Take the table in")
    officer.shoot("07-ready")


def set_fee(walk: Walk) -> None:
    officer = walk.officer
    officer.visit(f"/office/exams/{walk.code}/fees")
    officer.fill(
        {
            "name": "笔试考务费",
            "amount": "100.00",
            "licence": "黔发改收费〔2026〕第12号（演示）",
            "standard": "每人100元，两科",
            "authority": "贵州省发展和改革委员会、贵州省财政厅（演示）",
            "hotline": "0851-12388",
        }
    )
    officer.press("Save the fee item")
    officer.shoot("06-fee")


def announce(walk: Walk) -> None:
    officer = walk.officer
    officer.visit(f"/office/exams/{walk.code}/prepare")
    officer.press("Freeze and prepare")
    assert officer.say("not there yet") in officer.text()
    officer.shoot("08-waiting-for-the-inspector")
    walk.inspector.visit("/oversight")
    walk.inspector.shoot("09-inspector")
    walk.cosign()
    officer.visit(f"/office/exams/{walk.code}/publish")
    walk.approve()
    officer.visit(f"/office/exams/{walk.code}/publish")
    officer.press("Publish the announcement")
    officer.shoot("10-announcement")


def apply(walk: Walk) -> None:
    walk.stage.at(walk.plan.opens + timedelta(minutes=1))
    candidate, me = walk.candidate, walk.me
    candidate.visit("/")
    candidate.shoot("11-front")
    candidate.visit(f"/exams/{walk.code}")
    candidate.shoot("12-exam")
    candidate.visit(f"/register?next=/exams/{walk.code}/apply")
    candidate.answer({"name": me.name, "id_number": me.id_number})
    candidate.answer({"phone": me.phone})
    candidate.answer({"password": PASSWORD, "again": PASSWORD})
    for box in candidate.page.get_by_role("checkbox").all():
        candidate.tick(box)
    candidate.answer()
    candidate.shoot("13-register")
    candidate.press("Register")
    candidate.fill({"login": me.id_number, "password": PASSWORD})
    candidate.press("Log in")
    answer_steps(candidate, me)
    candidate.press("Save and go on")
    candidate.known = me.id_number, PASSWORD
    walk.ref = candidate.page.url.rpartition("/")[2]
    candidate.attach("photo", "me.jpg", people.photo(me.photo))
    expect(candidate.page.locator("#preview")).to_be_visible()
    candidate.press("Upload the photo")
    candidate.shoot("15-application")
    candidate.press("Submit for review")
    assert candidate.say("Waiting for review") in candidate.text()
    walk.others.register()


def answer_steps(candidate: Visitor, me: people.Made) -> None:
    """One thing at a time; what was typed is there again after a look back."""
    candidate.fill({"q": sources.post_code(0)})
    candidate.press("Search")
    candidate.tick(candidate.page.locator(f"#post-{sources.post_code(0)}"))
    candidate.shoot("14-apply")
    candidate.press("Go on")
    candidate.tick(candidate.page.locator("main [type=radio]").first)
    candidate.press("Go on")
    candidate.tick(candidate.page.locator(f'main [value="{me.education}"]'))
    candidate.fill({"major": me.major, "school": me.school})
    candidate.press("Go on")
    candidate.page.go_back()
    assert candidate.page.locator('main [name="school"]').input_value() == me.school
    candidate.press("Go on")
    for _ in range(2):  # no employer, no accessible room
        candidate.press("Go on")
    assert me.school in candidate.text()


def review(walk: Walk, chromium: Browser) -> None:
    reviewer = Visitor(chromium, walk.stage, "desktop", "zh")
    with walk.stage.cast.acting(Role.REVIEWER) as ctx:
        owner = ctx.session.get_one(Account, owners(ctx, [walk.ref])[walk.ref].account_id)
    reviewer.log_in(owner.username)
    reviewer.look()
    reviewer.visit("/review")
    reviewer.shoot("16-queue")
    reviewer.follow("Begin with my most urgent case")
    assert walk.me.name in reviewer.text("h1")
    reviewer.shoot("17-review")
    reviewer.press("Approve")
    reviewer.context.close()
    walk.stage.at(walk.plan.closes)
    walk.others.review()


def pay(walk: Walk) -> None:
    candidate = walk.candidate
    candidate.visit("/applications")
    candidate.follow("Pay the fee")
    candidate.shoot("18-fee")
    candidate.press("Pay %(amount)s", amount="¥100.00")
    candidate.shoot("19-pay")
    candidate.follow("Open the payment page")
    candidate.shoot("20-gateway")
    with candidate.page.expect_navigation():
        candidate.page.get_by_role("button").click()
    candidate.look()
    assert "支付成功" in candidate.text()
    candidate.visit(f"/applications/{walk.ref}/payment")
    paid = candidate.page.locator(".alert-success")
    expect(paid).to_be_visible(timeout=15_000)  # the callback comes, the page goes on by itself
    candidate.look()
    candidate.shoot("21-paid")
    walk.others.pay()


def close_registration(walk: Walk) -> None:
    walk.stage.at(walk.plan.payment_closes + timedelta(minutes=1))
    walk.officer.visit(f"/office/exams/{walk.code}/close")
    walk.officer.shoot("22-close")
    walk.officer.press("Close registration")
