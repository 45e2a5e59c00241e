"""Two people from two offices: every way to do it alone, with a friend, or with other content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from exam_system import access
from exam_system.access import Role
from exam_system.accounts import factors
from exam_system.approvals import service
from exam_system.approvals.lookup import find, waiting
from exam_system.approvals.models import Approval
from exam_system.approvals.states import MOVES, move
from exam_system.context import Context
from exam_system.draws import service as draws
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import RECIPES
from exam_system.errors import Conflict, Fault, Forbidden, Invalid
from exam_system.exams import service as exams
from exam_system.exams.lookup import exam_by_code
from exam_system.oversight.service import cosign_notes
from exam_system.records.models import Act, ActDetail
from tests.approvals.probe import SUBJECT, A, B, ask, hire, probing, rows, run, state, wanted
from tests.draws import ceremony
from tests.exams import samples
from tests.world import World, fresh_code, give_approval

ALLOWED = {
    ("asked", "approved"),
    ("asked", "refused"),
    ("asked", "withdrawn"),
    ("approved", "used"),
    ("approved", "withdrawn"),
}


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with probing(monkeypatch):
        yield


def approve(world: World, ref: str, username: str = "inspector") -> None:
    with world.acting(Role.ADMIN) as ctx:  # give_approval acts as the approver
        give_approval(ctx, ref, username)


def refused(world: World, ref: str, username: str, words: str) -> None:
    """This account does not get the approval through, and nothing of the attempt stays."""
    with pytest.raises(Forbidden, match=words):
        approve(world, ref, username)
    assert state(world, ref) == "asked"


def kinds(world: World) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return list(db.scalars(select(Act.kind).order_by(Act.id)))


@pytest.mark.parametrize("start", MOVES)
@pytest.mark.parametrize("to", MOVES)
def test_moves(start: str, to: str) -> None:
    approval = Approval(state=start)
    if (start, to) in ALLOWED:
        move(approval, to)
        assert approval.state == to
        return
    with pytest.raises(Conflict, match="past that"):
        move(approval, to)
    assert approval.state == start


@pytest.mark.usefixtures("probe")
def test_approved_once_used_once_and_every_act_says_so(world: World) -> None:
    ref = ask(world)
    with pytest.raises(Conflict, match="somebody else"), world.acting(Role.OFFICER) as ctx:
        run(ctx)
    approve(world, ref)
    with world.acting(Role.OFFICER) as ctx:
        run(ctx)
    (row,) = rows(world)
    assert (row.state, row.factor) == ("used", "totp")
    assert row.decided_by == world.people[Role.INSPECTOR].account_id
    with pytest.raises(Conflict, match="somebody else"), world.acting(Role.OFFICER) as ctx:
        run(ctx)
    mine = [kind for kind in kinds(world) if kind.startswith("approvals.")]
    assert mine == ["approvals.ask_approval", "approvals.approve", *["approvals.probe"] * 2]
    with world.context(world.people[Role.OFFICER]).session as db:
        last = db.scalars(select(ActDetail).order_by(ActDetail.act_id.desc()).limit(1)).one()
        assert json.loads(last.details)["approval"] == ref


@pytest.mark.usefixtures("probe")
def test_nobody_approves_their_own_act_nor_one_of_their_office(world: World) -> None:
    ref = ask(world)
    refused(world, ref, "officer", "their own")
    hire(world, "colleague", office="考试中心")
    refused(world, ref, "colleague", "same office")
    with world.engine.begin() as db:  # somebody from before there were offices
        db.execute(text("UPDATE account SET office = NULL WHERE username = 'inspector'"))
    refused(world, ref, "inspector", "same office")
    hire(world, "elsewhere", office="人事局综合科")
    approve(world, ref, "elsewhere")
    assert state(world, ref) == "approved"


def test_only_the_roles_of_the_table_approve(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with probing(monkeypatch, access.INSPECTORS):
        ref = ask(world)
        hire(world, "elsewhere", office="人事局综合科")
        refused(world, ref, "elsewhere", "does not approve this kind")
        for role in set(world.people) - access.CEREMONY:
            with pytest.raises(Forbidden), world.acting(role) as ctx:
                service.approve(ctx, ref=ref)
        with pytest.raises(Forbidden), world.acting(Role.MARKER) as ctx:
            service.ask_approval(ctx, wanted=wanted(subject="probe:2"))


@pytest.mark.usefixtures("probe")
def test_the_approver_and_the_approvers_office_do_not_carry_it_out(world: World) -> None:
    elsewhere = hire(world, "elsewhere", office="人事局综合科")
    neighbour = hire(world, "neighbour", office="人事局综合科")
    ref = ask(world)
    approve(world, ref, "elsewhere")
    with pytest.raises(Forbidden, match="their own"), world.acting(elsewhere) as ctx:
        run(ctx)
    with pytest.raises(Forbidden, match="same office"), world.acting(neighbour) as ctx:
        run(ctx)
    assert state(world, ref) == "approved"
    with world.acting(Role.OFFICER) as ctx:
        run(ctx)


@pytest.mark.usefixtures("probe")
def test_other_content_than_approved_is_refused_and_asked_for_anew(world: World) -> None:
    ref = ask(world, A)
    approve(world, ref)
    before = kinds(world)
    with pytest.raises(Conflict, match="not what stands now"), world.acting(Role.OFFICER) as ctx:
        run(ctx, B)
    assert kinds(world) == before
    assert state(world, ref) == "approved"
    with pytest.raises(Conflict, match="asked for already"):
        ask(world, A)
    again = ask(world, B)
    assert state(world, ref) == "withdrawn"
    with pytest.raises(Conflict, match="somebody else"), world.acting(Role.OFFICER) as ctx:
        run(ctx, A)
    approve(world, again)
    with world.acting(Role.OFFICER) as ctx:
        run(ctx, B)


@pytest.mark.usefixtures("probe")
def test_a_verb_that_forgets_its_approval_is_stopped(world: World) -> None:
    approve(world, ask(world))
    before = kinds(world)
    with (
        pytest.raises(Fault, match="without anybody's approval"),
        world.acting(Role.OFFICER) as ctx,
    ):
        run(ctx, ask=False)
    assert kinds(world) == before
    with world.acting(Role.OFFICER) as ctx:
        run(ctx)
        with pytest.raises(Fault, match="without anybody's approval"):
            run(ctx, ask=False)  # the earlier use does not count for a second time
        ctx.session.rollback()


@pytest.mark.usefixtures("probe")
def test_it_is_refused_with_a_reason_and_taken_back_by_whoever_asked(world: World) -> None:
    ref = ask(world)
    with pytest.raises(Invalid, match="reason"), world.acting(Role.INSPECTOR) as ctx:
        service.refuse(ctx, ref=ref, reason=" ")
    with pytest.raises(Forbidden, match="their own"), world.acting(Role.OFFICER) as ctx:
        service.refuse(ctx, ref=ref, reason="不行")
    with world.acting(Role.INSPECTOR) as ctx:
        service.refuse(ctx, ref=ref, reason="名单未公示")
    with pytest.raises(Conflict, match="past that"):
        approve(world, ref)
    second = ask(world)
    approve(world, second)
    with pytest.raises(Forbidden, match="Only whoever asked"), world.acting(Role.MARKER) as ctx:
        service.withdraw_approval(ctx, ref=second)
    with world.acting(Role.OFFICER) as ctx:
        service.withdraw_approval(ctx, ref=second)
    with pytest.raises(Conflict, match="somebody else"), world.acting(Role.OFFICER) as ctx:
        run(ctx)
    assert [row.state for row in rows(world)] == ["refused", "withdrawn"]


@pytest.mark.usefixtures("probe")
def test_the_factor_is_for_this_approval_and_for_this_transaction(world: World) -> None:
    ref, other = ask(world), ask(world, subject="probe:2")
    with pytest.raises(Forbidden, match="fresh second factor"), world.acting(Role.INSPECTOR) as ctx:
        service.approve(ctx, ref=ref)
    with world.context(world.people[Role.INSPECTOR]).session as db:
        about = service.about(find(db, other))
    with world.acting(Role.INSPECTOR) as ctx:
        assert factors.prove(ctx, about, factors.Typed(fresh_code(ctx)))
        with pytest.raises(Forbidden, match="fresh"):
            service.approve(ctx, ref=ref)
        ctx.session.rollback()
    with world.acting(Role.INSPECTOR) as ctx:
        assert factors.prove(ctx, about, factors.Typed(fresh_code(ctx)))
        service.approve(ctx, ref=other)
        assert ctx.proved is None  # one proof, one act
        with pytest.raises(Forbidden, match="fresh"):
            service.approve(ctx, ref=ref)
        ctx.session.rollback()


@pytest.mark.usefixtures("probe")
def test_what_waits_for_whom(world: World) -> None:
    ref = ask(world)
    elsewhere = hire(world, "elsewhere", office="人事局综合科")
    colleague = hire(world, "colleague", office="考试中心")
    with world.context(world.people[Role.INSPECTOR]).session as db:
        for who in (world.people[Role.INSPECTOR], elsewhere):
            assert [one.ref for one in waiting(db, who)] == [ref]
        for who in (world.people[Role.OFFICER], colleague, world.people[Role.MARKER]):
            assert waiting(db, who) == []


def test_the_tables_hold_it_without_the_program(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with probing(monkeypatch):
        ref = ask(world)
        ask(world, subject="probe:2")
        approve(world, ref)
    for change in (
        "decided_by = asked_by",
        "factor = NULL",
        "factor = 'sms'",
        "state = 'used'",
        "state = 'used', used_by = decided_by",
        "state = 'lost'",
        f"subject = 'probe:2', ref = '{ref}'",
        "digest = 'short'",
    ):
        with pytest.raises(IntegrityError), world.engine.begin() as db:
            db.execute(text(f"UPDATE approval SET {change} WHERE ref = :ref"), {"ref": ref})  # noqa: S608


def test_two_officers_without_the_inspector_publish_nothing(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        samples.set_up(ctx)
        exams.prepare_announcement(ctx, code=samples.CODE)
    hire(world, "friend", office="人事局综合科")
    asked: dict[str, Any] = {"verb": "exams.publish_announcement", "code": samples.CODE}
    world.approved(**asked, username="friend")
    with pytest.raises(Conflict, match="signature of tests"), world.acting(Role.OFFICER) as ctx:
        exams.publish_announcement(ctx, code=samples.CODE)
    with world.acting(Role.OFFICER) as ctx:
        assert exam_by_code(ctx.session, samples.CODE).state == "draft"
        with pytest.raises(Forbidden):
            cosign_notes(ctx, files=[b"x"])
    assert not list(world.config.published.glob("announcement*"))
    samples.cosign(world)
    with world.acting(Role.OFFICER) as ctx:
        exams.publish_announcement(ctx, code=samples.CODE)


def test_a_list_that_changed_after_the_approval_is_not_frozen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world)
    world.approved("draws.freeze_draw", code=ceremony.EXAM, kind="order")
    monkeypatch.setitem(ceremony.PEOPLE, "g1", 13)  # the relative is put in
    before = kinds(world)
    with pytest.raises(Conflict, match="not what stands now"), world.acting(Role.OFFICER) as ctx:
        draws.freeze_draw(ctx, code=ceremony.EXAM, kind="order")
    with world.acting(Role.OFFICER) as ctx:
        assert ctx.session.query(Attempt).count() == 0
    assert kinds(world) == before
    monkeypatch.setitem(ceremony.PEOPLE, "g1", 12)
    with world.acting(Role.OFFICER) as ctx:
        attempt = draws.freeze_draw(ctx, code=ceremony.EXAM, kind="order")
    (row,) = rows(world)
    assert (row.digest, row.subject) == (attempt.manifest_digest, f"draw:{ceremony.DRAW}:1")


@pytest.mark.parametrize("verb", ["void", "approve"])
def test_the_inspectors_own_acts_in_a_draw_take_a_fresh_factor(
    world: World, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world)
    ceremony.run(world, last=1)
    act: Callable[[Context, int], None] = getattr(ceremony, verb)
    if verb == "approve":
        with world.acting(Role.OFFICER) as ctx:
            ceremony.void(ctx, 1)
    with monkeypatch.context() as patch:
        patch.setattr(ceremony, "confirm_in", lambda *_args, **_more: None)
        with (
            pytest.raises(Forbidden, match="fresh second factor"),
            world.acting(Role.INSPECTOR) as ctx,
        ):
            act(ctx, 1)
    with world.acting(Role.INSPECTOR) as ctx:
        act(ctx, 1)
    with world.context(world.people[Role.OFFICER]).session as db:
        last = db.scalars(select(ActDetail).order_by(ActDetail.act_id.desc()).limit(1)).one()
        assert json.loads(last.details)["factor"] == "totp"
    assert SUBJECT not in last.details
