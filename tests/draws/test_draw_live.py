"""Those who watch: events on each step, a bound on streams, the hall's screen, the minutes."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from exam_system.access import Role
from exam_system.database import reading
from exam_system.draws import live, pages
from exam_system.draws.live import Watching
from exam_system.errors import NotFound
from exam_system.server import THREADS, Server
from tests.draws import ceremony
from tests.draws.ceremony import DICE, DRAW, SECRETS, STEPS, attempt, commitment, run
from tests.draws.test_draw_browser import page, site
from tests.world import World

HERE = f"/draws/{DRAW}/1"
__all__ = ["page", "site"]  # fixtures: a real server, and Chromium


@pytest.fixture
def database() -> str:
    """What is watched is the same on both."""
    return "sqlite"


@pytest.fixture
def app(office: World) -> Flask:
    return office.app()


@dataclass
class Seconds:
    """A clock that goes on when somebody sleeps, and what happens meanwhile."""

    now: float = 0.0
    happens: list[Callable[[], object]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.happens:
            self.happens.pop(0)()

    def watching(self) -> Watching:
        return Watching(clock=lambda: self.now, sleep=self.sleep)


def _stamp(office: World) -> str:
    with reading(office.engine) as db:
        return pages.stamp_of(db, DRAW, 1)


def _stories(parts: list[str]) -> list[str]:
    return [part.split("data: ")[1].strip() for part in parts if "event: story" in part]


def test_every_step_of_a_ceremony_is_one_event(office: World) -> None:
    run(office, last=1)
    known = _stamp(office)
    seconds = Seconds()
    seconds.happens = [
        *(lambda n=n: run(office, n, n + 1) for n in range(1, len(STEPS) - 1)),
        lambda: ceremony.cosign(office),
        lambda: run(office, len(STEPS) - 1, len(STEPS)),
    ]
    stream = seconds.watching().events((DRAW, 1), lambda: _stamp(office), known)
    told = _stories(list(stream))
    assert [one.split("-")[0] for one in told] == [state for state, _, _ in STEPS[1:]]
    assert len(set(told)) == len(STEPS) - 1
    assert told[-1] == _stamp(office)


def test_a_void_attempt_and_its_approved_successor_are_news(office: World) -> None:
    run(office, last=2)
    seen = [_stamp(office)]
    for role, act in ((Role.INSPECTOR, ceremony.void), (Role.INSPECTOR, ceremony.approve)):
        with office.acting(role) as ctx:
            act(ctx, 1)
        seen.append(_stamp(office))
    run(office, last=1, number=2)
    assert len({*seen, _stamp(office)}) == 4


def test_whoever_watches_one_attempt_shares_one_look_a_second() -> None:
    looks: list[float] = []
    seconds = Seconds()
    watching = seconds.watching()

    def look() -> str:
        looks.append(seconds.now)
        return "s"

    for _ in range(50):
        watching.stamp((DRAW, 1), look)
    assert looks == [0.0]
    seconds.now = live.PAUSE
    watching.stamp((DRAW, 1), look)
    watching.stamp(("another", 1), look)
    assert looks == [0.0, live.PAUSE, live.PAUSE]


def test_a_stream_without_news_says_that_it_lives_and_ends() -> None:
    parts = list(Seconds().watching().events((DRAW, 1), lambda: "same", "same"))
    assert parts[0] == f"retry: {live.AGAIN}\n\n"
    assert parts[1:] == [": still here\n\n"] * (live.LOOKS // live.HEARTBEAT)


def test_what_the_browser_shows_already_is_not_told_again(office: World, app: Flask) -> None:
    run(office, last=2)
    client = app.test_client()
    page = client.get(HERE).text
    known = re.findall('data-story="(.*?)"', page)[0]
    assert client.get(f"{HERE}/stamp").text == known
    first: dict[str, str] = {}
    for name, query, headers in (
        ("old", "?since=frozen-0", {}),
        ("known", f"?since={known}", {}),
        ("again", "?since=frozen-0", {"Last-Event-ID": known}),
    ):
        answer = client.get(f"{HERE}/events{query}", headers=headers)
        assert answer.mimetype == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        parts = answer.iter_encoded()
        next(parts)
        first[name] = next(parts).decode()
        answer.close()
    assert first["old"] == f"id: {known}\nevent: story\ndata: {known}\n\n"
    assert first["known"] == first["again"] == ": still here\n\n"


def test_streams_are_bounded_and_a_place_is_given_back(office: World, app: Flask) -> None:
    run(office, last=1)
    client = app.test_client()
    opened = [client.get(f"{HERE}/events") for _ in range(live.STREAMS)]
    assert {answer.status_code for answer in opened} == {200}
    assert client.get(f"{HERE}/events").status_code == 204
    assert client.get(HERE).status_code == 200
    opened[0].close()  # though nothing was read of it
    again = client.get(f"{HERE}/events")
    assert again.status_code == 200
    for answer in [*opened[1:], again]:
        answer.close()


def test_the_server_has_a_thread_for_every_stream_beside_those_that_work(office: World) -> None:
    server = Server(office.folder, "127.0.0.1:0", 1)
    assert server.options["threads"] == THREADS + live.STREAMS


def test_an_attempt_that_is_not_there_takes_no_place(office: World, app: Flask) -> None:
    client = app.test_client()
    for _ in range(live.STREAMS + 1):
        assert client.get("/draws/nothing/1/events").status_code == 404
    assert client.get("/draws/nothing/1/stamp").status_code == 404
    assert app.extensions["watching"].seen == {}
    with reading(office.engine) as db, pytest.raises(NotFound):
        pages.stamp_of(db, "nothing", 1)


def _hall(app: Flask, part: str = "hall") -> str:
    client = app.test_client()
    client.set_cookie("language", "en")
    answer = client.get(f"{HERE}/{part}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_the_hall_sees_what_is_known_and_no_more(office: World, app: Flask) -> None:
    run(office, last=2)
    page = _hall(app)
    assert attempt(office).manifest_digest in page
    assert commitment("officer") in page
    assert page.count("is awaited") == 1
    run(office, 2, 4)
    page = _hall(app)
    assert commitment("inspector") in page
    assert "dice-read" not in page
    assert "".join(re.findall(r'class="ball" aria-hidden="true">(\d)<', page)) == DICE
    assert SECRETS["officer"] not in page
    run(office, 4, 5)
    assert "dice-read" in _hall(app)
    run(office, 5)
    page, done = _hall(app), attempt(office)
    assert SECRETS["inspector"] in page
    assert done.seed in page
    assert "sha256sum transcript.txt" in page
    assert "Everything is computed already" in page


def test_the_minutes_are_whole(office: World, app: Flask) -> None:
    run(office, last=2)
    with office.acting(Role.OFFICER) as ctx:
        ceremony.void(ctx, 1)
    with office.acting(Role.INSPECTOR) as ctx:
        ceremony.approve(ctx, 1)
    assert "两位监督员未到场" in _hall(app, "print")
    folder = ceremony.published(office, 2)
    client = app.test_client()
    client.set_cookie("language", "en")
    page = html.unescape(client.get(f"/draws/{DRAW}/2/print").text)
    done = attempt(office, 2)
    note = (folder / "draw.note").read_bytes().rpartition(b"\n\n")[0] + b"\n"
    for text in (note, done.manifest.encode(), done.result.encode()):
        assert hashlib.sha256(text).hexdigest() in page
    mine = [SECRETS[role] for role in ("officer", "inspector")]
    wanted = [done.seed, DICE, *mine, "两位监督员未到场", "监督员已到场，同意重抽"]
    assert [one for one in wanted if one not in page] == []
    order = ceremony.drawn(done.result)
    assert all(label in page for labels in order.values() for label in labels)


@pytest.mark.browser
def test_without_a_place_the_page_asks_by_itself(
    office: World, site: str, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 0)
    run(office, last=3)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}{HERE}/hall")
    page.wait_for_function("performance.getEntriesByType('resource').length > 3")
    run(office, 3, 4)
    page.wait_for_selector(".ball", timeout=15_000)
    assert sum("/events" in url for url in asked) == 1
    assert any(url.endswith("/stamp") for url in asked)
