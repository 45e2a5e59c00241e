"""Pages of the exam day for officers, in both languages, and their tables."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

import exam_system
from exam_system.access import Role
from exam_system.examday.listing import import_invigilators
from exam_system.language import FOLDER, catalogue
from exam_system.records.models import Act
from tests.examday import hall
from tests.examday.test_examday_invigilators import SCHOOLS, table
from tests.importing import take_in
from tests.world import World

SEATS = f"/office/exams/{hall.CODE}/seats"
ROOM = f"/office/exams/{hall.CODE}/rooms/1/1/2"
INVIGILATORS = f"/office/exams/{hall.CODE}/invigilators"
ROSTERS = f"/office/exams/{hall.CODE}/rosters"


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def kinds(world: World) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return list(db.scalars(select(Act.kind).order_by(Act.id)))


@pytest.fixture
def officer(world: World) -> FlaskClient:
    hall.standard(world)
    return world.client(world.app(), Role.OFFICER)


def test_before_the_draw_the_rooms_are_empty(officer: FlaskClient) -> None:
    page = words(officer.get(SEATS).text)
    assert "尚未抽签" in page
    assert "导出" not in page
    assert "本考场未安排考生" in words(officer.get(ROOM).text)


def test_the_plan_counts_rooms_and_people(world: World, officer: FlaskClient) -> None:
    hall.finish(world, "seats")
    assert "已抽签，待公布" in officer.get(SEATS).text
    hall.publish(world, "seats")
    page = words(officer.get(SEATS).text)
    assert "抽签结果已公布" in page
    for figure in ("4 笔试考场", "115 考场座位", "4 启用考场", "72 已安排座位的考生"):
        assert figure in page
    assert "考区1 市第一中学考点 02 1号楼002教室 30 22" in page


def test_a_room_has_every_seat_once_in_its_layout(world: World, officer: FlaskClient) -> None:
    hall.seat(world)
    page = officer.get(ROOM).text
    rows = re.findall(r'<div class="seat-row">(.*?)</div>\n', page, re.S)
    cells = [re.findall(r"<b>(\d+)</b>", row) for row in rows]
    # 7-8-8-7 in an S: down the first column, up the second; the outer columns end a row earlier.
    assert cells[0] == ["1", "15", "16", "30"]
    assert cells[6] == ["7", "9", "22", "24"]
    assert cells[7] == ["8", "23"]
    assert page.count('class="seat free"') == 8
    numbers = [f"010102{seat:02}" for seat in range(1, 23)]
    assert sorted(re.findall(r"<td>(010102\d\d)</td>", page)) == numbers
    assert sorted(re.findall(r'seat-number">(\d+)<', page)) == numbers
    papers = re.findall(r"<span>([A-Z])卷</span>", page)
    assert (len(papers), set(papers)) == (22, {"A", "B"})
    assert "监考员尚未抽签" in page


def test_a_room_shows_its_two_invigilators(world: World, officer: FlaskClient) -> None:
    hall.seat(world)
    with world.acting(Role.OFFICER) as ctx:
        import_invigilators(ctx, code=hall.CODE, name="i.csv", data=table(*(SCHOOLS * 5)))
    hall.finish(world, "invigilators")
    page = words(officer.get(ROOM).text)
    both = "主监考 监考[甲乙] · 副监考 监考[甲乙]"
    assert re.search(f"行政职业能力测验 · {both} 申论 · {both}", page)


@pytest.mark.parametrize("path", ["rooms/1/1/3", "rooms/3/1/1", "rooms/1/2/9", "rooms/0/1/1"])
def test_no_such_room(officer: FlaskClient, path: str) -> None:
    assert officer.get(f"/office/exams/{hall.CODE}/{path}").status_code == 404


def test_the_plan_is_exported_as_an_act(world: World, officer: FlaskClient) -> None:
    refused = officer.post(f"{SEATS}/export/csv", follow_redirects=True)
    assert "本考试尚未进行座位抽签" in refused.text
    hall.seat(world)
    answer = officer.post(f"{SEATS}/export/csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:6] == ["考区", "考点", "考场号", "考场", "座位号", "准考证号"]
    assert len(rows) == 73
    assert rows[1][:6] == ["考区1", "市第一中学考点", "01", "1号楼001教室", "1", "01010101"]
    assert re.fullmatch(r"520402\*{8}\d{4}", rows[1][8])
    assert (rows[0][10], {row[10] for row in rows[1:]}) == ("试卷类型", {"A", "B"})
    sheet = load_workbook(io.BytesIO(officer.post(f"{SEATS}/export/xlsx").data)).active
    assert sheet is not None
    assert [[str(cell or "") for cell in row] for row in sheet.values] == [r[:-1] for r in rows]
    assert kinds(world).count("examday.export_seats") == 2


def test_invigilators_are_imported_listed_and_exported(world: World, officer: FlaskClient) -> None:
    bad = officer.post(
        INVIGILATORS, data={"file": (io.BytesIO("工号,姓名\n1,张三\n".encode()), "i.csv")}
    )
    assert bad.status_code == 422
    assert "性别, 所在学校" in words(bad.text)
    assert officer.post(INVIGILATORS, data={}).status_code == 422
    assert take_in(officer, INVIGILATORS, table(*(SCHOOLS * 8))).status_code == 302
    assert "已导入监考员24人" in officer.get(INVIGILATORS).text
    hall.seat(world)
    hall.finish(world, "invigilators")
    page = words(officer.get(INVIGILATORS).text)
    words_of = ("教室 主监考", "教室 副监考", "考点 候补 1")
    assert [page.count(word) for word in words_of] == [8, 8, 6]
    late = officer.post(INVIGILATORS, data={"file": (io.BytesIO(table("某校")), "i.csv")})
    assert late.status_code == 409
    assert "名单不得再变动" in late.text
    answer = officer.post(f"{ROSTERS}/export/csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:5] == ["工号", "姓名", "性别", "学校", "科目"]
    assert rows[0][5:] == ["考区", "考点", "考场号", "考场", "岗位", "备注", "导出标识"]
    places = Counter((row[4], row[9], row[10]) for row in rows[1:])
    each = {("主监考", ""): 4, ("副监考", ""): 4, ("候补", ""): 3}
    subjects = ("行政职业能力测验", "申论")
    wanted = {(one, *what): count for one in subjects for what, count in each.items()}
    idle = 24 - len({row[0] for row in rows[1:] if row[4]})
    assert places == wanted | {("", "", "未安排"): idle}
    assert page.count("未安排") == idle > 0
    assert kinds(world).count("examday.export_invigilators") == 1


def test_english_pages_have_english_words(world: World, officer: FlaskClient) -> None:
    hall.seat(world)
    officer.set_cookie("language", "en")
    assert "Seated candidates" in officer.get(SEATS).text
    assert "Door list" in officer.get(ROOM).text
    assert "One row for each invigilator" in officer.get(INVIGILATORS).text


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("role", [Role.REVIEWER, Role.INSPECTOR, Role.MARKER, Role.ADMIN])
@pytest.mark.parametrize("path", [SEATS, ROOM, INVIGILATORS])
def test_officers_only(world: World, role: Role, path: str) -> None:
    hall.standard(world, first=1, second=1)
    client = world.client(world.app(), role)
    assert client.get(path).status_code == 403
    for page in (SEATS, ROSTERS):
        assert client.post(f"{page}/export/csv").status_code == 403


def test_long_lists_have_pages(world: World) -> None:
    exam = hall.add_exam(world)
    rooms = tuple((n, "5x6", 1, "written") for n in range(1, 71))
    hall.add_places(world, exam, tuple((1, site, "某中学", rooms) for site in range(1, 4)))
    client = world.client(world.app(), Role.OFFICER)
    counts = [client.get(f"{SEATS}?page={page}").text.count("教室</a>") for page in (1, 2, 3, "x")]
    assert counts == [200, 10, 10, 200]


def test_everything_said_is_translated() -> None:
    home = Path(exam_system.__file__).parent
    keywords = dict.fromkeys(("_", "Invalid", "Conflict", "NotFound", "Sentence"))
    files = [("python", path) for path in (home / "examday").glob("*.py")]
    files += [("jinja2.ext:babel_extract", p) for p in (home / "templates/examday").glob("*.html")]
    said = {
        message
        for method, path in files
        for _, message, _, _ in extract_from_file(method, str(path), keywords=keywords)
    }
    with (FOLDER / "zh" / "examday.po").open("rb") as handle:
        known = {str(m.id): str(m.string) for m in read_po(handle, locale="zh") if m.id}
    whole = {message.id for message in catalogue("zh") if message.string}
    assert (said - whole, set(known) - said) == (set(), {"male", "female"})
    for message, text in known.items():
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", message))
