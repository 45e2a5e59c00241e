"""The work of reviewers: whose case it is, second reviewers, decisions together, reopening."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.context import PUBLIC, Actor
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.models import Exam
from exam_system.exams.service import close_registration
from exam_system.fees.service import create_order
from exam_system.oversight.overdue import find_overdue
from exam_system.records.models import Act, ActDetail
from exam_system.registration import cases, queue, service
from exam_system.registration.models import Application
from exam_system.registration.queue import Asked
from tests.registration.setting import (
    CODE,
    add_candidate,
    add_exam,
    approved,
    fresh,
    refused,
    submitted,
)
from tests.world import World

# What asks the same of both databases is tried on one.
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
APPLY: dict[str, Any] = {
    "exam_code": CODE,
    "district_code": 1,
    "education": "bachelor",
    "major": "法学 030101K",
    "school": "测试大学",
    "employer": "",
}


def set_rule(world: World, key: str, value: object) -> None:
    """Change one rule of the exam, past the act that would do it before the announcement."""
    with world.context(PUBLIC).session as db:
        exam = db.scalars(select(Exam)).one()
        document = json.loads(exam.rules)
        document[key]["value"] = value
        exam.rules = json.dumps(document, ensure_ascii=False)
        db.commit()


def hire(world: World, username: str, name: str) -> Actor:
    """One more reviewer."""
    with world.acting(Role.ADMIN) as ctx:
        actor = world.hire(ctx, Role.REVIEWER, username)
        ctx.session.get_one(Account, actor.account_id).name = name
    return actor


def decide(world: World, who: Actor | Role, application: Application, **said: Any) -> str:
    """A first decision; the state it leads to."""
    with world.acting(who) as ctx:
        return service.decide_application(ctx, ref=application.ref, **said).state


def details(world: World, kind: str) -> list[dict[str, Any]]:
    """What the acts of a kind say."""
    query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
    with world.context(PUBLIC).session as db:
        found = db.scalars(query.where(Act.kind == f"registration.{kind}").order_by(Act.id))
        return [json.loads(text) for text in found]


def test_cases_are_dealt_in_turn_and_the_deputy_acts_only_when_it_is_their_turn(
    world: World,
) -> None:
    add_exam(world)
    one, two = world.people[Role.REVIEWER], hire(world, "second", "李二")
    rows = [submitted(world, add_candidate(world, serial)) for serial in (11, 21, 31)]
    owners = [row.owner_id for row in rows]
    assert set(owners) == {one.account_id, two.account_id}
    assert owners[0] == owners[2] != owners[1]
    assert all({row.owner_id, row.deputy_id} == set(owners) for row in rows)
    assert {row.review_due for row in rows} == {date(2026, 3, 4)}
    mine, theirs = (two, one) if owners[0] == two.account_id else (one, two)
    with pytest.raises(Conflict, match="the case of"):
        decide(world, theirs, rows[0], approve=True)
    with pytest.raises(Conflict, match="Not yet"), world.acting(theirs) as ctx:
        cases.take_over(ctx, ref=rows[0].ref, reason="帮忙")
    world.clock.advance(hours=36)  # half of the time from Monday 9:00 to Wednesday midnight
    assert decide(world, theirs, rows[0], approve=True) == "approved"
    assert details(world, "decide_application")[-1]["owner"] is False
    with world.acting(theirs) as ctx:
        assert (
            cases.take_over(ctx, ref=rows[2].ref, reason="主办出差").owner_id == theirs.account_id
        )
    assert details(world, "take_over")[-1]["why"] == "主办出差"
    with pytest.raises(Conflict, match="the case of"):
        decide(world, hire(world, "third", "张三"), rows[2], approve=True)
    assert mine != theirs


@ONE
def test_an_absent_owner_gets_no_new_cases_and_the_deputy_acts_at_once(world: World) -> None:
    add_exam(world)
    one, two = world.people[Role.REVIEWER], hire(world, "second", "李二")
    first, second = (submitted(world, add_candidate(world, serial)) for serial in (11, 21))
    case = first if first.owner_id == one.account_id else second
    day = world.clock.now().date()
    with world.acting(one) as ctx:
        cases.declare_absence(ctx, begins=day, ends=day + timedelta(days=1))
    with pytest.raises(Invalid), world.acting(one) as ctx:
        cases.declare_absence(ctx, begins=day, ends=day - timedelta(days=1))
    assert decide(world, two, case, approve=True) == "approved"
    for serial in (31, 41):
        row = submitted(world, add_candidate(world, serial))
        assert (row.owner_id, row.deputy_id) == (two.account_id, None)


def _late_reviews(world: World, db: Session) -> list[str]:
    found = find_overdue(db, world.clock.now(), world.config.zone)
    return [one.subject for one in found if one.kind == "review"]


def test_nothing_expires_silently(world: World) -> None:
    add_exam(world)
    row = submitted(world, add_candidate(world))
    third = hire(world, "third", "张三")
    with world.context(PUBLIC).session as db:
        world.clock.advance(days=2)
        assert not _late_reviews(world, db)
        world.clock.advance(days=1)
        assert _late_reviews(world, db) == [f"application:{row.ref}"]
        assert queue.count_overdue(db, date(2026, 3, 5)) == 1
        assert queue.count_overdue(db, date(2026, 3, 4)) == 0
    with world.acting(third) as ctx:  # neither owner nor deputy
        cases.take_over(ctx, ref=row.ref, reason="逾期")
    assert decide(world, third, row, approve=True) == "approved"


@pytest.mark.parametrize(
    ("rule", "said", "second"),
    [
        ("none", {"approve": False, "reason": "专业不符"}, False),
        ("refusals", {"approve": True}, False),
        ("refusals", {"approve": False, "ground": "major"}, True),
        ("bans", {"approve": False, "ground": "major"}, False),
        ("bans", {"approve": False, "ground": "barred"}, True),
        ("all", {"approve": True}, True),
    ],
)
@ONE
def test_a_second_reviewer_confirms_what_the_rules_name(
    world: World, rule: str, said: dict[str, Any], second: bool
) -> None:
    add_exam(world)
    set_rule(world, "second_review", rule)
    row = submitted(world, add_candidate(world))
    state = decide(world, Role.REVIEWER, row, **said)
    final = "approved" if said["approve"] else "refused"
    assert state == ("second" if second else final)
    if not second:
        return
    assert fresh(world, row).reason == ""  # the candidate learns what stands, not what is proposed
    for act, more in ((cases.confirm_decision, {}), (cases.return_decision, {"reason": "再看"})):
        with pytest.raises(Forbidden, match="somebody else"), world.acting(Role.REVIEWER) as ctx:
            act(ctx, ref=row.ref, **more)
    with world.acting(hire(world, "second", "李二")) as ctx:
        found = cases.confirm_decision(ctx, ref=row.ref)
        assert (found.state, found.proposal) == (final, None)
        assert found.proposed_by == world.people[Role.REVIEWER].account_id != found.decided_by


@ONE
def test_a_second_reviewer_gives_a_decision_back(world: World) -> None:
    add_exam(world)
    set_rule(world, "second_review", "all")
    row = submitted(world, add_candidate(world))
    decide(world, Role.REVIEWER, row, approve=True)
    with world.acting(hire(world, "second", "李二")) as ctx:
        cases.return_decision(ctx, ref=row.ref, reason="照片与姓名不符")
    assert fresh(world, row).state == "submitted"
    assert decide(world, Role.REVIEWER, row, approve=False, ground="photo") == "second"
    with world.context(PUBLIC).session as db:
        told = queue.history(db, row.ref)
    assert [(one.kind.split(".")[1], one.why) for one in told][1:] == [
        ("decide_application", ""),
        ("return_decision", "照片与姓名不符"),
        ("decide_application", "照片不符合要求，请更换后重新提交"),
    ]


def test_decisions_together_are_acts_of_their_own_and_one_is_reopened_by_itself(
    world: World,
) -> None:
    add_exam(world)
    rows = [submitted(world, add_candidate(world, serial)) for serial in (11, 21, 31)]
    with world.acting(Role.REVIEWER) as ctx:
        batch = cases.decide_together(ctx, refs=[row.ref for row in rows], approve=True)
    said = details(world, "decide_application")
    assert [one["batch"] for one in said] == [batch] * 3
    with world.context(PUBLIC).session as db:
        asked = Asked(show="together")
        listed = queue.list_cases(db, asked, None, date(2026, 3, 2), 1)
    assert {case.ref for case in listed} == {row.ref for row in rows}
    world.clock.advance(days=3)
    with world.acting(Role.REVIEWER) as ctx:
        cases.reopen_review(ctx, ref=rows[1].ref, reason="学历证书有疑问")
    assert [fresh(world, row).state for row in rows] == ["approved", "submitted", "approved"]
    again = fresh(world, rows[1])
    assert (again.batch, again.decided_at, again.review_due) == (None, None, date(2026, 3, 9))
    assert details(world, "reopen_review")[0]["why"] == "学历证书有疑问"


@ONE
def test_what_does_not_hold_is_not_approved_together_and_then_nothing_is(world: World) -> None:
    add_exam(world)
    good = submitted(world, add_candidate(world, 11))
    old = submitted(world, add_candidate(world, 21, "赵老", born="19600101"))
    for refs in ([], [f"{number:026d}" for number in range(51)]):
        with pytest.raises(Invalid), world.acting(Role.REVIEWER) as ctx:
            cases.decide_together(ctx, refs=refs, approve=True)
    with pytest.raises(Conflict, match="赵老"), world.acting(Role.REVIEWER) as ctx:
        cases.decide_together(ctx, refs=[good.ref, old.ref], approve=True)
    assert {fresh(world, row).state for row in (good, old)} == {"submitted"}
    with world.acting(Role.REVIEWER) as ctx:
        cases.decide_together(ctx, refs=[good.ref, old.ref], approve=False, ground="age")
    assert {fresh(world, row).ground for row in (good, old)} == {"age"}


@ONE
def test_what_is_paid_or_being_paid_is_not_reopened(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    row = approved(world, who)
    with world.acting(who) as ctx:
        create_order(ctx, ref=row.ref)
    with pytest.raises(Conflict, match="paying"), world.acting(Role.REVIEWER) as ctx:
        cases.reopen_review(ctx, ref=row.ref, reason="疑问")
    with pytest.raises(Conflict), world.acting(who) as ctx:  # candidates reopen nothing
        service.submit_application(ctx, ref=row.ref)


@ONE
def test_a_refusal_names_a_ground_of_the_rules(world: World) -> None:
    add_exam(world)
    row = submitted(world, add_candidate(world))
    for bad in ({"ground": "nonsense", "reason": "不行"}, {"ground": "other"}, {"ground": ""}):
        with pytest.raises(Invalid):
            decide(world, Role.REVIEWER, row, approve=False, **bad)
    decide(world, Role.REVIEWER, row, approve=False, ground="major")
    found = fresh(world, row)
    assert (found.ground, found.reason) == ("major", "所学专业与职位要求不符")
    assert found.refused_posts == "101"


@pytest.mark.parametrize(
    ("rule", "ground", "same", "other"),
    [
        ("other", "major", False, True),
        ("other", "papers", True, True),
        ("any", "major", True, True),
        ("never", "papers", False, False),
    ],
)
@ONE
def test_who_was_refused_applies_again_as_the_rules_say(
    world: World, rule: str, ground: str, same: bool, other: bool
) -> None:
    add_exam(world)
    set_rule(world, "reapply", rule)
    who = add_candidate(world)
    row = submitted(world, who)
    decide(world, Role.REVIEWER, row, approve=False, ground=ground)
    if not same:  # nor by submitting once more what stands there
        with pytest.raises(Conflict), world.acting(who) as ctx:
            service.submit_application(ctx, ref=row.ref)
    for post, allowed in (("101", same), ("102", other), ("101", same)):
        try:
            with world.acting(who) as ctx:
                service.apply(ctx, post_code=post, **APPLY)
            assert allowed, post
        except Conflict:
            assert not allowed, post


@ONE
def test_registration_is_not_closed_over_applications_without_an_answer(world: World) -> None:
    add_exam(world)
    row = submitted(world, add_candidate(world))
    world.clock.advance(days=13)
    with pytest.raises(Conflict, match="without an answer"), world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)
    decide(world, Role.REVIEWER, row, approve=False, ground="major")
    with world.acting(Role.OFFICER) as ctx:
        close_registration(ctx, code=CODE)


@ONE
def test_unmasking_is_an_act_with_a_reason(world: World) -> None:
    add_exam(world)
    row = refused(world, add_candidate(world))
    with world.acting(Role.OFFICER) as ctx:
        with pytest.raises(Invalid):
            cases.unmask(ctx, ref=row.ref, field="phone", reason=" ")
        assert cases.unmask(ctx, ref=row.ref, field="phone", reason="核对联系方式") == "13800000011"
        number = cases.unmask(ctx, ref=row.ref, field="id_number", reason="核对证件")
    assert number.startswith("520402")
    said = details(world, "unmask")
    assert [(one["field"], one["why"]) for one in said] == [
        ("phone", "核对联系方式"),
        ("id_number", "核对证件"),
    ]
    assert number not in json.dumps(said)
