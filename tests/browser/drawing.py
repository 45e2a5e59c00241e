"""The draws of seats and invigilators."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect

from exam_system.demo import sources
from exam_system.demo.ceremony import run_draw
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk

IMAGES = os.environ.get("EXAM_IMAGES")  # where the pictures of the README go, see `make images`


def draw_seats(walk: Walk) -> None:
    officer, inspector, public = walk.officer, walk.inspector, walk.public
    officer.visit(f"/exams/{walk.code}/draws/office")
    officer.shoot("23-draws")
    walk.approve()
    officer.visit(f"/exams/{walk.code}/draws/office")
    officer.press("Freeze the list")
    public.visit(f"/draws/{walk.code}-seats/1")
    inspector.visit("/oversight")
    inspector.follow("To the ceremony")
    for visitor in (officer, inspector):
        commit(visitor)
    dice = "".join(str(secrets.randbelow(10)) for _ in range(20))
    officer.visit(f"/draws/{walk.code}-seats/1/ceremony")
    officer.fill({"digits": dice, "again": dice})
    officer.shoot("25-dice")
    officer.press("Enter the dice")
    inspector.visit(f"/draws/{walk.code}-seats/1/ceremony")
    inspector.fill({"digits": dice})
    inspector.press("Confirm the dice")
    # Nobody touched the public page: it follows the ceremony.
    expect(public.page.locator(".ball")).to_have_text(list(dice), timeout=20_000)
    public.look()
    for visitor in (officer, inspector):
        visitor.visit(f"/draws/{walk.code}-seats/1/ceremony")
        visitor.press("Reveal the secret")
    officer.visit(f"/draws/{walk.code}-seats/1/ceremony")
    officer.press("Compute and sign the result")
    walk.cosign()
    officer.visit(f"/draws/{walk.code}-seats/1/ceremony")
    walk.approve()
    officer.visit(f"/draws/{walk.code}-seats/1/ceremony")
    officer.press("Publish the bundle")


def commit(visitor: Visitor) -> None:
    """The secret is made in the browser; only its digest leaves it."""
    visitor.page.get_by_role("button", name=visitor.say("Make a new secret")).click()
    expect(visitor.page.locator("#commitment")).not_to_have_value("")
    visitor.shoot("24-secret")
    visitor.press("Log the commitment")


def see_the_draw(walk: Walk, chromium: Browser) -> None:
    path = f"/draws/{walk.code}-seats/1"
    walk.public.visit(path)
    walk.public.shoot("26-draw")
    passer_by = Visitor(chromium, walk.stage, "desktop", "zh")
    passer_by.visit(path)
    keep(passer_by.shoot("27-draw"), "draw.png", 1320)
    passer_by.context.close()


def keep(picture: Path, name: str, height: int) -> None:
    """Keep the upper part of a picture for the README where EXAM_IMAGES says so."""
    if IMAGES:
        with Image.open(picture) as whole:
            part = whole.convert("RGB").crop((0, 0, whole.width, height))
            part.quantize(128).save(Path(IMAGES) / name, optimize=True)


def fetch_ticket(walk: Walk) -> None:
    candidate = walk.candidate
    candidate.visit("/applications")
    candidate.shoot("28-seated")
    link = candidate.page.get_by_role("link", name=candidate.say("Admission ticket"))
    answer = candidate.context.request.get(link.first.get_attribute("href") or "")
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF")


def draw_invigilators(walk: Walk) -> None:
    officer = walk.officer
    officer.visit(f"/office/exams/{walk.code}/invigilators")
    officer.attach("file", "invigilators.csv", sources.invigilators(walk.plan))
    officer.press("Check and import")
    officer.press("Take the table in")
    walk.stage.at(walk.plan.written_on - timedelta(hours=2))
    run_draw(walk.stage.cast, walk.code, "invigilators")
    officer.visit(f"/office/exams/{walk.code}/invigilators")
    officer.shoot("29-invigilators")
    officer.visit(f"/office/exams/{walk.code}/seats")
    officer.shoot("30-seats")
    officer.page.locator("main tbody a").first.click()
    officer.look()
    officer.shoot("31-room")
