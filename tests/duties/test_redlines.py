"""Each red line with acts that cross it and acts that nearly do, all by the verbs of the office."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from exam_system.access import Role
from exam_system.context import SYSTEM, Actor
from exam_system.duties import judging, lines, sheets, watching
from exam_system.duties.models import RedLineCase, RedLineMark
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.registration import service as registration
from exam_system.registration.cases import unmask
from tests.interviews import setting as interviews
from tests.interviews.test_interview_substitutes import certificate, declare
from tests.registration import setting
from tests.world import World, approve_in


@pytest.fixture
def database() -> str:
    return "sqlite"


def found(world: World, who: Actor = SYSTEM) -> list[tuple[str, str, int]]:
    """What a look through the log finds anew: line, whose, how many acts prove it."""
    world.seal()
    with world.acting(who) as ctx:
        opened = watching.check_lines(ctx).opened
        return [(case.line, name_of(world, case), len(json.loads(case.acts))) for case in opened]


def name_of(world: World, case: RedLineCase) -> str:
    """The role or login of whom a case concerns."""
    roles = {actor.account_id: role.value for role, actor in world.people.items()}
    return roles.get(case.account_id, "another")


def hire(world: World, role: Role, username: str, name: str, office: str = "") -> Actor:
    """One more member of staff with a name of their own."""
    with world.acting(Role.ADMIN) as ctx:
        return world.hire(ctx, role, username, office, name)


def at(world: World, hour: int, minute: int = 0) -> None:
    """The clock goes on to this time of the day in the bureau's zone."""
    now = world.clock.now().astimezone(world.config.zone)
    then = now.replace(hour=hour, minute=minute)
    world.clock.set(then if then >= now else then + timedelta(days=1))


def another_sheet(**other: str) -> dict[str, str]:
    """The cashier's sheet with other words."""
    return sheets.first_sheets()["cashier"].typed() | other


def test_two_acts_by_accounts_of_one_name_are_one_person_alone(world: World) -> None:
    """Asked by the officer and approved by an inspector of that name, then by another person."""
    hire(world, Role.INSPECTOR, "second", "监督乙")
    for number, username in enumerate(("inspector", "second")):
        with world.acting(Role.OFFICER) as ctx:
            sheets.draft_sheet(ctx, post="cashier", typed=another_sheet(name_en=f"Till {number}"))
            approve_in(ctx, "duties.publish_sheet", post="cashier", username=username)
            sheets.publish_sheet(ctx, post="cashier")
        assert found(world) == ([("alone", "inspector", 2)] if number == 0 else [])
    with world.acting(SYSTEM) as ctx:
        assert [one.version for one in sheets.versions_of(ctx.session, "cashier")] == [3, 2, 1]


def test_a_reviewer_of_the_applicants_own_unit_has_a_relation(world: World) -> None:
    setting.add_exam(world)
    others = [setting.submitted(world, setting.add_candidate(world, n)) for n in (11, 13)]
    for application, employer in zip(others, ("局机关", "局机关食堂"), strict=True):
        with world.context(world.people[Role.OFFICER]).session as db:
            row = db.get_one(type(application), application.id)
            row.employer = employer
            db.commit()
    for application in others:
        with world.acting(Role.REVIEWER) as ctx:
            registration.decide_application(ctx, ref=application.ref, approve=True)
    assert found(world) == [("relation", "reviewer", 1)]


def test_scores_before_an_avoidance_and_after_a_session(world: World) -> None:
    """A relation that is declared once the score is in; a panel that was left open overnight."""
    interviews.begin(world)
    found(world)  # everybody of the tests has one name
    interviews.hear(world, 1, ["80.00"] * 7)
    declare(world, certificate(world, 2), interviews.ref_of(world, 2))  # not heard yet: in time
    assert found(world) == []
    declare(world, certificate(world, 1), interviews.ref_of(world, 1))
    (one,) = found(world)
    assert (one[0], one[2]) == ("relation", 2)  # the score and what declared the relation


def test_a_panel_that_is_left_open_has_no_session_the_next_morning(world: World) -> None:
    interviews.begin(world)
    found(world)
    interviews.call(world, 1)
    world.clock.advance(hours=14)
    interviews.enter(world, 1, 1, "80.00")
    assert found(world) == []  # late, but within the longest session
    world.clock.advance(seconds=1)
    for seat in range(2, 8):
        interviews.enter(world, seat, 1, "80.00")
    assert found(world) == [("scores", "another", 1)] * 6


def test_sealed_data_has_office_hours(world: World) -> None:
    setting.add_exam(world)
    row = setting.submitted(world, setting.add_candidate(world))
    look: dict[str, Any] = {"ref": row.ref, "field": "phone", "reason": "核对联系方式"}
    at(world, 21, 59)
    with world.acting(Role.REVIEWER) as ctx:
        unmask(ctx, **look)
    assert found(world) == []
    for hour in (22, 5):  # one night, two looks at the log: one case
        at(world, hour)
        with world.acting(Role.REVIEWER) as ctx:
            unmask(ctx, **look)
        assert found(world) == ([("sealed", "reviewer", 1)] if hour == 22 else [])
    with world.acting(SYSTEM) as ctx:
        case = ctx.session.scalars(select(RedLineCase)).one()
        assert len(json.loads(case.acts)) == 2
        assert json.loads(case.facts) == {
            "n": "2",
            "day": "2026-03-02",
            "said": "registration.unmask",
        }
    at(world, 7)
    with world.acting(Role.REVIEWER) as ctx:
        unmask(ctx, **look)
    assert found(world) == []


def export(world: World) -> list[tuple[str, str, int]]:
    """The officer takes the list of applicants out."""
    with world.acting(Role.OFFICER) as ctx:
        registration.export_applicants(ctx, code=setting.CODE)
    return found(world)


def test_an_export_needs_the_leave_of_an_inspector_for_this_list_and_time(world: World) -> None:
    setting.add_exam(world)
    today = world.clock.now().astimezone(world.config.zone).date()
    asked: dict[str, Any] = {
        "username": "officer", "what": "registration.export_applicants", "exam": setting.CODE,
        "until": today + timedelta(days=1), "reason": "寄送通知",
    }  # fmt: skip
    with world.acting(Role.INSPECTOR) as ctx:
        for wrong in ({"until": today - timedelta(days=1)}, {"what": "exams.set_rules"}):
            with pytest.raises(Invalid):
                judging.allow_export(ctx, **asked | wrong)
        with pytest.raises(NotFound):
            judging.allow_export(ctx, **asked | {"username": "ghost"})
        judging.allow_export(ctx, **asked | {"exam": "another-exam"})
    assert export(world) == [("export", "officer", 1)]
    world.clock.advance(days=1)
    with world.acting(Role.INSPECTOR) as ctx:
        judging.allow_export(ctx, **asked)
    assert export(world) == []
    world.clock.advance(days=1)  # the leave has ended
    assert export(world) == [("export", "officer", 1)]


def test_a_log_looked_through_twice_gives_the_same_cases_once(world: World) -> None:
    setting.add_exam(world)
    assert export(world) == [("export", "officer", 1)]
    with world.acting(Role.INSPECTOR) as ctx:
        assert not watching.is_behind(ctx.session)
    with world.context(SYSTEM).session as db:
        db.execute(delete(RedLineMark))  # as if nobody had ever looked
        db.commit()
    assert found(world) == []
    with world.acting(SYSTEM) as ctx:
        assert watching.is_behind(ctx.session) is False
        assert len(ctx.session.scalars(select(RedLineCase)).all()) == 1
        assert watching.waiting(ctx.session) == 1


def test_inspectors_set_the_rules_and_what_they_say_is_watched(world: World) -> None:
    setting.add_exam(world)
    with world.acting(Role.INSPECTOR) as ctx:
        given = lines.typed(lines.first_document())
        with pytest.raises(Conflict, match="in force"):
            lines.set_lines(ctx, given=given)
        for wrong in (
            {"scores-from": "22"}, {"sealed-until": "25"}, {"export-post": "nobody"},
            {"export-acts": "no.such_act"}, {"alone-acts": "approvals.approve"},
        ):  # fmt: skip
            with pytest.raises(Invalid):
                lines.set_lines(ctx, given=given | wrong)
        assert lines.set_lines(ctx, given=given | {"export-on": ""}).version == 2
    assert export(world) == []
    with pytest.raises(Forbidden), world.acting(Role.OFFICER) as ctx:
        lines.set_lines(ctx, given=given)


def test_who_had_part_does_not_judge_and_a_measure_needs_two_offices(world: World) -> None:
    other = hire(world, Role.INSPECTOR, "second", "监督乙")
    boss = hire(world, Role.OFFICER, "boss", "综合科干部", "局领导")
    with world.acting(Role.OFFICER) as ctx:
        sheets.draft_sheet(ctx, post="cashier", typed=another_sheet(name_zh="收银岗"))
        approve_in(ctx, "duties.publish_sheet", post="cashier")
    assert found(world) == [("alone", "inspector", 2)]
    with world.acting(SYSTEM) as ctx:
        ref = ctx.session.scalars(select(RedLineCase.ref)).one()
    measure = {"source": "line", "about": ref, "measure": "talk", "why": "一人双号"}
    with world.acting(boss) as ctx, pytest.raises(Conflict, match="confirmed"):
        judging.wanted_measure(ctx, **measure)
    judged: dict[str, Any] = {"ref": ref, "confirmed": True, "reason": "核对属实"}
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Forbidden, match="part in"):
        judging.judge_finding(ctx, **judged)
    with world.acting(other) as ctx:
        judging.judge_finding(ctx, **judged)
        with pytest.raises(Conflict, match="judged already"):
            judging.judge_finding(ctx, **judged)
    with world.acting(boss) as ctx:
        with pytest.raises(Conflict, match="approval"):
            judging.hold_accountable(ctx, **measure)
        approve_in(ctx, "duties.hold_accountable", **measure, username="second")
        with pytest.raises(Conflict, match="not what stands"):
            judging.hold_accountable(ctx, **measure | {"measure": "transfer"})
        row = judging.hold_accountable(ctx, **measure)
        assert (row.measure, row.account_id) == ("talk", world.people[Role.INSPECTOR].account_id)
        with pytest.raises(Conflict, match="entered already"):
            judging.hold_accountable(ctx, **measure)
