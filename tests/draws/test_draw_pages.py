"""The pages: who sees what, what stays when refused, what the public can recompute."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from exam_system.access import Role
from exam_system.draws.recipes import RECIPES, Recipe
from exam_system.verify.run import verify
from tests.draws import ceremony
from tests.draws.ceremony import DICE, DRAW, EXAM, SECRETS, attempt, commitment, cosign, run
from tests.world import World, fresh_code

HERE = f"/draws/{DRAW}/1"


@pytest.fixture
def app(office: World) -> Flask:
    return office.app()


@pytest.fixture
def officer(office: World, app: Flask) -> FlaskClient:
    return office.client(app, Role.OFFICER)


@pytest.fixture
def inspector(office: World, app: Flask) -> FlaskClient:
    return office.client(app, Role.INSPECTOR)


def _text(client: FlaskClient, url: str) -> str:
    client.set_cookie("language", "en")
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def _post(client: FlaskClient, step: str, **data: str) -> None:
    answer = client.post(f"{HERE}/{step}", data=data)
    assert answer.status_code == 302, answer.text


def _approve(office: World, inspector: FlaskClient) -> str:
    """The inspector reads what waits and approves it; what the page said."""
    page = _text(inspector, "/approvals")
    (ref,) = re.findall("/approvals/([a-z2-7]+)/approve", page)
    assert inspector.post(f"/approvals/{ref}/approve", data=_code(office)).status_code == 302
    return page


def _code(office: World) -> dict[str, str]:
    with office.acting(Role.INSPECTOR) as ctx:
        return {"code": fresh_code(ctx)}


def _lines(page: str) -> list[str]:
    return re.findall(r'<pre class="proof-line" tabindex="0">(.*?)</pre>', page, re.S)


def test_a_whole_ceremony_through_the_pages(
    office: World, app: Flask, officer: FlaskClient, inspector: FlaskClient
) -> None:
    public = app.test_client()
    where, freeze = f"/exams/{EXAM}/draws/office", f"/exams/{EXAM}/draws/order/freeze"
    assert "Ask for approval" in _text(officer, where)
    assert "Ask for approval" not in _text(inspector, where)
    assert officer.post(freeze).location.endswith("/draws/office")
    assert "approval of somebody else" in _text(officer, where)
    assert officer.post(freeze, data={"ask": "1"}).location.endswith("/draws/office")
    assert "Waiting for the approval of an inspector" in _text(officer, where)
    assert "19 in the draw, in 2 groups, for 17 places" in _approve(office, inspector)
    assert "Freeze the list" in _text(officer, where)
    assert "Freeze the list" not in _text(inspector, where)
    assert officer.post(freeze).location == f"{HERE}/ceremony"
    assert "Make your secret" in _text(officer, f"{HERE}/ceremony")
    _post(officer, "commit", commitment=commitment("officer"))
    assert "It is not your turn" in _text(officer, f"{HERE}/ceremony")
    _post(inspector, "commit", commitment=commitment("inspector"))
    assert "It is not your turn" in _text(inspector, f"{HERE}/ceremony")
    assert "Throw the dice" in _text(officer, f"{HERE}/ceremony")
    _post(officer, "dice", digits=DICE, again=DICE)
    assert "Look at the dice themselves" in _text(inspector, f"{HERE}/ceremony")
    assert DICE not in _text(inspector, f"{HERE}/ceremony")
    _post(inspector, "confirm", digits=DICE)
    assert SECRETS["officer"] not in _text(public, HERE)
    _post(officer, "reveal/officer", secret=SECRETS["officer"])
    assert "Waiting for the other secrets" in _text(officer, f"{HERE}/ceremony")
    _post(inspector, "reveal/inspector", secret=SECRETS["inspector"])
    _post(officer, "finish")
    page = _text(officer, f"{HERE}/ceremony")
    assert "signature of tests.example/inspector under the draw's result" in page
    assert "signature under the newest head of the log" in page
    assert "It counts when the inspector has signed" in _text(public, HERE)
    cosign(office)
    assert "Everything is signed" in _text(inspector, f"{HERE}/ceremony")
    assert "cannot be taken back" in _text(officer, f"{HERE}/ceremony")
    _post(officer, "publish", ask="1")
    _approve(office, inspector)
    _post(officer, "publish")
    assert ceremony.bundle(office).is_dir()
    assert "The draw is over" in _text(officer, f"{HERE}/ceremony")
    page = _text(public, HERE)
    assert "data-follow" not in page
    for path in ceremony.bundle(office).glob("*.*"):
        assert path.name in page


def test_every_line_shown_to_the_public_gives_what_the_page_says(
    office: World, app: Flask, tmp_path: Path
) -> None:
    run(office)
    page = _text(app.test_client(), HERE)
    done = attempt(office)
    manifest = app.test_client().get(f"{HERE}/manifest.json").data
    assert hashlib.sha256(manifest).hexdigest() == done.manifest_digest
    (tmp_path / "manifest.json").write_bytes(manifest)
    (tmp_path / "transcript.txt").write_bytes(ceremony.transcript(done.manifest_digest))
    lines = [line for line in _lines(page) if "sha256sum" in line]
    answers = [
        subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
        for line in lines
    ]
    digests = [answer.stdout.split()[0] for answer in answers]
    label = ceremony.labels("g1", 12)[0]
    assert digests == [
        done.manifest_digest,
        commitment("officer"),
        commitment("inspector"),
        done.seed,
        done.seed,
        hashlib.sha256(f"{done.seed}:order:{label}".encode()).hexdigest(),
    ]
    for digest in digests:
        assert digest in page


def test_balls_and_the_order_are_on_the_public_page(office: World, app: Flask) -> None:
    run(office)
    page = _text(app.test_client(), HERE)
    balls = re.findall(r'<span class="ball" aria-hidden="true">(\d)</span>', page)
    assert "".join(balls) == DICE
    page = page.replace(",\n", ", ")
    order = ceremony.drawn(attempt(office).result)
    for group, labels in order.items():
        size = ceremony.PEOPLE[group] - 5
        rest = (labels[:4], labels[4 : 4 + size], labels[4 + size :])
        for part in rest:
            assert f">{', '.join(part)}</td>" in page


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("steps", range(9))
def test_the_public_page_at_every_step(office: World, app: Flask, steps: int) -> None:
    run(office, last=steps)
    public = app.test_client()
    assert ("Attempt 1 of 1" in _text(public, f"/exams/{EXAM}/draws")) == (steps > 0)
    if steps:
        page = _text(public, HERE)
        assert attempt(office).manifest_digest in page
        assert "data-follow" in page
        assert (SECRETS["officer"] in page) == (steps >= 6)
        assert (SECRETS["inspector"] in page) == (steps >= 7)
        assert (attempt(office).seed in page) if steps == 8 else "Seed" not in page
    else:
        assert public.get(HERE).status_code == 404


def test_what_was_typed_stays_when_it_is_refused(
    office: World, officer: FlaskClient, inspector: FlaskClient
) -> None:
    run(office, last=3)
    officer.set_cookie("language", "en")
    answer = officer.post(f"{HERE}/dice", data={"digits": "123", "again": "124"})
    assert answer.status_code == 422
    assert "The two lines of digits differ" in answer.text
    assert 'value="123"' in answer.text
    answer = officer.post(f"{HERE}/dice", data={"digits": "123", "again": "123"})
    assert answer.status_code == 422
    assert "exactly 20 digits" in answer.text
    run(office, 3, 4)
    inspector.set_cookie("language", "zh")
    answer = inspector.post(f"{HERE}/confirm", data={"digits": "1" * 20})
    assert answer.status_code == 409
    assert "与考务人员录入的点数不一致" in answer.text
    assert f'value="{"1" * 20}"' in answer.text
    run(office, 4, 5)
    inspector.set_cookie("language", "zh")
    answer = inspector.post(f"{HERE}/reveal/inspector", data={"secret": "0" * 64})
    assert answer.status_code == 409
    assert "这不是监督员所承诺的密数" in answer.text


def test_void_approve_and_again(
    office: World, app: Flask, officer: FlaskClient, inspector: FlaskClient
) -> None:
    run(office, last=3)
    answer = officer.post(f"{HERE}/void", data={"reason": ""})
    assert answer.status_code == 422
    _post(officer, "void", reason="公证人员临时缺席")
    assert "Freeze the list" not in _text(officer, f"/exams/{EXAM}/draws/office")
    assert officer.post(f"/exams/{EXAM}/draws/order/freeze").location.endswith("/draws/office")
    assert "Approve another attempt" in _text(inspector, f"{HERE}/ceremony")
    assert "It is not your turn" in _text(officer, f"{HERE}/ceremony")
    wrong = {"reason": "人员到齐，同意", "code": "000000"}
    answer = inspector.post(f"{HERE}/approve", data=wrong)
    assert answer.status_code == 422
    assert "The code is wrong" in answer.text
    assert "人员到齐，同意" in answer.text
    _post(inspector, "approve", **{**wrong, **_code(office)})
    office.approved("draws.freeze_draw", code=EXAM, kind="order")
    answer = officer.post(f"/exams/{EXAM}/draws/order/freeze")
    assert answer.location == f"/draws/{DRAW}/2/ceremony"
    page = _text(app.test_client(), f"/exams/{EXAM}/draws")
    assert "Attempt 1 of 2" in page
    assert "Attempt 2 of 2" in page
    for words in ("公证人员临时缺席", "人员到齐，同意"):
        assert words in page
        assert words in _text(app.test_client(), HERE)


def test_the_sealed_copies_after_the_dice(
    office: World, officer: FlaskClient, inspector: FlaskClient
) -> None:
    run(office, last=6)  # the officer has revealed, the inspector has not
    officer.set_cookie("language", "en")
    data = {"reason": "密封件不符", "sealed": SECRETS["inspector"]}
    answer = officer.post(f"{HERE}/void", data=data)
    assert answer.status_code == 409
    assert "The sealed copy holds" in answer.text
    assert "密封件不符" in answer.text
    _post(officer, "reveal/inspector", secret=SECRETS["inspector"])
    assert attempt(office).state == "revealed"


def test_the_office_says_what_is_missing(
    office: World, officer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [{"id": "g", "labels": ["a"], "slots": [{"id": "s", "capacity": 3}]}]
    recipe = Recipe("order", "deal/v1", "order", lambda *_: (groups, {}), ceremony.apply, ())
    monkeypatch.setitem(RECIPES, "order", recipe)
    page = _text(officer, f"/exams/{EXAM}/draws/office")
    assert "needs 3 people, at most 1 can serve there: short by 2" in page
    assert "Freeze the list" not in page
    officer.set_cookie("language", "zh")
    assert "还缺2人" in officer.get(f"/exams/{EXAM}/draws/office").text


def test_what_a_draw_of_seats_did_not_find_is_said_and_published(
    office: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of three posts alone can be kept apart in two columns of three; all of them cannot."""
    group = {
        "id": "g",
        "labels": ["k-1", "k-2", "k-3", "k-4", "k-5", "k-6"],
        "apart": {"post": ["p", "p", "q", "q", "r", "r"]},
        "slots": [
            {"id": "r1", "layout": "2x3", "capacity": 6},
            {"id": "r2", "layout": "2x3", "capacity": 6},
        ],
    }
    recipe = Recipe("order", "seats/v1", "order", lambda *_: ([group], {}), ceremony.apply, ())
    monkeypatch.setitem(RECIPES, "order", recipe)
    folder = ceremony.published(office)
    (drawn,) = json.loads((folder / "result.json").read_bytes())["groups"]
    assert drawn["left"]
    page = app.test_client().get(HERE).text
    assert f"result.json逐项列明：{len(drawn['left'])}项" in page
    assert ">r1<" in page
    assert ">r2<" not in page  # nobody sits there
    assert verify([folder.parent]).refused == []


def test_strangers_are_kept_out_of_the_ceremony(office: World, app: Flask) -> None:
    run(office, last=1)
    marker, public = office.client(app, Role.MARKER), app.test_client()
    assert marker.get(f"{HERE}/ceremony").status_code == 403
    assert marker.post(f"{HERE}/commit", data={"commitment": "1" * 64}).status_code == 403
    assert public.get(f"{HERE}/ceremony").status_code == 302
    assert public.post(f"{HERE}/dice").status_code == 401
    assert public.get(f"/draws/{DRAW}/0").status_code == 404
    assert public.get(f"/draws/{DRAW}/99999999999999999999").status_code == 404


def test_public_pages_ask_the_database_no_more_for_more_attempts(office: World, app: Flask) -> None:
    def count(url: str) -> int:
        seen: list[str] = []
        engine = app.extensions["office"].engine
        hear = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", hear)
        assert app.test_client().get(url).status_code == 200
        event.remove(engine, "before_cursor_execute", hear)
        return len(seen)

    run(office, last=1)
    index, page = count(f"/exams/{EXAM}/draws"), count(HERE)
    for number in (1, 2):
        with office.acting(Role.OFFICER) as ctx:
            ceremony.void(ctx, number)
        with office.acting(Role.INSPECTOR) as ctx:
            ceremony.approve(ctx, number)
        run(office, 0, 1, number + 1)
    assert count(f"/exams/{EXAM}/draws") == index
    assert count(HERE) == page
