"""Finding: the public by words, the office a candidate, on record; the homes of both."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from exam_system.context import PUBLIC
from exam_system.records.models import Act, ActDetail
from tests.registration.setting import (
    CODE,
    add_candidate,
    add_exam,
    applied,
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
    for words in ("目前没有待办事项", "没有等待他人办理的事项", "未来两周没有考试日程"):
        assert words in page
