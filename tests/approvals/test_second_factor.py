"""Codes: right ones once, within their minute and a half; set up, slowed down, removed."""

from __future__ import annotations

import base64
import contextlib
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import factors
from exam_system.accounts.factors import Occasion, Typed, step_of
from exam_system.accounts.models import SecondFactor
from exam_system.errors import Conflict, Forbidden, Refused
from exam_system.instance import demonstration_secret
from exam_system.records.models import Act
from tests.world import PASSWORD, World

THIS = Occasion("test this", "a" * 64, "b" * 64)
SECRET = demonstration_secret("inspector")


def code(world: World, steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(world.clock.now() + timedelta(seconds=30 * steps))


def prove(world: World, typed: str, occasion: Occasion = THIS) -> bool:
    with world.acting(Role.INSPECTOR) as ctx:
        return factors.prove(ctx, occasion, Typed(typed))


@pytest.mark.parametrize(
    ("at", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238_appendix_b(at: int, digits: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    moment = datetime.fromtimestamp(at, UTC)
    assert step_of(secret, digits, moment) == at // 30
    assert step_of(secret, f"{digits[:3]} {digits[3:]}", moment) == at // 30
    for wrong in ("", "000000", digits[:5], f"{digits}0", "１２３４５６", "é"):
        assert step_of(secret, wrong, moment) is None


def test_a_code_counts_once_and_only_around_its_own_time(world: World) -> None:
    assert not prove(world, code(world, -2))
    assert not prove(world, code(world, 2))
    assert prove(world, code(world))
    assert not prove(world, code(world))
    assert not prove(world, code(world), replace(THIS, about="something else"))
    assert not prove(world, code(world, -1))  # an older one than the newest that was used
    assert prove(world, code(world, 1))
    world.clock.advance(seconds=30)
    assert not prove(world, code(world))
    world.clock.advance(seconds=30)
    assert prove(world, code(world))


def test_a_code_used_in_a_transaction_that_failed_is_still_good(world: World) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        assert factors.prove(ctx, THIS, Typed(code(world)))
        ctx.session.rollback()
    assert prove(world, code(world))


def test_one_code_in_two_hands_at_once_lets_one_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, outcomes, typed, real = threading.Barrier(2), [], code(world), factors.step_of

    def met(secret: str, digits: str, at: datetime) -> int | None:
        """Both have read the row now, where the database lets two in at once."""
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(timeout=1)
        return real(secret, digits, at)

    monkeypatch.setattr(factors, "step_of", met)

    def enter() -> None:
        ctx = world.context(world.people[Role.INSPECTOR])
        with ctx.session:
            outcomes.append(factors.prove(ctx, THIS, Typed(typed)))
            ctx.session.commit()

    threads = [threading.Thread(target=enter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]


def test_guessing_is_slowed_down(world: World) -> None:
    for _ in range(5):
        assert not prove(world, "000000")
    with pytest.raises(Refused, match="wait"):
        prove(world, code(world))
    world.clock.advance(minutes=16)
    assert prove(world, code(world))
    assert not prove(world, "000000")  # counted from the beginning again


def test_secrets_lie_sealed_and_chosen_ones_are_for_demonstrations(world: World) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        (row,) = factors.factors_of(ctx.session, ctx.actor.account_id)
        assert SECRET.encode() not in row.sealed
        assert ctx.keys.vault.open(row.sealed) == SECRET
        ctx.config = replace(ctx.config, demonstration=False)
        ctx.proved = factors.adding(ctx).about, "totp"
        with pytest.raises(Forbidden, match="demonstration"):
            factors.add_second_factor(ctx, kind="totp", label="x", secret=SECRET)


def test_a_lost_one_is_removed_by_the_administrator_on_record(world: World) -> None:
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Forbidden):
        factors.remove_second_factor(ctx, username="officer")
    with world.acting(Role.ADMIN) as ctx:
        factors.remove_second_factor(ctx, username="inspector")
    with world.acting(Role.ADMIN) as ctx:
        act = ctx.session.scalars(select(Act).order_by(Act.id.desc()).limit(1)).one()
        assert act.kind == "accounts.remove_second_factor"
        assert act.subject == f"account:{world.people[Role.INSPECTOR].ref}"
        with pytest.raises(Conflict, match="no second factor"):
            factors.remove_second_factor(ctx, username="inspector")
    with pytest.raises(Conflict, match="Set up a second factor first"):
        prove(world, code(world))


def begin(client: FlaskClient, **how: str) -> str:
    """Begin an authenticator; what the page says then."""
    data = {"kind": "totp", "label": "新手机", **how}
    return client.post("/second-factor", data=data, follow_redirects=True).text


def test_an_authenticator_is_set_up_through_the_page(world: World) -> None:
    with world.acting(Role.ADMIN) as ctx:
        factors.remove_second_factor(ctx, username="inspector")
    client = world.client(world.app(), Role.INSPECTOR)
    client.set_cookie("language", "en")
    assert "You have no second factor yet." in client.get("/second-factor").text
    assert "The password is wrong" in begin(client, password="not this one")
    assert client.get("/second-factor/picture.svg").status_code == 404
    page = begin(client, password=PASSWORD)
    secret = "".join(re.findall(r'<code class="digest">([A-Z2-7 ]+)</code>', page)[0].split())
    picture = client.get("/second-factor/picture.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    (number,) = re.findall(r'action="/second-factor/(\d+)"', page)

    def confirm(typed: str) -> str:
        where = f"/second-factor/{number}"
        return client.post(where, data={"code": typed}, follow_redirects=True).text

    assert "The code is wrong" in confirm("000000")
    first = pyotp.TOTP(secret).at(world.clock.now())
    assert "The second factor is set up" in confirm(first)
    assert secret[:4] not in client.get("/second-factor").text
    assert client.get("/second-factor/picture.svg").status_code == 404
    assert not prove(world, first)  # the first code is used up


def test_one_more_factor_is_confirmed_by_the_one_that_is_there(world: World) -> None:
    client = world.client(world.app(), Role.INSPECTOR)
    client.set_cookie("language", "en")
    assert "The code is wrong" in begin(client, password=PASSWORD)
    assert "You have an authenticator already" in begin(client, code=code(world))
    world.clock.advance(seconds=30)
    assert "need a server with a name" in begin(client, kind="passkey", code=code(world))
    with world.acting(Role.INSPECTOR) as ctx:
        assert ctx.session.query(SecondFactor).filter_by(kind="passkey").count() == 0
        with pytest.raises(Conflict, match="confirm with it"):
            factors.prove_password(ctx, PASSWORD)
