"""Panels and groups, and the three draws of the interviews."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.draws import service as draws
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import panel_draw, service
from exam_system.interviews.groups import build_groups, build_order
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelReserve,
    PanelSeat,
)
from exam_system.interviews.panel_draw import build_interviewers
from exam_system.interviews.panels import pack
from exam_system.registration.models import Application
from exam_system.results.models import Result
from exam_system.trust.canonical import jcs
from exam_system.verify.matching import (
    allocations_of,
    check_lottery,
    check_match,
    frequencies_of,
    lottery_engine,
    match_engine,
)
from exam_system.verify.run import verify
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


def test_nobody_of_the_exams_own_prefecture_is_drawn(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7, local=5)
    create(world)
    (group,), _ = build(world, build_interviewers)
    areas = dict(zip(group["labels"], group["people"]["area"], strict=True))
    assert len(areas) == 19
    assert group["rules"]["areas"] == ["5204"]
    for number in range(20):
        assert {areas[label] for label in drawn_labels(group, number)} == {"410100"}


def drawn_labels(group: dict[str, Any], number: int) -> list[str]:
    """Everybody who is seated by this seed, panel after panel."""
    drawn = match_engine([group], seed(number), "interviewer")
    return [label for slot in drawn[0]["slots"] for label in slot["labels"]]


def seed(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def test_the_list_names_no_employer_and_only_the_city(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 7)
    create(world)
    (group,), _ = build(world, build_interviewers)
    assert "单位" not in json.dumps(group, ensure_ascii=False)
    assert sorted(group["people"]["employer"]) == list(range(9))


def test_too_few_interviewers_are_told_before_there_is_a_seed(world: World) -> None:
    setting.add_exam(world, (3, 3))
    setting.fill_pool(world, 1, 11, local=9)
    create(world, 2)
    with pytest.raises(Invalid, match=r"chief need 2 .* 1 .*; .*member"):
        freeze_now(world)


def test_rules_too_strict_for_the_pool_are_told_before_there_is_a_seed(world: World) -> None:
    setting.add_exam(world, panel_city=2)
    setting.fill_pool(world, 2, 7)  # all of one city
    create(world)
    with pytest.raises(Invalid, match="at most 2 can be seated"):
        freeze_now(world)


@pytest.mark.parametrize("algorithm", ["match", "lottery"])
def test_sexes_too_few_are_told_by_either_algorithm(world: World, algorithm: str) -> None:
    setting.add_exam(world, panel_sex=3, interviewer_draw=algorithm, lottery_size=3)
    setting.fill_pool(world, 2, 7)
    with world.acting(Role.OFFICER) as ctx:
        for row in ctx.session.scalars(select(Interviewer)).all()[2:]:
            row.sex = "male"
    create(world)
    with pytest.raises(Invalid, match="need 3 women, at most 1"):
        freeze_now(world)


def freeze_now(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        freeze(ctx, "interviewers")


def test_chief_members_and_reserves_of_one_panel_from_nine(world: World) -> None:
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
        line = ctx.session.execute(
            select(PanelReserve.place, PanelReserve.role, Interviewer.chief)
            .join(Interviewer, Interviewer.id == PanelReserve.interviewer_id)
            .order_by(PanelReserve.place)
        ).all()
    assert [tuple(row) for row in rows] == [(1, True)] + [(n, False) for n in range(2, 8)]
    assert [row.place for row in line] == [1, 2]
    assert {(row.role, row.chief) for row in line} == {("chief", True), ("member", False)}


def test_a_rule_set_from_before_draws_panels_without_limits_and_reserves(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 1, 6)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        document = json.loads(exam.rules)
        for key in [name for name in document if name.startswith(("panel", "lottery"))]:
            del document[key]
        del document["interviewer_draw"]
        exam.rules = jcs(document).decode()
        for row in ctx.session.scalars(select(Interviewer)):
            row.employer = "同一单位"
    create(world)
    (group,), _ = build(world, build_interviewers)
    assert group["rules"]["reserves"] == [0, 1]
    assert len(drawn_labels(group, 1)) == 7


def declare(world: World, certificate: str, place: int) -> None:
    with world.acting(Role.OFFICER) as ctx:
        service.declare_avoidance(
            ctx, code=CODE, certificate=certificate, number=number_of(place), relation="kinship"
        )


def test_who_must_avoid_every_group_is_not_drawn(world: World) -> None:
    setting.add_exam(world)
    setting.fill_pool(world, 2, 8)
    create(world)
    declare(world, "KG0102", 1)
    (group,), _ = build(world, build_interviewers)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Interviewer.label).where(Interviewer.certificate == "KG0102")
        label = ctx.session.scalars(query).one()
    assert group["people"]["roles"][group["labels"].index(label)] == []
    assert not any(label in drawn_labels(group, number) for number in range(20))


def test_avoidances_keep_the_groups_draw_possible(world: World) -> None:
    """Without the groups two members could meet in one panel that then may hear no group."""
    setting.add_exam(world, (3, 3))
    setting.fill_pool(world, 4, 14)
    create(world, 2)
    declare(world, "KG0100", 0)
    declare(world, "KG0101", 4)
    (group,), _ = build(world, build_interviewers)
    with world.acting(Role.OFFICER) as ctx:
        pool = {row.certificate: row.label for row in ctx.session.scalars(select(Interviewer))}
    pair, met = {pool["KG0100"], pool["KG0101"]}, 0
    for number in range(40):
        drawn = match_engine([group], seed(number), "interviewer")
        assert check_match([group], drawn) == []
        assert not any(pair <= set(slot["labels"]) for slot in drawn[0]["slots"])
        met += pair <= set(drawn_labels(group, number))
    assert met > 5  # both serve often enough for the test to mean something


def test_incompatible_interviewers_never_share_a_panel(world: World) -> None:
    setting.add_exam(world, (3, 3))
    setting.fill_pool(world, 4, 14)
    create(world, 2)
    with world.acting(Role.OFFICER) as ctx:
        service.declare_incompatibility(ctx, first="KG0101", second="KG0100", relation="kinship")
        pool = {row.certificate: row.label for row in ctx.session.scalars(select(Interviewer))}
    (group,), _ = build(world, build_interviewers)
    pair = {pool["KG0100"], pool["KG0101"]}
    assert [{group["labels"][at] for at in one} for one in group["apart"]] == [pair]
    for number in range(20):
        drawn = match_engine([group], seed(number), "interviewer")
        assert not any(pair <= set(slot["labels"]) for slot in drawn[0]["slots"])


def test_a_lottery_is_one_of_the_listed_allocations(world: World) -> None:
    setting.add_exam(world, interviewer_draw="lottery", lottery_size=20)
    setting.fill_pool(world, 4, 16, local=2)
    create(world)
    (group,), _ = build(world, build_interviewers)
    manifest = {"algorithm": "lottery/v1", "groups": [group]}
    chances = frequencies_of(manifest)
    able = [one["seated"] for one in chances if one["seated"]]
    # 4 chiefs for 1 seat and 16 members for 6 in 20 allocations: as even as whole numbers allow
    assert len(chances) == 24
    assert sorted(able) == [5] * 4 + [7] * 8 + [8] * 8
    drawn = lottery_engine([group], seed(3), "interviewer")
    assert check_lottery([group], drawn) == []
    listed = group["allocations"][drawn[0]["index"]]["panels"][0]
    assert drawn[0]["slots"][0]["labels"] == [group["labels"][at] for at in listed]
    setting.hold(world, "interviewers")


def test_a_made_up_list_or_a_broken_rule_is_found(world: World) -> None:
    setting.add_exam(world, interviewer_draw="lottery", lottery_size=5)
    setting.fill_pool(world, 4, 16, local=2)
    create(world)
    (group,), _ = build(world, build_interviewers)
    planted = json.loads(json.dumps(group))
    panel = planted["allocations"][2]["panels"][0]
    local = planted["people"]["area"].index("520400")
    panel[6] = local
    drawn = lottery_engine([planted], seed(3), "interviewer")
    said = "; ".join(check_lottery([planted], drawn))
    assert "allocation 2" in said
    assert "from the area of the exam" in said
    assert "does not follow from the people and the rules" in said
    drawn = match_engine([without(group)], seed(3), "interviewer")
    drawn[0]["slots"][0]["labels"][1] = group["labels"][local]
    assert any("from the area" in one for one in check_match([without(group)], drawn))


@pytest.mark.parametrize("algorithm", ["match", "lottery"])
def test_exam_verify_recomputes_the_published_bundle(world: World, algorithm: str) -> None:
    folder = published(world, algorithm)
    outcome = verify([folder])
    assert outcome.refused == []
    path = folder / "result.json"
    result = json.loads(path.read_text())
    slot = result["groups"][0]["slots"][0]
    slot["labels"][1], result["groups"][0]["reserve"][-1] = (
        result["groups"][0]["reserve"][-1],
        slot["labels"][1],
    )
    path.write_bytes(jcs(result))
    assert "result" in str(verify([folder]).refused[0])


def published(world: World, algorithm: str) -> Path:
    setting.add_exam(world, interviewer_draw=algorithm, lottery_size=4)
    setting.fill_pool(world, 2, 8, local=2)
    create(world)
    setting.hold(world, "interviewers")
    return setting.publish(world, "interviewers")


def test_exam_verify_refuses_a_signed_list_that_breaks_the_rules(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office itself plants an interviewer of the exam's own area in every allocation."""

    def planted(group: dict[str, Any], count: int) -> list[dict[str, Any]]:
        local = zip(group["people"]["area"], group["people"]["roles"], strict=True)
        friend = list(local).index(("520400", [1]))
        found = allocations_of(group, count)
        for one in found:
            one["panels"][0][6] = friend
        return found

    monkeypatch.setattr(panel_draw, "allocations_of", planted)
    panel_draw._listed.cache_clear()
    (refused,) = verify([published(world, "lottery")]).refused
    assert "breaks its own rules" in str(refused)
    assert "is from the area of the exam" in str(refused)
    panel_draw._listed.cache_clear()


def without(group: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key != "allocations"}


# ------------------------------------------------------------------ groups


def test_no_panel_hears_whom_it_must_avoid_in_200_draws(world: World) -> None:
    setting.add_exam(world, (3, 3, 3, 3), rooms=4)
    setting.fill_pool(world, 5, 25)
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
    setting.fill_pool(world, 3, 13, local=1)
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
