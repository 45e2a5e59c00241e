"""A candidate's second factor: optional, asked for at each login once it is set up."""

from __future__ import annotations

import re
from html import unescape

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.accounts import factors
from exam_system.accounts.models import Account, SecondFactor
from exam_system.context import PUBLIC
from tests.accounts.doors import log_in
from tests.registration import setting
from tests.world import PASSWORD, World

SERIAL = 31
MINE = setting.id_number(SERIAL)


@pytest.fixture
def database() -> str:
    return "sqlite"


def factor(world: World) -> SecondFactor:
    """The candidate's one."""
    query = select(SecondFactor).join(Account).where(Account.role == "candidate")
    with world.context(PUBLIC).session as db:
        return db.scalars(query).one()


def secret(world: World) -> str:
    return world.keys.vault.open(factor(world).sealed)


def code(world: World) -> str:
    """The next code: one step on, so that it is unused."""
    world.clock.advance(seconds=factors.STEP)
    return pyotp.TOTP(secret(world)).at(world.clock.now())


def set_up(world: World, app: Flask) -> FlaskClient:
    """A candidate with an authenticator, logged in."""
    setting.add_candidate(world, SERIAL)
    client = app.test_client()
    assert log_in(client, MINE, PASSWORD).location == "/home"
    client.post("/second-factor", data={"kind": "totp", "label": "手机", "password": PASSWORD})
    client.post(f"/second-factor/{factor(world).id}", data={"code": code(world)})
    return client


def test_the_login_waits_for_the_code_and_shows_nothing_before(world: World) -> None:
    app = world.app()
    set_up(world, app)
    client = app.test_client()
    assert log_in(client, MINE, PASSWORD).location == "/login/second"
    for page in ("/applications", "/second-factor"):
        assert client.get(page).location.startswith("/login?next=")
    used = pyotp.TOTP(secret(world)).at(world.clock.now())  # it confirmed the setting up
    for wrong in ("000000", "", used):
        assert client.post("/login/second", data={"code": wrong}).status_code == 422
        assert client.get("/applications").status_code == 302
    assert client.post("/login/second", data={"code": code(world)}).location == "/home"
    assert client.get("/applications").status_code == 200
    assert client.get("/login/second").location.startswith("/login")


def test_a_waiting_login_ends_by_itself_and_guessing_is_slowed_down(world: World) -> None:
    app = world.app()
    set_up(world, app)
    client = app.test_client()
    log_in(client, MINE, PASSWORD)
    answers = [client.post("/login/second", data={"code": "000000"}) for _ in range(6)]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    world.clock.advance(minutes=31)
    late = client.post("/login/second", data={"code": code(world)})
    assert late.location.startswith("/login")
    assert client.get("/applications").status_code == 302


def test_it_is_given_up_with_a_fresh_code_only(world: World) -> None:
    app = world.app()
    client = set_up(world, app)
    page = client.get("/second-factor").text
    (path,) = re.findall(r'action="(/second-factor/\d+/drop)"', unescape(page))
    client.post(path, data={"code": "000000"})
    assert log_in(app.test_client(), MINE, PASSWORD).location == "/login/second"
    client.post(path, data={"code": code(world)})
    assert log_in(app.test_client(), MINE, PASSWORD).location == "/home"


def test_a_code_of_one_login_finishes_no_other(world: World) -> None:
    app = world.app()
    set_up(world, app)
    one, other = app.test_client(), app.test_client()
    for client in (one, other):
        log_in(client, MINE, PASSWORD)
    typed = {"code": code(world)}
    assert one.post("/login/second", data=typed).location == "/home"
    assert other.post("/login/second", data=typed).status_code == 422
    assert other.get("/applications").status_code == 302
