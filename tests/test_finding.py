"""Finding: the public by words, the office a candidate, on record; the homes of both."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text

from exam_system.context import PUBLIC, SYSTEM
from exam_system.errors import Conflict
from exam_system.finding.service import index_phones
from exam_system.interviews.models import Interviewer
from exam_system.records.models import Act, ActDetail
from tests.fees.books import ordered, paid, taken_in
from tests.registration.setting import (
    CODE,
    add_candidate,
    add_exam,
    applied,
    approved,
    id_number,
    submitted,
)
from tests.test_web_forms import log_in
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


def test_the_public_finds_exams_and_posts_by_words(world: World) -> None:
    add_exam(world)
    client = world.app().test_client()
    client.set_cookie("language", "zh")
    assert "至少输入两个字符" in client.get("/search").text
    page = client.get("/search?q=101").text
    assert f"/exams/{CODE}/posts?q=101" in page
    assert f'href="/exams/{CODE}"' in client.get(f"/search?q={CODE.upper()}").text
    for words in ("没有这样的词", "%25%25", "__"):
        assert "没有查到" in client.get(f"/search?q={words}").text


def test_the_office_finds_a_candidate_and_that_is_on_record(world: World) -> None:
    add_exam(world)
    first = applied(world, add_candidate(world, 11, "王一"))
    applied(world, add_candidate(world, 21, "李二"))
    client = log_in(world.app(), "officer")
    spelled = {
        "id": " ".join(id_number(11)).translate({ord("1"): "１"}),
        "name": "王一",
        "phone": "+86 138-0000 0011",
        "number": first.ref.upper(),
    }
    for by, words in spelled.items():
        page = client.post("/office/candidates", data={"q": words}).text
        assert "王一" in page
        assert "李二" not in page
        assert id_number(11) not in page
        with world.context(PUBLIC).session as db:
            query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
            found = db.scalars(query.where(Act.kind == "finding.find_candidates")).all()[-1]
        said = json.loads(found)
        assert (said["by"], said["shown"], said["found"]) == (by, [first.ref], 1)
        assert words not in found
    assert client.post("/office/candidates", data={"q": " "}).status_code in (400, 422)
    assert log_in(world.app(), "reviewer").get("/office/candidates").status_code == 403


def test_phones_from_before_are_found_once_they_are_indexed(world: World) -> None:
    add_exam(world)
    applied(world, add_candidate(world, 11, "王一"))
    applied(world, add_candidate(world, 21, "李二"))
    client = log_in(world.app(), "officer")
    assert "王一" not in client.post("/office/candidates", data={"q": "13800000021"}).text
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE person SET phone_blind = NULL"))
    page = client.post("/office/candidates", data={"q": "13800000011"}).text
    assert "王一" not in page
    assert "2名此前注册的考生" in page
    for _ in range(2):
        with world.acting(SYSTEM) as ctx:
            assert index_phones(ctx, most=1) == 1
    page = client.post("/office/candidates", data={"q": "13800000011"}).text
    assert "王一" in page
    assert "李二" not in page
    with world.acting(SYSTEM) as ctx, pytest.raises(Conflict):
        index_phones(ctx, most=1)


def test_long_lists_are_narrowed_in_the_database(world: World) -> None:
    exam = add_exam(world)
    for n, name in ((11, "王一"), (21, "李二")):
        order = ordered(world, who := add_candidate(world, n, name), approved(world, who))
        taken_in(world, paid(world, order, f"t{n}"))
    with world.context(PUBLIC).session as db:
        for n, name in ((1, "王甲"), (2, "李乙")):
            db.add(
                Interviewer(
                    label=f"i-{n}",
                    certificate=f"c-{n}",
                    name=name,
                    sex="male",
                    chief=True,
                    area_code="520100",
                    employer="某校",
                )
            )
        db.commit()
    client = log_in(world.app(), "officer")
    lists = {
        f"/exams/{exam.code}/ledger": ("王一", "李二"),
        "/office/interviewers": ("王甲", "李乙"),
    }
    for path, (one, other) in lists.items():
        page = client.get(f"{path}?words={one[0]}").text
        assert one in page, path
        assert other not in page, path
        assert "没有符合查询条件的记录" in client.get(f"{path}?words=%25").text, path
    assert "王一" in client.get(f"/exams/{exam.code}/ledger?words=t11").text


def test_the_homes_say_what_waits_and_what_is_late(world: World) -> None:
    add_exam(world)
    candidate = add_candidate(world)
    application = submitted(world, candidate)
    home = log_in(world.app(), id_number(11)).get("/applications").text
    assert "截止" in home
    assert application.submitted_at is not None
    assert f"{application.submitted_at.astimezone(world.config.zone):%Y-%m-%d}" in home
    assert "目前没有消息" in home or "全部消息" in home
    office = log_in(world.app(), "officer").get("/office/exams").text
    assert "份报名待审查" in office
    assert "没有超期事项" in office
    world.clock.advance(hours=24 * 12)
    office = log_in(world.app(), "officer").get("/office/exams").text
    assert "show=overdue" in office


def test_an_empty_office_says_what_will_be_there(world: World) -> None:
    client = log_in(world.app(), "officer")
    page = client.get("/office/exams").text
    for words in ("目前没有待办事项", "没有等待他人办理的审批", "未来两周没有考试日程"):
        assert words in page
