"""The dry run: what it counts, that it uses nothing up, and what it says when it cannot be."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from flask import Flask
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.database import reading
from exam_system.draws import dry_runs
from exam_system.draws.models import Attempt, Draw
from exam_system.draws.recipes import RECIPES, Recipe
from exam_system.draws.rehearsal import RUNS, SECONDS, dry_seed, is_small, picture, rehearse
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.records.models import Act
from exam_system.trust.canonical import sha256_hex
from tests.draws import ceremony
from tests.draws.ceremony import EXAM, attempt, labels, run
from tests.world import World

PAGE = f"/exams/{EXAM}/draws/order/rehearsal"


@pytest.fixture
def database() -> str:
    """What a dry run shows is the same on both."""
    return "sqlite"


@pytest.fixture
def app(office: World) -> Flask:
    return office.app()


def manifest(people: int, slots: list[dict[str, Any]]) -> dict[str, Any]:
    group = {"id": "g", "labels": labels("g1", people), "slots": slots}
    return {"algorithm": "order/v1", "purpose": "order", "groups": [group]}


def test_every_place_is_given_in_every_run_and_to_everybody_as_often() -> None:
    found = rehearse(manifest(10, [{"id": "a", "capacity": 3}, {"id": "b", "capacity": 2}]))
    assert found.runs == RUNS
    total: Counter[str] = sum(found.counts.values(), Counter())
    assert total == {"a": 3 * RUNS, "b": 2 * RUNS}
    # 5 of 10 get a place: 100 of 200 times each, with a standard deviation of 7
    assert all(70 < line.placed < 130 for line in found.lines())
    assert sum(pairs for _, pairs in found.spread) == 10 * 2


def test_an_order_is_counted_place_by_place() -> None:
    found = rehearse(manifest(4, [{"id": "panel", "capacity": 4}]))
    assert found.columns["g"] == ("1", "2", "3", "4")
    assert {line.different for line in found.lines()} == {4}
    assert all(line.placed == RUNS for line in found.lines())


def test_a_large_draw_gets_fewer_runs_and_another_picture() -> None:
    ticks = count(step=SECONDS / 3)
    found = rehearse(manifest(100, [{"id": "a", "capacity": 50}]), clock=lambda: next(ticks))
    assert found.runs == 3
    assert not is_small(found)
    assert picture(found).startswith("<?xml")
    small = rehearse(manifest(4, [{"id": "a", "capacity": 4}]))
    assert is_small(small)
    assert "k-g1-03" in picture(small)


def test_dry_seeds_differ_and_are_of_texts_that_no_transcript_is() -> None:
    assert len({dry_seed(n) for n in range(RUNS)}) == RUNS
    assert dry_seed(0) == sha256_hex(b"dry run 0, not a draw")


def _rows(office: World) -> list[int]:
    with reading(office.engine) as db:
        tables = (Act.id, Draw.id, Attempt.id)
        return [db.scalars(select(func.count(one))).one() for one in tables]


def _exam(office: World) -> Exam:
    with reading(office.engine) as db:
        return exam_by_code(db, EXAM)


def test_the_page_and_its_exports_use_nothing_up(office: World, app: Flask) -> None:
    officer = office.client(app, Role.OFFICER)
    officer.set_cookie("language", "en")
    before = _rows(office)
    assert "No dry run has been made yet" in officer.get(PAGE).text
    assert officer.get(f"{PAGE}.csv").status_code == 404
    page = html.unescape(officer.post(PAGE, follow_redirects=True).text)
    assert "The draw can be held" in page
    assert "cannot be the seed of any draw" in page
    assert "data:image/svg+xml;base64," in page
    table = officer.get(f"{PAGE}.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["Label"] for row in rows] == labels("g1", 12) + labels("g2", 7)
    assert sum(int(row["Times with a place"]) for row in rows) == 17 * RUNS
    sheet = openpyxl.load_workbook(io.BytesIO(officer.get(f"{PAGE}.xlsx").data)).active
    assert len(list(sheet.values)) == 1 + 19
    assert _rows(office) == before
    run(office)  # and the draw can still be held
    assert attempt(office).seed not in {dry_seed(n) for n in range(RUNS)}
    assert "has begun" in html.unescape(officer.get(PAGE).text)


def test_what_is_short_is_said(office: World, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(_ctx: object, _exam: object) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        person = {"id": "g", "labels": ["j1"], "slots": [{"id": "r1", "capacity": 2}]}
        return [person | {"marks": {}}], {}

    recipe = Recipe("order", "deal/v1", "order", build, ceremony.apply, ())
    monkeypatch.setitem(RECIPES, "order", recipe)
    officer = office.client(app, Role.OFFICER)
    officer.set_cookie("language", "en")
    page = html.unescape(officer.post(PAGE, follow_redirects=True).text)
    assert "The draw cannot be held now" in page
    assert "short by 1" in page


def test_labels_of_a_confidential_draw_are_not_named(
    office: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opens(_ctx: object, _exam: object) -> datetime:
        return office.clock.now() + timedelta(hours=1)

    monkeypatch.setitem(RECIPES, "order", replace(ceremony.RECIPE, opens=opens))
    officer = office.client(app, Role.OFFICER)
    page = officer.post(PAGE, follow_redirects=True).text
    assert "19" in page
    assert "k-g1" not in page
    assert officer.get(f"{PAGE}.csv").status_code == 409
    made = dry_runs.newest(office.config, office.keys.vault, _exam(office), "order")
    assert made is not None
    assert (made.people, made.found) == (19, None)  # nor kept anywhere


def test_only_officer_and_inspector_may_look(office: World, app: Flask) -> None:
    assert app.test_client().get(PAGE).status_code == 302
    for role, status in ((Role.MARKER, 403), (Role.INSPECTOR, 200)):
        assert office.client(app, role).get(PAGE).status_code == status
    assert office.client(app, Role.OFFICER).get(PAGE.replace("order", "nothing")).status_code == 404
