"""A table is looked at before it is taken in, and a list that was taken out changes nothing."""

from __future__ import annotations

import os
import time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system import imports
from exam_system.access import Role
from exam_system.examday.models import Invigilator
from exam_system.exams.models import Post, Room
from exam_system.interviews.models import Avoidance
from exam_system.marking.service import preview_written_scores
from exam_system.sheets import write_csv
from exam_system.sheets.preview import compare
from tests.examday import hall
from tests.exams import samples
from tests.importing import confirm, send, take_in
from tests.interviews import setting
from tests.results import setting as results
from tests.world import World

OFFICE = f"/office/exams/{samples.CODE}"


@pytest.fixture
def database() -> str:
    """The verbs have their own tests on both databases."""
    return "sqlite"


@pytest.fixture
def draft(world: World) -> FlaskClient:
    with world.acting(Role.OFFICER) as ctx:
        samples.create(ctx)
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "en")
    return client


def test_a_difference_is_told_by_key() -> None:
    before = {"a": ("a", "1"), "b": ("b", "2"), "c": ("c", "3")}
    after = {"a": ("a", "1"), "b": ("b", "9"), "d": ("d", "4")}
    found = compare(("k", "v"), before, after)
    assert found.counts == {"added": 1, "changed": 1, "removed": 1, "unchanged": 1}
    assert [one.cells for one in found.lines if one.kind == "changed"] == [[("b", "b"), ("2", "9")]]
    kept = compare(("k", "v"), before, after, removes=False)
    assert kept.counts == {"added": 1, "changed": 1, "removed": 0, "unchanged": 2}
    assert len({found.digest, kept.digest, compare(("k", "v"), before, before).digest}) == 3


def rooms(world: World) -> list[tuple[int, int]]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return [(room.code, room.capacity) for room in db.scalars(select(Room).order_by(Room.id))]


def test_nothing_changes_before_it_is_confirmed_and_then_just_that(
    world: World, draft: FlaskClient
) -> None:
    url, table = f"{OFFICE}/places", samples.PLACES
    preview = send(draft, url, table.encode())
    assert preview.status_code == 200
    assert "What the table changes" in preview.text
    assert rooms(world) == []
    assert confirm(draft, url, preview).status_code == 302
    first = rooms(world)
    assert first
    other = send(draft, url, table.replace("5x6,25", "5x6,24").encode())
    assert "<del>25</del> <ins>24</ins>" in other.text
    # Somebody else takes a table in meanwhile: the preview is no longer what would happen.
    assert take_in(draft, url, table.replace("5x6,25", "5x6,20").encode()).status_code == 302
    stale = confirm(draft, url, other)
    assert stale.status_code == 409
    assert "has changed since its preview" in stale.text
    assert [capacity for _code, capacity in rooms(world)].count(20) == 1
    # A confirmation of nobody's file, and of a file that waited for too long.
    fields = {"confirmed": "ab" * 32, "seen": "cd" * 32}
    assert "does not wait any more" in draft.post(url, data=fields).text
    assert draft.post(url, data={**fields, "confirmed": "../" * 20}).status_code == 422
    waiting = list((world.config.instance / "uploads").iterdir())
    assert waiting
    assert "一中" not in waiting[0].read_bytes().decode("latin-1")
    assert b"\xe8\x80\x83" not in waiting[0].read_bytes()[:200]
    old = time.time() - imports.WAITS - 1
    for path in waiting:
        os.utime(path, (old, old))
    send(draft, url, table.encode())
    assert len(list((world.config.instance / "uploads").iterdir())) == 1


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_exported_list_comes_in_again_unchanged(
    world: World, draft: FlaskClient, kind: str
) -> None:
    take_in(draft, f"{OFFICE}/places", samples.PLACES.encode())
    take_in(draft, f"{OFFICE}/posts", samples.POSTS.encode())
    people = "证书编号,姓名,性别,行政区划代码,工作单位,主考官\n0012,李四,男,520100,一局,是\n"
    take_in(draft, "/office/interviewers", people.encode())
    for name, url, count in (
        ("places", f"{OFFICE}/places", len(rooms(world))),
        ("posts", f"{OFFICE}/posts", len(world_posts(world))),
        ("interviewers", "/office/interviewers", 1),
    ):
        fields = {} if name == "interviewers" else {"code": samples.CODE}
        file = draft.post(f"/lists/{name}/{kind}", data=fields).data
        preview = send(draft, url, file, f"again.{kind}")
        assert "The table changes nothing" in preview.text, (name, preview.text)
        assert f"<b>{count}</b>unchanged rows" in preview.text
        before = world_posts(world)
        assert confirm(draft, url, preview).status_code == 302
        assert [one[1:] for one in world_posts(world)] == [one[1:] for one in before]


def world_posts(world: World) -> list[tuple[object, ...]]:
    with world.context(world.people[Role.OFFICER]).session as db:
        columns = [column.key for column in Post.__table__.columns]
        rows = db.scalars(select(Post).order_by(Post.code))
        return [tuple(getattr(row, key) for key in columns) for row in rows]


def test_avoidances_come_in_as_a_table_and_again_unchanged(world: World) -> None:
    setting.add_exam(world)
    rows = [setting.pool_row(n, chief=n < 2) for n in range(9)]
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "en")
    take_in(client, "/office/interviewers", write_csv(setting.HEADER, rows))
    number, certificate = setting.number_of(1), rows[0][setting.HEADER.index("证书编号")]
    url = f"/office/exams/{setting.CODE}/interviews/avoidances/table"
    table = f"证书编号,准考证号,关系\n{certificate},{number},亲属\n"
    wrong = send(client, url, (table + f"KG-none,{number},亲属\n{certificate},9,朋友\n").encode())
    assert wrong.status_code == 422
    assert "row 3" in wrong.text or "row 4" in wrong.text
    assert take_in(client, url, table.encode()).status_code == 302
    with world.context(world.people[Role.OFFICER]).session as db:
        assert len(db.scalars(select(Avoidance)).all()) == 1
    file = client.post("/lists/avoidances/csv", data={"code": setting.CODE}).data
    assert "The table changes nothing" in send(client, url, file).text
    again = send(client, url, table.replace("亲属", "同单位").encode())
    assert "declared already" in again.text


def test_invigilators_come_in_again_unchanged(world: World) -> None:
    hall.standard(world, first=3, second=1)
    client = world.client(world.app(), Role.OFFICER)
    client.set_cookie("language", "en")
    url = f"/office/exams/{hall.CODE}/invigilators"
    table = "工号,姓名,性别,学校,考区,主监考,回避考生\n"
    table += "007,张三,男,一中,考区1,是,李四 王五\n008,李四,女,二中,2,否,\n"
    assert take_in(client, url, table.encode()).status_code == 302
    file = client.post("/lists/invigilators/xlsx", data={"code": hall.CODE}).data
    assert "The table changes nothing" in send(client, url, file, "again.xlsx").text
    preview = send(client, url, table.replace("二中", "三中").encode())
    assert preview.text.count("<del>") == 1
    with world.context(world.people[Role.OFFICER]).session as db:
        assert db.scalars(select(Invigilator.staff_no).order_by(Invigilator.id)).all() == [
            "007",
            "008",
        ]


def test_marks_come_in_again_unchanged(world: World) -> None:
    results.add_candidates(world, results.add_exam(world), 3)
    client = world.client(world.app(), Role.MARKER)
    client.set_cookie("language", "en")
    numbers = [results.number_of(n) for n in range(3)]
    lines = [f"{number},6{at}.5,缺考" for at, number in enumerate(numbers)]
    table = "准考证号,xc,sl\n" + "\n".join(lines)
    url = f"/marking/{results.CODE}"
    preview = send(client, url, table.encode())
    assert "<b>3</b>new rows" in preview.text
    assert confirm(client, url, preview).status_code == 302
    file = client.post("/lists/marks/csv", data={"code": results.CODE}).data
    with world.acting(Role.MARKER) as ctx:
        found = preview_written_scores(ctx, results.CODE, "marks.csv", file)
    assert (found.lines, found.unchanged) == ((), 3)
