"""The pages: what is asked for, what the approver reads, and who is told what in which language."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from exam_system import access
from exam_system.access import Role
from exam_system.accounts import factors
from exam_system.approvals.lookup import approver_names
from exam_system.approvals.states import NAMES
from exam_system.approvals.views import ACTS
from exam_system.exams import service as exams
from exam_system.exams.lookup import exam_by_code
from exam_system.language import catalogue
from exam_system.records import releases
from tests.exams import samples
from tests.world import World, fresh_code

PUBLISH = f"/office/exams/{samples.CODE}/publish"


@pytest.fixture(scope="module")
def database() -> str:
    return "sqlite"


@pytest.fixture
def prepared(world: World) -> World:
    with world.acting(Role.OFFICER) as ctx:
        samples.set_up(ctx)
        exams.prepare_announcement(ctx, code=samples.CODE)
    samples.cosign(world)
    return world


def client_of(world: World, role: Role, language: str) -> FlaskClient:
    client = world.client(world.app(), role)
    client.set_cookie("language", language)
    return client


def text(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.text


def send(client: FlaskClient, url: str, **data: Any) -> str:
    return client.post(url, data=data, follow_redirects=True).text


def digest_of(world: World) -> str:
    with world.acting(Role.OFFICER) as ctx:
        release = releases.newest(
            ctx.session, exam_by_code(ctx.session, samples.CODE).id, "announcement"
        )
        assert release is not None
        return releases.release_digest(ctx.session, release)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Ask for approval", "Waiting for the approval", "Approve exactly this",
                "Second factor", "The code is wrong", "Approved. Whoever asked",
                "Publish the announcement")),
        ("zh", ("申请批准", "等待", "批准以上内容", "双因素", "验证码有误", "已批准",
                "发布公告")),
    ],
)  # fmt: skip
def test_asked_waited_approved_published(
    prepared: World, language: str, words: tuple[str, ...]
) -> None:
    ask, waits, button, factor, wrong, done, publish = words
    officer = client_of(prepared, Role.OFFICER, language)
    inspector = client_of(prepared, Role.INSPECTOR, language)
    page = text(officer, PUBLISH)
    assert ask in page
    assert f">{publish}</button>" not in page
    assert waits in send(officer, PUBLISH, ask="1")
    digest = digest_of(prepared)
    page = text(inspector, "/approvals")
    assert digest in page
    assert button in page
    assert factor in page
    (ref,) = re.findall("/approvals/([a-z2-7]+)/approve", page)
    assert wrong in send(inspector, f"/approvals/{ref}/approve", code="000000")
    with prepared.acting(Role.INSPECTOR) as ctx:
        code = fresh_code(ctx)
    assert done in send(inspector, f"/approvals/{ref}/approve", code=code)
    page = text(officer, PUBLISH)
    assert f">{publish}</button>" in page
    assert "派驻纪检监察组" in page
    send(officer, PUBLISH)
    assert (prepared.config.published / f"announcement-{samples.CODE}-v1").is_dir()


def test_refused_withdrawn_and_without_a_factor(prepared: World) -> None:
    officer = client_of(prepared, Role.OFFICER, "en")
    inspector = client_of(prepared, Role.INSPECTOR, "en")
    send(officer, PUBLISH, ask="1")
    (ref,) = re.findall("/approvals/([a-z2-7]+)/refuse", text(inspector, "/approvals"))
    assert "Give the reason" in send(inspector, f"/approvals/{ref}/refuse", reason="")
    send(inspector, f"/approvals/{ref}/refuse", reason="The posts lack a basis")
    assert "Refused because: The posts lack a basis" in text(officer, "/approvals")
    send(officer, PUBLISH, ask="1")
    (ref,) = re.findall("/approvals/([a-z2-7]+)/withdraw", text(officer, "/approvals"))
    with prepared.acting(Role.ADMIN) as ctx:
        factors.remove_second_factor(ctx, username="inspector")
    page = text(inspector, "/approvals")
    assert "Set up a second factor first" in page
    assert "Approve exactly this" not in page
    said = send(inspector, f"/approvals/{ref}/approve", code="123456")
    assert "Set up a second factor first" in said
    send(officer, f"/approvals/{ref}/withdraw")
    assert "Nothing waits for your approval. What somebody" in text(inspector, "/approvals")
    assert "There is no such approval" in send(inspector, "/approvals/none/approve", code="1")


def test_a_guessing_inspector_is_slowed_down_on_the_page(prepared: World) -> None:
    officer = client_of(prepared, Role.OFFICER, "en")
    inspector = client_of(prepared, Role.INSPECTOR, "en")
    send(officer, PUBLISH, ask="1")
    (ref,) = re.findall("/approvals/([a-z2-7]+)/approve", text(inspector, "/approvals"))
    where = f"/approvals/{ref}/approve"
    said = [send(inspector, where, code=f"{n:06}") for n in range(6)]
    assert all("The code is wrong" in one for one in said[:5])
    assert "wait a few minutes" in said[5]


def test_the_audit_administrator_reads_and_does_nothing(prepared: World) -> None:
    auditor = client_of(prepared, Role.AUDITOR, "en")
    assert auditor.get("/home").location == "/today"
    page = text(auditor, "/users")
    assert "officer" in page
    assert "New account" not in page
    assert "/users/close" not in page
    prepared.seal()
    assert "announcement" in text(auditor, "/oversight/acts")
    assert auditor.post("/oversight/acts/export").status_code == 200


def test_every_act_that_needs_approval_has_a_name_and_its_words_in_chinese() -> None:
    needing = {name for name, verb in access.VERBS.items() if verb.approvers}
    assert set(ACTS) <= needing
    known = {message.id for message in catalogue("zh") if message.string}
    assert {*ACTS.values(), *NAMES.values(), "an inspector"} <= known
    for verb in needing:
        assert approver_names(verb).msgid in known
