"""The draw of invigilators: never at their own school, told at once when it cannot be made."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from exam_system.access import Role
from exam_system.draws.computing import draw_groups
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import recipe_of
from exam_system.draws.service import void_draw
from exam_system.errors import Conflict, Invalid
from exam_system.examday.invigilation import school_mark
from exam_system.examday.models import Duty, Invigilator, Seat
from exam_system.examday.service import export_invigilators, import_invigilators
from exam_system.exams.models import Room, Site
from exam_system.sheets import SheetError
from tests.examday import hall
from tests.world import World

HEAD = "工号,姓名,性别,所在学校\n"
SCHOOLS = ("市第一中学", "市第二中学", "平坝第一中学")


def table(*schools: str) -> bytes:
    rows = (f"T{n:03},监考{'甲乙'[n % 2]},{'男女'[n % 2]},{s}\n" for n, s in enumerate(schools))
    return (HEAD + "".join(rows)).encode()


def bring(world: World, *schools: str) -> None:
    with world.acting(Role.OFFICER) as ctx:
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=table(*schools))


def attempts(world: World) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return list(db.scalars(select(Attempt.state).order_by(Attempt.id)))


@pytest.fixture
def seated(world: World) -> World:
    hall.standard(world, first=65, second=7)
    hall.seat(world)
    return world


def test_two_for_every_room_in_use_and_nobody_at_home(seated: World) -> None:
    bring(seated, *(SCHOOLS * 4))
    hall.finish(seated, "invigilators")
    with seated.context(seated.people[Role.OFFICER]).session as db:
        query = (
            select(Duty.place, Room.id, Invigilator.school, Site.school)
            .join(Invigilator, Invigilator.id == Duty.invigilator_id)
            .join(Room, Room.id == Duty.room_id)
            .join(Site, Site.id == Room.site_id)
        )
        rows = db.execute(query).all()
        used = set(db.scalars(select(Seat.room_id)))
    assert len(used) == 4
    assert sorted((room, place) for place, room, *_ in rows) == sorted(
        (room, place) for room in used for place in (1, 2)
    )
    assert all(own != site for *_, own, site in rows)


def test_never_at_the_own_school_whatever_the_seed(seated: World) -> None:
    bring(seated, *SCHOOLS, *SCHOOLS, "市 第一中学", "市第二中学")
    with seated.acting(Role.OFFICER) as ctx:
        groups, _ = recipe_of("invigilators").build(ctx, _exam(ctx))
    marks = groups[0]["marks"]
    of_slot = {slot["id"]: set(slot["marks"]) for slot in groups[0]["slots"]}
    manifest = {"algorithm": "deal/v1", "purpose": "invigilator", "groups": groups}
    seen = set()
    for n in range(500):
        [group] = draw_groups(manifest, hashlib.sha256(b"%d" % n).hexdigest())
        seen.add(str(group))
        for slot in group["slots"]:
            assert len(set(slot["labels"])) == 2
            assert not any(of_slot[slot["id"]] & set(marks[label]) for label in slot["labels"])
    assert len(seen) > 300


def _exam(ctx: Any) -> Any:
    from exam_system.exams.lookup import exam_by_code

    return exam_by_code(ctx.session, hall.CODE)


@given(st.lists(st.sampled_from("甲乙丙"), min_size=4, max_size=12), st.integers(0, 2**32))
def test_the_draw_is_refused_exactly_when_no_plan_exists(schools: list[str], seed: int) -> None:
    """Two rooms at 甲, one at 乙; two places each; counted by hand (Hall's condition)."""
    sites = ("甲", "甲", "乙")
    group = {
        "id": "g",
        "labels": [f"i{n:02}" for n in range(len(schools))],
        "marks": {f"i{n:02}": [school_mark(school)] for n, school in enumerate(schools)},
        "slots": [
            {"id": f"r{n}", "capacity": 2, "marks": [school_mark(school)]}
            for n, school in enumerate(sites)
        ],
    }
    not_at_a = len(schools) - schools.count("甲")
    not_at_b = len(schools) - schools.count("乙")
    possible = not_at_a >= 4 and not_at_b >= 2 and len(schools) >= 6
    manifest = {"algorithm": "deal/v1", "purpose": "invigilator", "groups": [group]}
    try:
        draw_groups(manifest, hashlib.sha256(b"%d" % seed).hexdigest())
    except Invalid:
        assert not possible
    else:
        assert possible


def test_all_of_one_school_are_refused_with_numbers_before_freezing(seated: World) -> None:
    bring(seated, *["市第一中学"] * 20)
    with (
        seated.acting(Role.OFFICER) as ctx,
        pytest.raises(Invalid) as caught,
    ):
        hall.freeze(ctx, "invigilators")
    short = "needs 2 people, at most 0 can serve there: short by 2"
    assert f"01-01-01: {short}" in str(caught.value)
    assert f"01-01-02: {short}" in str(caught.value)
    assert "01-02-01" not in str(caught.value)
    assert attempts(seated) == ["published"]


def test_too_few_people_are_refused_with_numbers(seated: World) -> None:
    bring(seated, *["某小学"] * 7)
    with (
        seated.acting(Role.OFFICER) as ctx,
        pytest.raises(Invalid, match="needs 8 people, at most 7 can serve there: short by 1"),
    ):
        hall.freeze(ctx, "invigilators")


def test_no_draw_before_the_seats_are_published(world: World) -> None:
    hall.standard(world, first=5)
    bring(world, *SCHOOLS)
    hall.finish(world, "seats")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="seats are published"):
        hall.freeze(ctx, "invigilators")


def test_without_invigilators_there_is_nobody_to_draw(seated: World) -> None:
    with seated.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="nobody to draw"):
        hall.freeze(ctx, "invigilators")


def test_a_new_table_replaces_the_old_until_the_draw_begins(seated: World) -> None:
    bring(seated, *SCHOOLS)
    bring(seated, *["某小学"] * 8)
    with seated.context(seated.people[Role.OFFICER]).session as db:
        assert set(db.scalars(select(Invigilator.school))) == {"某小学"}
    with seated.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "invigilators")
    with seated.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="has begun"):
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=table(*SCHOOLS))
    with seated.acting(Role.OFFICER) as ctx:
        void_draw(ctx, draw=f"{hall.CODE}-invigilators", number=1, reason="名单有误")
    bring(seated, *SCHOOLS)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("T1,张三,男,\n", "D 所在学校"),
        ("T1,张三,公,某中学\n", "Enter 男 or 女"),
        ("T1,张3,男,某中学\n", "cannot be part of it"),
        ("T1,张三,男,某中学\nT1,李四,女,某中学\n", "The same value is already"),
        (f"T1,张三,男,{'某' * 121}\n", "at most 120"),
    ],
)
def test_a_bad_row_refuses_the_whole_table(seated: World, row: str, complaint: str) -> None:
    bring(seated, *SCHOOLS)
    with seated.acting(Role.OFFICER) as ctx, pytest.raises(SheetError) as caught:
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=(HEAD + row).encode())
    assert complaint in str(caught.value)
    with seated.context(seated.people[Role.OFFICER]).session as db:
        assert len(db.scalars(select(Invigilator)).all()) == 3


def test_the_export_shows_rooms_and_reserve(seated: World) -> None:
    with seated.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="been imported"):
        export_invigilators(ctx, code=hall.CODE)
    bring(seated, *(SCHOOLS * 4))
    hall.finish(seated, "invigilators")
    with seated.acting(Role.OFFICER) as ctx:
        rows = export_invigilators(ctx, code=hall.CODE)
        assert ctx.recorded == 1
    assert [row.place for row in rows] == [1, 2] * 4 + [None] * 4


@pytest.mark.parametrize(
    ("one", "other"),
    [("市 第一中学", "市第一中学"), ("一中（北）", "一中(北)"), ("ＮＯ．1", "no.1")],
)
def test_one_school_written_two_ways_is_one(one: str, other: str) -> None:
    assert school_mark(one) == school_mark(other)
    assert school_mark("市第一中学") != school_mark("市第二中学")
