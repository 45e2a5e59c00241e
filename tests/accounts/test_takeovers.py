"""Takeovers (RULES 2.12, Zhejiang 2011): the same for every number, decided by two people."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import consents, service, takeovers
from exam_system.accounts.models import Account, LoginSession, Person, Takeover
from exam_system.approvals.models import Approval
from exam_system.cli import exam
from exam_system.context import PUBLIC, Actor
from exam_system.errors import Conflict, Fault, Forbidden, NotFound, Refused
from exam_system.messages.kinds import ACTS, Done
from exam_system.records.models import Act
from exam_system.registration.models import Application
from tests.accounts.doors import (
    BOTH,
    OTHER_ID,
    PASSWORD,
    WHO,
    card,
    claim,
    log_in,
    told,
    work_of,
)
from tests.registration import setting
from tests.world import World, approve_in, give_approval

SERIAL = 31
MINE = setting.id_number(SERIAL)
PICTURES = {name: card() for name in ("front", "back", "held")}


@pytest.fixture
def database() -> str:
    return "sqlite"


def ask(world: World, why: str = "stranger", number: str = MINE) -> tuple[str, str]:
    """A takeover by the verb: reference and code."""
    with world.acting(PUBLIC) as ctx:
        texts = [text.digest for text in consents.in_force(ctx.session)]
        who = {"name": "真身", "phone": "13900139000", "id_number": number}
        return takeovers.ask_takeover(ctx, claim=why, pictures=PICTURES, agreed=texts, **who)


def grant(world: World, ref: str) -> Account:
    """Documents opened, approved by the inspector, granted."""
    with world.acting(Role.OFFICER) as ctx:
        takeovers.open_takeover(ctx, ref=ref)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "accounts.grant_takeover", ref=ref)
    with world.acting(Role.OFFICER) as ctx:
        return takeovers.grant_takeover(ctx, ref=ref)


def redeem(app: Flask, ref: str, code: str, password: str = "my own password") -> str:
    """Set the password on the page; what the page says."""
    form = {"ref": ref, "code": code, "password": password, "again": password}
    return app.test_client().post("/takeover/answer", data=form).text


def states(world: World) -> dict[str, str]:
    """The state of each application, by its exam."""
    query = select(Application)
    with world.context(PUBLIC).session as db:
        return {str(one.exam_id): one.state for one in db.scalars(query)}


def english(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("language", "en")
    return client


def test_the_whole_way_on_the_pages(world: World) -> None:
    """A stranger has the number; its holder asks, an officer and an inspector decide."""
    setting.add_candidate(world, SERIAL, name="冒名者")
    app = world.app()
    stranger = app.test_client()
    log_in(stranger, MINE, "correct horse battery")
    answer = claim(english(app), id_number=MINE, name="王真身")
    ref = re.findall(r"t-[a-z2-7]{12}", answer.text)[0]
    code = re.findall(r"\d{4} \d{4} \d{4} \d{4}", answer.text)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "持身份证到本机构说明" in stranger.get("/applications").text
    with world.acting(PUBLIC) as ctx:
        asked = ctx.session.scalars(select(Act).where(Act.kind == "accounts.ask_takeover")).one()
        done = Done(asked.kind, "", asked.subject, {}, 0, asked.at)
        ((_, said),) = ACTS[asked.kind](ctx.session, [done])
        holder = ctx.session.scalars(select(Person.account_id)).one()
        assert (said.account, said.kind) == (holder, "disputed")
    officer = world.client(app, Role.OFFICER)
    queue = officer.get("/office/takeovers").text + officer.get(f"/office/takeovers/{ref}").text
    assert ref in queue
    assert not any(text in queue for text in (MINE, "王真身", WHO["phone"], "data:image/jpeg"))
    asking = officer.post(f"/office/takeovers/{ref}/grant", data={"ask": "1"})
    assert "请先查看证明材料" in officer.get(asking.location).text
    opened = officer.post(f"/office/takeovers/{ref}/documents").text
    assert opened.count("data:image/jpeg;base64,") == 3
    assert [text for text in (MINE, "王真身", WHO["phone"]) if text not in opened] == []
    officer.post(f"/office/takeovers/{ref}/grant", data={"ask": "1"})
    early = officer.post(f"/office/takeovers/{ref}/grant", data={}, follow_redirects=True)
    assert stranger.get("/applications").status_code == 200
    assert "待办理" in early.text
    with world.acting(Role.OFFICER) as ctx:
        give_approval(ctx, ctx.session.scalars(select(Approval.ref)).one())
    officer.post(f"/office/takeovers/{ref}/grant", data={})
    assert stranger.get("/applications").status_code == 302
    assert log_in(app.test_client(), MINE, "correct horse battery").status_code == 401
    assert "Set your password" in pick_up(english(app), ref, code)
    redeem(app, ref, code)
    mine = app.test_client()
    assert log_in(mine, MINE, "my own password").location == "/home"
    assert "王真身" in mine.get("/applications").text
    assert "持身份证到本机构说明" not in mine.get("/applications").text
    assert "Set the password" not in pick_up(english(app), ref, code)
    with world.context(PUBLIC).session as db:
        opening = select(Act.actor).where(Act.kind == "accounts.open_takeover")
        assert db.scalars(opening).all() == [world.people[Role.OFFICER].ref]


def pick_up(client: FlaskClient, ref: str, code: str) -> str:
    return client.post("/takeover/answer", data={"ref": ref, "code": code}).text


def test_known_and_unknown_numbers_are_taken_in_alike(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.add_candidate(world, SERIAL)
    app, answers, work = world.app(), {}, {}
    claim(app.test_client(), id_number=OTHER_ID)
    for number in (MINE, OTHER_ID):
        with work_of(world, app, monkeypatch) as done:
            answer = claim(app.test_client(), id_number=number)
        own = [*re.findall(r"t-[a-z2-7]{12}|\d{4} \d{4} \d{4} \d{4}", answer.text), number]
        answers[number], work[number] = told(answer, *own), done
    assert answers[MINE] == answers[OTHER_ID]
    assert work[MINE] == work[OTHER_ID]
    assert answers[MINE][0] == 200


@pytest.mark.parametrize("database", BOTH)
def test_a_strangers_unpaid_applications_go_and_paid_ones_stay(world: World) -> None:
    who = setting.add_candidate(world, SERIAL)
    by_state = {}
    for number, state in enumerate(("draft", "submitted", "approved", "refused", "paid")):
        exam = setting.add_exam(world, code=f"e{number}")
        application = setting.submitted(world, who, code=exam.code)
        setting.set_state(world, application, state)
        by_state[str(exam.id)] = state
    ref, code = ask(world)
    new = grant(world, ref)
    after = {state: states(world)[exam] for exam, state in by_state.items()}
    gone = dict.fromkeys(("draft", "submitted", "approved"), "withdrawn")
    assert after == gone | {"refused": "refused", "paid": "paid"}
    with world.context(PUBLIC).session as db:
        old = db.scalars(select(Account).where(Account.ref == who.ref)).one()
        person = db.scalars(select(Person)).one()
        assert (old.active, person.account_id, person.name) == (False, new.id, "真身")
        assert not db.scalars(
            select(LoginSession.id).where(
                LoginSession.account_id == old.id, LoginSession.ended_at.is_(None)
            )
        ).all()
        assert not db.scalars(
            select(Application.id).where(
                Application.state == "withdrawn", Application.photo.is_not(None)
            )
        ).all()
    redeem(world.app(), ref, code)
    with world.acting(Actor(new.ref, Role.CANDIDATE, new.id)) as ctx:  # approved once: may again
        setting.service.apply(
            ctx,
            exam_code="e2",
            post_code="102",
            district_code=1,
            education="bachelor",
            major="法学 030101K",
            school="测试大学",
            employer="",
        )


def test_who_lost_the_password_keeps_every_application(world: World) -> None:
    who = setting.add_candidate(world, SERIAL)
    setting.add_exam(world)
    setting.approved(world, who)
    ref, code = ask(world, "lost")
    grant(world, ref)
    assert list(states(world).values()) == ["approved"]
    app = world.app()
    redeem(app, ref, code)
    client = app.test_client()
    assert log_in(client, MINE, "my own password").location == "/home"
    assert client.get("/applications").text.count("gk-2026") >= 1


def test_a_number_without_an_account_gets_one(world: World) -> None:
    ref, code = ask(world)
    grant(world, ref)
    app = world.app()
    assert log_in(app.test_client(), MINE, "my own password").status_code == 401
    redeem(app, ref, code)
    assert log_in(app.test_client(), MINE, "my own password").location == "/home"


def test_two_people_decide_on_what_stands(world: World) -> None:
    who = setting.add_candidate(world, SERIAL)
    setting.add_exam(world)
    ref, _ = ask(world)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Conflict, match="documents first"):
            takeovers.wanted_takeover(ctx, ref=ref)
        takeovers.open_takeover(ctx, ref=ref)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="approval of somebody"):
        takeovers.grant_takeover(ctx, ref=ref)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "accounts.grant_takeover", ref=ref)
    setting.applied(world, who)  # one more than was approved
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not what stands"):
        takeovers.grant_takeover(ctx, ref=ref)
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Forbidden):
        takeovers.grant_takeover(ctx, ref=ref)


def test_a_refusal_shows_its_reason_and_nothing_changes(world: World) -> None:
    setting.add_candidate(world, SERIAL)
    ref, code = ask(world)
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Refused, match="reason"):
            takeovers.refuse_takeover(ctx, ref=ref, reason=" ")
        takeovers.refuse_takeover(ctx, ref=ref, reason="照片模糊，无法核对")
    app = world.app()
    assert "照片模糊，无法核对" in pick_up(app.test_client(), ref, code)
    redeem(app, ref, code)
    assert log_in(app.test_client(), MINE, "correct horse battery").location == "/home"
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="decided already"):
        takeovers.refuse_takeover(ctx, ref=ref, reason="x")


def test_guessing_the_code_is_slowed_down(world: World) -> None:
    ref, code = ask(world)
    client, answers = world.app().test_client(), []
    for _ in range(7):
        form = {"ref": ref, "code": "0000 0000 0000 0000"}
        answers.append(client.post("/takeover/answer", data=form).status_code)
    assert answers == [404] * 5 + [429] * 2
    assert "<dd>" not in pick_up(client, ref, code)
    world.clock.advance(minutes=16)
    assert ref in pick_up(client, ref.upper(), f" {code[:8]}-{code[8:]} ")


def test_documents_lie_sealed_and_a_changed_one_is_noticed(world: World) -> None:
    ref, _ = ask(world)
    files = sorted((world.folder / "takeovers").rglob("*.sealed"))
    assert len(files) == 3
    assert not any(b"a camera" in one.read_bytes() or b"JFIF" in one.read_bytes() for one in files)
    with world.acting(Role.INSPECTOR) as ctx:
        found = takeovers.open_takeover(ctx, ref=ref)
        assert {data[:3] for data in found.values()} == {b"\xff\xd8\xff"}
        assert not any(b"a camera" in data for data in found.values())
        row = ctx.session.scalars(select(Takeover)).one()
        assert not any(text in row.sealed for text in (MINE.encode(), "真身".encode()))
    files[0].write_bytes(files[1].read_bytes())
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Fault, match="sealed file"):
        takeovers.open_takeover(ctx, ref=ref)


@pytest.mark.parametrize(
    "bad",
    [
        {"held": (BytesIO(b"no picture"), "held.jpg")},
        {"held": (BytesIO(b""), "")},
        {"claim": "friend"},
        {"agree": []},
        {"altcha": ""},
    ],
)
def test_what_is_wrong_is_said_and_nothing_waits(world: World, bad: dict[str, object]) -> None:
    answer = claim(world.app().test_client(), **bad)
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text
    with world.context(PUBLIC).session as db:
        assert db.scalars(select(Takeover)).all() == []


def test_the_old_password_is_nobodys_way_in_before_the_new_one_is_set(world: World) -> None:
    setting.add_candidate(world, SERIAL)
    ref, _ = ask(world)
    grant(world, ref)
    with world.acting(PUBLIC) as ctx:
        for password in ("", "correct horse battery", PASSWORD):
            assert service.check_password(ctx, MINE, password) is None


def test_pictures_are_deleted_some_time_after_the_decision(world: World) -> None:
    ref, _ = ask(world)
    with world.acting(Role.OFFICER) as ctx:
        takeovers.refuse_takeover(ctx, ref=ref, reason="照片模糊")
    command = ["--instance", str(world.folder), "user", "delete-documents"]
    command += ["--actor", "officer", "--reason", "到期"]
    world.clock.advance(days=89)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="as old as that"):
        takeovers.forget_documents(ctx, days=90)
    done = CliRunner().invoke(exam, command)  # by the machine's clock, which is ahead of this one
    assert done.output == "3 pictures deleted\n"
    assert not list((world.folder / "takeovers").rglob("*.sealed"))
    with world.acting(Role.OFFICER) as ctx, pytest.raises(NotFound, match="are deleted"):
        takeovers.open_takeover(ctx, ref=ref)
