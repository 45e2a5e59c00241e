"""Verbs of exams: the good way, every refusal, the freeze."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.context import Context
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams import service
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import District, Exam, ExamSession, FeeItem, Post, Room, Site
from exam_system.exams.readiness import NotReady, count
from exam_system.exams.rules import EXAM_TYPES, RuleProblems, defaults
from exam_system.exams.states import MOVES, STATES, move
from exam_system.records.models import Act, ActDetail, Release, RoleKey
from exam_system.sheets import SheetError
from exam_system.trust import notes, publication
from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from tests.exams.samples import (
    CODE,
    FEE,
    PLACES,
    POSTS,
    announce,
    cosign,
    create,
    plan,
    publish,
    set_up,
)
from tests.world import World

VERBS: dict[str, Callable[[Context], Any]] = {
    "set_rules": lambda ctx: service.set_rules(ctx, code=CODE, document=_document(ctx)),
    "import_places": lambda ctx: service.import_places(
        ctx, code=CODE, name="p.csv", data=PLACES.encode()
    ),
    "set_sessions": lambda ctx: service.set_sessions(ctx, code=CODE, sessions=plan(ctx)),
    "add_fee_item": lambda ctx: service.add_fee_item(ctx, code=CODE, **FEE),
    "import_posts": lambda ctx: service.import_posts(
        ctx, code=CODE, name="p.csv", data=POSTS.encode()
    ),
    "prepare_announcement": lambda ctx: service.prepare_announcement(ctx, code=CODE),
    "publish_announcement": lambda ctx: service.publish_announcement(ctx, code=CODE),
    "close_registration": lambda ctx: service.close_registration(ctx, code=CODE),
}
ALLOWED = {
    "draft": {"set_rules", "import_places", "set_sessions", "add_fee_item", "import_posts"}
    | {"prepare_announcement"},
    "announced": {"close_registration"},
}


def _document(ctx: Context) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(exam_by_code(ctx.session, CODE).rules)
    return document


def test_an_exam_is_set_up_announced_and_closed(world: World) -> None:
    folder = announce(world)
    with world.acting(Role.OFFICER) as ctx:
        exam = open_exam(ctx.session, CODE, "announced")
        assert exam.announced_at == world.clock.now()
        rules = rules_of(exam)
        digest = exam.rules_digest
    opened = notes.open_note(
        (folder / "publication.note").read_bytes(),
        [world.keys.publisher.verifier, world.inspector.verifier],
    )
    assert {signer.name for signer in opened.signers} == {
        "tests.example/log/publisher",
        "tests.example/inspector",
    }
    listed = publication.parse(opened.text)
    assert (listed.exam, listed.stage, listed.version) == (CODE, "announcement", 1)
    assert listed.rules == digest == sha256_hex((folder / "rules.json").read_bytes())
    names = {"notice.pdf", "posts.csv", "posts.json", "rules.json"}
    assert {file.name for file in listed.files} == names
    for file in listed.files:
        assert publication.digest_file(file.name, (folder / file.name).read_bytes()) == file
    world.clock.set(rules.payment_closes)
    with world.acting(Role.OFFICER) as ctx:
        assert service.close_registration(ctx, code=CODE).state == "closed"


def test_the_announcement_lists_the_posts_for_people_and_for_programs(world: World) -> None:
    folder = announce(world)
    posts = parse_jcs((folder / "posts.json").read_bytes())
    assert isinstance(posts, list)
    assert {post["code"]: post["vacancies"] for post in posts} == {
        "10010101": 2,
        "10020101": 3,
        "10030101": 1,
    }
    assert posts[0]["sex"] == "male"
    assert (posts[0]["age"], posts[0]["age_min"], posts[0]["age_max"]) == (
        "18周岁以上、38周岁以下",
        18,
        38,
    )
    assert (posts[0]["education"], posts[0]["education_min"]) == ("本科及以上", "bachelor")
    assert posts[0]["major_codes"] == ["0301"]
    table = (folder / "posts.csv").read_text("utf-8-sig").splitlines()
    assert table[0].startswith("职位代码,招录机关（单位）,职位名称,招录人数")
    assert table[3].endswith("'=SUM(A1)")  # no spreadsheet takes it for a formula


def test_a_new_exam_has_the_rules_of_its_type_and_dates_ahead(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        for exam_type in EXAM_TYPES:
            create(ctx, f"x-{exam_type.replace('_', '-')}", exam_type)
            exam = exam_by_code(ctx.session, f"x-{exam_type.replace('_', '-')}")
            rules = rules_of(exam)
            assert rules.exam_type == exam_type
            assert world.clock.now() < rules.registration_opens < rules.registration_closes
            assert exam.rules_digest == sha256_hex(exam.rules.encode())
            assert jcs(rules.document()) == exam.rules.encode()


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": "gy 2026"}, Invalid),
        ({"code": "../etc"}, Invalid),
        ({"code": "a" * 33}, Invalid),
        ({"code": CODE}, Conflict),
        ({"name": ""}, Invalid),
        ({"name": "长" * 121}, Invalid),
        ({"name_en": "a\x01b"}, Invalid),
        ({"area_code": "52040"}, Invalid),
        ({"exam_type": "lottery"}, Invalid),
    ],
)
def test_an_exam_with_wrong_data_is_not_created(
    world: World, change: dict[str, str], error: type[Exception]
) -> None:
    data = {"code": "other", "name": "考试", "name_en": "Exam", "area_code": "520400"}
    data |= {"exam_type": "police"}
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        with pytest.raises(error):
            service.create_exam(ctx, **(data | change))
        assert ctx.session.scalars(select(Exam.code)).all() == [CODE]


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_only_officers_create_exams(world: World, role: Role) -> None:
    actor = world.people.get(role)
    if actor is None:
        return
    with world.acting(actor) as ctx, pytest.raises(Forbidden):
        create(ctx)


def test_places_are_replaced_as_a_whole(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        for _ in range(2):
            assert VERBS["import_places"](ctx) == 5
        counts = count(ctx.session, exam_by_code(ctx.session, CODE))
        assert (counts.districts, counts.sites, counts.rooms) == (2, 3, 4)
        assert (counts.seats, counts.interview_rooms) == (115, 1)
        for model, number in ((District, 2), (Site, 3), (Room, 5)):
            assert ctx.session.scalar(select(func.count()).select_from(model)) == number
        broken = PLACES.replace("102教室,7-8-8-7,30", "102教室,7-8-8-7,31")
        with pytest.raises(SheetError):
            service.import_places(ctx, code=CODE, name="p.csv", data=broken.encode())
        assert ctx.session.scalar(select(func.count()).select_from(Room)) == 5


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("1,西秀区,2,", "1,镇宁县,2,", "row 4, column 考区:"),
        ("2,102教室", "1,102教室", "row 3, column 考场代码:"),
        ("1,市一中,东关路1号,安顺市第一中学,2", "1,市一中,东关路9号,安顺市第一中学,2", "考点"),
        ("5x6,25", "5x6,31", "row 4, column 容量:"),
        ("5x6,25", "5by6,25", "座位布局"),
        ("5x6,25,笔试", "5x6,25,体检", "用途"),
        ("2,平坝区,1,平坝一中,中山路3号,平坝第一中学,9", "2,平坝区,0,平坝,路,校,9", "考点代码"),
    ],
)
def test_a_table_of_places_that_contradicts_itself_is_refused(
    world: World, old: str, new: str, place: str
) -> None:
    assert old in PLACES
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        data = PLACES.replace(old, new).encode()
        with pytest.raises(SheetError, match=place):
            service.import_places(ctx, code=CODE, name="p.csv", data=data)


def test_sessions_are_one_a_subject_and_do_not_overlap(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        first, second = plan(ctx)
        hour = timedelta(hours=1)
        refused = [
            [first, first],
            [("nobody", *first[1:])],
            [(first[0], first[2], first[1])],
            [first, (second[0], first[1] + hour, first[2] + hour)],
        ]
        for sessions in refused:
            with pytest.raises(Invalid):
                service.set_sessions(ctx, code=CODE, sessions=sessions)
        service.set_sessions(ctx, code=CODE, sessions=[first])
        service.set_sessions(ctx, code=CODE, sessions=[second, first])
        rows = ctx.session.scalars(select(ExamSession).order_by(ExamSession.starts_at)).all()
        assert [row.subject for row in rows] == ["xc", "sl"]
        service.set_sessions(
            ctx, code=CODE, sessions=[first, (second[0], first[2], first[2] + hour)]
        )


def test_a_fee_item_needs_its_posted_basis_and_is_replaced_by_name(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        for change in ({"licence": " "}, {"standard": ""}, {"authority": ""}, {"hotline": ""}):
            with pytest.raises(Invalid):
                service.add_fee_item(ctx, code=CODE, **(FEE | change))
        for fen in (-1, 1_000_001):
            with pytest.raises(Invalid):
                service.add_fee_item(ctx, code=CODE, **(FEE | {"fen": fen}))
        assert ctx.session.scalars(select(FeeItem)).all() == []
        service.add_fee_item(ctx, code=CODE, **FEE)
        service.add_fee_item(ctx, code=CODE, **(FEE | {"fen": 8000}))
        assert ctx.session.scalars(select(FeeItem.fen)).all() == [8000]


def test_posts_are_replaced_all_or_none(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        assert VERBS["import_posts"](ctx) == 3
        assert VERBS["import_posts"](ctx) == 3
        twice = POSTS + POSTS.splitlines()[1] + "\n"
        with pytest.raises(SheetError):
            service.import_posts(ctx, code=CODE, name="p.csv", data=twice.encode())
        long = POSTS.replace("10010101", "1" * 21)
        with pytest.raises(Invalid, match="more than 20"):
            service.import_posts(ctx, code=CODE, name="p.csv", data=long.encode())
        assert sorted(ctx.session.scalars(select(Post.code))) == [
            "10010101",
            "10020101",
            "10030101",
        ]


def test_everything_missing_is_named_at_once(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        ctx.session.query(RoleKey).filter(RoleKey.role == "inspector").delete()
        with pytest.raises(NotReady) as caught:
            VERBS["prepare_announcement"](ctx)
        said = str(caught.value)
        for part in ("room for the written exam", "fee item", "no posts", "inspector's key"):
            assert part in said
        for part in ("interview room", "行政职业能力测验", "申论"):
            assert part in said
        assert ctx.session.scalars(select(Release)).all() == []


def test_dates_and_numbers_must_fit_before_the_announcement(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        late = plan(ctx)
        early = [(code, at - timedelta(days=40), to - timedelta(days=40)) for code, at, to in late]
        service.set_sessions(ctx, code=CODE, sessions=early)
        document = _document(ctx)
        document["admission_template"]["value"] = "{district:01}{site:01}{room:01}{seat:01}"
        service.set_rules(ctx, code=CODE, document=document)
        with pytest.raises(NotReady) as caught:
            VERBS["prepare_announcement"](ctx)
        assert len(caught.value.missing) == 2
        assert "before payment closes" in str(caught.value)
        assert "seat number 30" in str(caught.value)


def test_an_announcement_after_registration_is_refused(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        world.clock.set(rules_of(exam_by_code(ctx.session, CODE)).registration_closes)
        with pytest.raises(NotReady, match="would be over"):
            VERBS["prepare_announcement"](ctx)


def test_a_qualification_exam_needs_no_interview_room(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx, CODE, "professional")
        rooms = "".join(line for line in PLACES.splitlines(True) if "面试" not in line)
        service.import_places(ctx, code=CODE, name="p.csv", data=rooms.encode())
        for verb in ("set_sessions", "add_fee_item", "import_posts", "prepare_announcement"):
            VERBS[verb](ctx)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "publish_announcement"])
def test_after_the_preparation_nothing_changes(world: World, verb: str) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        VERBS["prepare_announcement"](ctx)
        digest = exam_by_code(ctx.session, CODE).rules_digest
        with pytest.raises(Conflict):
            VERBS[verb](ctx)
        assert exam_by_code(ctx.session, CODE).rules_digest == digest


def test_publishing_waits_for_the_inspector(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        with pytest.raises(Conflict, match="not been prepared"):
            VERBS["publish_announcement"](ctx)
        VERBS["prepare_announcement"](ctx)
    context = world.context(world.people[Role.OFFICER])
    with context.session, pytest.raises(Conflict, match=r"tests\.example/inspector is missing"):
        VERBS["publish_announcement"](context)
    with world.acting(Role.OFFICER) as ctx:
        assert exam_by_code(ctx.session, CODE).state == "draft"
    assert not (world.config.published / f"announcement-{CODE}-v1").exists()
    cosign(world)
    with world.acting(Role.OFFICER) as ctx:
        assert publish(ctx).state == "published"
        with pytest.raises(Conflict):
            VERBS["publish_announcement"](ctx)


def test_registration_closes_only_after_the_time_for_payment(world: World) -> None:
    announce(world)
    with world.acting(Role.OFFICER) as ctx:
        closes = rules_of(exam_by_code(ctx.session, CODE)).payment_closes
        world.clock.set(closes - timedelta(seconds=1))
        with pytest.raises(Conflict):
            VERBS["close_registration"](ctx)
        world.clock.set(closes)
        VERBS["close_registration"](ctx)
        with pytest.raises(Conflict):
            VERBS["close_registration"](ctx)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_in_every_state(world: World, state: str, verb: str) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        exam = exam_by_code(ctx.session, CODE)
        exam.state = state
        ctx.session.flush()
        world.clock.advance(days=25 if verb == "close_registration" else 0)
        if verb in ALLOWED.get(state, set()):
            VERBS[verb](ctx)
        else:
            with pytest.raises(Conflict):
                VERBS[verb](ctx)
            assert exam.state == state


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_states_move_one_step_forward_only(before: str, after: str) -> None:
    exam = Exam(code=CODE, state=before)
    if STATES.index(after) == STATES.index(before) + 1:
        move(exam, after)
        assert exam.state == after
    else:
        with pytest.raises(Conflict):
            move(exam, after)
        assert exam.state == before
    assert set(MOVES) == set(STATES)


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_knows_an_exam_that_is_not_there(world: World, verb: str) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx, "other")
        call = VERBS[verb]
        with pytest.raises(NotFound):
            call(ctx)


def test_every_act_is_in_the_log_with_its_subject(world: World) -> None:
    announce(world)
    with world.acting(Role.OFFICER) as ctx:
        acts = ctx.session.scalars(select(Act).where(Act.exam == CODE).order_by(Act.id)).all()
        office = [act for act in acts if act.kind.startswith("exams.")]
        assert [act.kind.removeprefix("exams.") for act in office] == [
            "create_exam",
            "import_places",
            "set_sessions",
            "add_fee_item",
            "import_posts",
            "prepare_announcement",
            "publish_announcement",
        ]
        assert {act.subject for act in office[:5]} == {f"exam:{CODE}"}
        assert office[5].subject == f"release:{CODE}:announcement:v1"
        detail = ctx.session.get(ActDetail, office[5].id)
        assert detail is not None
        assert json.loads(detail.details)["stage"] == "announcement"


def test_a_refused_rule_set_leaves_the_old_one(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        create(ctx)
        before = exam_by_code(ctx.session, CODE).rules
        with pytest.raises(RuleProblems):
            service.set_rules(ctx, code=CODE, document=defaults("police"))
        assert exam_by_code(ctx.session, CODE).rules == before
