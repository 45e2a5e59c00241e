"""A large post may be heard by several panels where the rules say so; then panels are compared."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Post
from exam_system.interviews import differences, service
from exam_system.interviews.models import Interview, InterviewGroup
from exam_system.interviews.panels import divided
from exam_system.registration.models import Application
from scoring.panels import CorrectionRule, correct
from tests.interviews import setting
from tests.interviews.setting import CODE, enter
from tests.world import World

RESULTS = {"01": (70, 80, 90), "02": (80, 90, 95)}


@pytest.mark.parametrize(
    ("count", "most", "sizes"),
    [(7, 0, [7]), (7, 7, [7]), (7, 6, [4, 3]), (61, 30, [21, 20, 20]), (1, 5, [1])],
)
def test_parts_are_as_even_as_can_be_and_leave_nobody_out(
    count: int, most: int, sizes: list[int]
) -> None:
    parts = divided(range(count), most)
    assert [len(part) for part in parts] == sizes
    assert sorted(one for part in parts for one in part) == list(range(count))


@pytest.mark.parametrize("database", ["sqlite"])
def test_two_panels_hear_one_post_and_are_brought_to_one_reference(world: World) -> None:
    setting.begin(
        world, (6,), panels=2, post_panel_most=3, panel_correction="secondary_mean", decimals=2
    )
    with world.acting(Role.OFFICER) as ctx:
        service.open_panel(ctx, code=CODE, panel="02")
        query = (
            select(InterviewGroup.code, Post.code)
            .join(Interview, Interview.group_id == InterviewGroup.id)
            .join(Application, Application.id == Interview.application_id)
            .join(Post, Post.id == Application.post_id)
        )
        found = [tuple(row) for row in ctx.session.execute(query)]
    assert sorted(found) == [("G01", "101")] * 3 + [("G02", "101")] * 3
    for panel, results in RESULTS.items():
        for place, result in enumerate(results, 1):
            ref = setting.ref_of(world, place, panel)
            with world.acting(Role.OFFICER) as ctx:
                service.call_candidate(ctx, code=CODE, ref=ref)
            for seat in range(1, 8):
                enter(world, seat, place, f"{result}.00", panel)
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, CODE)
        (group,) = differences.corrected(ctx.session, exam, rules_of(exam))
    assert {one.post for people in group.people for one in people} == {"101"}
    rule = CorrectionRule("secondary_mean", None, None, 2, "half_up")
    raw = [[Decimal(one.result) for one in people] for people in group.people]
    assert {tuple(sorted(map(int, one))) for one in raw} == {*RESULTS.values()}
    assert group.correction == correct(raw, rule)
    assert len({panel.coefficient for panel in group.correction.panels}) == 2
