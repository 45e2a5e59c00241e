"""Observers: invited by two offices, every look an act, nothing personal, remarks are cases."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from exam_system.access import VERBS, Role
from exam_system.accounts.models import Account, Person
from exam_system.cases.models import Letter
from exam_system.cases.service import register_case
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.examday.models import Invigilator
from exam_system.exams.models import Exam, Room
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelSeat,
)
from exam_system.marking.models import WrittenMark
from exam_system.observing import inviting, live, planning, watching
from exam_system.observing.kinds import SECTIONS, kinds
from exam_system.observing.lookup import looks_at
from exam_system.observing.models import ObserverInvitation
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from tests.conftest import START
from tests.examday import hall
from tests.observing.setting import actor_of, browser, day, invited
from tests.world import World, approve_in, sign_pledges_in

CODE = hall.CODE
ONE_OF_EACH = (
    "人大代表，观察甲，市人大常委会",
    "政协委员，观察乙，市政协",
    "新闻媒体，观察丙，安顺日报社",
    "群众代表，观察丁，西秀区某社区",
    "效能办，观察戊，市效能办",
)
MARK = "87.65"
REPORTED = "有人说考生甲和考官乙是亲戚"


@pytest.fixture(scope="module")
def world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An exam with drawn seats, a sitting panel, marks and a letter; all of it has names in it."""
    folder = tmp_path_factory.mktemp("observed") / "instance"
    shutil.copytree(template, folder)
    world = World.open(folder, RehearsalClock(START))
    exam = hall.standard(world)
    hall.seat(world)
    plant(world, exam)
    yield world
    world.engine.dispose()


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return world.app()


@pytest.fixture(scope="module")
def five(world: World) -> list[inviting.Issued]:
    """One observer of each kind."""
    return invited(world, CODE, *ONE_OF_EACH)


def plant(world: World, exam: Exam) -> None:
    """Names, marks and texts that nobody from outside may see."""
    with world.acting(Role.OFFICER) as ctx:
        db = ctx.session
        attempt = db.scalars(select(Attempt.id)).one()
        people = db.scalars(select(Application).limit(3)).all()
        room = db.scalars(select(Room).where(Room.use == "interview")).one()
        panel = Panel(exam_id=exam.id, code="P01", room_id=room.id, state="open")
        judge = Interviewer(label="i-judge", certificate="C-7788", name="考官赵", sex="male",
                            area_code="520400", employer="某大学", chief=True)  # fmt: skip
        watcher = Invigilator(exam_id=exam.id, label="v-watch", staff_no="T-4455", name="监考钱",
                              sex="male", school="某中学")  # fmt: skip
        db.add_all((panel, judge, watcher))
        db.flush()
        group = InterviewGroup(exam_id=exam.id, code="G01", panel_id=panel.id)
        seat = {"panel_id": panel.id, "interviewer_id": judge.id, "place": 1}
        db.add_all((group, PanelSeat(**seat, attempt_id=attempt)))
        db.flush()
        for place, one in enumerate(people, 1):
            state = "called" if place == 2 else "waiting"
            db.add(Interview(application_id=one.id, group_id=group.id, place=place, state=state))
            db.add(WrittenMark(application_id=one.id, subject="xc", mark=MARK))
    with world.acting(PUBLIC) as ctx:
        register_case(ctx, kind="letter", topic="other", title="写信孙", text=REPORTED,
                      name="写信孙", phone="13912345678", exam=CODE)  # fmt: skip
    world.seal()


def secrets(world: World) -> set[str]:
    """Everything that tells a person: names, references, numbers of any kind."""
    with world.context(world.people[Role.OFFICER]).session as db:
        columns = (
            *(Person.name, Application.ref, Application.number, Application.label),
            *(Invigilator.name, Invigilator.label, Invigilator.staff_no, Letter.number, Letter.ref),
            *(Interviewer.name, Interviewer.label, Interviewer.certificate, Interviewer.employer),
        )
        found = {str(value) for column in columns for value in db.scalars(select(column)) if value}
        inside = select(Account.ref).where(Account.role.in_(("candidate", "interviewer")))
        found |= set(db.scalars(inside))
    vault = [f"52040219970101{n:04d}" for n in range(10)]
    return found | {*vault, "52040219970101", MARK, REPORTED, "写信孙", "13912345678", "某大学"}


def acts(world: World, kind: str) -> int:
    with world.context(world.people[Role.OFFICER]).session as db:
        return db.scalar(select(func.count(Act.id)).where(Act.kind == kind)) or 0


def test_no_view_tells_a_person(world: World, app: Flask, five: list[inviting.Issued]) -> None:
    hidden, shown = secrets(world), 0
    assert len(hidden) > 250
    for who in five:
        client = browser(world, app, who)
        pages = [client.get("/observing").text]
        for section in kinds()[who.kind].sections:
            for tongue in ("zh", "en"):
                answer = client.post(f"/observing/{CODE}/{section}", follow_redirects=True,
                                     query_string={"language": tongue})  # fmt: skip
                assert answer.status_code == 200
                pages.append(answer.text)
        pages += [client.get(f"/exams/{CODE}/live{way}").text for way in ("", "/hall")]
        for page in pages:
            found = {one for one in hidden if one in page}
            assert not found, found
            shown += 1
    assert shown == sum(2 * len(kinds()[who.kind].sections) + 3 for who in five)


def test_the_views_show_what_goes_on(world: World, app: Flask, five: list[inviting.Issued]) -> None:
    client = browser(world, app, five[0])

    def page(section: str) -> str:
        answer = client.post(f"/observing/{CODE}/{section}", follow_redirects=True)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))

    assert "座位抽签" in page("draws")
    assert "考区1" in page("day")
    assert "第P01面试组" in page("interviews")
    assert "0 / 3" in page("interviews")
    marking = page("marking")
    assert "行政职业能力测验" in marking
    assert " 3 " in marking
    assert "draw-gk-2026-seats-1.zip" in page("files")
    assert "公布抽签文件 · 抽签gk-2026-seats第1次" in page("acts")
    assert "已登记" in page("letters")


def test_every_look_is_an_act_and_the_office_sees_it(
    world: World, app: Flask, five: list[inviting.Issued]
) -> None:
    client = browser(world, app, five[4])
    before = acts(world, "observing.look")
    client.get(f"/observing/{CODE}/day")  # looking at nothing is no look
    for section in ("day", "marking", "day"):
        assert client.post(f"/observing/{CODE}/{section}").status_code == 303
    assert acts(world, "observing.look") == before + 3
    with world.context(world.people[Role.OFFICER]).session as db:
        row = db.scalars(select(Act).where(Act.kind == "observing.look")).all()[-1]
        details = db.get_one(ActDetail, row.id).details
        assert row.subject.startswith("invitation:")
        assert '"view":"day"' in details
        exam = db.scalars(select(Exam).where(Exam.code == CODE)).one()
        assert [one.section for one in looks_at(db, exam, 3)] == ["day", "marking", "day"]
    office = world.client(app, Role.OFFICER).get(f"/office/exams/{CODE}/observers").text
    assert "观察戊" in office
    assert "考试日进展" in office


def test_a_view_closes_after_a_quarter_of_an_hour(world: World, app: Flask) -> None:
    client = browser(world, app, invited(world, CODE, "群众代表，观察壬，某社区")[0])
    assert "再次查看" in client.get(f"/observing/{CODE}/files").text  # never looked: nothing
    client.post(f"/observing/{CODE}/files")
    page = client.get(f"/observing/{CODE}/files").text
    stamp = re.search(r'data-story="([0-9a-f]{32})"', page)
    assert stamp is not None
    assert client.get(f"/observing/{CODE}/files/stamp").text == stamp[1]
    world.clock.advance(seconds=watching.LASTS.total_seconds())
    assert "draw-gk-2026" not in client.get(f"/observing/{CODE}/files").text
    assert client.get(f"/observing/{CODE}/files/stamp").text == "over"


def test_who_is_not_invited_or_whose_day_is_over_sees_nothing(world: World, app: Flask) -> None:
    short = invited(world, CODE, "新闻媒体，观察己，某电视台", days=0)[0]
    client, who = browser(world, app, short), actor_of(world, short)
    assert client.post(f"/observing/{CODE}/now").status_code == 303
    assert client.post(f"/observing/{CODE}/marking").status_code == 404  # not a view of media
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        watching.look(ctx, code=CODE, section="now")
    for code in ("gk-none", "gk-other"):
        with world.acting(who) as ctx, pytest.raises(NotFound):
            watching.look(ctx, code=code, section="now")
    world.clock.advance(days=1)
    client = browser(world, app, short)
    before = acts(world, "observing.look")
    assert client.post(f"/observing/{CODE}/now").status_code == 404
    assert client.get(f"/observing/{CODE}/now").status_code == 404
    assert client.get(f"/observing/{CODE}/now/stamp").status_code == 404
    assert CODE not in client.get("/observing").text
    with world.acting(who) as ctx, pytest.raises(NotFound):
        watching.leave_remark(ctx, code=CODE, kind="letter", title="迟了", text="迟了。")
    assert acts(world, "observing.look") == before
    with world.acting(Role.OFFICER) as ctx:  # a new invitation takes the place of the old one
        inviting.propose_observers(
            ctx, code=CODE, lines="media, 观察己, 某电视台", until=day(world, 3)
        )
        ctx.session.rollback()
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict):
        inviting.propose_observers(ctx, code=CODE, lines=ONE_OF_EACH[0], until=day(world, 3))


def test_only_two_offices_invite_and_only_the_inspection_sends_away(
    world: World, app: Flask
) -> None:
    with world.acting(Role.OFFICER) as ctx:
        lines = "群众代表，观察庚，某街道\n群众代表，观察辛，某街道"
        refs = inviting.propose_observers(ctx, code=CODE, lines=lines, until=day(world, 9))
        with pytest.raises(Conflict):  # nobody has approved it
            inviting.invite_observers(ctx, code=CODE)
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "observing.invite_observers", code=CODE)
    with world.acting(Role.OFFICER) as ctx:  # struck off: another list than the approved one
        inviting.drop_observer(ctx, ref=refs[1])
        with pytest.raises(Conflict):
            inviting.invite_observers(ctx, code=CODE)
        approve_in(ctx, "observing.invite_observers", code=CODE)
        assert inviting.invite_observers(ctx, code=CODE) == 1
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Forbidden):
            inviting.withdraw_observer(ctx, ref=refs[0], reason="不方便")
        with pytest.raises(Conflict):
            inviting.drop_observer(ctx, ref=refs[0])
        issued = inviting.issue_observer_accounts(ctx, code=CODE, ref=refs[0])
        sign_pledges_in(ctx)
    assert [one.name for one in issued] == ["观察庚"]
    client = browser(world, app, issued[0])
    with world.acting(Role.INSPECTOR) as ctx:
        inviting.withdraw_observer(ctx, ref=refs[0], reason="本人申请退出")
    assert client.get("/observing").status_code == 302  # its sessions have ended
    assert browser(world, app, issued[0]).get(f"/observing/{CODE}/now").status_code == 404
    with world.context(world.people[Role.OFFICER]).session as db:
        states = {
            row.ref: row.state for row in db.scalars(select(ObserverInvitation)) if row.ref in refs
        }
    assert list(states.values()) == ["withdrawn", "dropped"]


@pytest.mark.parametrize(
    "lines",
    ["", "人大代表，张三", "考生，张三，某单位", "媒体", "人大代表，张三，甲\n人大代表，张三，甲"],
)
def test_a_list_that_cannot_be_read_is_refused(world: World, lines: str) -> None:
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid):
        inviting.propose_observers(ctx, code=CODE, lines=lines, until=day(world, 9))
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid):
        inviting.propose_observers(ctx, code=CODE, lines=ONE_OF_EACH[0], until=day(world, -1))


def test_a_remark_becomes_a_case(world: World, app: Flask, five: list[inviting.Issued]) -> None:
    client = browser(world, app, five[0])
    remark = {"kind": "proposal", "title": "候考室偏小", "text": "建议启用二楼教室作为候考室。"}
    answer = client.post(f"/observing/{CODE}/remark", data=remark)
    assert answer.status_code == 200
    number = re.search(r"FW\d{10}", answer.text)
    assert number is not None
    home = client.get("/observing").text
    assert number[0] in home
    with world.context(world.people[Role.OFFICER]).session as db:
        letter = db.scalars(select(Letter).where(Letter.number == number[0])).one()
        assert (letter.kind, letter.state) == ("proposal", "registered")
        assert letter.exam_id is not None
    office = world.client(app, Role.OFFICER).get(f"/office/exams/{CODE}/observers").text
    assert number[0] in office
    media = browser(world, app, five[2])
    refused = media.post(f"/observing/{CODE}/remark", data=remark)  # only deputies make proposals
    assert refused.status_code == 422
    assert "建议启用二楼教室" in refused.text  # what was typed is not lost


def test_the_tables_of_kinds_and_told_acts_are_whole() -> None:
    assert {one for kind in kinds().values() for one in kind.sections} == set(SECTIONS)
    assert all("now" in kind.sections for kind in kinds().values())
    assert set(live.TOLD) <= set(VERBS)
    assert not {one for one in live.TOLD if one.startswith(("tips.", "accounts.", "fees."))}


def test_planned_dates_are_on_the_live_page_until_the_draw_is_published(
    world: World, app: Flask
) -> None:
    at = world.clock.now() + timedelta(days=3)
    with world.acting(Role.OFFICER) as ctx:
        hours = {"invigilators": (at, None), "seats": (at, None), "tickets": (at, at)}
        with pytest.raises(Invalid):
            planning.plan_dates(ctx, code=CODE, hours=hours)
    with world.acting(Role.OFFICER) as ctx:
        hours["tickets"] = (at, at + timedelta(days=2))
        assert planning.plan_dates(ctx, code=CODE, hours=hours) == [*hours]
        with pytest.raises(Conflict):
            planning.plan_dates(ctx, code=CODE, hours=hours)
        exam = ctx.session.scalars(select(Exam).where(Exam.code == CODE)).one()
        view = live.live_of(ctx.session, exam, ctx.clock.now(), ctx.config.zone)
        assert view.draw is not None
        assert (view.draw.what, view.draw.at) == ("Draw of the invigilators", at)
        names = [one.dated.what[0] for one in view.coming]
        assert "Draw of the invigilators" in names
        assert "Draw of the seats" not in names  # it is published: its own date counts
        assert "Admission tickets can be printed" in names
    office = world.client(app, Role.OFFICER)
    page = office.get(f"/office/exams/{CODE}/observers").text
    local = at.astimezone(world.config.zone).strftime("%Y-%m-%dT%H:%M")
    assert page.count(local) == 3
    form = dict(re.findall(r'name="([a-z]+-(?:begins|ends))" value="([^"]*)"', page))
    form["invigilators-begins"] = ""
    assert office.post(f"/office/exams/{CODE}/observers/dates", data=form).status_code == 303
    with world.context(world.people[Role.OFFICER]).session as db:
        exam = db.scalars(select(Exam).where(Exam.code == CODE)).one()
        assert [row.kind for row in planning.planned(db, exam)] == ["seats", "tickets"]


def test_a_draft_exam_has_no_live_page(world: World, app: Flask) -> None:
    client = app.test_client()
    for way in ("", "/stamp", "/events", "/hall"):
        assert client.get(f"/exams/none/live{way}").status_code == 404
