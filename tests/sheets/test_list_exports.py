"""Every list of the office leaves as .xlsx and as .csv, as an act, with a mark that leads to it."""

from __future__ import annotations

import ast
import csv
import inspect
import io
import re
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import ANYBODY, Role
from exam_system.access_pages import PAGES
from exam_system.exports.lists import LISTS
from exam_system.language import translations
from exam_system.records.models import Act, ActDetail, Leaf
from exam_system.sheets.writing import COMMANDS
from tests.examday import hall
from tests.importing import take_in
from tests.world import World

TEMPLATES = Path(__file__).parent.parent.parent / "exam_system" / "templates"
STAFF = frozenset(Role) - {Role.PUBLIC, Role.SYSTEM, Role.CANDIDATE, Role.INTERVIEWER}
CALL = re.compile(r"exports(_of)?\(|url_for\(['\"][a-z.]*export")
# Pages with a table that is no list to be taken out, and why.
EXCUSED = {
    "accounts.takeover_queue": "nobody in clear; each case with its documents is looked at alone",
    "fees.bank_file": "the bank's own file, line by line, before it is taken in",
    "experts.desk": "a way to the case files, each of which is a PDF",
    "experts.case": "one case file, which is a PDF",
    "exams.rules": "a form: the rule set itself is published as rules.json",
    "exams.change": "a form: what it changes is published with the notice",
    "exams.publish": "who has signed; the signatures are in the note",
    "exams.opening": "a form to decide on; the outcome is published as a change notice",
    "draws.ceremony": "steps of a ceremony; list and result are published as a bundle",
    "draws.office": "where draws stand; each is published as a bundle",
    "sealed.page": "confidential until its hour: to look at, and the look is an act",
    "live.rehearsal": "a dry run, which has its own two files",
    "custody.handover": "one act with its signatures; the list of bags has the bags",
    "examday.room": "one room, for the door; the seating plan has all rooms",
    "running.mine": "one's own works of a week, which end on the pages they came from",
    "search.candidates": "a look for one person on record; the list of an exam has them all",
    "seating.site": "a site's picture; the seating plan has its rows",
    "scripts.codes": "its one form has both buttons, with a reason",
    "attendance.accounts": "passwords: the answer is the only place where they ever stand",
    "attendance.room": "one room with every mark; the board's list has what counts in all rooms",
    "interviews.accounts": "passwords: the answer is the only place where they ever stand",
    "panels.sealed": "sealed until its hour: to look at, and the look is an act",
    "integrity.finding": "one finding; the record of acts has the acts that prove it",
    "lots.group": "envelopes being picked; the outcome is published as a bundle",
    "lots.index": "where lots stand; each is published as a bundle",
    "incidents.show": "one record with its signatures; the list of incidents has them all",
    "interviews.desk": "an interviewer's own screen",
    "observing.view": "read-only for whoever watches; what is published are files",
    "interviews.times": "a form: the hours of the panels",
    "interviews.sign": "one candidate's slip, which is a PDF",
    "interviews.correct": "a form to decide on; what it does becomes a signed note",
    "results.office": "where releases stand; each is published with list.csv",
    "grading.desk": "a marker's own piles; the office's list has the figures",
    "grading.sheet": "numbers to be marked; all marks are published by number",
    "marking.index": "a way to the exams; the list of exams has them",
    "oversight.board": "promises measured; `exam oversight check` writes them as a file",
    "oversight.desk": "what waits for a signature, and disappears with it",
    "oversight.timeline": "a picture; the record of acts has the acts",
    "tips.desk": "reports are sealed and leave the server only as they came",
}


@pytest.fixture
def database() -> str:
    """Files; nothing here depends on the database."""
    return "sqlite"


def templates_of(app: Flask, endpoint: str) -> set[str]:
    """Every template that a page's function, or one that it calls in its module, renders."""
    view = inspect.unwrap(app.view_functions[endpoint])
    module = inspect.getmodule(view)
    assert module is not None
    tree = ast.parse(inspect.getsource(module))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: set[str] = set()
    waiting, seen = [view.__name__], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                waiting.append(node.func.id)
                if node.func.id == "render_template" and isinstance(node.args[0], ast.Constant):
                    found.add(str(node.args[0].value))
    return found


def has_list(text: str) -> bool:
    return re.search(r"<tbody>\s*\{%-? *for|<tbody>\s*\n?\{% *for", text) is not None


def test_every_list_of_the_office_can_be_taken_out(world: World) -> None:
    app = world.app()
    rules = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = [name for name, roles in PAGES.items() if roles & STAFF and roles != ANYBODY]
    without, listed = [], 0
    for page in sorted(set(pages) & rules):
        texts = [(TEMPLATES / name).read_text() for name in templates_of(app, page)]
        tables = [text for text in texts if has_list(text)]
        listed += bool(tables)
        if page not in EXCUSED and not all(CALL.search(text) for text in tables):
            without.append(page)
    assert without == [], without
    assert listed > 25
    assert set(EXCUSED) <= set(PAGES)


def words(app: Flask) -> set[str]:
    chinese = translations("zh")
    heads = {text for one in LISTS.values() if not one.imports for text in one.head}
    return {
        text
        for text in heads | {one.title for one in LISTS.values()}
        if not re.search("[\u4e00-\u9fff]", chinese.gettext(text))
    }


@pytest.fixture
def office(world: World) -> FlaskClient:
    hall.standard(world, first=40)
    hall.name_candidate(world, "ref1-00003", "=王+1")
    hall.seat(world)
    client = world.client(world.app(), Role.OFFICER)
    pool = "证书编号,姓名,性别,行政区划代码,工作单位,主考官\n0012,李四,男,520100,＝单位,是\n"
    assert take_in(client, "/office/interviewers", pool.encode()).status_code == 302
    return client


def test_each_list_is_two_files_with_one_mark_each_and_acts(
    world: World, office: FlaskClient
) -> None:
    assert words(world.app()) == set()
    clients = {Role.OFFICER: office}
    for name, one in LISTS.items():
        role = next(role for role in (*clients, *STAFF) if role in PAGES[one.page])
        client = clients.setdefault(role, world.client(world.app(), role))
        fields = {"code": hall.CODE} if one.fields else {}
        book = client.post(f"/lists/{name}/xlsx", data=fields)
        rows = client.post(f"/lists/{name}/csv", data=fields)
        if book.status_code == 302:  # sealed, or nothing is drawn: said on the page
            continue
        assert book.status_code == rows.status_code == 200, name
        sheets = openpyxl.load_workbook(io.BytesIO(book.data))
        about = {row[0]: row[1] for row in sheets.worksheets[1].values}
        table = list(csv.reader(io.StringIO(rows.data.decode("utf-8-sig"))))
        clean = [
            ["" if cell is None else str(cell) for cell in row] for row in sheets.active.values
        ]
        bare = [[re.sub("^'(?=[=+@＝＋－＠-])", "", cell) for cell in row] for row in table]
        assert clean == [row[:-1] for row in bare], name
        marks = {row[-1] for row in table[1:]}
        assert table[0][-1] == "导出标识"
        assert marks <= {
            re.findall(r"-([0-9a-f]{12})\.csv", rows.headers["Content-Disposition"])[0]
        }
        assert traced(world, about["导出标识"], int(str(about["操作日志序号"]))) == name
        assert about["导出标识"] in str(sheets.properties.description)
        assert about["导出标识"] not in marks
        assert not [cell for row in table for cell in row if cell and cell[0] in COMMANDS]
        kinds = {cell.data_type for sheet in sheets for row in sheet.iter_rows() for cell in row}
        assert kinds <= {"s", "n", "inlineStr"}


def traced(world: World, mark: object, position: int) -> str:
    """The list that an export's act names."""
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Act, ActDetail.details, Leaf.hash).join(Leaf, Leaf.act_id == Act.id)
        act, _details, digest = db.execute(
            query.join(ActDetail, ActDetail.act_id == Act.id).where(Leaf.position == position)
        ).one()
    assert digest.hex()[:12] == mark
    assert act.kind == "exports.take_out"
    return str(act.subject.removeprefix("list:"))


def test_numbers_with_leading_zeros_stay_text_and_others_may_not(
    world: World, office: FlaskClient
) -> None:
    book = office.post("/lists/interviewers/xlsx")
    cell = openpyxl.load_workbook(io.BytesIO(book.data)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.number_format) == ("0012", "s", "@")
    marker = world.client(world.app(), Role.MARKER)
    assert marker.post("/lists/interviewers/csv").status_code == 403
    assert marker.post("/lists/users/csv").status_code == 403
    assert world.client(world.app()).post("/lists/users/csv").status_code in (302, 401)
    assert office.post("/lists/nothing/csv").status_code == 404
