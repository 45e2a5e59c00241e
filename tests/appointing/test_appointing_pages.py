"""The pages after the final list: the office's road to an appointment, the candidate's own."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts import consents
from exam_system.accounts.models import Account
from exam_system.appointing.models import Appointment
from exam_system.appointing.place_models import PlaceOffer
from exam_system.approvals.models import Approval
from tests.appointing import setting
from tests.results.setting import CODE, candidate, number_of
from tests.world import PASSWORD, World, give_approval

OFFICE = f"/office/exams/{CODE}/appointing"


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture
def officer(world: World) -> FlaskClient:
    setting.finished(world)
    return world.client(world.app(), Role.OFFICER)


def logged_in(world: World, place: int) -> FlaskClient:
    who = candidate(world, place)
    with world.acting(Role.OFFICER) as ctx:
        account = ctx.session.get_one(Account, who.account_id)
        consents.add_consent(ctx, account, consents.require(ctx, None))
    client = world.app().test_client()
    client.post("/login", data={"login": f"c{place:05d}", "password": PASSWORD})
    return client


def local(world: World, hours: int) -> str:
    at = world.clock.now().astimezone(world.config.zone)
    return at.replace(hour=(at.hour + hours) % 24).strftime("%Y-%m-%dT%H:%M")


def refs(client: FlaskClient) -> list[str]:
    return re.findall(r'name="ref" value="(\w+)"', client.get(OFFICE).text)


def test_from_the_final_list_to_the_appointment(world: World, officer: FlaskClient) -> None:
    assert "导入总成绩名单中的拟录用人选" in officer.get(OFFICE).text
    assert officer.post(f"{OFFICE}/begin").status_code == 303
    people = refs(officer)
    assert len(people) == 2
    setting.publish_list(world, "medical")
    called = {"ref": people, "at": local(world, 2), "place": "市人民医院"}
    officer.post(f"{OFFICE}/call", data=called)
    assert "市人民医院" in officer.get(f"/office/appointing/{people[0]}").text
    world.clock.advance(hours=3)
    officer.post(f"{OFFICE}/medical", data={"ref": people})
    officer.post(f"{OFFICE}/background", data={"ref": people})
    setting.publish_list(world, "appointment")
    officer.post(f"{OFFICE}/notice")
    page = officer.get(OFFICE).text
    (notice,) = set(re.findall(r"/office/notices/(\w+)", page))
    about = {"number": number_of(2), "who": "李某 13800138000", "text": "学历存疑"}
    officer.post(f"/office/notices/{notice}/object", data=about)
    page = officer.get(f"/office/notices/{notice}").text
    assert "学历存疑" in page
    (objection,) = re.findall(r'name="objection" value="(\w+)"', page)
    public = world.app().test_client().get(f"/exams/{CODE}/public-notice").text
    assert number_of(2) in public
    assert "学历存疑" not in public
    assert "李某" not in public
    world.clock.advance(days=9)
    officer = world.client(world.app(), Role.OFFICER)  # the session has ended meanwhile
    officer.post(f"/office/notices/{notice}/close")
    answer = {"objection": objection, "outcome": "rejected", "text": "学历属实"}
    officer.post(f"/office/notices/{notice}/answer", data=answer)
    officer.post(f"{OFFICE}/appoint", data={"ask": "1"})
    with world.acting(Role.OFFICER) as ctx:
        query = select(Approval.ref).where(Approval.verb == "appointing.appoint")
        give_approval(ctx, ctx.session.scalars(query).one())
    officer.post(f"{OFFICE}/appoint")
    assert officer.get(OFFICE).text.count("已录用") == 2
    with world.context(world.people[Role.OFFICER]).session as db:
        assert db.query(Appointment).count() == 2
    for name in ("appointing", "rechecks", "objections", "holidays"):
        answer_ = officer.post(f"/lists/{name}/csv", data={"code": CODE})
        assert answer_.status_code == 200, name
        assert "李某" not in answer_.text


def test_a_candidate_follows_asks_and_answers(world: World, officer: FlaskClient) -> None:
    first, second = logged_in(world, 2), logged_in(world, 0)
    own, other = (f"/my/applications/ref{place:05d}/appointing" for place in (2, 0))
    assert "申请复核" in first.get(own).text
    first.post(f"{own}/recheck", data={"what": "xc", "reason": "估分差距大"})
    assert "待答复" in first.get(own).text
    (ref,) = re.findall(
        r"/office/rechecks/(\w+)", officer.get(f"/office/exams/{CODE}/rechecks").text
    )
    officer.post(f"/office/rechecks/{ref}", data={"found": "无误"})
    assert "无误" in first.get(own).text
    officer.post(f"{OFFICE}/begin")
    people = refs(officer)
    officer.post(f"{OFFICE}/call", data={"ref": people, "at": local(world, 2), "place": "医院"})
    world.clock.advance(hours=3)
    setting.medical(world, setting.ref_of(world, 2), "肝功能")
    assert "申请体检复检" in first.get(own).text
    assert "肝功能" not in first.get(own).text
    first.post(f"{own}/medical")
    first.post(f"{own}/give-up", data={"why": "已在外地就业"})
    assert "已放弃" in first.get(own).text
    assert "您获得递补资格" in second.get(other).text
    assert "递补过程" in officer.get(OFFICE).text
    with world.context(world.people[Role.OFFICER]).session as db:
        offer = db.query(PlaceOffer).one().ref
    assert first.post(f"{own}/accept", data={"offer": offer}).status_code == 303
    with world.context(world.people[Role.OFFICER]).session as db:
        assert db.query(PlaceOffer).one().answer is None  # somebody else's: nothing was done
    second.post(f"{other}/accept", data={"offer": offer})
    assert "拟录用" in second.get(other).text
    assert first.get(other).status_code == 404


def test_the_office_notes_failures_and_reads_holidays(world: World, officer: FlaskClient) -> None:
    officer.post(f"{OFFICE}/begin")
    ref = setting.ref_of(world, 2)
    officer.post(f"{OFFICE}/call", data={"ref": ref, "at": local(world, 2), "place": "医院"})
    world.clock.advance(hours=3)
    officer.post(f"/office/appointing/{ref}/failed", data={"items": "血压，肝功能"})
    page = officer.get(f"/office/appointing/{ref}").text
    assert "血压、肝功能" in page
    officer.post(f"/office/appointing/{ref}/recheck")
    assert "复检" in officer.get(f"/office/appointing/{ref}").text
    officer.post(f"/office/appointing/{ref}/background", data={"why": "档案不实"})
    assert "档案不实" in officer.get(f"/office/appointing/{ref}").text
    lines = {"year": "2031", "basis": "国办通知", "lines": "2031-01-01 休 元旦"}
    officer.post("/office/holidays", data=lines)
    assert "元旦" in officer.get("/office/holidays").text
    assert officer.post(f"{OFFICE}/strange").status_code == 404
