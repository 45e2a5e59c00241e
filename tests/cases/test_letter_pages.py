"""The pages of letters: writing with proof of work, asking with the code, the desks."""

from __future__ import annotations

import io
import re
from math import inf

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.cases.models import Letter, LetterDocument
from exam_system.cases.questions import publish_question, withdraw_question
from exam_system.context import PUBLIC
from exam_system.registration.documents import discard_documents
from tests.accounts.doors import card, puzzle_of, solve
from tests.cases.test_letters import answer, second_officer, write
from tests.world import World

LETTER = {
    "kind": "letter",
    "topic": "registration",
    "title": "照片尺寸",
    "text": "请问报名照片多大？",
    "name": "王小明",
    "phone": "13800138000",
    "exam": "",
}


@pytest.fixture
def database() -> str:
    return "sqlite"


def solved(client: FlaskClient) -> str:
    """The proof of work for the form, found as the browser does."""
    return solve(puzzle_of(client.get("/letters/write").text))


def send(client: FlaskClient, **other: object) -> tuple[str, str]:
    """Send the letter; service number and code."""
    answer = client.post("/letters/write", data={**LETTER, "altcha": solved(client), **other})
    assert answer.status_code == 200, answer.text
    number = re.search(r"FW\d{10}", answer.text)
    code = re.search(r"\b\d{16}\b", answer.text)
    assert number is not None
    assert code is not None
    return number[0], code[0]


def one(world: World) -> Letter:
    with world.context(PUBLIC).session as db:
        return db.scalars(select(Letter)).one()


def test_without_proof_of_work_nothing_is_taken_in(world: World) -> None:
    client = world.app().test_client()
    answer = client.post("/letters/write", data=LETTER)
    assert answer.status_code == 422
    assert LETTER["text"] in answer.text  # nobody types it twice
    proof = solved(client)
    assert client.post("/letters/write", data={**LETTER, "altcha": proof}).status_code == 200
    assert client.post("/letters/write", data={**LETTER, "altcha": proof}).status_code == 422
    assert one(world).kind == "letter"


def test_all_that_is_wrong_is_said_at_once_beside_its_field(world: World) -> None:
    client = world.app().test_client()
    wrong = {**LETTER, "title": " ", "name": "王7", "phone": "１３８", "altcha": solved(client)}
    page = client.post("/letters/write", data=wrong)
    assert page.status_code == 422
    links = re.findall(r'<li><a class="alert-link" href="#(\w+)">', page.text)
    assert links == ["title", "name", "phone"]
    assert [f'id="{name}-error"' in page.text for name in links] == [True] * 3
    assert all(text in page.text for text in (LETTER["text"], "王7", "１３８"))
    right = {**LETTER, "phone": "＋86 138-0013 8000", "altcha": solved(client)}
    assert client.post("/letters/write", data=right).status_code == 200


def test_number_and_code_show_how_far_it_is_and_give_the_slip(world: World) -> None:
    app = world.app()
    client = app.test_client()
    number, code = send(client)
    asked = {"number": number, "code": code}
    page = client.post("/letters/status", data=asked)
    assert LETTER["text"] in page.text
    assert page.headers["Cache-Control"] == "no-store"
    wrong = client.post("/letters/status", data={**asked, "code": "1" * 16})
    assert wrong.status_code == 404
    assert LETTER["text"] not in wrong.text
    assert client.post("/letters/slip", data=asked).data.startswith(b"%PDF")
    for _ in range(8):
        last = client.post("/letters/status", data={**asked, "code": "1" * 16})
    assert last.status_code == 429


def test_a_document_is_seen_by_its_own_desk_alone(world: World) -> None:
    app = world.app()
    client = app.test_client()
    send(client, files=(io.BytesIO(card()), "身份证.jpg"))
    with world.context(PUBLIC).session as db:
        document = db.scalars(select(LetterDocument)).one()
    url = f"/office/letters/{one(world).ref}/documents/{document.ref}"
    officer, inspector = (world.client(app, role) for role in (Role.OFFICER, Role.INSPECTOR))
    assert discard_documents(world.config, set(), inf) == 0  # the nightly sweep of the waivers
    assert officer.get(url).data.startswith(b"\xff\xd8")
    assert inspector.get(url).status_code == 404
    assert client.get(url).status_code == 302
    assert inspector.get(f"/office/letters/{one(world).ref}").status_code == 404


def test_an_answer_is_followed_up(world: World) -> None:
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.OFFICER, "officer2")
    app = world.app()
    client, officer = app.test_client(), world.client(app, Role.OFFICER)
    number, code = send(client)
    desk = f"/office/letters/{one(world).ref}"
    officer.post(f"{desk}/assign", data={"owner": "officer", "deputy": "officer2"})
    officer.post(f"{desk}/handle", data={"finding": "已核对"})
    officer.post(f"{desk}/reply", data={"text": "295×413像素"})
    refused = officer.post(
        f"{desk}/publish",
        data={"asked": "王小明问照片多大", "answer": "295×413像素"},
        follow_redirects=True,
    )
    assert "王小明" in refused.text
    assert client.get("/letters").text.count("295×413") == 0
    officer.post(f"{desk}/publish", data={"asked": "照片多大？", "answer": "295×413像素"})
    assert "295×413" in client.get("/letters?q=照片").text
    mine = {"number": number, "code": code, "grade": "5"}
    long = client.post("/letters/follow", data={**mine, "remark": "不清楚" * 400})
    assert long.status_code == 422
    assert long.text.count("不清楚" * 400) == 1  # with the answer, and the form as it was sent
    assert "295×413" in long.text
    done = {**mine, "remark": "好"}
    followed = client.post("/letters/follow", data=done)
    assert (followed.status_code, followed.location) == (307, "/letters/status")
    page = client.post(followed.location, data=done)  # as a browser does
    assert "5/5" in page.text
    assert one(world).state == "closed"
    assert "<rect" in client.get("/letters/topics").text


def test_what_came_by_telephone_is_entered_with_its_number_and_code(world: World) -> None:
    officer = world.client(world.app(), Role.OFFICER)
    page = officer.post("/office/letters", data={**LETTER, "channel": "phone"})
    assert re.search(r"FW\d{10}", page.text)
    assert "照片尺寸" in officer.get("/office/letters").text
    officer.post("/office/letters/away", data={"begins": "x", "ends": "2026-03-04"})
    table = officer.post("/lists/letters/csv").text
    assert "照片尺寸" in table
    assert "王小明" not in table


def test_public_pages_of_letters_are_kept_until_something_is_published(world: World) -> None:
    second_officer(world)
    client = world.app().test_client()
    refs = [write(world, title=f"第{n}封").letter.ref for n in range(2)]
    pages = ["/letters", "/letters?q=照片", "/letters/topics"]
    before = {path: client.get(path).headers["ETag"] for path in pages}
    for path, tag in before.items():
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    for ref in refs:
        answer(world, ref)
    with world.acting(Role.OFFICER) as ctx:
        made = [publish_question(ctx, ref=ref, asked="照片多大？", answer="白底。") for ref in refs]
    after = {path: client.get(path).headers["ETag"] for path in pages}
    assert not set(before.values()) & set(after.values())
    page = f"/letters/questions/{made[0].ref}"
    tag = client.get(page).headers["ETag"]
    assert client.get(page, headers={"If-None-Match": tag}).status_code == 304
    with world.acting(Role.OFFICER) as ctx:
        withdraw_question(ctx, ref=made[0].ref, reason="过时")
    assert client.get(page, headers={"If-None-Match": tag}).status_code == 404
    assert client.get("/letters").text.count("/letters/questions/") == 1
