"""Pages of the review: the list and its filters, many at once, the register, unmasking."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from exam_system.access import Role
from tests.registration.setting import add_candidate, add_exam, fresh, id_number, submitted
from tests.registration.test_barred import BASIS, enter, row, table
from tests.registration.test_pages import log_in
from tests.registration.test_review import hire, set_rule
from tests.world import PASSWORD, World, give_approval


@pytest.fixture
def database() -> str:
    """Pages ask the same of both databases."""
    return "sqlite"


def _client(world: World, role: Role, username: str = "") -> FlaskClient:
    client = world.app().test_client()
    client.set_cookie("language", "zh")
    data = {"login": username or role.value, "password": PASSWORD}
    assert client.post("/login", data=data).status_code == 302
    return client


def test_many_are_decided_on_the_page_and_one_is_reopened(world: World) -> None:
    add_exam(world)
    rows = [submitted(world, add_candidate(world, serial)) for serial in (11, 21)]
    old = submitted(world, add_candidate(world, 31, "赵老", born="19600101"))
    client = _client(world, Role.REVIEWER)
    page = client.get("/review").text
    assert page.count("data-fit") == 2
    assert "赵老" in client.get("/review?checks=doubt").text
    assert "赵老" not in client.get("/review?checks=fit&sort=name&whose=mine").text
    data = {"ref": [one.ref for one in (*rows, old)], "decision": "approve", "checks": "fit"}
    answer = client.post("/review/together", data=data)
    assert answer.location == "/review?checks=fit"
    assert "赵老：只有自动比对全部符合的才能批量通过" in client.get("/review").text
    data["ref"] = [one.ref for one in rows]
    assert "已决定2件" in client.post("/review/together", data=data, follow_redirects=True).text
    listed = client.get("/review?show=together").text
    assert listed.count("批量决定</span>") == 2
    page = client.get(f"/review/{rows[0].ref}").text
    assert "重新打开审查" in page
    client.post(f"/review/{rows[0].ref}/reopen", data={"reason": "学历存疑"})
    assert [fresh(world, one).state for one in rows] == ["submitted", "approved"]
    assert "学历存疑" in client.get(f"/review/{rows[0].ref}").text


def test_a_second_reviewer_works_on_the_page_and_the_candidate_reads_the_ground(
    world: World,
) -> None:
    add_exam(world)
    set_rule(world, "second_review", "refusals")
    application = submitted(world, add_candidate(world))
    first = _client(world, Role.REVIEWER)
    data = {"decision": "refuse", "ground": "major", "reason": "行政管理不属于法学类"}
    assert first.post(f"/review/{application.ref}", data=data).status_code == 303
    assert "须由另一名审查人员复核" in first.get(f"/review/{application.ref}").text
    mine = log_in(world)
    assert "行政管理" not in mine.get(f"/applications/{application.ref}").text
    hire(world, "second", "李二")
    second = _client(world, Role.REVIEWER, "second")
    assert "行政管理不属于法学类" in second.get(f"/review/{application.ref}").text
    assert application.ref in second.get("/review?show=second").text
    second.post(f"/review/{application.ref}/second", data={"decision": "confirm"})
    page = mine.get(f"/applications/{application.ref}").text
    assert "行政管理不属于法学类" in page
    assert "招考公告：职位表专业要求" in page
    assert "不能再次报考101职位" in page


def test_a_number_is_shown_once_and_only_with_a_reason(world: World) -> None:
    add_exam(world)
    application = submitted(world, add_candidate(world))
    client = _client(world, Role.OFFICER)
    path = f"/candidates/{application.ref}/unmask"
    assert id_number(11) not in client.get(path).text
    data = {"field": "id_number", "reason": ""}
    answer = client.post(path, data=data)
    assert answer.status_code == 422
    assert id_number(11) not in answer.text
    answer = client.post(path, data={**data, "reason": "核对证件照片"})
    assert id_number(11) in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert id_number(11) not in client.get(path).text
    for _ in range(10):
        client.post(path, data={**data, "reason": "核对证件照片"})
    inspector = _client(world, Role.INSPECTOR)
    assert "完整身份证号、电话查看情况" in inspector.get("/oversight").text
    assert "查看了11次" in inspector.get("/oversight/alerts").text


def test_the_register_is_filled_and_an_entry_lifted_on_the_pages(world: World) -> None:
    client = _client(world, Role.OFFICER)

    def send(**more: object) -> str:
        data = more or {"file": (BytesIO(table(row(11))), "b.csv")}
        return client.post("/barred", data=data, follow_redirects=True).text

    def confirm() -> str:
        page = send()
        assert "520402********" in page
        assert id_number(11) not in page
        fields = dict(re.findall(r'name="(confirmed|seen)" value="([0-9a-f]{64})"', page))
        return send(**fields)

    def approve() -> None:
        with world.acting(Role.INSPECTOR) as ctx:
            page = _client(world, Role.INSPECTOR).get("/approvals").text
            found = re.search("/approvals/([a-z0-9]{26})/approve", page)
            assert found is not None
            give_approval(ctx, found[1])

    assert "再次上传同一表格" in confirm()
    assert "名册中还没有记录" in client.get("/barred").text
    approve()
    assert "已录入1条" in confirm()
    page = client.get(f"/barred?number={id_number(11)}").text
    assert BASIS in page
    assert "没有该人员" in client.get(f"/barred?number={id_number(21)}").text
    found = re.search("/barred/([a-z0-9]{26})/lift", page)
    assert found is not None
    client.post(found[0], data={"ask": "1", "reason": "决定被撤销"})
    assert "Waiting" not in client.get(found[0]).text
    approve()
    assert "解除这条记录" in client.get(found[0]).text
    client.post(found[0], data={"reason": "决定被撤销"})
    assert "决定被撤销" in client.get("/barred").text


def test_officers_look_at_the_list_and_see_what_is_overdue(world: World) -> None:
    add_exam(world)
    submitted(world, add_candidate(world, 11, "王一"))
    enter(world, row(21))
    world.clock.advance(days=3)
    client = _client(world, Role.OFFICER)
    assert "show=overdue" in client.get("/office/exams").text
    page = client.get("/review?show=overdue").text
    assert "王一" in page
    assert "批量通过所选" not in page
    assert client.post("/review/together", data={"decision": "approve"}).status_code == 403
    data = {"username": "reviewer", "begins": "2026-03-05", "ends": "2026-03-06"}
    assert "已登记" in client.post("/review/absence", data=data, follow_redirects=True).text
