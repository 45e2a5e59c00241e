"""Accounts: registering, logging in and out, guessing, closing."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import service
from exam_system.accounts.models import Account, LoginSession, Person
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound, Sentence
from exam_system.records.models import Act, ActDetail
from exam_system.web import safe_path
from tests.world import PASSWORD, World

ID = "11010519491231002X"
SECOND_ID = "440524188001010014"
WHO = {"name": "欧阳𬭎", "phone": "138 0013 8000", "password": "ten letters"}


def register(world: World, id_number: str = ID, **changes: str) -> Account:
    with world.acting(PUBLIC) as ctx:
        return service.register_candidate(ctx, id_number=id_number, **(WHO | changes))


def log_in(client: FlaskClient, login: str, password: str) -> int:
    return client.post("/login", data={"login": login, "password": password}).status_code


def test_a_candidate_registers_once_and_nothing_private_lies_open(world: World) -> None:
    register(world)
    with pytest.raises(Conflict, match="registered already"):
        register(world, id_number="１１０１０５ 19491231 002x", name="另一个人")
    with world.acting(PUBLIC) as ctx:
        person = ctx.session.scalars(select(Person)).one()
        assert world.keys.vault.open(person.id_sealed) == ID
        assert world.keys.vault.open(person.phone_sealed) == "13800138000"
        rows = [
            *ctx.session.scalars(select(Act.entry)),
            *ctx.session.scalars(select(Account.username)),
        ]
        rows += ctx.session.scalars(select(ActDetail.details)).all()
        for row in rows:
            text = row.decode() if isinstance(row, bytes) else row
            assert not any(secret in text for secret in (ID, "13800138000", "欧阳"))


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    "bad",
    [
        {"id_number": "110105194912310021"},
        {"id_number": "11010519491331002X"},
        {"name": "张\u202e三"},
        {"phone": "12345"},
        {"password": "too short"},
    ],
)
def test_bad_input_is_refused_with_a_sentence_and_leaves_nothing(
    world: World, bad: dict[str, str]
) -> None:
    with pytest.raises(Sentence):
        register(world, **bad)
    with world.acting(PUBLIC) as ctx:
        assert ctx.session.scalars(select(Person)).all() == []


def test_candidates_log_in_with_their_id_number_and_staff_with_their_name(world: World) -> None:
    register(world)
    app = world.app()
    assert log_in(app.test_client(), "110105 19491231 002x", WHO["password"]) == 302
    assert log_in(app.test_client(), "officer", PASSWORD) == 302
    unknown = app.test_client().post("/login", data={"login": SECOND_ID, "password": "whatever12"})
    wrong = app.test_client().post("/login", data={"login": ID, "password": "whatever12"})
    assert unknown.status_code == wrong.status_code == 401
    pages = [re.sub('(nonce|value)="[^"]+"', "", answer.text) for answer in (wrong, unknown)]
    assert pages[0].replace(ID, "") == pages[1].replace(SECOND_ID, "")


def test_guessing_is_slowed_down_and_the_right_one_gets_in_after_the_wait(world: World) -> None:
    client = world.app().test_client()
    answers = [log_in(client, "officer", f"guess number {n}") for n in range(12)]
    assert answers[:5] == [401] * 5
    assert set(answers[5:]) == {429}
    assert log_in(client, "officer", PASSWORD) == 429
    world.clock.advance(minutes=16)
    assert log_in(client, "officer", PASSWORD) == 302


def test_a_session_ends_in_the_database_at_logout(world: World) -> None:
    app = world.app()
    client = world.client(app, Role.OFFICER)
    cookie = client.get_cookie("exam")
    assert cookie is not None
    assert client.get("/office/exams").status_code == 200
    assert client.post("/logout").status_code == 302
    thief = app.test_client()
    thief.set_cookie("exam", cookie.value)
    assert thief.get("/office/exams").status_code == 302
    assert thief.get("/office/exams").location.startswith("/login")


def test_a_session_ends_with_its_time_and_with_its_account(world: World) -> None:
    app = world.app()
    officer, admin = world.client(app, Role.OFFICER), world.client(app, Role.ADMIN)
    assert admin.post("/users/close", data={"username": "officer"}).status_code == 302
    assert officer.get("/office/exams").status_code == 302
    world.clock.advance(hours=13)
    assert admin.get("/users").status_code == 302


def test_a_planted_session_is_worth_nothing_after_login(world: World) -> None:
    client = world.app().test_client()
    client.get("/login")
    planted = client.get_cookie("exam")
    log_in(client, "officer", PASSWORD)
    after = client.get_cookie("exam")
    assert after is not None
    assert planted is None or planted.value != after.value
    with world.acting(PUBLIC) as ctx:
        stored = ctx.session.scalars(select(LoginSession.token_digest)).all()
        assert all(digest not in after.value for digest in stored)


def test_only_administrators_make_accounts_and_nobody_makes_a_candidate(world: World) -> None:
    new = {"username": "x", "name": "某某", "password": PASSWORD, "office": "考试中心"}
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        service.create_account(ctx, role=Role.OFFICER, **new)
    with world.acting(Role.ADMIN) as ctx:
        with pytest.raises(Invalid, match="cannot be given"):
            service.create_account(ctx, role=Role.CANDIDATE, **new)
        with pytest.raises(Invalid, match="Name the office"):
            service.create_account(ctx, role=Role.OFFICER, **(new | {"office": " "}))
        with pytest.raises(Invalid, match="no office"):
            service.create_account(ctx, role=Role.INTERVIEWER, **new)
        with pytest.raises(Conflict, match="taken"):
            service.create_account(ctx, role=Role.OFFICER, **(new | {"username": "officer"}))
        with pytest.raises(Conflict, match="their own"):
            service.close_account(ctx, username="admin")
        with pytest.raises(NotFound):
            service.close_account(ctx, username="nobody")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/my?x=1", "/my?x=1"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/a\nb", "/"),
        ("javascript:alert(1)", "/"),
        (None, "/"),
    ],
)
def test_after_login_one_stays_on_this_site(target: str | None, path: str) -> None:
    assert safe_path(target) == path


def test_the_page_that_was_asked_for_comes_after_the_login(world: World) -> None:
    client = world.app().test_client()
    asked = client.get("/office/exams")
    assert asked.status_code == 302
    answer = client.post(asked.location, data={"login": "officer", "password": PASSWORD})
    assert answer.location == "/office/exams"
