"""Two ways through the pages, each told as a story: the inspector's and the citizen's.

The officer's and the candidate's are in test_road.
"""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from exam_system.access import Role
from exam_system.approvals.publications import wanted_publication
from exam_system.approvals.service import ask_approval
from exam_system.demo import stages
from exam_system.demo.road import Road
from exam_system.exams.lookup import exam_by_code
from exam_system.results.service import STAGE_NAMES, prepare_release, publish_release
from tests.browser.conftest import OPENS
from tests.browser.fair import HELD, plan
from tests.browser.stage import Stage, open_stage
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk, run_exam
from tests.test_stranger import run as paste
from tests.verify_page.asked import choose_folder

PEOPLE = 11
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Office:
    """An exam whose written scores are ready: signed by the office, not yet by anybody else."""

    stage: Stage
    road: Road


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Set up before Chromium starts: what signs a PDF runs a loop of its own."""
    folder = tmp_path_factory.mktemp("ways") / "instance"
    with open_stage(folder, OPENS, "ways") as stage:
        road = Road(stage.cast, plan("as-2026", HELD, OPENS, PEOPLE), 2_000)
        road.at(road.announced)
        road.announce()
        stages.before_the_draw(road)
        road.seat()
        road.take_marks()
        with stage.cast.acting(Role.OFFICER) as ctx:
            release = prepare_release(ctx, code=road.code, stage="written")
            exam, name = exam_by_code(ctx.session, road.code), STAGE_NAMES["written"]
            verb = "results.publish_release"
            ask_approval(ctx, wanted=wanted_publication(ctx, verb, exam, release, name))
        stage.at(stage.cast.clock.now() + timedelta(hours=3))
        yield Office(stage, road)


def test_an_inspector_from_the_waiting_list_to_a_verified_file(
    office: Office, chromium: Browser, tmp_path: Path
) -> None:
    stage, code = office.stage, office.road.code
    me = Visitor(chromium, stage, "enlarged", "zh")  # a screen of 1280 pixels at 200 %
    me.keys = True  # and no mouse
    walk = Walk(
        stage, office.road, officer=me, inspector=me, candidate=me, public=me, desk=tmp_path
    )

    me.log_in("inspector")  # What waits for me today?
    me.visit("/oversight")
    assert me.page.locator("#notes ~ .table-wrap tbody tr").count() > 0
    me.shoot("46-waiting")

    me.visit("/approvals")  # I read what is asked, and approve exactly that, with my second factor.
    assert code in me.text()
    me.fill({"code": stage.cast.code()})
    me.press("Approve exactly this")

    walk.cosign()  # I sign at home, with a key that the office has never seen.

    with stage.cast.acting(Role.OFFICER) as ctx:  # Only now can the office publish.
        publish_release(ctx, code=code, version=1)

    me.visit("/oversight")  # I take the files home, and a program recomputes every score.
    me.unfold("Files to verify:")
    records = me.fetch("zip with the salted records", tmp_path)
    keys = tmp_path / "keys.txt"
    keys.write_bytes(me.context.request.get("/published/keys.txt").body())
    assert f"ok results-{code}-v1" in run_exam("verify", str(records), "--keys", str(keys))

    forged = tmp_path / "forged"  # And were one mark another, it would say so.
    with zipfile.ZipFile(records) as bundle:
        bundle.extractall(forged)
    (table,) = forged.rglob("list.csv")
    table.write_bytes(re.sub(rb",(\d)\d\.(\d\d),", rb",\g<1>9.\2,", table.read_bytes(), count=1))
    with pytest.raises(AssertionError, match=r"REFUSED V\d+ .*list\.csv"):
        run_exam("verify", str(forged), "--keys", str(keys))
    me.context.close()


def test_a_citizen_from_the_front_page_to_a_rechecked_draw(
    office: Office, chromium: Browser, tmp_path: Path
) -> None:
    me = Visitor(chromium, office.stage, "enlarged", "zh")
    me.keys = True
    me.visit("/")  # I have no account, no mouse, and everything at 200 %.
    me.shoot("47-front")
    me.open(me.page.get_by_role("link", name=office.road.plan.name))
    me.follow("Draws")
    me.open(me.page.locator("main a[href*='as-2026-seats']"))
    me.shoot("48-draw")

    page = me.text()  # Each line that the page tells me to run gives a digest that stands on it.
    said = DIGEST.findall(page)
    recipes = [text for text in me.page.locator("pre.proof-line").all_inner_texts() if "|" in text]
    assert len(recipes) >= 4  # two secrets, the seed, a ticket
    for line in recipes:
        shell = ["/bin/bash", "-c", line.strip()]
        done = subprocess.run(shell, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        assert done.stdout[:64] in said, line

    bundle = tmp_path / "as-2026-seats-1"  # I keep the files and paste the lines of the README.
    bundle.mkdir()
    for link in me.page.locator("main a[href*='/published/draw-']").all():
        href = link.get_attribute("href") or ""
        if not href.endswith("/"):
            (bundle / href.rsplit("/", 1)[1]).write_bytes(me.context.request.get(href).body())
    assert "the list is the frozen one" in paste(bundle)

    me.visit("/check")  # And a second program, in my own browser, says the same offline.
    page_file = me.fetch("Save the verifier page", tmp_path)
    folder = tmp_path / "published"
    whole = me.context.request.get("/published/draw-as-2026-seats-1.zip")
    with zipfile.ZipFile(_kept(tmp_path / "whole.zip", whole.body())) as packed:
        packed.extractall(folder)
    _kept(folder / "keys.txt", me.context.request.get("/published/keys.txt").body())
    me.context.set_offline(True)
    me.page.goto(page_file.as_uri())
    told = choose_folder(me.page, folder)
    assert "全部无误" in told.inner_text()
    me.context.close()


def _kept(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
