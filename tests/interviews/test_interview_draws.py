"""Panels and groups, and the three draws of the interviews."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.draws import service as draws
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import service
from exam_system.interviews.groups import build_groups, build_order
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelSeat,
)
from exam_system.interviews.panels import build_interviewers, pack
from exam_system.registration.models import Application
from exam_system.results.models import Result
from exam_system.trust import tickets
from proctoring.deal import deal_v1
from seating.groups import groups_v1
from tests.interviews import setting
from tests.interviews.setting import CODE, freeze, number_of
from tests.world import World


def create(world: World, panels: int | None = None) -> list[str]:
    with world.acting(Role.OFFICER) as ctx:
        return [row.code for row in service.create_panels(ctx, code=CODE, panels=panels)]


def sizes_of(world: World) -> dict[str, int]:
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(InterviewGroup.code, func.count(Interview.application_id))
            .join(Interview, Interview.group_id == InterviewGroup.id)
            .group_by(InterviewGroup.code)
        )
        return {row[0]: row[1] for row in ctx.session.execute(query)}


def build(world: World, recipe: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with world.acting(Role.OFFICER) as ctx:
        found: tuple[list[dict[str, Any]], dict[str, Any]] = recipe(
            ctx, exam_by_code(ctx.session, CODE)
        )
        return found


# ------------------------------------------------------------------ panels and groups


@given(
    st.lists(st.integers(1, 45), min_size=1, max_size=25).flatmap(
        lambda sizes: st.tuples(st.just(sizes), st.none() | st.integers(1, len(sizes)))
    )
)
def test_packing_keeps_posts_whole_and_in_order(case: tuple[list[int], int | None]) -> None:
    sizes, groups = case
    packed = pack(sizes, groups)
    assert [at for group in packed for at in group] == list(range(len(sizes)))
    assert all(len(group) for group in packed)
    largest = max(sum(sizes[at] for at in group) for group in packed)
    if groups is None:
        assert largest <= max(30, *sizes)
    else:
        assert len(packed) == groups


def test_groups_are_as_even_as_the_posts_allow() -> None:
    assert pack([9, 9, 9, 9], 2) == [range(2), range(2, 4)]
    assert pack([20, 9, 9, 1], 2) == [range(1), range(1, 4)]
    assert pack([20, 9, 1, 2], None) == [range(1), range(1, 4)]
    assert pack([35, 2], None) == [range(1), range(1, 2)]


def test_panels_stand_in_interview_rooms_and_hear_the_shortlisted(world: World) -> None:
    setting.add_exam(world, (3, 2, 4), rooms=3)
    assert create(world) == ["01"]
    assert sizes_of(world) == {"G01": 9}
    assert create(world, 2) == ["01", "02"]
    assert sizes_of(world) == {"G01": 5, "G02": 4}
    with world.acting(Role.OFFICER) as ctx:
        heard = set(ctx.session.scalars(select(Interview.application_id)))
        query = select(Result.application_id).where(Result.outcome == "shortlisted")
        assert heard == set(ctx.session.scalars(query))
        assert ctx.session.scalar(select(func.count(Panel.id))) == 2


@pytest.mark.parametrize("panels", [0, 4, 100])
def test_more_panels_than_posts_are_refused(world: World, panels: int) -> None:
    setting.add_exam(world, (3, 2, 4), rooms=3)
    with pytest.raises(Invalid, match="1 to 3"):
        create(world, panels)


def test_more_panels_than_rooms_are_refused(world: World) -> None:
    setting.add_exam(world, (3, 2, 4), rooms=1)
    with pytest.raises(Invalid, match="2 panels need as many interview rooms; the exam has 1"):
        create(world, 2)


def test_panels_need_a_shortlist(world: World) -> None:
    setting.add_exam(world)
    with world.acting(Role.OFFICER) as ctx:
        exam_by_code(ctx.session, CODE).state = "written"
    with pytest.raises(Conflict):
        create(world)


def test_panels_stand_once_a_draw_has_begun(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    with world.acting(Role.OFFICER) as ctx:
        freeze(ctx, "interviewers")
    with pytest.raises(Conflict, match="stand"):
        create(world)


def test_a_void_draw_lets_panels_be_set_up_again(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    with world.acting(Role.OFFICER) as ctx:
        attempt = freeze(ctx, "interviewers")
        draws.void_draw(ctx, draw=f"{CODE}-interviewers", number=attempt.number, reason="名单有误")
    assert create(world) == ["01"]


def test_only_officers_set_up_panels(world: World) -> None:
    setting.add_exam(world)
    with pytest.raises(Forbidden), world.acting(Role.INSPECTOR) as ctx:
        service.create_panels(ctx, code=CODE)


# ------------------------------------------------------------------ interviewers


def test_nobody_of_the_exams_own_prefecture_is_in_the_draw(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7, local=5)
    create(world)
    groups, rules = build(world, build_interviewers)
    labels = {label for group in groups for label in group["labels"]}
    with world.acting(Role.OFFICER) as ctx:
        areas = {row.label: row.area_code for row in ctx.session.scalars(select(Interviewer))}
    assert {areas[label] for label in labels} == {"410100"}
    assert len(labels) == 9
    assert (rules["pool"], rules["own_area"]) == (19, 10)


def test_too_few_interviewers_are_counted(world: World) -> None:
    setting.add_exam(world, (3, 3))
    setting.fill_pool(world, 1, 11, local=9)
    create(world, 2)
    with pytest.raises(Invalid, match=r"need 2 chief interviewers and 12 members .* 1 and 11"):
        build(world, build_interviewers)


def test_chief_and_members_of_one_panel_from_nine(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    setting.hold(world, "interviewers")
    with world.acting(Role.OFFICER) as ctx:
        rows = ctx.session.execute(
            select(PanelSeat.place, Interviewer.chief)
            .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
            .order_by(PanelSeat.place)
        ).all()
    assert [tuple(row) for row in rows] == [(1, True)] + [(n, False) for n in range(2, 8)]


def declare(world: World, certificate: str, place: int) -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.declare_avoidance(
            ctx, code=CODE, certificate=certificate, number=number_of(place), relation="kinship"
        )


def test_who_must_avoid_every_group_is_not_drawn(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    declare(world, "KG0000", 1)
    groups, rules = build(world, build_interviewers)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Interviewer.label).where(Interviewer.certificate == "KG0000")
        label = ctx.session.scalars(query).one()
    assert rules["avoiding_every_group"] == 1
    assert label not in groups[0]["labels"]


def test_an_avoidance_of_one_group_keeps_the_groups_draw_possible(world: World) -> None:
    """Without the marks the two members could meet in one panel that then may hear no group."""
    setting.add_exam(world, (3, 3))
    setting.fill_pool(world, 2, 12)
    create(world, 2)
    declare(world, "KG0100", 0)
    declare(world, "KG0101", 4)
    groups, _ = build(world, build_interviewers)
    with world.acting(Role.OFFICER) as ctx:
        pool = {row.certificate: row.label for row in ctx.session.scalars(select(Interviewer))}
    for number in range(60):
        drawn = deal(groups, "interviewer", number)
        panel = {label: slot["id"] for slot in drawn[1]["slots"] for label in slot["labels"]}
        assert panel.get(pool["KG0100"], "02") == "02"
        assert panel.get(pool["KG0101"], "01") == "01"


def deal(groups: list[dict[str, Any]], purpose: str, number: int) -> list[dict[str, Any]]:
    seed = hashlib.sha256(b"%d" % number).hexdigest()
    return deal_v1(groups, partial(tickets.ticket, seed, purpose))


# ------------------------------------------------------------------ groups


def test_no_panel_hears_whom_it_must_avoid_in_200_draws(world: World) -> None:
    setting.add_exam(world, (3, 3, 3, 3), rooms=4)
    setting.fill_pool(world, 4, 24)
    create(world, 4)
    setting.hold(world, "interviewers")
    avoided = {("01", 0), ("01", 4), ("02", 12)}  # panel and candidate
    for panel, candidate in sorted(avoided):
        declare(world, certificate_in(world, panel, 2 + candidate % 3), candidate)
    groups, _ = build(world, build_groups)
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Application.number, InterviewGroup.code)
            .join(Interview, Interview.application_id == Application.id)
            .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        )
        group_of = {row[0]: row[1] for row in ctx.session.execute(query)}
    forbidden = {(panel, group_of[number_of(candidate)]) for panel, candidate in avoided}
    assert len(forbidden) == 3
    seen = set()
    for number in range(200):
        drawn = groups_v1(groups, hashlib.sha256(b"%d" % number).hexdigest())
        pairs = {(slot["id"], slot["labels"][0]) for slot in drawn[0]["slots"]}
        assert not pairs & forbidden
        seen |= pairs
    assert len(seen) == 4 * 4 - 3  # everything that is allowed happens


def certificate_in(world: World, panel: str, place: int) -> str:
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Interviewer.certificate)
            .join(PanelSeat, PanelSeat.interviewer_id == Interviewer.id)
            .join(Panel, Panel.id == PanelSeat.panel_id)
            .where(Panel.code == panel, PanelSeat.place == place)
        )
        return ctx.session.scalars(query).one()


def test_a_list_tells_only_of_avoidances_that_matter(world: World) -> None:
    setting.add_exam(world, (3, 3))
    setting.fill_pool(world, 2, 12, local=1)
    create(world, 2)
    setting.hold(world, "interviewers")
    declare(world, "KG0200", 0)  # from the exam's own area: sits in no panel
    groups, _ = build(world, build_groups)
    assert groups[0]["marks"] == {}
    assert [slot["marks"] for slot in groups[0]["slots"]] == [[], []]


def test_an_impossible_groups_draw_is_refused_before_it_begins(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    setting.hold(world, "interviewers")
    declare(world, certificate_in(world, "01", 3), 0)
    with pytest.raises(Invalid, match="short by 1"), world.acting(Role.OFFICER) as ctx:
        freeze(ctx, "groups")


def test_an_avoidance_is_not_taken_while_the_groups_are_drawn(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    setting.hold(world, "interviewers")
    with world.acting(Role.OFFICER) as ctx:
        freeze(ctx, "groups")
    with pytest.raises(Conflict, match="under way"):
        declare(world, certificate_in(world, "01", 3), 0)


# ------------------------------------------------------------------ order of things


@pytest.mark.parametrize("recipe", [build_interviewers, build_groups, build_order])
def test_no_draw_without_panels(world: World, recipe: Any) -> None:
    setting.add_exam(world)
    with pytest.raises(Conflict, match="panels and groups first"):
        build(world, recipe)


def test_groups_need_interviewers_and_order_needs_groups(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    with pytest.raises(Conflict, match="interviewers must be drawn first"):
        build(world, build_groups)
    with pytest.raises(Conflict, match="groups must be drawn first"):
        build(world, build_order)


@pytest.mark.parametrize("recipe", [build_interviewers, build_groups, build_order])
def test_a_corrected_shortlist_stops_the_draws(world: World, recipe: Any) -> None:
    setting.ready(world)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.scalars(
            select(Result).where(Result.outcome == "not")
        ).one().outcome = "shortlisted"
    with pytest.raises(Conflict, match="shortlist has changed"):
        build(world, recipe)


def test_the_drawn_order_is_the_result_of_the_draw(world: World) -> None:
    setting.ready(world, (4, 3), panels=2)
    groups, _ = build(world, build_order)
    with world.acting(Role.OFFICER) as ctx:
        from exam_system.draws.models import Attempt, Draw

        query = select(Attempt.seed).join(Draw, Draw.id == Attempt.draw_id)
        seed = ctx.session.scalars(query.where(Draw.kind == "order")).one()
        rows = ctx.session.execute(
            select(InterviewGroup.code, Application.label)
            .join(Interview, Interview.group_id == InterviewGroup.id)
            .join(Application, Application.id == Interview.application_id)
            .order_by(InterviewGroup.code, Interview.place)
        ).all()
    for group in groups:
        expected = sorted(
            group["labels"],
            key=lambda label: hashlib.sha256(f"{seed}:order:{label}".encode()).digest(),
        )
        assert [row.label for row in rows if row.code == group["id"]] == expected
