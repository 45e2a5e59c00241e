"""The pages of the exam day: whose room they show, what phones may send, boards by place."""

from __future__ import annotations

import csv
import io
import json
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.service import log_in
from exam_system.attendance.models import RoomStep
from exam_system.attendance.staff import place_of, rooms_of
from exam_system.context import PUBLIC, Actor
from exam_system.errors import Conflict, Forbidden
from exam_system.exams.models import Exam
from tests.attendance.day import (
    CODE,
    NEXT,
    OTHER,
    ROOM,
    STAFF,
    SUBJECT,
    begins,
    member,
    noted,
    numbers,
    send,
    watcher,
)
from tests.world import World

BOARD = f"/day/{CODE}/{SUBJECT}"


@pytest.fixture
def app(world: World) -> Flask:
    return world.app()


def client(world: World, app: Flask, who: Actor) -> FlaskClient:
    """A browser with an open session of somebody."""
    with world.acting(PUBLIC) as ctx:
        account = ctx.session.get_one(Account, who.account_id)
        token = log_in(ctx, account=account)
    made = app.test_client()
    with made.session_transaction() as session:
        session["token"] = token
    return made


def test_everybody_sees_their_own_place(world: World, exam: Exam, app: Flask) -> None:
    mine = client(world, app, watcher(world, ROOM))
    assert mine.get("/day").text.count("市第一中学考点") == 2  # two sessions in one room
    home = mine.get("/home", follow_redirects=True).text
    assert home.count("市第一中学考点 · ") == 2
    assert f'href="{BOARD}/1/1/1"' in home
    assert "监考员" in home  # the duty sheet of the post
    page = mine.get(f"{BOARD}/1/1/1")
    assert page.status_code == 200
    assert "52040219970101" not in page.text  # ID numbers are masked, births are not told
    assert "520402********" in page.text
    others = ("/1/1/2", "/1/1/2/photos.json", "/1/2/1/state.json", "")
    for path in (BOARD + other for other in others):
        assert mine.get(path).status_code == 403, path
    head = client(world, app, member(world, "S1"))
    assert "市第一中学考点" in head.get("/today").text
    assert head.get(f"{BOARD}/1/1/2").status_code == 200
    assert head.get(f"{BOARD}/1/2/1").status_code == 403
    assert "市第二中学" not in head.get(BOARD).text
    assert "市第二中学" not in head.get(f"{BOARD}?district=1&site=2").text
    everything = client(world, app, member(world, "H1"))
    assert "考区2" in everything.get(BOARD).text
    assert "市第二中学" in everything.get(f"{BOARD}?district=1").text
    table = head.post("/lists/attendance/csv", data={"code": CODE, "session": SUBJECT})
    rows = list(csv.reader(io.StringIO(table.data.decode("utf-8-sig"))))[1:]
    assert {row[1] for row in rows} == {"市第一中学考点"}


def test_places_go_by_the_exam(world: World, exam: Exam) -> None:
    people = {name: member(world, name).account_id for name in ("S1", "S2", "D1", "H1")}
    with world.context(world.people[Role.OFFICER]).session as db:
        found = {
            name: len(rooms_of(db, place_of(db, account, CODE))) for name, account in people.items()
        }
        assert found == {"S1": 2, "S2": 1, "D1": 3, "H1": 4}
        for role in (Role.REVIEWER, Role.MARKER, Role.SITE, Role.INVIGILATOR):
            with pytest.raises(Forbidden):
                place_of(db, world.people[role].account_id, CODE)


def test_a_phone_sends_json_with_its_token(world: World, exam: Exam, app: Flask) -> None:
    mine, number = client(world, app, watcher(world, ROOM)), numbers(world, ROOM)[0]
    mark = {"client": str(uuid.uuid4()), "number": number, "kind": "present", "at": 0}
    body = {"sent_at": 0, "marks": [mark]}
    app.config["WTF_CSRF_ENABLED"] = True
    assert mine.post(f"{BOARD}/1/1/1/marks", json=body).status_code == 422
    app.config["WTF_CSRF_ENABLED"] = False
    answer = mine.post(f"{BOARD}/1/1/1/marks", json=body)
    assert json.loads(answer.text)["taken"][0]["outcome"] == "counts"
    assert json.loads(answer.text)["state"]["people"][number]["marks"] == [mark["client"]]
    assert (
        json.loads(mine.get(f"{BOARD}/1/1/1/state.json").text)["people"]
        == json.loads(answer.text)["state"]["people"]
    )
    wrong = mine.post(f"{BOARD}/1/1/1/marks", json={"marks": "x"})
    assert (wrong.status_code, json.loads(wrong.text)["error"] != "") == (422, True)
    assert mine.post(f"{BOARD}/1/1/2/marks", json=body).status_code == 403
    late = client(world, app, member(world, "S1"))
    form = {"number": number, "state": "absent", "reason": "核实后无人"}
    assert late.post(f"{BOARD}/1/1/1/settle", data=form).status_code == 302
    assert "核实后无人" in late.get(f"{BOARD}/1/1/1").text


def test_the_board_costs_the_same_however_many_rooms(world: World, exam: Exam, app: Flask) -> None:
    seen: list[str] = []
    engine = app.extensions["office"].engine
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(str(args[2])))
    costs = []
    for who in ("S2", "H1"):
        reader = client(world, app, member(world, who))
        reader.get(BOARD)
        seen.clear()
        assert reader.get(BOARD).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1], costs
    for codes in (ROOM, NEXT, OTHER):
        send(world, member(world, "H1"), codes, *map(noted, numbers(world, codes)))
    seen.clear()
    page = reader.get(BOARD).text
    assert len(seen) == costs[1]
    assert f"<b>{sum(len(numbers(world, one)) for one in (ROOM, NEXT, OTHER))}</b>" in page


def test_steps_and_signatures_are_refused_in_words(world: World, exam: Exam, app: Flask) -> None:
    mine = client(world, app, watcher(world, ROOM))
    answer = mine.post(f"{BOARD}/1/1/1/step", data={"step": "packed", "papers": "3"})
    assert answer.status_code == 302
    assert "考场各环节须按顺序登记" in mine.get(f"{BOARD}/1/1/1").text
    mine.post(f"{BOARD}/1/1/1/step", data={"step": "received", "papers": "31"})
    with world.context(watcher(world, ROOM)).session as db:
        assert db.scalars(select(RoomStep.papers)).all() == [31]
    world.clock.set(begins(world) + timedelta(hours=3))
    mine = client(world, app, watcher(world, ROOM))
    mine.post(f"{BOARD}/1/1/1/sign", data={"digest": "0" * 64})
    assert "试卷尚未清点装袋" in mine.get(f"{BOARD}/1/1/1").text


def test_the_staff_comes_in_by_a_table_and_gets_accounts(
    world: World, exam: Exam, app: Flask
) -> None:
    office = world.client(app, Role.OFFICER)
    path = f"/office/exams/{CODE}/day/staff"
    assert "考点丙" in office.get(path).text

    def sent(text: str) -> str:
        file = {"file": (io.BytesIO(text.encode()), "staff.csv")}
        return office.post(path, data=file, content_type="multipart/form-data").text

    assert "职责" in sent(STAFF.replace("负责人", "校长"))
    assert "没有考点" in sent(STAFF.replace("市第一中学考点", "市第九中学"))
    assert "<del>" in sent(STAFF.replace("考点丙", "考点戊"))
    issued = office.post(f"/office/exams/{CODE}/day/accounts", data={})
    assert issued.text.count("<td><code>") == 2 * (4 + 8)
    again = client(world, app, watcher(world, ROOM))
    assert again.get("/day").status_code == 200
    office.post(f"/office/exams/{CODE}/day/accounts", data={})
    assert again.get("/day").status_code == 302  # issuing anew ends open sessions


def test_the_sign_in_begins_hours_before(world: World, exam: Exam) -> None:
    number = numbers(world, ROOM)[0]
    world.clock.at = begins(world) - timedelta(hours=5)
    with pytest.raises(Conflict):
        send(world, watcher(world, ROOM), ROOM, noted(number))
