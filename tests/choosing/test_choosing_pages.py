"""The pages of a session: the desk, the hall's screen, the candidate's phone, the public result."""

from __future__ import annotations

import json
import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from exam_system.access import Role
from exam_system.approvals.models import Approval
from exam_system.choosing.models import ChoiceSession
from exam_system.exams.models import Post
from exam_system.exams.readiness import missing
from exam_system.records.models import Act
from tests.appointing.test_appointing_pages import logged_in
from tests.choosing import setting
from tests.choosing.setting import FIRST, SECOND, THIRD
from tests.choosing.test_session import PDF
from tests.results.setting import CODE, add_exam
from tests.world import World, give_approval

OFFICE = f"/office/exams/{CODE}/choice"
SIGNATURE = json.dumps([[10, 10, 40, 80, 90, 20, 120, 60]])


@pytest.fixture
def database() -> str:
    return "sqlite"


def approve(world: World, verb: str) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        query = select(Approval.ref).where(Approval.verb == verb, Approval.state == "asked")
        give_approval(ctx, ctx.session.scalars(query).one())


def two_people(world: World, client: FlaskClient, verb: str, page: str, button: str) -> None:
    """Ask on a page, have it approved, and press the real button."""
    found = re.search(rf'action="([^"]*{button}[^"]*)"', client.get(page).text)
    assert found is not None
    path = found[1].replace("&amp;", "&")
    assert client.post(path, data={"ask": "1"}).status_code == 303
    approve(world, verb)
    assert client.post(path).status_code == 303


def test_a_session_from_the_desk_the_phone_and_the_hall(world: World) -> None:
    setting.finished(world)
    officer = world.client(world.app(), Role.OFFICER)
    inspector = world.client(world.app(), Role.INSPECTOR)
    anybody = world.app().test_client()
    proxy = {"number": SECOND, "name": "王代表", "id_number": "11010519491231002X"}
    officer.post(f"{OFFICE}/proxies", data={**proxy, "file": (BytesIO(PDF), "委托书.pdf")})
    paper = re.search(r'href="(/office/choice/proxies/\w+)"', officer.get(OFFICE).text)
    assert paper is not None
    assert inspector.get(paper[1]).data == PDF
    at = setting.soon(world).astimezone(world.config.zone).strftime("%Y-%m-%dT%H:%M")
    page = f"{OFFICE}?post=101&starts_at={at}&lots="
    two_people(world, officer, "choosing.open_session", page, "choice/open")
    with world.context(world.people[Role.OFFICER]).session as db:
        row = db.scalars(select(ChoiceSession)).one()
    desk, hall = f"/office/choice/{row.ref}", f"/exams/{CODE}/choice/{row.ref}"
    world.clock.set(max(world.clock.now(), row.starts_at))
    assert "王代表" in officer.get(desk).text
    officer.post(f"{desk}/arrive", data={"number": [FIRST, THIRD]})
    officer.post(f"{desk}/arrive", data={"number": [SECOND], "proxy": "1"})
    own, stranger = logged_in(world, 2), logged_in(world, 1)
    assert stranger.get("/my/applications/ref00002/choice").status_code == 404
    assert "尚无您参加的选岗" in stranger.get("/my/applications/ref00001/choice").text
    assert stranger.get(desk).status_code == 403
    assert stranger.get(f"{hall}/choice.json").status_code == 404
    mine = "/my/applications/ref00002/choice"
    assert "下一位就是您" in own.get(mine).text
    officer.post(f"{desk}/call")
    assert "请选择一个岗位" in own.get(mine).text
    state = anybody.get(f"{hall}/state.json").json
    assert (state["number"], state["left"], state["then"]) == (FIRST, 300, f"{SECOND}, {THIRD}")
    own.post(f"{mine}/choose", data={"place": "A"})
    assert "我选择该岗位" in own.get(mine).text
    own.post(f"{mine}/sign", data={"place": "A"})
    assert "见证确认" in inspector.get(desk).text
    inspector.post(f"{desk}/witness", data={"place": "A"})
    assert "您的选岗已结束" in own.get(mine).text
    exam_hall = anybody.get(f"/exams/{CODE}/live/hall").text  # the exam's own screen follows
    assert "3人中已轮到1人" in exam_hall
    assert f"{hall}/hall" in anybody.get(f"/exams/{CODE}/live").text
    officer.post(f"{desk}/call")
    officer.post(f"{desk}/choose", data={"place": "A"})
    assert "该岗位已无空额" in officer.get(desk).text
    officer.post(f"{desk}/choose", data={"place": "B"})
    officer.post(f"{desk}/sign", data={"place": "B", "signature": SIGNATURE})
    inspector.post(f"{desk}/witness", data={"place": "B"})
    officer.post(f"{desk}/call")
    officer.post(f"{desk}/give-up")
    screen = anybody.get(f"{hall}/hall").text
    assert "第二中学" in screen
    assert "考生" not in screen  # nobody's name
    assert "放弃剩余岗位" in officer.get(desk).text
    again = f"{desk}?number={THIRD}&why=误按放弃，本人当场提出"
    two_people(world, officer, "choosing.reopen_turn", again, "reopen")
    officer.post(f"{desk}/call")
    officer.post(f"{desk}/choose", data={"place": "B"})
    officer.post(f"{desk}/paper", data={"place": "B"})
    inspector.post(f"{desk}/witness", data={"place": "B"})
    two_people(world, officer, "choosing.close_session", desk, "close")
    with world.context(world.people[Role.OFFICER]).session as db:  # as promise P3 compares them
        kinds = [f"choosing.{name}" for name in ("open_session", "reopen_turn", "close_session")]
        used = db.execute(select(Approval.verb, Approval.subject).where(Approval.verb.in_(kinds)))
        acts = db.execute(select(Act.kind, Act.subject).where(Act.kind.in_(kinds)))
        assert sorted(map(tuple, acts)) == sorted(map(tuple, used))
    public = anybody.get(f"/exams/{CODE}/choice").text
    assert f"<td>{THIRD}</td>" in public
    folder = world.config.published / f"choice-{CODE}-v1"
    assert anybody.get(f"{hall}/choice.json").data == (folder / "choice.json").read_bytes()
    assert anybody.get(f"{hall}/choice.note").status_code == 200
    table = officer.post("/lists/choices/csv", data={"code": CODE})
    assert f"{SECOND},考生0" in table.text


def test_the_announcement_waits_until_places_and_vacancies_agree(world: World) -> None:
    wrong = [*setting.PLACES, {"post": "999", "code": "A", "name": "无此职位", "count": 1}]
    exam = add_exam(world, state="draft", choice_places=wrong[1:])
    with world.context(world.people[Role.OFFICER]).session as db:
        db.execute(update(Post).where(Post.code == "101").values(vacancies=3))
        told = [one.text() for one in missing(db, exam, world.clock.now())]
    assert "Post 101 has more vacancies than places to choose" in told
    assert "Places are chosen of the post 999, which there is not" in told
