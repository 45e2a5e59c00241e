"""The list of invigilators: what a table may say, districts, relations, and the export."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.accounts.models import Person
from exam_system.draws.service import void_draw
from exam_system.errors import Conflict, Invalid
from exam_system.examday.listing import export_invigilators, import_invigilators
from exam_system.examday.models import Invigilator, Seat
from exam_system.examday.used import plain
from exam_system.exams.models import District, Room, Site
from exam_system.registration.models import Application
from exam_system.sheets import SheetError
from exam_system.trust.canonical import sha256_hex
from exam_system.verify.rotating import RESERVE, rotating
from tests.examday import hall
from tests.examday.test_examday_invigilators import (
    HEAD,
    OTHERS,
    SCHOOLS,
    SEED,
    bring,
    built,
    in_chinese,
    refusal,
    table,
)
from tests.world import World


@pytest.fixture
def seated(world: World) -> World:
    hall.standard(world, first=65, second=7)
    hall.seat(world)
    return world


def test_a_new_table_replaces_the_old_until_the_draw_begins(seated: World) -> None:
    bring(seated, table(*SCHOOLS))
    bring(seated, table(*OTHERS * 5))
    with seated.context(seated.people[Role.OFFICER]).session as db:
        assert set(db.scalars(select(Invigilator.school))) == set(OTHERS)
    with seated.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "invigilators")
    with seated.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="has begun"):
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=table(*SCHOOLS))
    with seated.acting(Role.OFFICER) as ctx:
        void_draw(ctx, draw=f"{hall.CODE}-invigilators", number=1, reason="名单有误")
    bring(seated, table(*SCHOOLS))


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("T1,张三,男,,\n", "D 所在学校"),
        ("T1,张三,公,某中学,\n", "Enter 男 or 女"),
        ("T1,张3,男,某中学,\n", "cannot be part of it"),
        ("T1,张三,男,某中学,\nT1,李四,女,某中学,\n", "The same value is already"),
        (f"T1,张三,男,{'某' * 121},\n", "at most 120"),
        ("T1,张三,男,某中学,考区3\n", "This exam has no district 考区3"),
        ("T1,张三,男,某中学,考区1\nT2,李四,女,某中学,\n", "of every invigilator, or of nobody"),
    ],
)
def test_a_bad_row_refuses_the_whole_table(seated: World, row: str, complaint: str) -> None:
    bring(seated, table(*SCHOOLS))
    head = HEAD.replace("\n", ",考区\n")
    with seated.acting(Role.OFFICER) as ctx, pytest.raises((SheetError, Invalid)) as caught:
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=(head + row).encode())
    assert complaint in str(caught.value)
    with seated.context(seated.people[Role.OFFICER]).session as db:
        assert len(db.scalars(select(Invigilator)).all()) == 3


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_district_draws_its_own_people(seated: World) -> None:
    head = HEAD.replace("\n", ",考区,主监考\n")
    rows = (
        f"T{n:03},监考甲,{'男女'[n % 2]},{OTHERS[n % 4]},{('考区1', '02')[n > 11]},"
        f"{'是' if n % 3 else '否'}\n"
        for n in range(20)
    )
    bring(seated, (head + "".join(rows)).encode())
    first, second = built(seated)
    assert (first["id"], second["id"]) == ("01", "02")
    assert (len(first["labels"]), len(second["labels"])) == (12, 8)
    assert first["people"]["lead"].count(1) == 8
    assert first["sites"]["id"] == ["01-01", "01-02"]
    assert [slot["id"] for slot in second["slots"]] == ["xc/02-01-01", "sl/02-01-01"]
    drawn = rotating([first, second], SEED, "invigilator")
    assert drawn[1:] == rotating([second], SEED, "invigilator")
    for group, found in zip((first, second), drawn, strict=True):
        serving = {label for slot in found["slots"] for label in slot["labels"]}
        assert serving | set(found["reserve"]) == set(group["labels"])
        of_label = dict(zip(group["labels"], group["people"]["lead"], strict=True))
        rooms = [slot for slot in found["slots"] if not slot["id"].endswith(RESERVE)]
        assert all(of_label[slot["labels"][0]] for slot in rooms)


@pytest.mark.parametrize("database", ["sqlite"])
def test_relations_keep_people_out_of_rooms(seated: World) -> None:
    with seated.context(seated.people[Role.OFFICER]).session as db:
        query = select(Application, Person, Room).join(Person).join(Seat).join(Room)
        rows = db.execute(query.order_by(Application.number)).all()
        # The names of district 2 (考生00000 to 考生00006) are those of some in district 1.
        other = next(row for row in rows[22:44] if row[1].name > "考生00006")
        (kin, _, first), (_, named, second), (colleague, _, third) = rows[0], other, rows[-1]
        colleague.employer = " 甲校"
        db.commit()
    assert len({first.id, second.id, third.id}) == 3
    head = HEAD.replace("\n", ",回避考生\n")
    declared = {0: f"{kin.number}、{named.name}", 1: ""}
    rows_of = (
        f"T{n:03},监考甲,{'男女'[n % 2]},{OTHERS[n % 4]},{declared.get(n, '')}\n" for n in range(16)
    )
    bring(seated, (head + "".join(rows_of)).encode())
    (group,) = built(seated)
    people = {one.staff_no: one for one in _listed(seated)}
    rooms = list(dict.fromkeys(slot["id"].split("/")[1] for slot in group["slots"]))
    by_name = {place: _room_id(seated, place) for place in rooms}
    at = {people[number].label: number for number in people}
    found = {(at[group["labels"][p]], by_name[rooms[r]]) for p, r in group["barred"]}
    expected = {("T000", first.id), ("T000", second.id)}
    expected |= {(f"T{n:03}", third.id) for n in range(0, 16, 4)}
    assert found == expected
    for n in range(30):
        drawn = rotating([group], sha256_hex(b"%d" % n), "invigilator")
        for slot in drawn[0]["slots"]:
            room = by_name.get(slot["id"].split("/")[1])
            assert not {(at[label], room) for label in slot["labels"]} & expected


def _listed(world: World) -> list[Invigilator]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return list(db.scalars(select(Invigilator)))


def _room_id(world: World, name: str) -> int:
    district, site, room = map(int, name.split("-"))
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Room.id).join(Site).join(District)
        codes = (District.code == district, Site.code == site, Room.code == room)
        return db.scalars(query.where(*codes)).one()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_relation_to_nobody_is_refused(seated: World) -> None:
    head = HEAD.replace("\n", ",回避考生\n")
    bring(seated, (head + "T1,张三,男,某中学,99999999\n").encode())
    error = refusal(seated)
    assert "张三 (T1) declares a relation to 99999999" in str(error)
    assert "99999999" in in_chinese(error)


def test_the_export_shows_duties_and_who_has_none(seated: World) -> None:
    with seated.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="been imported"):
        export_invigilators(ctx, code=hall.CODE)
    bring(seated, table(*OTHERS * 8))
    hall.finish(seated, "invigilators")
    with seated.acting(Role.OFFICER) as ctx:
        found, idle = export_invigilators(ctx, code=hall.CODE)
        some, _ = export_invigilators(
            ctx, code=hall.CODE, only=lambda one: one.session.subject == "sl"
        )
    serving = {one.invigilator.id for one in found}
    assert (len(found), len(some), len(idle)) == (22, 11, 32 - len(serving))
    assert not serving & {one.id for one in idle}
    assert [one.place for one in found if one.room] == [1, 2] * 8


@pytest.mark.parametrize(
    ("one", "other"),
    [("市 第一中学", "市第一中学"), ("一中（北）", "一中(北)"), ("ＮＯ．1", "no.1")],
)
def test_one_school_written_two_ways_is_one(one: str, other: str) -> None:
    assert plain(one) == plain(other)
    assert plain("市第一中学") != plain("市第二中学")
