"""Accessible rooms and what keeps candidates apart, from the tables into the draw."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict, Invalid
from exam_system.examday import changes
from exam_system.examday.crowds import group_of
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, Room
from exam_system.exams.place_table import read_places
from exam_system.exams.rules import defaults, parse_rules
from exam_system.registration import service
from exam_system.registration.models import Application
from exam_system.sheets import SheetError
from tests.examday import hall
from tests.registration import setting
from tests.world import World

ROOMS = tuple((room, "5x6", 30, "written") for room in (1, 2, 3))


@pytest.fixture
def database() -> str:
    """The draw itself runs on both elsewhere."""
    return "sqlite"


def stage(
    world: World, change: Callable[[int, Application], None], people: int = 60, **rules: int
) -> Exam:
    """`people` candidates of one district, each changed by `change`; the last of three rooms is
    accessible."""
    exam = hall.add_exam(world, post_cap=0, **rules)
    hall.add_places(world, exam, ((1, 1, "市第一中学", ROOMS),))
    hall.add_people(world, exam, 1, people)
    with world.context(world.people[Role.OFFICER]).session as db:
        db.scalars(select(Room).where(Room.code == 3)).one().access = 1
        for place, one in enumerate(db.scalars(select(Application).order_by(Application.ref))):
            change(place, one)
        db.commit()
    return exam


def manifest(world: World) -> dict[str, object]:
    with world.context(world.people[Role.OFFICER]).session as db:
        group, *_ = json.loads(db.scalars(select(Attempt.manifest)).one())["groups"]
        return dict(group)


def test_who_needs_an_accessible_room_sits_in_one(world: World) -> None:
    def change(place: int, one: Application) -> None:
        one.need = "使用轮椅" if place % 10 == 0 else None

    stage(world, change, people=50)
    hall.seat(world)
    group = manifest(world)
    slots = group["slots"]
    assert isinstance(slots, list)
    assert [(slot["id"], slot.get("access")) for slot in slots] == [
        ("01-03", 1),
        ("01-01", None),
        ("01-02", None),
    ]
    assert "轮椅" not in json.dumps(group, ensure_ascii=False)
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Application, Room.access)
            .join(Seat, Seat.application_id == Application.id)
            .join(Room, Room.id == Seat.room_id)
        )
        rows = ctx.session.execute(query).all()
        needs = {one.label: access for one, access in rows if one.need}
        assert (len(rows), set(needs.values())) == (50, {1})
        assert group["need"] == dict.fromkeys(sorted(needs), 1)
        exam = exam_by_code(ctx.session, hall.CODE)
        late = {
            bool(one.need): {spot.place.access for _, spot in changes.reserve_of(ctx, exam, one)}
            for one, _ in rows
        }
        assert late == {True: {1}, False: {0, 1}}


def test_too_few_accessible_seats_are_told_before_the_draw(world: World) -> None:
    def change(place: int, one: Application) -> None:
        one.need = "使用轮椅" if place < 31 else None

    stage(world, change)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid) as caught:
        hall.freeze(ctx, "seats")
    assert str(caught.value) == (
        "The draw cannot be made: district 考区1: 31 candidates need a room of access 1, 1 such "
        "room holds 30: short by 1; make more rooms accessible"
    )


def test_schools_and_employers_are_kept_apart_by_number(world: World) -> None:
    """Eight of one employer, six of one school; the others write that they have none."""

    def change(place: int, one: Application) -> None:
        one.employer = "市 第一医院" if place < 8 else ("无", "待业", "N/A", "")[place % 4]
        one.school = "贵州大学" if 20 <= place < 26 else f"第{place}大学"

    stage(world, change, employer_cap=4, school_cap=3)
    hall.seat(world)
    group = manifest(world)
    assert group["rules"] == {
        "spread": "school",
        "caps": {"school": 3, "employer": 4},
        "forms": 2,
    }
    apart = group["apart"]
    assert isinstance(apart, dict)
    assert None not in apart["school"]
    assert Counter(apart["employer"]) == {"1": 8, None: 52}
    assert sorted(Counter(apart["school"]).values()) == [*[1] * 54, 6]
    assert "医院" not in json.dumps(group, ensure_ascii=False)
    with world.acting(Role.OFFICER) as ctx:
        query = select(Seat.room_id, Application.employer, Application.school)
        rows = ctx.session.execute(query.join(Application)).all()
    hospital = Counter(room for room, employer, _ in rows if "医院" in employer)
    school = Counter(room for room, _, name in rows if name == "贵州大学")
    assert max(hospital.values()) <= 4
    assert max(school.values()) <= 3


def test_a_school_with_too_many_is_named_in_the_list_and_left_alone(world: World) -> None:
    def change(place: int, one: Application) -> None:
        one.school = "本地大学" if place < 40 else f"第{place}大学"

    stage(world, change, school_cap=3)
    with world.acting(Role.OFFICER) as ctx:
        rules = json.loads(hall.freeze(ctx, "seats").manifest)["rules"]
    (crowd,) = rules["schools_with_too_many_candidates_to_keep_apart"]["01"]
    apart = manifest(world)["apart"]
    assert isinstance(apart, dict)
    assert apart["school"].count(None) == 40
    assert crowd not in apart["school"]
    assert "employer_cap" not in rules


@pytest.mark.parametrize(
    ("typed", "group"),
    [
        *[
            (nothing, None)
            for nothing in ("", "无", " 待业 ", "None", "n/a", "－", "无。", "应届毕业生")
        ],
        ("安顺市第一医院", "安顺市第一医院"),
        ("安顺市 第一医院（总院）", "安顺市第一医院总院"),
        ("ＡＢＣ Co., Ltd.", "abccoltd"),
        ("无锡市税务局", "无锡市税务局"),
    ],
)
def test_what_is_one_group(typed: str, group: str | None) -> None:
    assert group_of(typed) == group


HEAD = "考区代码,考区,考点代码,考点,地址,学校,考场代码,考场,座位布局,容量,用途"
ROW = "1,甲区,1,一中,路1号,一中,{room},教室{room},5x6,30,笔试"


def test_the_table_of_places_may_say_which_rooms_are_accessible() -> None:
    rows = [ROW.format(room=room) for room in range(1, 5)]
    old = read_places("p.csv", "\n".join([HEAD, *rows]).encode())
    assert [place.access for place in old] == [None] * 4
    said = [f"{row},{word}" for row, word in zip(rows, ("是", "否", "", "yes"), strict=True)]
    new = read_places("p.csv", "\n".join([f"{HEAD},无障碍", *said]).encode())
    assert [place.access for place in new] == [1, None, None, 1]
    with pytest.raises(SheetError, match="是 or 否"):
        read_places("p.csv", f"{HEAD},无障碍\n{rows[0]},也许".encode())


def test_a_rule_set_of_before_keeps_neither_school_nor_employer_apart() -> None:
    document = defaults("civil_service")
    for day, key in enumerate(("registration_opens", "registration_closes", "payment_closes"), 1):
        document[key]["value"] = f"2026-01-0{day}T00:00:00Z"
    for key in ("school_cap", "employer_cap"):
        del document[key]
    rules = parse_rules(document)
    assert (rules.school_cap, rules.employer_cap) == (0, 0)
    assert parse_rules(rules.document()) == rules


def test_a_need_is_stated_reviewed_and_accepted_with_the_application(world: World) -> None:
    setting.add_exam(world)
    who = setting.add_candidate(world)
    application = setting.applied(world, who)
    given = {"exam_code": setting.CODE, "post_code": "101", "district_code": 1}
    given |= {"education": "bachelor", "major": "法学", "school": "测试大学", "employer": ""}
    with world.acting(who) as ctx:
        with pytest.raises(Invalid, match="why you need an accessible room"):
            service.apply(ctx, **given, need="长" * 201)
        service.apply(ctx, **given, need="腿部残疾，使用轮椅")
        service.add_photo(ctx, ref=application.ref, data=setting.photo())
        service.submit_application(ctx, ref=application.ref)
    page = world.client(world.app(), Role.REVIEWER).get(f"/review/{application.ref}").text
    assert "腿部残疾，使用轮椅" in page
    assert "审查通过即同意该项需求" in page
    with world.acting(Role.REVIEWER) as ctx:
        service.decide_application(ctx, ref=application.ref, approve=True)
    assert setting.fresh(world, application).need == "腿部残疾，使用轮椅"
    with world.acting(who) as ctx, pytest.raises(Conflict):
        service.apply(ctx, **given)
