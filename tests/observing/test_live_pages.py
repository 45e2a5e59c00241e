"""The public live page and the hall's screen: cacheable, told of news, following what is on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from exam_system.access import Role
from exam_system.clock import RehearsalClock
from exam_system.draws.live import Watching
from exam_system.observing.public_views import SECONDS
from tests.conftest import START
from tests.examday import hall
from tests.world import World

CODE = hall.CODE
LIVE, HALL = f"/exams/{CODE}/live", f"/exams/{CODE}/live/hall"


@pytest.fixture(scope="module")
def world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An exam whose seats are to be drawn."""
    folder = tmp_path_factory.mktemp("live") / "instance"
    shutil.copytree(template, folder)
    world = World.open(folder, RehearsalClock(START))
    hall.standard(world, first=20)
    world.seal()
    yield world
    world.engine.dispose()


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    app = world.app()
    app.extensions["watching"] = Watching(clock=iter(range(10**6)).__next__, sleep=lambda _s: None)
    return app


def told(client: FlaskClient, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(path).text))


def stamp_on(page: str) -> str:
    found = re.search(r'data-story="([0-9a-f]{32})"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("path", "who"), [(LIVE, "private"), (HALL, "public")])
def test_a_page_that_did_not_change_is_not_sent_again(
    app: Flask, world: World, path: str, who: str
) -> None:
    client = app.test_client()
    first = client.get(path)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == f"{who}, max-age={SECONDS}"
    tag = {"If-None-Match": first.headers["ETag"]}
    again = client.get(path, headers=tag)
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200
    # of another language it is another page
    assert client.get(f"{path}?language=en", headers=tag).status_code == 200


def test_pages_follow_a_draw_from_its_list_to_the_publication(world: World, app: Flask) -> None:
    client = app.test_client()
    before = client.get(LIVE)
    waiting = client.get(f"{LIVE}/stamp").text
    assert waiting == stamp_on(before.text) == stamp_on(client.get(HALL).text)
    hall.finish(world, "seats")
    tag = {"If-None-Match": before.headers["ETag"]}
    assert client.get(LIVE, headers=tag).status_code == 200
    assert client.get(f"{LIVE}/stamp").text != waiting
    events = client.get(f"{LIVE}/events?since={waiting}")
    first = next(part for part in events.response if b"event: story" in bytes(part))  # type: ignore[arg-type]
    assert stamp_on(client.get(LIVE).text).encode() in bytes(first)  # type: ignore[arg-type]
    events.close()
    assert "进行中" in told(client, LIVE)
    screen = client.get(HALL).text
    assert hall.DICE not in screen  # the seed stands there by now
    assert re.search(r'<code class="hall-big">[0-9a-f]{64}</code>', screen)
    hall.publish(world, "seats")
    assert "座位" in told(client, HALL)
    world.clock.advance(minutes=15)
    assert "hall-show" not in client.get(HALL).text  # the ceremony is over
    assert "公布了" in told(client, LIVE) or "公开" in told(client, LIVE)


def test_the_hall_speaks_chinese_unless_the_address_says_otherwise(app: Flask) -> None:
    client = app.test_client()
    english = {"Accept-Language": "en"}
    assert "接下来" in told(client, HALL)
    assert "Coming up" not in client.get(HALL, headers=english).text
    assert "Coming up" in client.get(f"{HALL}?language=en").text
    page = client.get(HALL).text
    assert not re.search(r"<(button|input|form|select)\b", page)


def test_the_exam_page_has_every_date_and_the_way_to_the_live_page(app: Flask) -> None:
    client = app.test_client()
    for path in (f"/exams/{CODE}", LIVE, f"/exams/{CODE}/disclosures"):
        page = client.get(path).text
        assert 'id="dates"' in page
        assert page.count('class="time-') > 5, path
    assert f'href="{LIVE}"' in client.get(f"/exams/{CODE}").text
    assert f'href="{LIVE}"' in client.get("/").text
    office = client  # the office's own page leads to observers
    assert office.get(f"/office/exams/{CODE}").status_code == 302


def test_the_office_finds_the_page(world: World, app: Flask) -> None:
    office = world.client(app, Role.OFFICER)
    assert f"/office/exams/{CODE}/observers" in office.get(f"/office/exams/{CODE}").text
    inspector = world.client(app, Role.INSPECTOR)
    assert inspector.get(f"/office/exams/{CODE}/observers").status_code == 200
