"""The record of acts: filters, pages that do not move, live rows, exports; timeline; desk."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from exam_system.access import Role
from exam_system.accounts.service import create_account
from exam_system.draws.models import Attempt
from exam_system.exams.lookup import exam_by_code
from exam_system.oversight import acts as module
from exam_system.oversight.acts import Filter, count_acts, find_acts
from exam_system.oversight.overdue import find_overdue
from exam_system.oversight.service import export_acts
from exam_system.oversight.timeline import LANES, draw_timeline
from tests.draws import ceremony
from tests.fees.books import ordered
from tests.oversight.test_alerts import change
from tests.registration import setting
from tests.world import World

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # pages are the same


def people(world: World, count: int, first: int = 0) -> None:
    with world.acting(Role.ADMIN) as ctx:
        for n in range(first, first + count):
            create_account(
                ctx, username=f"u{n}", name="某某", role=Role.REVIEWER,
                password="long enough", office="局机关",
            )  # fmt: skip
    world.seal()


def found(world: World, asked: Filter, **more: int) -> list[int]:
    with world.context(world.people[Role.INSPECTOR]).session as db:
        return [act.id for act in find_acts(db, asked, world.config.zone, **more)]


def test_pages_by_place_meet_without_gap_and_do_not_move(world: World) -> None:
    people(world, 25)
    every = found(world, Filter())
    assert every == sorted(every, reverse=True)
    first = found(world, Filter(), limit=10)
    second = found(world, Filter(), limit=10, before=first[-1])
    people(world, 5, first=25)
    assert found(world, Filter(), limit=10, before=first[-1]) == second
    assert first + second == every[:20]
    assert found(world, Filter(), limit=10, after=second[0]) == first


def test_every_filter_narrows_to_what_it_names(held: World) -> None:
    zone = held.config.zone
    today = held.clock.now().astimezone(zone).date()
    officer = held.people[Role.OFFICER].ref
    with held.context(held.people[Role.INSPECTOR]).session as db:
        every = find_acts(db, Filter(), zone)
        for asked, holds in (
            (Filter(exam=ceremony.EXAM), lambda act: act.exam == ceremony.EXAM),
            (Filter(kind="draws"), lambda act: act.kind.startswith("draws.")),
            (Filter(kind="draws.record_dice"), lambda act: act.kind == "draws.record_dice"),
            (Filter(actor=officer), lambda act: act.actor == officer),
            (Filter(subject="draw:"), lambda act: "draw:" in act.subject),
            (Filter(since=str(today), until=str(today)), lambda act: True),
            (Filter(until=str(today - timedelta(days=1))), lambda act: False),
            (Filter(since="no day"), lambda act: True),
        ):
            assert find_acts(db, asked, zone) == [act for act in every if holds(act)]  # type: ignore[no-untyped-call]
            assert count_acts(db, asked, zone) == sum(map(holds, every))  # type: ignore[no-untyped-call]


@on_sqlite
def test_a_count_stops_where_nobody_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people(world, 12)
    monkeypatch.setattr(module, "COUNTED", 5)
    with world.context(world.people[Role.INSPECTOR]).session as db:
        assert count_acts(db, Filter(), world.config.zone) == 6


@on_sqlite
def test_the_page_tells_each_act_as_a_sentence_in_both_languages(held: World) -> None:
    client = held.client(held.app(), Role.INSPECTOR)
    english = client.get("/oversight/acts?kind=draws.record_dice&language=en").text
    assert "测试甲 (officer): The dice were typed in (draw 2026-kp-order, attempt 1)." in english
    chinese = client.get("/oversight/acts?kind=draws.record_dice&language=zh").text
    assert "测试甲（考务人员）：录入骰子点数（抽签2026-kp-order第1次）。" in chinese
    assert "1 act" in english


@on_sqlite
def test_links_walk_through_everything_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people(world, 150)
    client, url, seen = world.client(world.app(), Role.INSPECTOR), "/oversight/acts", []
    for _ in range(4):
        page = client.get(url).text
        seen += [int(n) for n in re.findall(r'data-act="(\d+)"', page)]
        older = re.search(r'href="([^"]*before=\d+)"', page)
        if not older:
            break
        url = older[1].replace("&amp;", "&")
    assert seen == found(world, Filter(), limit=1000)
    back = client.get(f"/oversight/acts?after={seen[105]}").text
    assert [int(n) for n in re.findall(r'data-act="(\d+)"', back)] == seen[5:105]


@on_sqlite
def test_following_sends_what_came_and_a_little_twice(world: World) -> None:
    people(world, 3)
    client = world.client(world.app(), Role.INSPECTOR)
    newest = found(world, Filter())[0]
    page = client.get("/oversight/acts?follow=1").text
    assert 'data-newer="/oversight/acts/newer.json"' in page
    people(world, 2, first=3)
    sent = client.get(f"/oversight/acts/newer.json?after={newest}").get_json()["acts"]
    new = [act for act in sent if act["id"] > newest]
    assert len(new) == 2
    assert len(sent) <= 2 + module.OVERLAP
    assert all(f'data-act="{act["id"]}"' in act["html"] for act in sent)
    quiet = client.get("/oversight/acts/newer.json?after=99999999&exam=none").get_json()
    assert quiet == {"acts": []}


@on_sqlite
def test_exports_say_the_sentence(held: World) -> None:
    client = held.client(held.app(), Role.AUDITOR)
    data = {"kind": "draws.freeze_draw", "format": "csv"}
    answer = client.post("/oversight/acts/export", data=data)
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "抽签2026-kp-order第1次" in answer.data.decode("utf-8-sig")
    assert client.post("/oversight/acts/export", data={}).data.startswith(b"PK")
    for url in ("/oversight/alerts", "/oversight/evidence", "/oversight"):
        assert client.get(url).status_code == 403
    for url in ("/oversight/board", f"/oversight/exams/{ceremony.EXAM}/timeline"):
        assert client.get(url).status_code == 200


def test_a_timeline_counts_every_act_on_its_day(held: World) -> None:
    held.clock.advance(days=3)
    with held.acting(Role.INSPECTOR) as ctx:
        export_acts(ctx, asked=Filter(exam=ceremony.EXAM))
    zone = ZoneInfo("Asia/Shanghai")
    with held.context(held.people[Role.INSPECTOR]).session as db:
        exam = exam_by_code(db, ceremony.EXAM)
        picture = draw_timeline(db, exam, zone)
        acts = find_acts(db, Filter(exam=ceremony.EXAM), zone)
    by_day = {day.day: day.total for day in picture.days if day.total}
    assert sum(by_day.values()) == len(acts)
    for act in acts:
        assert act.at.astimezone(zone).date() in by_day
    assert picture.days[-1].gap == 2
    assert len([d for day in picture.days for d in day.deadlines]) == 3
    assert {dot.y for dot in picture.dots} <= {y for _name, y in picture.lanes}
    assert len(picture.lanes) == len(LANES)
    page = held.client(held.app(), Role.INSPECTOR).get(
        f"/oversight/exams/{ceremony.EXAM}/timeline?language=en"
    )
    assert "2 days without any act" in page.text
    assert "<svg" in page.text
    assert "style=" not in page.text


def kinds(world: World) -> list[tuple[str, str]]:
    with world.context(world.people[Role.INSPECTOR]).session as db:
        now, zone = world.clock.now(), world.config.zone
        found = find_overdue(db, now, zone)
        # exams put in by hand disclose nothing; that is tested with the notices
        return [(one.kind, one.subject) for one in found if one.kind != "disclosure"]


def test_overdue_only_when_its_term_is_over(held: World) -> None:
    setting.add_exam(held)
    one, other = setting.add_candidate(held, 11), setting.add_candidate(held, 12)
    waiting = setting.submitted(held, one)
    order = ordered(held, other, setting.approved(held, other))
    held.seal()
    ceremony.cosign(held)
    assert kinds(held) == []
    held.clock.advance(hours=3)
    assert kinds(held) == [("order", f"order:{order.trade_no}")]
    held.clock.advance(hours=22)
    ours = {("order", f"order:{order.trade_no}")}
    assert set(kinds(held)) - {("head", k[1]) for k in kinds(held)} == ours
    held.clock.advance(days=3)  # two working days after Monday are over
    assert ("review", f"application:{waiting.ref}") in kinds(held)


def test_draws_and_heads_that_wait(office: World) -> None:
    ceremony.run(office, 0, 1)
    assert kinds(office) == []
    office.clock.advance(hours=25)
    assert sorted(kind for kind, _ in kinds(office)) == ["draw", "head"]
    change(office, update(Attempt).values(state="finished"))
    assert "draw_published" in [kind for kind, _ in kinds(office)]
    page = office.client(office.app(), Role.INSPECTOR).get("/oversight?language=en").text
    assert "A finished draw was not published for more than a day" in page
    assert "commit" not in page.split("Notes that wait")[0].split("Draws that wait")[1]


@on_sqlite
def test_promises_are_served_to_everybody(world: World) -> None:
    client = world.client(world.app())
    for language in ("zh", "en"):
        page = client.get(f"/promises?language={language}").text
        assert all(f">P{n}<" in page for n in range(1, 11))
