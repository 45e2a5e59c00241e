"""A post is active with its holder's signature under the pledge in force, and not before."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import factors
from exam_system.accounts.models import Account
from exam_system.accounts.service import create_account
from exam_system.accounts.sessions import actor_for
from exam_system.context import SYSTEM, Actor
from exam_system.duties import pledges
from exam_system.duties.models import Pledge
from exam_system.errors import Conflict, Forbidden
from exam_system.exams.service import create_exam
from exam_system.records.models import Act, ActDetail
from tests.world import PASSWORD, World, fresh_code


@pytest.fixture
def database() -> str:
    return "sqlite"


def unsigned(world: World, role: Role, username: str = "new") -> Actor:
    """Somebody of the staff who has just been given an account."""
    with world.acting(Role.ADMIN) as ctx:
        given = {"username": username, "name": "新到岗", "password": PASSWORD, "office": "考试中心"}
        return actor_for(create_account(ctx, role=role, **given))


def now_of(world: World, username: str) -> Actor:
    """Who acts under a login name now."""
    with world.acting(SYSTEM) as ctx:
        query = select(Account).where(Account.username == username)
        return actor_for(ctx.session.scalars(query).one())


def test_no_verb_of_a_post_works_before_its_pledge_is_signed(world: World) -> None:
    who = unsigned(world, Role.OFFICER)
    new = {"code": "e-1", "name": "考试", "name_en": "Exam", "area_code": "520400"}
    new["exam_type"] = "civil_service"
    with world.acting(who) as ctx:
        with pytest.raises(Forbidden, match="integrity pledge"):
            create_exam(ctx, **new)
        text = pledges.in_force(ctx.session, "officer")
        with pytest.raises(Forbidden, match="second factor"):  # nobody signs for another
            pledges.sign_pledge(ctx, digest=text.digest)
        assert not factors.prove_password(ctx, "wrong", pledges.occasion(ctx, text))
        assert factors.prove_password(ctx, PASSWORD, pledges.occasion(ctx, text))
        with pytest.raises(Conflict, match="has changed"):
            pledges.sign_pledge(ctx, digest=pledges.in_force(ctx.session, "admin").digest)
        row = pledges.sign_pledge(ctx, digest=text.digest)
    with world.acting(now_of(world, "new")) as ctx:
        create_exam(ctx, **new)
        signed = Act.kind == "duties.sign_pledge", Act.actor == who.ref
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id).where(*signed)
        told = json.loads(ctx.session.scalars(query).one())
        assert (told["pledge"], told["by"]) == (row.digest, "password") == (text.digest, row.proof)


def test_a_new_text_asks_everybody_of_the_post_again_and_nobody_else(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        old = pledges.in_force(ctx.session, "inspector")
        with pytest.raises(Conflict, match="in force"):
            pledges.publish_pledge(ctx, role="inspector", zh=old.zh, en=old.en)
        zh, en = old.zh + "\n另：不私下会见当事人。", old.en + "\nNo private meetings."
        pledges.publish_pledge(ctx, role="inspector", zh=zh, en=en)
    again, officer = now_of(world, "inspector"), now_of(world, "officer")
    assert (again.pledged, officer.pledged) == (False, True)
    client = world.client(world.app(), Role.INSPECTOR)
    assert client.get("/oversight").location == "/pledge"
    assert client.post("/oversight/red-lines").status_code == 403
    assert client.get("/log").status_code == 200  # what everybody may see
    page = client.get("/pledge").text
    assert "不私下会见当事人" in page
    with world.acting(again) as ctx:
        digest, code = pledges.in_force(ctx.session, "inspector").digest, fresh_code(ctx)
    for typed in ("000000", code):  # who has a second factor signs with it
        answer = client.post("/pledge", data={"digest": digest, "code": typed})
        assert answer.location == ("/home" if typed == code else "/pledge")
    assert client.get("/oversight").status_code == 200
    with world.acting(SYSTEM) as ctx:
        query = select(Pledge).where(Pledge.account_id == again.account_id)
        rows = ctx.session.scalars(query.order_by(Pledge.version))
        assert [(row.version, row.proof) for row in rows] == [(1, "password"), (2, "totp")]


def test_everybody_is_sent_to_the_pledge_at_the_first_login(world: World) -> None:
    unsigned(world, Role.REVIEWER)
    client = world.app().test_client()
    assert client.post("/login", data={"login": "new", "password": PASSWORD}).location == "/home"
    assert client.get("/home", follow_redirects=True).request.path == "/pledge"
    assert client.post("/review/photos/x/compare").status_code == 403
    digest = pledges.first_text("reviewer").digest
    for password, where in (("wrong", "/pledge"), (PASSWORD, "/home")):
        answer = client.post("/pledge", data={"digest": digest, "password": password})
        assert answer.location == where
    assert client.get("/home", follow_redirects=True).request.path == "/today"
    assert "您已于" in client.get("/pledge").text
    officer = world.client(world.app(), Role.OFFICER).get("/office/pledges").text
    assert digest in officer
