"""The draw of seats: rooms, sizes, numbers, refusals."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from exam_system.access import Role
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import recipe_of
from exam_system.draws.service import freeze_draw
from exam_system.errors import Conflict, Invalid
from exam_system.examday import seats, service
from exam_system.examday.models import Seat
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.exams.rules import defaults, parse_rules
from exam_system.registration.models import Application
from tests.examday import hall
from tests.world import World


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.data())
def test_rooms_are_opened_in_order_and_filled_evenly(
    capacities: list[int], data: st.DataObject
) -> None:
    people = data.draw(st.integers(1, sum(capacities)))
    sizes = seats.open_rooms(capacities, people)
    assert sum(sizes) == people
    assert sum(capacities[: len(sizes) - 1]) < people <= sum(capacities[: len(sizes)])
    assert all(1 <= size <= most for size, most in zip(sizes, capacities, strict=False))
    free = [size for size, most in zip(sizes, capacities, strict=False) if size < most]
    # Only a room that is full may lag behind by more than one.
    assert all(max(sizes) - size <= 1 for size in free)


@pytest.mark.parametrize(
    ("capacities", "people", "sizes"),
    [
        ([30, 30, 25], 65, [22, 22, 21]),
        ([30, 30, 25], 60, [30, 30]),
        ([30, 30, 25], 61, [21, 20, 20]),
        ([30, 30, 5], 61, [28, 28, 5]),
        ([30, 30], 1, [1]),
    ],
)
def test_sizes(capacities: list[int], people: int, sizes: list[int]) -> None:
    assert seats.open_rooms(capacities, people) == sizes


def manifest(world: World) -> dict[str, object]:
    with world.context(world.people[Role.OFFICER]).session as db:
        found = json.loads(db.scalars(select(Attempt.manifest)).one())
        assert isinstance(found, dict)
        return found


def test_the_manifest_lists_who_paid_and_rooms_with_their_capacity(world: World) -> None:
    hall.standard(world)
    with world.acting(Role.OFFICER) as ctx:
        freeze_draw(ctx, code=hall.CODE, kind="seats")
    frozen = manifest(world)
    assert frozen["groups"] == [
        {
            "id": group,
            "labels": labels(world, district),
            "slots": [{"id": slot, "capacity": size} for slot, size in slots],
        }
        for group, district, slots in (
            ("01", 1, [("01-01", 22), ("01-02", 22), ("02-01", 21)]),
            ("02", 2, [("01-01", 7)]),
        )
    ]
    rules = frozen["rules"]
    assert isinstance(rules, dict)
    assert rules["published_capacity"] == {
        "01": {"01-01": 30, "01-02": 30, "02-01": 25},
        "02": {"01-01": 30},
    }


def labels(world: World, district: int) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        query = (
            select(Application.label)
            .join(District, District.id == Application.district_id)
            .where(District.code == district, Application.state == "paid")
        )
        return sorted(db.scalars(query))


def test_everybody_who_paid_gets_one_seat_and_its_number(world: World) -> None:
    hall.standard(world)
    hall.finish(world, "seats")
    with world.context(world.people[Role.OFFICER]).session as db:
        query = (
            select(Application, Seat, Room, Site, District)
            .outerjoin(Seat, Seat.application_id == Application.id)
            .outerjoin(Room, Room.id == Seat.room_id)
            .outerjoin(Site, Site.id == Room.site_id)
            .outerjoin(District, District.id == Site.district_id)
        )
        rows = db.execute(query).all()
        result = json.loads(db.scalars(select(Attempt.result)).one())
    unpaid = [row for row in rows if row.Application.state != "paid"]
    paid = [row for row in rows if row.Application.state == "paid"]
    assert [(row.Seat, row.Application.number) for row in unpaid] == [(None, None)] * 3
    assert len(paid) == 72
    for application, seat, room, site, district in paid:
        assert application.district_id == district.id
        assert room.use == "written"
        assert 1 <= seat.number <= room.capacity
        expected = f"{district.code:02}{site.code:02}{room.code:02}{seat.number:02}"
        assert application.number == expected
    assert len({row.Application.number for row in paid}) == 72
    drawn = {
        label: (group["id"], slot["id"], number)
        for group in result["groups"]
        for slot in group["slots"]
        for number, label in enumerate(slot["labels"], 1)
    }
    assert {
        row.Application.label: (
            f"{row.District.code:02}",
            f"{row.Site.code:02}-{row.Room.code:02}",
            row.Seat.number,
        )
        for row in paid
    } == drawn
    sizes = Counter((row.District.code, row.Site.code, row.Room.code) for row in paid)
    assert sizes == {(1, 1, 1): 22, (1, 1, 2): 22, (1, 2, 1): 21, (2, 1, 1): 7}


def test_other_dice_seat_people_otherwise(world: World) -> None:
    exam = hall.standard(world, first=40)
    with world.acting(Role.OFFICER) as ctx:
        groups, _ = recipe_of("seats").build(ctx, exam)
    first, second = (drawn(groups, seed) for seed in ("1" * 64, "2" * 64))
    assert first != second
    assert sorted(first) == sorted(second)


def drawn(groups: list[dict[str, object]], seed: str) -> list[str]:
    from exam_system.draws.computing import draw_groups

    found = draw_groups({"algorithm": "order/v1", "purpose": "seat", "groups": groups}, seed)
    return [label for group in found for slot in group["slots"] for label in slot["labels"]]


def test_too_few_seats_are_told_with_numbers_before_anything_is_frozen(world: World) -> None:
    hall.standard(world, first=86, second=31)
    expected = (
        "There are too few seats: district 考区1 has 86 candidates and 85 seats; "
        "district 考区2 has 31 candidates and 30 seats"
    )
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid) as caught:
        freeze_draw(ctx, code=hall.CODE, kind="seats")
    assert str(caught.value) == expected
    with world.context(world.people[Role.OFFICER]).session as db:
        assert db.scalars(select(Attempt)).all() == []


def test_exactly_as_many_seats_as_candidates_will_do(world: World) -> None:
    hall.standard(world, first=85, second=30)
    hall.finish(world, "seats")
    with world.context(world.people[Role.OFFICER]).session as db:
        assert len(db.scalars(select(Seat)).all()) == 115


def test_a_code_too_long_for_the_admission_number_is_told_before_freezing(world: World) -> None:
    exam = hall.add_exam(world, template="{district:01}{site:01}{room:01}{seat:01}")
    hall.add_places(world, exam)
    hall.add_people(world, exam, 1, 10)
    with (
        world.acting(Role.OFFICER) as ctx,
        pytest.raises(Invalid, match="seat number 10 has too many digits"),
    ):
        freeze_draw(ctx, code=hall.CODE, kind="seats")


def test_numbers_follow_the_exam_s_own_form(world: World) -> None:
    exam = hall.add_exam(world, template="0{district:04}{site:02}{room:02}{seat:02}")
    hall.add_places(world, exam)
    hall.add_people(world, exam, 2, 2)
    hall.finish(world, "seats")
    with world.context(world.people[Role.OFFICER]).session as db:
        numbers = sorted(map(str, db.scalars(select(Application.number))))
    assert numbers == ["00002010101", "00002010102"]


CODES = st.tuples(*[st.integers(1, 99)] * 4)


@given(CODES, CODES, st.permutations(["district", "site", "room", "seat"]))
def test_two_seats_never_share_a_number(
    one: tuple[int, ...], other: tuple[int, ...], order: list[str]
) -> None:
    document = defaults("civil_service")
    for day, key in enumerate(("registration_opens", "registration_closes", "payment_closes"), 1):
        document[key]["value"] = f"2026-01-0{day}T00:00:00Z"
    document["admission_template"]["value"] = "1" + "".join(f"{{{part}:02}}" for part in order)
    rules = parse_rules(document)
    parts = ("district", "site", "room", "seat")
    first, second = (
        rules.admission_number(**dict(zip(parts, codes, strict=True))) for codes in (one, other)
    )
    assert (first == second) == (one == other)


@pytest.mark.parametrize("state", ["announced", "seated", "written"])
def test_seats_are_drawn_in_closed_exams_only(world: World, state: str) -> None:
    exam = hall.standard(world, first=5)
    with world.context(world.people[Role.OFFICER]).session as db:
        db.get_one(Exam, exam.id).state = state
        db.commit()
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="after registration"):
        freeze_draw(ctx, code=hall.CODE, kind="seats")


def test_an_exam_without_candidates_has_nothing_to_draw(world: World) -> None:
    exam = hall.add_exam(world)
    hall.add_places(world, exam)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="nobody to draw"):
        freeze_draw(ctx, code=hall.CODE, kind="seats")


def test_publishing_seats_the_exam_and_the_plan_can_be_exported(world: World) -> None:
    hall.standard(world)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not been drawn yet"):
        service.export_seats(ctx, code=hall.CODE)
    hall.seat(world)
    with world.acting(Role.OFFICER) as ctx:
        rows = service.export_seats(ctx, code=hall.CODE)
        assert ctx.recorded == 1
    assert len(rows) == 72
    assert [row.number for row in rows] == sorted(row.number for row in rows)
    assert rows[0].number == "01010101"


def test_4413_seats_are_written_each_with_its_own_number(world: World) -> None:
    exam = hall.add_exam(world)
    rooms = tuple((n, "5x6", 30, "written") for n in range(1, 51))
    hall.add_places(world, exam, tuple((1, site, "某中学", rooms) for site in range(1, 4)))
    hall.add_people(world, exam, 1, 4413)
    recipe = recipe_of("seats")
    with world.acting(Role.OFFICER) as ctx:
        attempt = freeze_draw(ctx, code=hall.CODE, kind="seats")
        groups = [
            {
                "id": group["id"],
                "slots": split(group["labels"], group["slots"]),
                "reserve": [],
            }
            for group in json.loads(attempt.manifest)["groups"]
        ]
        recipe.apply(ctx, exam, attempt, groups)
    with world.context(world.people[Role.OFFICER]).session as db:
        numbers = db.scalars(select(Application.number)).all()
    assert len(set(numbers)) == 4413


def split(labels: list[str], slots: list[dict[str, int]]) -> list[dict[str, object]]:
    """Everybody in the order of the list; which order does not matter here."""
    rest = iter(labels)
    return [
        {"id": slot["id"], "labels": [next(rest) for _ in range(slot["capacity"])]}
        for slot in slots
    ]
