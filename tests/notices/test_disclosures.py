"""What an exam has posted, what is due and late; its numbered lists; the service catalogue."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from exam_system.access import Role
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Forbidden, Invalid, Sentence
from exam_system.exams.list_rules import read_lists
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.notices.closing import close_exam
from exam_system.notices.diagram import columns_of, draw, in_words
from exam_system.notices.disclosures import disclosures, everything, public_lists
from exam_system.notices.machines import MACHINES
from exam_system.notices.matters import (
    FIELDS,
    catalogue,
    decide_matter,
    draft_matter,
    matter_of,
    text_of,
    waiting,
)
from exam_system.notices.overdue import overdue
from exam_system.notices.writing import Content
from exam_system.observing.dates import dates_of
from exam_system.observing.timeline import sentence
from exam_system.trust.canonical import sha256_hex
from tests.notices.setting import TEXT, hands, posted
from tests.registration.setting import CODE, add_exam
from tests.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"])
_TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')
ENGLISH = {"Accept-Language": "en"}


def _exam(world: World, state: str = "announced") -> Exam:
    exam = add_exam(world, state=state)
    at = world.clock.now() + timedelta(days=20)
    with world.context(world.people[Role.OFFICER]).session as db:
        row = ExamSession(
            exam_id=exam.id, subject="xc", starts_at=at, ends_at=at + timedelta(hours=2)
        )
        db.add(row)
        db.commit()
    return exam


def _standing(world: World) -> dict[str, str]:
    with world.context(PUBLIC).session as db:
        exam = db.scalars(select(Exam)).one()
        told = disclosures(rules_of(exam), everything(db, exam), world.clock.now())
        return {one.key: one.state for one in told}


def test_what_is_not_posted_in_time_is_late_and_reaches_the_desk(world: World) -> None:
    _exam(world)
    before = {"scores": "due", "results": "open"}
    assert _standing(world) == {"policy": "due", "quotas": "due", "conditions": "due"} | before
    world.clock.advance(minutes=1)  # registration has opened, and nothing is announced
    late = dict.fromkeys(("policy", "quotas", "conditions"), "late")
    assert _standing(world) == late | before
    world.clock.advance(days=20 + 45)
    assert _standing(world)["scores"] == "due"
    world.clock.advance(hours=3)
    assert _standing(world)["scores"] == "late"
    with world.context(PUBLIC).session as db:
        found = list(overdue(db, world.clock.now(), world.config.zone))
    assert [one[2].rpartition(":")[2] for one in found] == [
        "policy",
        "quotas",
        "conditions",
        "scores",
    ]
    page = world.app().test_client().get(f"/exams/{CODE}/disclosures", headers=ENGLISH).text
    assert page.count(">late</span>") == 4


def test_the_look_of_the_desk_takes_as_many_statements_for_fifty_exams_as_for_one(
    world: World,
) -> None:
    exam = _exam(world)
    counts = []
    for more in (0, 49):
        with world.acting(Role.ADMIN) as ctx:
            for number in range(more):
                copied = {c.name: getattr(exam, c.name) for c in Exam.__table__.columns}
                ctx.session.add(Exam(**{**copied, "id": None, "code": f"more-{number}"}))
        world.clock.advance(days=100)
        seen: list[str] = []
        with world.context(PUBLIC).session as db:
            listener = ("before_cursor_execute", lambda *told: seen.append(told[2]))  # noqa: B023
            event.listen(db.get_bind(), *listener)
            late = list(overdue(db, world.clock.now(), world.config.zone))
            event.remove(db.get_bind(), *listener)
        assert len([one for one in late if one[0] == "disclosure"]) >= 3 * (more + 1)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 1
    assert counts[1] < 10


def test_an_exam_is_closed_only_when_every_list_is_posted(world: World) -> None:
    _exam(world, "final")
    who = hands(world)
    with pytest.raises(Conflict) as refused, world.acting(Role.OFFICER) as ctx:
        close_exam(ctx, code=CODE)
    names = ["招考公告榜", "笔试成绩榜", "入围面试榜", "考试总成绩榜", "体检考察榜", "拟录用公示榜"]
    assert str(refused.value).endswith(", ".join(f"{n}. {x}" for n, x in enumerate(names, 1)))
    for place in range(1, 6):
        posted(world, who, TEXT, category="exam", exam=CODE, place=place)
    with (
        pytest.raises(Conflict, match=r"posted: 6\. 拟录用公示榜$"),
        world.acting(Role.OFFICER) as ctx,
    ):
        close_exam(ctx, code=CODE)
    at = world.clock.now() + timedelta(days=7)
    last = posted(
        world, who, Content("拟录用公示", "公示七日。", at), category="exam", exam=CODE, place=6
    )
    client = world.client(world.app(), Role.OFFICER)
    client.post(f"/office/exams/{CODE}/finish")
    page = client.get(f"/exams/{CODE}/disclosures", headers=ENGLISH).text
    assert "The exam was closed" in page
    assert f"/notices/{last}" in page
    with pytest.raises(Conflict, match="closed already"), world.acting(Role.OFFICER) as ctx:
        close_exam(ctx, code=CODE)
    with world.context(PUBLIC).session as db:
        exam = db.scalars(select(Exam)).one()
        zone = world.config.zone
        dates = dates_of(db, exam, rules_of(exam), everything(db, exam), zone)
    told = [str(sentence(one.what)) for one in dates]
    assert {"Registration", "Event: 拟录用公示", "The exam is closed"} <= set(told)


def test_lists_are_rules_that_say_what_posts_them(world: World) -> None:
    assert read_lists(["written=笔试成绩榜"]) == ("written=笔试成绩榜",)
    for wrong in (["笔试成绩榜"], ["other=榜"], ["written="], [f"notice=榜{n}" for n in range(13)]):
        with pytest.raises(Sentence):
            read_lists(wrong)
    exam = _exam(world)
    with world.context(PUBLIC).session as db:
        lists = public_lists(rules_of(exam), everything(db, exam), world.clock.now())
    assert [one.key for one in lists] == ["1", "2", "3", "4", "5", "6"]


def test_public_pages_are_kept_and_change_with_what_is_posted(world: World) -> None:
    who = hands(world)
    ref = posted(world, who)
    client = world.app().test_client()
    for path in ("/notices", f"/notices/{ref}", "/services", "/services/review"):
        first = client.get(path)
        tag = {"If-None-Match": first.headers["ETag"]}
        assert client.get(path, headers=tag).status_code == 304, path
        again = client.get(path)
        assert _TOKEN.sub("", again.text) == _TOKEN.sub("", first.text)  # tokens have their second
        assert first.headers["Cache-Control"].startswith("private")
    tag = {"If-None-Match": client.get("/notices").headers["ETag"]}
    other = posted(world, who, Content("第二个通知", "正文。"))
    changed = client.get("/notices", headers=tag)
    assert (changed.status_code, "第二个通知" in changed.text) == (200, True)
    assert "ETag" not in world.client(world.app(), Role.OFFICER).get(f"/notices/{other}").headers


def test_a_kept_page_carries_the_token_of_its_reader(world: World) -> None:
    app = world.app()
    app.config["WTF_CSRF_ENABLED"] = True
    tokens = set()
    for _ in range(2):
        client = app.test_client()
        page = client.get("/services").text
        assert "@@" not in page
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        tokens.add(token)
        form = {"csrf_token": token, "next": "/services"}
        assert client.post("/language/en", data=form).status_code == 302
    assert len(tokens) == 2


def test_the_catalogue_says_all_of_every_matter_and_changes_by_two(world: World) -> None:
    second = hands(world)[1]
    with world.context(PUBLIC).session as db:
        matters = catalogue(db)
        assert len(matters) == 61  # PRACTICES row 83
        assert len({one.fields["name"] for one in matters}) == 61
        english = [one.named("en") for one in matters]
        assert len(set(english)) == 61
        assert all(name.isascii() for name in english)
        bare = [one.code for one in matters if one.lacking]
        assert all(matter_of(db, code).fields["class"] != "监督与咨询" for code in bare)
        assert all(one.fields[key] for one in matters for key in FIELDS if key != "machine")
        assert {one.fields["machine"] for one in matters} - {""} <= set(MACHINES)
        fields = {**matter_of(db, "review").fields, "limit": "1个工作日"}
    with world.acting(Role.OFFICER) as ctx:
        draft_matter(ctx, code="review", fields=fields)
        digest = sha256_hex(text_of(waiting(ctx.session)[0]))
    decided: dict[str, Any] = {"code": "review", "digest": digest, "approved": True}
    with pytest.raises(Forbidden, match="does not decide"), world.acting(Role.OFFICER) as ctx:
        decide_matter(ctx, **decided)
    with pytest.raises(Conflict, match="waits already"), world.acting(second) as ctx:
        draft_matter(ctx, code="review", fields=fields)
    with pytest.raises(Conflict, match="changed meanwhile"), world.acting(second) as ctx:
        decide_matter(ctx, **{**decided, "digest": "0" * 64})
    with world.acting(second) as ctx:
        decide_matter(ctx, **decided)
    with pytest.raises(Invalid, match="Fill in “Basis”"), world.acting(second) as ctx:
        draft_matter(ctx, code="review", fields={**fields, "basis": " "})
    client = world.app().test_client()
    assert "1个工作日" in client.get("/services/review").text
    assert "待责任科室填报" in client.get("/services/title-review").text


def test_diagrams_show_every_move_of_every_machine(world: World) -> None:
    for machine in MACHINES.values():
        drawn = draw(machine.moves)
        moves = {(one, to) for one, all_ in machine.moves.items() for to in all_ if to != one}
        assert {(arrow.of, arrow.to) for arrow in drawn.arrows} == moves
        assert {(one, to) for one, all_ in in_words(machine.moves) for to in all_} == moves
        assert set(machine.names) == set(machine.moves)
        spots = {(box.x, box.y) for box in drawn.boxes}
        assert len(spots) == len(machine.moves)
        assert all(x + 150 <= drawn.width and y + 44 <= drawn.height for x, y in spots)
    assert columns_of(MACHINES["approvals"].moves)["used"] == 2


def test_the_office_writes_passes_and_publishes_through_pages(world: World) -> None:
    hands(world)
    add_exam(world)
    app = world.app()
    author, inspector = (world.client(app, role) for role in (Role.OFFICER, Role.INSPECTOR))
    doors = []
    for name in ("level0", "level1"):
        door = app.test_client()
        door.post("/login", data={"login": name, "password": "correct horse battery"})
        doors.append(door)
    assert (
        "Write a notice" in author.get(f"/office/bulletins/new?exam={CODE}", headers=ENGLISH).text
    )
    typed = {"exam": CODE, "category": "exam", "title": "资格复审通知", "body": "电话13800138000"}
    made = author.post("/office/bulletins/new", data=typed)
    here = made.headers["Location"]
    page = author.get(here, headers=ENGLISH).text
    assert "a mobile number 138******00" in page, page[page.index("<main") :]
    again = {**typed, "body": "复审时间另行通知。", "event_at": "2026-03-20T09:00"}
    assert author.post(f"{here}/write", data=again).status_code == 303
    for door in (doors[0], inspector, doors[1]):
        page = door.get(here, headers=ENGLISH).text
        digest = re.findall(r'name="digest" value="([0-9a-f]{64})"', page)[0]
        door.post(f"{here}/pass", data={"digest": digest})
    author.post(f"{here}/publish")
    ref = here.rpartition("/")[2]
    public = app.test_client().get(f"/notices/{ref}", headers=ENGLISH).text
    assert "复审时间另行通知。" in public
    assert "Secrecy review" in public
    note = app.test_client().get(f"/published/notice-{ref}-v1/notice.note")
    assert b"/notice/v1" in note.data
    matter = author.get("/office/services/review", headers=ENGLISH)
    assert "Hand it to a second officer" in matter.text
    fields = dict(re.findall(r'name="(\w+)" rows="2"[^>]*>([^<]*)<', matter.text))
    author.post(
        "/office/services/review", data={**fields, "machine": "applications", "limit": "1日"}
    )
    waits = doors[0].get("/office/services/review", headers=ENGLISH).text
    digest = re.findall(r'name="digest" value="([0-9a-f]{64})"', waits)[0]
    doors[0].post("/office/services/review", data={"digest": digest, "decision": "approve"})
    assert "<svg" in app.test_client().get("/services/review").text
    assert "1日" in app.test_client().get("/services/review").text
