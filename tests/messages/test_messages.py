"""What people are told: once, after the commit, with what and why, by channels that may fail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import SYSTEM, Actor
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.messages import sending, service
from exam_system.messages.models import Contact, Delivery, Message
from exam_system.messages.sending import Round, run_round
from exam_system.office import Office
from exam_system.records.models import Act, Leaf
from exam_system.registration.service import decide_application
from tests.fees.books import ordered, paid, taken_in
from tests.fees_gateway.fees_bench import free_port
from tests.messages.post import Box, start
from tests.registration.setting import add_candidate, add_exam, applied, approved, id_number
from tests.registration.setting import submitted as submit
from tests.world import PASSWORD, World

ADDRESS = "wang.xiaoming@example.cn"


@pytest.fixture
def box(world: World) -> Iterator[Box]:
    """A mail server that the instance is set up with, beside a folder for text messages."""
    found, port = Box(), free_port()
    controller = start(found, port)
    mail = {"host": "127.0.0.1", "port": port, "security": "none", "user": ""}
    mail |= {"sender": "exam@bureau.example", "name": "测试市人事考试局"}
    settings = {"mail": mail, "sms": {"folder": "sms"}}
    (world.folder / "messages.json").write_text(json.dumps(settings), encoding="utf-8")
    yield found
    controller.stop()


def office(world: World) -> Office:
    return Office(world.config, world.keys, world.engine, world.clock, world.chance)


def send(world: World) -> Round:
    world.seal()
    return run_round(office(world))


def kinds(world: World) -> list[str]:
    with world.context(SYSTEM).session as db:
        return list(db.scalars(select(Message.kind).order_by(Message.id)))


def states(world: World, channel: str = "mail") -> list[str]:
    with world.context(SYSTEM).session as db:
        query = select(Delivery.state).where(Delivery.channel == channel)
        return list(db.scalars(query.order_by(Delivery.id)))


def confirmed(world: World, box: Box, who: Actor) -> None:
    """The person's address, given and confirmed with the code that came."""
    with world.acting(who) as ctx:
        service.set_address(ctx, address=ADDRESS)
    send(world)
    to, letter = box.letters.pop()
    assert to == ADDRESS
    code = next(word for word in letter.get_content().split() if word.strip("。.").isdigit())
    with world.acting(who) as ctx:
        assert service.confirm_address(ctx, code=code.strip("。."))


def test_every_act_is_told_once_and_names_the_act_it_follows_from(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = approved(world, who)
    taken_in(world, paid(world, ordered(world, who, application)))
    assert send(world).made == 4
    assert kinds(world) == ["registered", "submitted", "approved", "paid"]
    assert send(world).made == 0  # both rounds read the log; the second finds nothing new
    with world.context(SYSTEM).session as db:
        message = db.scalars(select(Message).where(Message.kind == "approved")).one()
        place = int(message.cause.removeprefix("act:"))
        act = db.scalars(select(Act).join(Leaf).where(Leaf.position == place)).one()
    assert (act.kind, act.subject) == (
        "registration.decide_application",
        f"application:{application.ref}",
    )


def test_what_is_rolled_back_or_not_sequenced_is_not_told(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    application = submit(world, who)
    send(world)
    ctx = world.context(world.people[Role.REVIEWER])
    with ctx.session:
        decide_application(ctx, ref=application.ref, approve=True)
        ctx.session.rollback()
    assert send(world).made == 0
    with world.acting(Role.REVIEWER) as ctx:
        decide_application(ctx, ref=application.ref, approve=False, reason="学历不符合岗位要求")
    assert run_round(office(world)).made == 0  # committed, but its place in the log is not signed
    assert send(world).made == 1


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_letter_is_in_both_languages_and_goes_to_a_confirmed_address_only(
    world: World, box: Box
) -> None:
    add_exam(world)
    who = add_candidate(world)
    with world.acting(who) as ctx:
        service.set_address(ctx, address=ADDRESS)
    send(world)
    assert len(box.letters) == 1  # the code, and nothing else
    with world.acting(who) as ctx:
        assert not service.confirm_address(ctx, code="00000000")
    box.letters.clear()
    confirmed(world, box, who)
    approved(world, who)
    assert send(world).sent == 3  # two letters, one text message
    (_, received), (_, letter) = box.letters
    assert "报名申请已收到" in received["Subject"]
    assert letter["Subject"] == "资格审查通过 / Your application is approved"
    assert letter["Auto-Submitted"] == "auto-generated"
    text = letter.get_content()
    assert "请于2026年3月14日09:00前缴费" in text
    assert "pay before 14 March 2026, 09:00" in text
    (sms,) = (world.folder / "sms").iterdir()
    assert json.loads(sms.read_text())["to"] == "13800000011"
    assert states(world) == ["sent"] * 4


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_a_server_says_decides_what_happens_next(world: World, box: Box) -> None:
    add_exam(world)
    who = add_candidate(world)
    confirmed(world, box, who)
    submit(world, who)
    box.answers = ["451 greylisted"]
    assert send(world).sent == 0
    assert states(world)[-1] == "waiting"
    assert send(world).sent == 0  # not before its time
    world.clock.advance(minutes=3)
    box.answers = ["554 no such user"]
    send(world)
    assert states(world)[-1] == "given_up"
    with world.context(SYSTEM).session as db:
        ref = db.scalars(select(Message.ref).where(Message.kind == "submitted")).one()
    with pytest.raises(Invalid), world.acting(Role.OFFICER) as ctx:
        service.send_again(ctx, ref=ref, channel="mail", reason=" ")
    with world.acting(Role.OFFICER) as ctx:
        service.send_again(ctx, ref=ref, channel="mail", reason="考生更正了邮箱")
    box.answers = ["hang up"]
    send(world)
    assert (states(world)[-1], len(box.letters)) == ("uncertain", 1)
    send(world)
    assert len(box.letters) == 1  # nobody but a person has it sent again
    with pytest.raises(NotFound), world.acting(Role.OFFICER) as ctx:
        service.send_again(ctx, ref=ref, channel="sms", reason="没有短信")


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_program_that_dies_while_sending_sends_nothing_twice(
    world: World, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_exam(world)
    who = add_candidate(world)
    confirmed(world, box, who)
    submit(world, who)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sending.service, "end_sending", die)
        with pytest.raises(KeyboardInterrupt):
            send(world)
    assert (states(world)[-1], len(box.letters)) == ("sending", 1)
    assert send(world).sent == 0
    world.clock.advance(minutes=20)
    assert send(world).sent == 0
    assert (states(world)[-1], len(box.letters)) == ("uncertain", 1)


@pytest.mark.parametrize("database", ["sqlite"])
def test_without_a_server_everything_waits_and_the_round_says_so(world: World, box: Box) -> None:
    add_exam(world)
    who = add_candidate(world)
    confirmed(world, box, who)
    submit(world, who)
    settings = json.loads((world.folder / "messages.json").read_text())
    settings["mail"]["port"] = free_port()
    (world.folder / "messages.json").write_text(json.dumps(settings))
    result = send(world)
    assert result.troubles
    assert states(world)[-1] == "waiting"


def test_a_deadline_is_told_a_day_before_and_again_when_it_was_put_off(world: World) -> None:
    add_exam(world)
    who, other = add_candidate(world), add_candidate(world, 13)
    applied(world, who)
    approved(world, other)
    send(world)
    world.clock.advance(days=7, hours=1)
    assert send(world).made == 1
    assert send(world).made == 0
    world.clock.advance(days=4)
    assert send(world).made == 1
    assert kinds(world)[-2:] == ["remind_draft", "remind_pay"]


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_is_old_when_it_is_read_is_shown_but_not_sent(world: World, box: Box) -> None:
    add_exam(world)
    who = add_candidate(world)
    confirmed(world, box, who)
    submit(world, who)
    world.seal()
    world.clock.advance(days=4)
    assert run_round(office(world)).sent == 0
    assert kinds(world)[-1] == "submitted"


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_address_is_sealed_masked_and_void_after_five_wrong_codes(
    world: World, box: Box
) -> None:
    who = add_candidate(world)
    client = world.app().test_client()
    login = client.post("/login", data={"login": id_number(11), "password": PASSWORD})
    assert login.status_code == 302
    assert client.post("/messages/address", data={"address": ADDRESS}).status_code == 303
    page = client.get("/messages").text
    assert "w***@example.cn" in page
    assert ADDRESS not in page
    with world.context(SYSTEM).session as db:
        contact = db.scalars(select(Contact)).one()
    assert ADDRESS.encode() not in contact.address_sealed
    for _ in range(5):
        with world.acting(who) as ctx:
            assert not service.confirm_address(ctx, code="1")
    with pytest.raises(Conflict), world.acting(who) as ctx:
        service.confirm_address(ctx, code=service.address_code(world.keys.vault, contact))
    for bad in ("", "x@y", "a b@example.cn", "a@example.cn\nBcc: b@example.cn"):
        with pytest.raises(Invalid), world.acting(who) as ctx:
            service.set_address(ctx, address=bad)
    client.post("/messages/address", data={"drop": "1"})
    with world.context(SYSTEM).session as db:
        assert db.scalars(select(Contact)).all() == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_everybody_sees_their_own_messages_and_the_office_what_failed(
    world: World, box: Box
) -> None:
    add_exam(world)
    who = add_candidate(world)
    confirmed(world, box, who)
    submit(world, who)
    box.answers = ["550 mailbox unknown"]
    send(world)
    app = world.app()
    client = app.test_client()
    client.post("/login", data={"login": id_number(11), "password": PASSWORD})
    page = client.get("/messages", headers={"Accept-Language": "en"}).text
    assert "Test City exam gk-2026: your application waits" in page
    assert "could not be sent" in page
    assert client.get("/office/messages").status_code == 403
    other = app.test_client()
    add_candidate(world, 13)
    other.post("/login", data={"login": id_number(13), "password": PASSWORD})
    assert "your application waits" not in other.get("/messages").text
    desk = world.client(app, Role.OFFICER)
    assert "550 mailbox unknown" in desk.get("/office/messages").text
