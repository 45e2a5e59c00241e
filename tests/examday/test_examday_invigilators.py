"""The draw of invigilators: rules kept in every session, and across exams; refused in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import recipe_of
from exam_system.errors import Conflict, Invalid
from exam_system.examday.duties import Stand, served_before, stands
from exam_system.examday.listing import import_invigilators
from exam_system.examday.models import Invigilator, Seat
from exam_system.exams.lookup import exam_by_code
from exam_system.language import catalogue
from exam_system.trust.canonical import sha256_hex
from exam_system.verify.engines import ENGINES
from exam_system.verify.rotating import RESERVE, check_rotating, rotating
from exam_system.verify.run import verify
from proctoring.shortfall import PLACES, SENTENCES, SHORT
from tests.examday import hall
from tests.world import World

HEAD = "工号,姓名,性别,所在学校\n"
SCHOOLS = ("市第一中学", "市第二中学", "平坝第一中学")
OTHERS = ("甲校", "乙校", "丙校", "丁校")
SEED = sha256_hex(b"tests")


def table(*schools: str) -> bytes:
    rows = (f"T{n:03},监考{'甲乙'[n % 2]},{'男女'[n % 2]},{s}\n" for n, s in enumerate(schools))
    return (HEAD + "".join(rows)).encode()


def bring(world: World, data: bytes, code: str = hall.CODE) -> None:
    with world.acting(Role.OFFICER) as ctx:
        import_invigilators(ctx, code=code, name="i.csv", data=data)


def built(world: World, code: str = hall.CODE) -> list[dict[str, Any]]:
    with world.acting(Role.OFFICER) as ctx:
        return recipe_of("invigilators").build(ctx, exam_by_code(ctx.session, code))[0]


def now(world: World, code: str = hall.CODE) -> list[Stand]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return stands(db, exam_by_code(db, code))


def in_chinese(error: Invalid) -> str:
    known = {message.id: str(message.string) for message in catalogue("zh")}
    return error.text(lambda msgid: known[msgid])


@pytest.fixture
def seated(world: World) -> World:
    hall.standard(world, first=65, second=7)
    hall.seat(world)
    return world


def test_two_for_every_room_in_every_session_and_nobody_at_home(seated: World) -> None:
    bring(seated, table(*(SCHOOLS * 6)))
    hall.finish(seated, "invigilators")
    hall.publish(seated, "invigilators")
    found = now(seated)
    with seated.context(seated.people[Role.OFFICER]).session as db:
        used = set(db.scalars(select(Seat.room_id)))
    assert len(used) == 4
    rooms = Counter((one.session.subject, one.room.id, one.place) for one in found if one.room)
    wanted = {(s, room, place) for s in ("xc", "sl") for room in used for place in (1, 2)}
    assert (set(rooms), set(rooms.values())) == (wanted, {1})
    assert all(one.invigilator.school != one.site.school for one in found)
    standing_by = Counter((one.session.subject, one.site.id) for one in found if not one.room)
    assert sorted(standing_by.values()) == [1] * 6  # three sites, one each (3 per cent, rounded up)
    met = [(one.invigilator.id, one.room.id) for one in found if one.room]
    assert len(set(met)) == len(met)
    outcome = verify([seated.config.published])
    assert outcome.refused == []
    assert any("(rotation/v1, 18 labels" in line for line in outcome.lines)


@pytest.mark.parametrize("database", ["sqlite"])
def test_never_at_the_own_school_whatever_the_seed(seated: World) -> None:
    bring(seated, table(*(SCHOOLS * 5), "市 第一中学"))
    groups = built(seated)
    (group,) = groups
    own = dict(zip(group["labels"], group["people"]["school"], strict=True))
    of_site = dict(zip(group["sites"]["id"], group["sites"]["school"], strict=True))
    seen = set()
    for n in range(100):
        (drawn,) = rotating(groups, sha256_hex(b"%d" % n), "invigilator")
        seen.add(str(drawn))
        for slot in drawn["slots"]:
            site = slot["id"].split("/")[1].rpartition("-")[0]
            assert all(own[label] != of_site[site] for label in slot["labels"])
            together = [own[label] for label in slot["labels"]]
            assert slot["id"].endswith(RESERVE) or len(set(together)) == 2
    assert len(seen) == 100


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_list_frozen_before_rotation_came_holds_in_every_session(seated: World) -> None:
    bring(seated, table(*OTHERS * 2))
    with seated.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, hall.CODE)
        labels = list(ctx.session.scalars(select(Invigilator.label)))
        attempt = ctx.session.scalars(select(Attempt)).one()
        rooms = {"01-01-01": labels[:2], "02-01-01": labels[2:4]}
        slots = [{"id": room, "labels": some} for room, some in rooms.items()]
        drawn = [{"id": "invigilators", "slots": slots, "reserve": labels[4:]}]
        recipe_of("invigilators").apply(ctx, exam, attempt, drawn)
    found = [(one.session.subject, one.place, one.invigilator.label) for one in now(seated)]
    wanted = [(1, labels[0]), (2, labels[1]), (1, labels[2]), (2, labels[3])]
    assert found == [(session, *one) for session in ("xc", "sl") for one in wanted]


def test_the_checker_names_who_is_put_at_the_own_school(seated: World) -> None:
    bring(seated, table(*(SCHOOLS * 6)))
    groups = built(seated)
    drawn = rotating(groups, SEED, "invigilator")
    assert check_rotating(groups, drawn) == []
    at_home = _plant(groups, drawn)
    assert f"{at_home} is in the own school" in "; ".join(check_rotating(groups, drawn))


def _plant(groups: Any, drawn: Any) -> str:
    """Put somebody who has nothing to do in a session into a room of their own school."""
    group, rooms = groups[0], [s for s in drawn[0]["slots"] if not s["id"].endswith(RESERVE)]
    of_site = dict(zip(group["sites"]["id"], group["sites"]["school"], strict=True))
    for slot in rooms:
        session, _, room = slot["id"].partition("/")
        busy = {x for s in drawn[0]["slots"] if s["id"].startswith(session) for x in s["labels"]}
        for label, school in zip(group["labels"], group["people"]["school"], strict=True):
            if label not in busy and school == of_site[room.rpartition("-")[0]]:
                slot["labels"] = [slot["labels"][0], label]
                return str(label)
    raise AssertionError("everybody is busy")


@pytest.mark.parametrize("database", ["sqlite"])
def test_verify_refuses_a_bundle_with_a_planted_place(
    seated: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where office and verifier run the same cheating engine, the independent check still sees."""
    honest = ENGINES["rotation/v1"]

    def cheat(groups: Any, seed: str, purpose: str) -> Any:
        drawn = honest(groups, seed, purpose)
        _plant(groups, drawn)
        return drawn

    bring(seated, table(*(SCHOOLS * 6)))
    with monkeypatch.context() as patch:
        patch.setitem(ENGINES, "rotation/v1", cheat)
        hall.finish(seated, "invigilators")
        hall.publish(seated, "invigilators")
        folder = seated.config.published / f"draw-{hall.CODE}-invigilators-1"
        (refused,) = map(str, verify([folder]).refused)
        assert "breaks its own rules" in refused
        assert "in the own school" in refused
    (refused,) = map(str, verify([folder]).refused)
    assert "result.json" in refused


def another(world: World, monkeypatch: pytest.MonkeyPatch, code: str, start: int) -> None:
    """The next exam, two months later, with other candidates in the same buildings; seated."""
    world.clock.advance(seconds=60 * 86400)
    monkeypatch.setattr(hall, "CODE", code)
    exam = hall.add_exam(world)
    hall.add_places(world, exam)
    hall.add_people(world, exam, 1, 65, start=start)
    hall.add_people(world, exam, 2, 7, start=start)
    hall.seat(world)


def test_rotation_remembers_the_exam_before(seated: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, listed = hall.CODE, table(*(SCHOOLS * 8))
    bring(seated, listed)
    hall.finish(seated, "invigilators")
    another(seated, monkeypatch, "gk-2027", 50_000)
    bring(seated, listed, hall.CODE)
    assert all(built(seated, hall.CODE)[0]["past"][name] == [] for name in ("site", "partner"))
    monkeypatch.setattr(hall, "CODE", first)
    hall.publish(seated, "invigilators")
    monkeypatch.setattr(hall, "CODE", "gk-2027")
    before = now(seated, first)
    past = built(seated, hall.CODE)[0]["past"]
    assert len(past["room"]) == len({_met(one) for one in before if one.room}) == 16
    assert len(past["partner"]) == 8
    hall.finish(seated, "invigilators")
    hall.publish(seated, "invigilators")
    after = now(seated, hall.CODE)
    assert not {_met(one) for one in before if one.room} & {_met(one) for one in after}
    assert not _pairs(before) & _pairs(after)
    assert verify([seated.config.published]).refused == []
    with seated.context(seated.people[Role.OFFICER]).session as db:
        served = served_before(db, exam_by_code(db, hall.CODE))
    assert served.keys() == {one.invigilator.staff_no for one in before}
    assert {one.exams for one in served.values()} == {1}


def _met(one: Stand) -> tuple[str, str, str]:
    return one.invigilator.staff_no, one.site.name, one.room.name if one.room else ""


def _pairs(found: list[Stand]) -> set[frozenset[str]]:
    rooms: dict[Any, set[str]] = {}
    for one in found:
        if one.room:
            rooms.setdefault((one.session.id, one.room.id), set()).add(one.invigilator.staff_no)
    return {frozenset(pair) for pair in rooms.values()}


def refusal(world: World) -> Invalid:
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid) as caught:
        hall.freeze(ctx, "invigilators")
    return caught.value


def test_people_of_one_school_are_refused_with_numbers_before_freezing(seated: World) -> None:
    """Four of other schools, and of the school where two rooms are one for every other room and
    reserve: 4 + 2 + 2 people for 5 + 3 + 3 places."""
    bring(seated, table(*["市第一中学"] * 17, "甲校", "甲校", "乙校", "乙校"))
    error = refusal(seated)
    said = (
        "district 01+02, session xc: the sites 01-01, 01-02, 02-01 need 11 people, at most 8 can "
        "serve there (not in the own school, not where they were, one per school and room): short "
        "by 3; cure: list 3 more people of other schools, or move rooms to other sites"
    )
    assert said in str(error)
    told = in_chinese(error)
    assert "考区01+02，科目xc：考点01-01, 01-02, 02-01需要11人，最多只有8人" in told
    assert "缺3；解决办法：增加外校监考员3人" in told


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (table(*OTHERS[:3] * 3), "needs 11 people for its rooms and reserves, 9 are listed"),
        (
            (
                HEAD.replace("\n", ",主监考\n")
                + "".join(
                    f"T{n},监考甲,男,{OTHERS[n % 4]},{'是' if n < 3 else ''}\n" for n in range(16)
                )
            ).encode(),
            "needs 4 lead invigilators, 3 people are qualified",
        ),
    ],
)
def test_too_few_are_refused_with_numbers(seated: World, data: bytes, said: str) -> None:
    bring(seated, data)
    error = refusal(seated)
    assert said in str(error)
    assert "缺" in in_chinese(error)


def test_every_shortfall_is_said_in_chinese() -> None:
    known = {message.id for message in catalogue("zh") if message.string}
    said = {sentence for both in SENTENCES.values() for sentence in both} | {*PLACES, SHORT}
    assert said - known == set()


def test_no_draw_before_the_seats_are_published(world: World) -> None:
    hall.standard(world, first=5)
    bring(world, table(*SCHOOLS))
    hall.finish(world, "seats")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="seats are published"):
        hall.freeze(ctx, "invigilators")


def test_without_invigilators_there_is_nobody_to_draw(seated: World) -> None:
    assert "nobody to draw" in str(refusal(seated))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda g: g["slots"][0].update(capacity=3), "A room takes 2 people"),
        (lambda g: g["slots"][0].update(id="01-01-01"), "is not called <session>/<site>-<room>"),
        (lambda g: g["slots"].append({"id": "xc/09-09-01", "capacity": 2}), "not among the sites"),
        (lambda g: g["slots"].append(g["slots"][0]), "stands there twice"),
        (lambda g: g.update(marks={}), "must have the keys"),
        (lambda g: g["barred"].append([0, 99]), "whole numbers from 0"),
    ],
)
def test_a_manifest_of_the_wrong_shape_is_refused(change: Any, said: str) -> None:
    group = {
        "id": "01",
        "labels": ["a", "b", "c", "d"],
        "people": {"school": [0, 1, 0, 1], "woman": [0, 1, 1, 0], "lead": [1, 1, 1, 1]},
        "schools": ["x", "y"],
        "sites": {"id": ["01-01"], "school": [-1]},
        "slots": [{"id": "xc/01-01-01", "capacity": 2}, {"id": "sl/01-01-01", "capacity": 2}],
        "past": {"site": [], "room": [], "partner": []},
        "barred": [],
        "rules": {"sexes": "prefer", "reserves": [3, 100], "never_again": []},
    }
    assert check_rotating([group], rotating([group], SEED, "invigilator")) == []
    with pytest.raises(ValueError, match="stands there twice"):
        rotating([group, {**group, "id": "02"}], SEED, "invigilator")
    change(group)
    with pytest.raises(ValueError, match=said):
        rotating([group], SEED, "invigilator")
