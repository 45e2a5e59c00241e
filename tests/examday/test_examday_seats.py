"""The draw of seats: rooms, sizes, numbers, refusals."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from exam_system.access import Role
from exam_system.draws.computing import draw_groups
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import recipe_of
from exam_system.errors import Conflict, Invalid
from exam_system.examday import service
from exam_system.examday.models import Seat
from exam_system.exams.models import District, Exam, Post, Room, Site
from exam_system.exams.rules import defaults, parse_rules
from exam_system.registration.models import Application
from seating.layouts import positions
from tests.examday import hall
from tests.world import World


def manifest(world: World) -> dict[str, object]:
    with world.context(world.people[Role.OFFICER]).session as db:
        found = json.loads(db.scalars(select(Attempt.manifest)).one())
        assert isinstance(found, dict)
        return found


def test_the_manifest_lists_who_paid_their_posts_and_every_room(world: World) -> None:
    hall.standard(world)
    with world.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "seats")
    frozen = manifest(world)
    assert frozen["algorithm"] == "seats/v1"
    rooms = {
        "01": [("01-01", "5x6", 30), ("01-02", "7-8-8-7", 30), ("02-01", "5x6", 25)],
        "02": [("01-01", "serpentine:6x5", 30)],
    }
    assert frozen["groups"] == [
        {
            "id": group,
            "labels": labels(world, district),
            "apart": {"post": [None] * count},  # one post: too many to keep them apart
            "rules": {"spread": "post", "caps": {"post": 5}, "forms": 2},
            "slots": [
                {"id": slot, "layout": layout, "capacity": size, "reserve": 0}
                for slot, layout, size in rooms[group]
            ],
        }
        for group, district, count in (("01", 1, 65), ("02", 2, 7))
    ]
    rules = frozen["rules"]
    assert isinstance(rules, dict)
    assert rules["posts_with_too_many_candidates_to_keep_apart"] == {"01": ["101"], "02": ["101"]}


def with_posts(world: World, **rules: int) -> Exam:
    """65 people in district 1 for eight posts, 25 of them for the first one."""
    exam = hall.add_exam(world, **rules)
    hall.add_places(world, exam)
    hall.add_people(world, exam, 1, 25)
    for n in range(8):
        hall.add_post(world, exam, f"20{n}")
        hall.add_people(world, exam, 1, 5, start=100 * n + 100, post_code=f"20{n}")
    return exam


def seated(world: World) -> list[tuple[int, tuple[int, int], str, int | None]]:
    """Room, (row, column), post and paper form of everybody."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = (
            select(Room, Seat, Post.code)
            .join(Seat, Seat.room_id == Room.id)
            .join(Application, Application.id == Seat.application_id)
            .join(Post, Post.id == Application.post_id)
        )
        rows = db.execute(query).all()
        counts = Counter(room.id for room, _, _ in rows)
        return [
            (room.id, positions(room.layout, counts[room.id])[seat.number - 1], post, seat.form)
            for room, seat, post in rows
        ]


def beside(people: list[tuple[int, tuple[int, int], str, int | None]]) -> list[tuple[str, ...]]:
    """(post, post, form, form, "side" or "corner") of all neighbours."""
    return [
        (post, other, str(form), str(another), "side" if row == down or line == right else "corner")
        for (room, (row, line), post, form), (there, (down, right), other, another) in combinations(
            people, 2
        )
        if room == there and max(abs(row - down), abs(line - right)) == 1
    ]


def test_nobody_sits_beside_somebody_of_the_same_post(world: World) -> None:
    with_posts(world)
    hall.finish(world, "seats")
    people = seated(world)
    assert len(people) == 65
    crowds = Counter((room, post) for room, _, post, _ in people)
    assert max(count for (_, post), count in crowds.items() if post != "101") <= 3
    pairs = beside(people)
    assert [pair for pair in pairs if pair[0] == pair[1] != "101"] == []
    assert [pair for pair in pairs if pair[0] == pair[1] == "101"] != []
    assert {form for *_, form in people} == {1, 2}
    assert [pair for pair in pairs if pair[4] == "side" and pair[2] == pair[3]] == []
    rules = manifest(world)["rules"]
    assert isinstance(rules, dict)
    assert rules["posts_with_too_many_candidates_to_keep_apart"] == {"01": ["101"]}


def test_without_the_rules_posts_and_forms_play_no_part(world: World) -> None:
    with_posts(world, post_cap=0, paper_forms=1)
    hall.finish(world, "seats")
    assert {form for *_, form in seated(world)} == {None}
    for group in manifest(world)["groups"]:  # type: ignore[attr-defined]
        assert (group["rules"], "apart" in group) == ({"forms": 1}, False)


def test_reserve_seats_stay_free(world: World) -> None:
    exam = hall.add_exam(world, reserve_seats=2)
    hall.add_places(world, exam)
    hall.add_people(world, exam, 2, 29)
    short = (
        "The draw cannot be made: district 考区2: 29 candidates, 1 room holds 28: short by 1; "
        "add rooms, or keep fewer seats free"
    )
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid) as caught:
        hall.freeze(ctx, "seats")
    assert str(caught.value) == short


def test_a_district_without_rooms_is_refused(world: World) -> None:
    exam = hall.add_exam(world)
    hall.add_places(world, exam, ((1, 1, "某中学", ()),))
    hall.add_people(world, exam, 1, 2)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="0 rooms hold 0"):
        hall.freeze(ctx, "seats")


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
    found = draw_groups({"algorithm": "seats/v1", "purpose": "seat", "groups": groups}, seed)
    return [label for group in found for slot in group["slots"] for label in slot["labels"]]


def test_too_few_seats_are_told_with_numbers_before_anything_is_frozen(world: World) -> None:
    hall.standard(world, first=86, second=31)
    expected = (
        "The draw cannot be made: district 考区1: 86 candidates, 3 rooms hold 85: short by 1; add "
        "rooms, or keep fewer seats free; district 考区2: 31 candidates, 1 room holds 30: short by "
        "1; add rooms, or keep fewer seats free"
    )
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid) as caught:
        hall.freeze(ctx, "seats")
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
        hall.freeze(ctx, "seats")


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
        hall.freeze(ctx, "seats")


def test_an_exam_without_candidates_has_nothing_to_draw(world: World) -> None:
    exam = hall.add_exam(world)
    hall.add_places(world, exam)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="nobody to draw"):
        hall.freeze(ctx, "seats")


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
        attempt = hall.freeze(ctx, "seats")
        groups = draw_groups(json.loads(attempt.manifest), "1" * 64)
        recipe.apply(ctx, exam, attempt, groups)
    with world.context(world.people[Role.OFFICER]).session as db:
        numbers = db.scalars(select(Application.number)).all()
    assert len(set(numbers)) == 4413
