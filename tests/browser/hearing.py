"""The interviews: panels, accounts, the desk on a phone, the screen in the hall."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl  # type: ignore[import-untyped]
from playwright.sync_api import Browser, expect

from exam_system.access import Role
from exam_system.demo import sources
from exam_system.demo.ceremony import run_draw
from exam_system.demo.hearing import sittings
from exam_system.demo.lot import Lot
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews.lookup import panel_of, queue_of
from exam_system.interviews.scores import call_candidate, enter_score
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk
from tests.world import sign_pledges_in


def set_up_interviews(walk: Walk) -> None:
    officer, cast = walk.officer, walk.stage.cast
    officer.visit("/office/interviewers")
    officer.attach("file", "pool.csv", sources.interviewers("road"))
    officer.press("Add to the pool")
    officer.press("Take the table in")
    officer.visit(f"/office/exams/{walk.code}/interviews")
    officer.press("Set up panels and groups")
    walk.stage.at(cast.clock.now() + timedelta(days=3))
    for kind in ("interviewers", "groups", "order"):
        run_draw(cast, walk.code, kind)
    officer.visit(f"/office/exams/{walk.code}/interviews")
    officer.shoot("35-interviews")


def issue(walk: Walk) -> tuple[str, str]:
    """Issue the accounts; returns login name and password of the chief of the first panel."""
    officer = walk.officer
    officer.press("Issue accounts and passwords")
    table = officer.fetch("Keep the table (.xlsx)", walk.desk).read_bytes()
    kept = list(openpyxl.load_workbook(io.BytesIO(table)).active.values)
    name, password = officer.page.locator("main td code").all_inner_texts()[:2]
    assert any((name, password) == row[2:4] for row in kept)
    return name, password


def hear(walk: Walk, chromium: Browser) -> None:
    login = issue(walk)
    officer, hall = walk.officer, Visitor(chromium, walk.stage, "desktop", "zh")
    chief = Visitor(chromium, walk.stage, "phone", "zh")
    officer.visit(f"/office/exams/{walk.code}/interviews?panel=01")
    officer.press("Open the panel")
    officer.press("Call number %(place)s", place=1)
    officer.shoot("36-panel")
    hall.visit(f"/exams/{walk.code}/hall/01")
    chief.log_in(*login)
    sign_pledge(chief, login[1])
    with walk.stage.cast.acting(Role.OFFICER) as ctx:
        sign_pledges_in(ctx)  # the other interviewers
    score_first(walk, chief)
    expect(hall.page.locator("[data-text]").first).to_have_text("✓")
    hall.shoot("38-hall-waiting")
    score_rest_of_first(walk)
    expect(hall.page.locator("[data-result]")).not_to_have_text("–")
    hall.look()
    hall.shoot("39-hall")
    hear_the_others(walk)
    close_panel(chief)
    chief.shoot("40-chief")
    for visitor in (hall, chief):
        visitor.context.close()


def sign_pledge(chief: Visitor, password: str) -> None:
    """Nothing of a post can be done before its pledge is signed."""
    chief.visit("/interview")
    chief.fill({"password": password})
    chief.shoot("36-pledge")
    chief.press("I have read the pledge and sign it")


def score_first(walk: Walk, chief: Visitor) -> None:
    chief.visit("/interview")
    chief.fill({"score": scores(walk, turns(walk)[0][1])[0]})
    chief.shoot("37-desk")
    chief.page.get_by_role("button", name=chief.say("Go on"), exact=True).click()
    chief.look()
    chief.press("Enter this score")
    assert (
        chief.say("Your score is in. The result is shown when all scores are in.") in chief.text()
    )


def close_panel(chief: Visitor) -> None:
    """A page that renews itself in that very moment swallows the press; then it comes again."""
    button = chief.page.get_by_role("button", name=chief.say("Close the panel"), exact=True)
    chief.visit("/interview")
    for _ in range(3):
        if button.count():
            chief.press("Close the panel")
            chief.visit("/interview")
    assert not button.count()


def turns(walk: Walk) -> list[tuple[int, str]]:
    """Places and references of the panel's candidates in the drawn order."""
    with walk.stage.cast.acting(Role.OFFICER) as ctx:
        panel = panel_of(ctx.session, exam_by_code(ctx.session, walk.code), "01")
        return [(turn.place or 0, who.ref) for turn, who in queue_of(ctx.session, panel)]


def scores(walk: Walk, ref: str) -> list[str]:
    """What the seven interviewers think of a candidate; the one on the phone is the best."""
    lot = Lot(f"score {ref}")
    return [sources.score(lot, 900 if ref == walk.ref else 0) for _ in range(7)]


def score_rest_of_first(walk: Walk) -> None:
    place, ref = turns(walk)[0]
    enter(walk, place, ref, first=1)


def enter(walk: Walk, place: int, ref: str, first: int = 0) -> None:
    members = sittings(walk.others)[0].members
    for member, score in list(zip(members, scores(walk, ref), strict=True))[first:]:
        with walk.stage.cast.acting(member) as ctx:
            enter_score(ctx, code=walk.code, panel="01", place=place, score=score)


def hear_the_others(walk: Walk) -> None:
    for place, ref in turns(walk)[1:]:
        with walk.stage.cast.acting(Role.OFFICER) as ctx:
            call_candidate(ctx, code=walk.code, ref=ref)
        enter(walk, place, ref)
