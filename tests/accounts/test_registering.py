"""Registration and log-in tell nobody which ID numbers are known, cost work, and slow down."""

from __future__ import annotations

import json
import threading
from base64 import b64decode, b64encode

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.accounts import consents, doors, service
from exam_system.accounts.models import Account, Consent, LoginFailure, Person, Signup
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Invalid, Refused
from exam_system.records.models import Act, ActDetail
from tests.accounts.doors import (
    BOTH,
    ID,
    OTHER_ID,
    PASSWORD,
    WHO,
    agreed,
    log_in,
    puzzle_of,
    register,
    solve,
    told,
    work_of,
)
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


def count(world: World, table: type) -> int:
    with world.context(PUBLIC).session as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def test_one_registers_agrees_and_is_let_in_by_the_first_login(world: World) -> None:
    client = world.app().test_client()
    answer = register(client)
    assert (answer.status_code, answer.location) == (303, "/login?registered=1")
    assert (count(world, Signup), count(world, Account)) == (1, len(world.people))
    assert log_in(client, password="not this one").status_code == 401
    assert log_in(client).location == "/home"
    assert client.get("/applications").status_code == 200
    assert count(world, Signup) == 0
    with world.context(PUBLIC).session as db:
        person = db.scalars(select(Person)).one()
        assert world.keys.vault.open(person.id_sealed) == ID
        texts = db.scalars(select(Consent.texts)).one().split()
        assert texts == [text.digest for text in consents.in_force(db)]
        act = db.scalars(select(Act).where(Act.kind == "accounts.register_candidate")).one()
        details = db.scalars(select(ActDetail.details).where(ActDetail.act_id == act.id)).one()
        assert json.loads(details)["agreed"] == texts


def test_known_and_unknown_numbers_get_the_same_answer_for_the_same_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.acting(PUBLIC) as ctx:
        service.register_candidate(ctx, **WHO, password=PASSWORD)
    app = world.app()
    register(app.test_client())  # what is done once only: tiles, keys.txt
    answers, work = {}, {}
    for number in (ID, OTHER_ID):
        client = app.test_client()
        page = client.get("/register").text
        form = {**WHO, "id_number": number, "password": PASSWORD, "again": PASSWORD}
        form |= {"agree": agreed(page), "altcha": solve(puzzle_of(page))}
        with work_of(world, app, monkeypatch) as done:
            sent = client.post("/register", data=form)
        with work_of(world, app, monkeypatch) as tried:
            wrong = log_in(client, number, "this is not it")
        answers[number] = told(sent), told(wrong, number)
        work[number] = done, tried
    assert answers[ID] == answers[OTHER_ID]
    assert answers[ID][1][0] == 401
    assert work[ID] == work[OTHER_ID]
    assert work[ID][0].count("Argon2id") == work[ID][1].count("Argon2id") == 1
    with world.context(PUBLIC).session as db:
        query = select(Act.kind, Act.actor).where(Act.subject.startswith("signup:"))
        assert db.execute(query).all() == [("accounts.ask_registration", "public")] * 3


def test_a_number_that_is_taken_stays_with_whoever_has_it(world: World) -> None:
    app = world.app()
    for number in range(2):
        client = app.test_client()
        assert register(client, password=f"password {number}", again=f"password {number}")
        if not number:
            assert log_in(client, password="password 0").location == "/home"
    assert log_in(app.test_client(), password="password 1").status_code == 401
    assert log_in(app.test_client(), password="password 0").location == "/home"


def test_a_registration_is_forgotten_after_a_day_and_the_newest_counts(world: World) -> None:
    app = world.app()
    for word in ("the first one", "the second one"):
        register(app.test_client(), password=word, again=word)
    assert log_in(app.test_client(), password="the first one").status_code == 401
    world.clock.advance(hours=25)
    assert log_in(app.test_client(), password="the second one").status_code == 401
    register(app.test_client(), id_number=OTHER_ID)
    with world.context(PUBLIC).session as db:
        assert db.scalars(select(Signup.id_blind)).all() == [world.keys.vault.blind(OTHER_ID)]


@pytest.mark.parametrize("database", BOTH)
def test_two_first_logins_at_once_make_one_account(world: World) -> None:
    app = world.app()
    register(app.test_client())
    together, answers = threading.Barrier(4), []

    def enter() -> None:
        client = app.test_client()
        together.wait()
        answers.append(log_in(client).status_code)

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    assert count(world, Person) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"id_number": "110105194912310021"},
        {"phone": "12345"},
        {"password": "too short", "again": "too short"},
        {"agree": []},
        {"agree": ["0" * 64]},
        {"again": "something else"},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(world: World, bad: dict[str, object]) -> None:
    answer = register(world.app().test_client(), **bad)
    assert answer.status_code in (200, 422)
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text
    assert (count(world, Signup), count(world, LoginFailure)) == (0, 0)


def spoilt(answer: str, **changes: object) -> str:
    """An answer whose puzzle says something else than what was signed."""
    payload = json.loads(b64decode(answer))
    payload["challenge"]["parameters"] |= changes
    return b64encode(json.dumps(payload).encode()).decode()


def test_work_is_done_once_in_time_for_this_form_and_cannot_be_made_up(world: World) -> None:
    client = world.app().test_client()
    answer = solve(puzzle_of(client.get("/register").text))
    foreign = solve(puzzle_of(client.get("/takeover").text))
    easy = spoilt(answer, keyPrefix="00", cost=1)
    longer = spoilt(answer, data={"for": "register", "most": 20, "until": 9_999_999_999})
    rubbish = b64encode(b"[[" * 900).decode()
    for wrong in ("", "x", rubbish, foreign, easy, longer, "9" * 5_000, b64encode(b"{}").decode()):
        refused = register(client, altcha=wrong)
        assert refused.status_code == 422, wrong
        assert "data-work" in refused.text
    assert register(client, altcha=answer).status_code == 303
    assert register(client, altcha=answer, id_number=OTHER_ID).status_code == 422
    late = solve(puzzle_of(client.get("/register").text))
    world.clock.advance(minutes=31)
    assert register(client, altcha=late).status_code == 422
    assert count(world, Signup) == 1


def test_a_new_text_is_agreed_to_at_the_next_login_before_anything_else(world: World) -> None:
    app = world.app()
    register(app.test_client())
    log_in(app.test_client())
    with world.acting(Role.OFFICER) as ctx:
        first = consents.first_texts()[0]
        with pytest.raises(Conflict, match="in force"):
            consents.publish_text(ctx, kind="registration", zh=first.zh, en=first.en)
        with pytest.raises(Invalid, match="1 to 10000"):
            consents.publish_text(ctx, kind="registration", zh=" ", en="x")
        row = consents.publish_text(ctx, kind="registration", zh="第二版", en="The second")
        assert (row.version, len(consents.every_text(ctx.session))) == (2, 3)
    client = app.test_client()
    assert log_in(client).location == "/login/consent"
    assert client.get("/applications").location.startswith("/login")
    page = client.get("/login/consent").text
    assert row.digest in page
    assert client.post("/login/consent", data={"agree": agreed(page)[1:]}).status_code == 422
    assert client.get("/applications").status_code == 302
    assert client.post("/login/consent", data={"agree": agreed(page)}).location == "/home"
    assert client.get("/applications").status_code == 200
    assert client.get("/login/consent").location.startswith("/login")
    assert log_in(app.test_client()).location == "/home"
    public = app.test_client().get("/privacy").text
    assert public.count(row.digest) == 1
    assert consents.first_texts()[0].digest in public


def test_in_earnest_nobody_is_registered_without_agreeing(world: World) -> None:
    with world.acting(PUBLIC) as ctx:
        object.__setattr__(ctx.config, "demonstration", False)
        with pytest.raises(Invalid, match="agree"):
            service.register_candidate(ctx, **WHO, password=PASSWORD)
        object.__setattr__(ctx.config, "demonstration", True)


def test_failures_from_a_part_of_the_network_cost_work_and_then_time(world: World) -> None:
    app = world.app()

    def attempt(address: str, name: str, password: str = "wrong password", **more: str) -> int:
        data = {"login": name, "password": password, **more}
        client = app.test_client()
        return client.post("/login", data=data, environ_base={"REMOTE_ADDR": address}).status_code

    for n in range(doors.WORK_FROM):
        assert attempt(f"203.0.113.{n}", f"nobody{n}") == 401
    assert attempt("203.0.113.200", "officer", "correct horse battery") == 422
    assert attempt("203.0.114.1", "officer", "correct horse battery") == 302
    page = app.test_client().get("/login", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    proof = solve(puzzle_of(page.text))
    assert attempt("203.0.113.200", "officer", "correct horse battery", altcha=proof) == 302
    with world.acting(PUBLIC) as ctx:
        rows = ctx.session.scalars(select(LoginFailure)).all()
        assert not [row for row in rows if "203.0.113" in row.name_blind]
        (there,) = (row for row in rows if row.count == doors.WORK_FROM)
        there.count = doors.WAIT_FROM
        there.wait_until = world.clock.now().replace(year=2027)
    assert attempt("203.0.113.200", "officer", "correct horse battery") == 429
    assert attempt("203.0.114.1", "officer", "correct horse battery") == 302


def test_a_storm_of_failures_costs_everybody_work_and_at_last_says_when_to_come_back(
    world: World,
) -> None:
    app = world.app()
    budget = app.extensions["login_budget"]
    for _ in range(doors.ALL_WORK):
        budget.add(world.clock.now())
    page = log_in(app.test_client(), "officer", "correct horse battery")
    assert page.status_code == 422
    proof = {"altcha": solve(puzzle_of(page.text)), "login": "officer"}
    data = {**proof, "password": "correct horse battery"}
    assert app.test_client().post("/login", data=data).status_code == 302
    for _ in range(doors.ALL_MOST):
        budget.add(world.clock.now())
    busy = log_in(app.test_client(), "officer", "correct horse battery")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "60")
    world.clock.advance(seconds=61)
    assert log_in(app.test_client(), "officer", "correct horse battery").status_code == 302


@pytest.mark.parametrize(
    ("remote", "forwarded", "network"),
    [
        ("203.0.113.77", "", "203.0.113.0/24"),
        ("203.0.113.77", "198.51.100.1", "203.0.113.0/24"),  # from outside nobody's word counts
        ("127.0.0.1", "198.51.100.1, 203.0.113.77", "203.0.113.0/24"),
        ("::1", "2001:db8:12:34ff::1", "2001:db8:12:3400::/56"),
        ("127.0.0.1", "::ffff:203.0.113.9", "203.0.113.0/24"),
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "unknown", ""),
    ],
)
def test_addresses_count_by_their_prefix(remote: str, forwarded: str, network: str) -> None:
    assert doors.prefix(remote, forwarded) == network


def test_registrations_from_one_place_have_a_limit_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "REGISTRATIONS", 2)
    app = world.app()
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.5"
    assert [register(client).status_code for _ in range(3)] == [303, 303, 429]
    assert register(app.test_client()).status_code == 303  # from elsewhere
    world.clock.advance(minutes=61)
    assert register(client).status_code == 303


def test_the_verb_says_what_the_page_does_not(world: World) -> None:
    with world.acting(PUBLIC) as ctx:
        service.register_candidate(ctx, **WHO, password=PASSWORD)
        with pytest.raises(Conflict, match="registered already"):
            service.register_candidate(ctx, **WHO, password=PASSWORD)
    with world.acting(PUBLIC) as ctx, pytest.raises(Refused):
        service.ask_registration(ctx, **WHO, password="short", agreed=[])
