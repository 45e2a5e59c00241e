"""Long work: it goes on behind the page, its beginner finds it again, nobody else sees it."""

from __future__ import annotations

import json
import time
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient

from exam_system import running
from exam_system.access import Role
from exam_system.draws import dry_runs
from exam_system.draws.rehearsal import RUNS, rehearse
from tests.draws.ceremony import EXAM
from tests.world import World

PAGE = f"/exams/{EXAM}/draws/order/rehearsal"
HOME = "/office/exams"


@pytest.fixture
def database() -> str:
    """Nothing of it is in the database."""
    return "sqlite"


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Dry runs stop after their first run until this is set, and no page waits for them."""
    event = Event()

    def slow(manifest: Any, tell: Any) -> Any:
        tell(1, RUNS)
        assert event.wait(20)
        return rehearse(manifest, tell=tell)

    monkeypatch.setattr(dry_runs, "rehearse", slow)
    monkeypatch.setattr(running, "PATIENCE", 0.0)
    return event


def _client(office: World, role: Role, app: Any) -> FlaskClient:
    client = office.client(app, role)
    client.set_cookie("language", "en")
    return client


def _asked(client: FlaskClient, name: str) -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"/work/{name}.json").json
    return told


def test_it_goes_on_and_is_found_again(office: World, go_on: Event) -> None:
    app = office.app()
    officer, inspector = (_client(office, one, app) for one in (Role.OFFICER, Role.INSPECTOR))
    assert "Nothing of yours takes long" in officer.get("/work").text
    assert officer.post(PAGE).location == PAGE
    name = running.Work("rehearsal", f"{EXAM}-order", PAGE).name
    assert "You can leave this page" in officer.get(HOME).text
    assert _asked(officer, name)["running"]
    again = officer.post(PAGE, follow_redirects=True).text
    assert "This is under way already" in again
    assert "You can leave this page" not in inspector.get("/oversight").text
    assert inspector.get(f"/work/{name}.json").status_code == 404
    go_on.set()
    until = time.monotonic() + 20
    while _asked(officer, name)["running"] and time.monotonic() < until:
        time.sleep(0.02)
    assert "Dry run of a draw" in officer.get(HOME).text  # how it ended is told once
    assert "Dry run of a draw" not in officer.get(HOME).text
    assert "Dry run of a draw" in officer.get("/work").text
    assert "The draw can be held" in officer.get(PAGE).text


def test_what_died_with_the_server_says_so(office: World, go_on: Event) -> None:
    go_on.set()
    officer = _client(office, Role.OFFICER, office.app())
    officer.post(PAGE)
    account = office.people[Role.OFFICER].account_id
    (path,) = (office.config.instance / running.FOLDER / str(account)).glob("*.json")
    until = time.monotonic() + 20
    while not json.loads(path.read_bytes())["ended"] and time.monotonic() < until:
        time.sleep(0.02)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "ended": False, "seen": False}))
    assert "The server was stopped meanwhile" in officer.get(HOME).text
