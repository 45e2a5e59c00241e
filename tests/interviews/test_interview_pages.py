"""Pages: the office's, the interviewer's desk, the hall screen, the slips; and what never leaks."""

from __future__ import annotations

import ast
import base64
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from sqlalchemy import select

import exam_system
from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.interviews import pool, service, sheets
from exam_system.interviews import scores as interviewing
from exam_system.interviews.models import Interviewer, Panel, PanelSeat
from exam_system.language import catalogue
from exam_system.registration.models import Application
from exam_system.sheets import Column, read_table, write_csv
from exam_system.trust.interview_note import parse
from exam_system.trust.notes import open_note
from exam_system.vault import hash_password
from tests.importing import take_in
from tests.interviews import setting
from tests.interviews.setting import CODE, FAMILY, PHONE
from tests.interviews.test_interview_scores import SEVEN
from tests.world import PASSWORD, World

OFFICE = f"/office/exams/{CODE}/interviews"


def login(world: World, seat: int, panel: str = "01") -> FlaskClient:
    """A browser of the interviewer at a place, whose password is set to a known one."""
    with world.acting(Role.OFFICER) as ctx:
        query = (
            select(Account)
            .join(Interviewer, Interviewer.account_id == Account.id)
            .join(PanelSeat, PanelSeat.interviewer_id == Interviewer.id)
            .join(Panel, Panel.id == PanelSeat.panel_id)
            .where(Panel.code == panel, PanelSeat.place == seat)
        )
        account = ctx.session.scalars(query).one()
        account.password_hash = hash_password(PASSWORD, "cheapest", bytes(16))
        name = account.username
    client = world.app().test_client()
    answer = client.post("/login", data={"login": name, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def english(client: FlaskClient) -> FlaskClient:
    client.set_cookie("language", "en")
    return client


# ------------------------------------------------------------------ the office


def test_the_whole_way_through_the_pages(world: World) -> None:
    setting.add_exam(world)
    office = english(world.client(world.app(), Role.OFFICER))
    rows = [setting.pool_row(n, chief=n < 2) for n in range(9)]
    pool = write_csv(setting.HEADER, rows)
    assert take_in(office, "/office/interviewers", pool).status_code == 302
    assert "9 interviewers" in office.get("/office/interviewers").text
    assert "As few" not in office.get(OFFICE).text
    assert office.post(f"{OFFICE}/panels", data={"panels": ""}).status_code == 302
    for kind in ("interviewers", "groups", "order"):
        setting.hold(world, kind)
    issued = office.post(f"{OFFICE}/accounts", data={"panel": ""})
    names = re.findall(r"<code>(k[a-z2-7]{8})</code>", issued.text)
    assert len(names) == 7
    assert office.post(f"{OFFICE}/panels/01/open").status_code == 302
    page = office.get(f"{OFFICE}?panel=01").text
    assert "Call number 1" in page
    ref = setting.ref_of(world, 1)
    assert office.post(f"{OFFICE}/panels/01/call/{ref}").status_code == 302
    assert "in the room" in office.get(f"{OFFICE}?panel=01").text
    assert office.post(f"{OFFICE}/panels/01/absent/{ref}").status_code == 302
    assert "Call number 2" in office.get(f"{OFFICE}?panel=01").text


def test_the_table_of_accounts_is_the_page_and_nothing_is_kept(world: World) -> None:
    setting.ready(world)
    office = world.client(world.app(), Role.OFFICER)
    answer = office.post(f"{OFFICE}/accounts", data={"panel": "01"})
    assert answer.headers["Cache-Control"] == "no-store"
    data = re.search(r'href="data:[^"]*base64,([^"]*)"', answer.text)
    assert data is not None
    columns = [Column(key, (name,)) for key, name in (("username", "登录名"), ("password", "密码"))]
    rows = read_table("t.xlsx", base64.b64decode(data[1]), columns).rows
    assert len(rows) == 7
    for row in rows:
        assert row["password"] in answer.text
        client = world.app().test_client()
        body = {"login": row["username"], "password": row["password"]}
        assert client.post("/login", data=body).status_code == 302
        assert row["password"] not in office.get(OFFICE).text


def test_refusals_are_shown_beside_what_was_typed(world: World) -> None:
    setting.add_exam(world)
    office = english(world.client(world.app(), Role.OFFICER))
    answer = office.post(f"{OFFICE}/panels", data={"panels": "9"})
    assert answer.status_code == 422
    assert "There can be 1 to 1 panel" in answer.text
    assert 'value="9"' in answer.text
    body = {"certificate": "KG1", "number": "777", "relation": "kinship"}
    answer = office.post(f"{OFFICE}/avoidances", data=body)
    assert answer.status_code == 422
    assert "The pool has no interviewer with this certificate" in answer.text
    assert "has the admission number 777" in answer.text  # both are told at once
    assert 'href="#certificate"' in answer.text
    assert 'value="777"' in answer.text


def test_a_bad_table_of_interviewers_is_explained(world: World) -> None:
    office = english(world.client(world.app(), Role.OFFICER))
    data = write_csv(setting.HEADER, [setting.pool_row(1)]).replace("男".encode(), b"??")
    data = data.replace("女".encode(), b"??")
    file = (BytesIO(data), "pool.csv")
    answer = office.post("/office/interviewers", data={"file": file})
    assert answer.status_code == 422
    assert "row 2" in answer.text


@pytest.mark.parametrize("role", [Role.INTERVIEWER, Role.MARKER, Role.INSPECTOR, Role.ADMIN])
def test_the_offices_pages_are_the_offices(world: World, role: Role) -> None:
    setting.begin(world)
    setting.hear(world, 1, SEVEN)
    ref = setting.ref_of(world, 1)
    client = world.client(world.app(), role)
    for path in ("/office/interviewers", OFFICE, f"{OFFICE}/avoidances"):
        assert client.get(path).status_code == 403
    assert client.get(f"/office/interviews/{ref}.note").status_code == 403
    assert client.get(f"/my/interviews/{ref}.note").status_code == 403
    for path in ("panels", "accounts", "panels/01/open", f"panels/01/call/{ref}"):
        assert client.post(f"{OFFICE}/{path}").status_code == 403


# ------------------------------------------------------------------ desk and hall


def test_a_score_is_shown_again_before_it_is_entered(world: World) -> None:
    setting.begin(world)
    desk = english(login(world, 3))
    assert "Nobody has been called yet" in desk.get("/interview").text
    setting.call(world, 1)
    assert "Number 1" in desk.get("/interview").text
    body = {"code": CODE, "panel": "01", "place": "1", "score": "８５.5"}
    asked = desk.post("/interview/score", data=body)
    assert asked.status_code == 200
    assert "85.50" in asked.text
    assert "never changed" in asked.text
    assert "You have not entered a score yet" in asked.text
    assert desk.post("/interview/score", data={**body, "sure": "yes"}).status_code == 302
    page = desk.get("/interview").text
    assert "Your score is in" in page
    again = desk.post("/interview/score", data={**body, "score": "99", "sure": "yes"})
    assert again.status_code == 409
    assert "a score is never changed" in again.text


def test_a_bad_score_is_refused_and_kept_in_the_field(world: World) -> None:
    setting.begin(world)
    setting.call(world, 1)
    desk = english(login(world, 3))
    answer = desk.post("/interview/score", data={"place": "1", "score": "100.001"})
    assert answer.status_code == 422
    assert "A score is a number from 0 to 100" in answer.text
    assert 'value="100.001"' in answer.text


def test_the_chief_closes_from_the_desk(world: World) -> None:
    setting.begin(world, (1,))
    setting.hear(world, 1, SEVEN)
    other = english(login(world, 2))
    assert "Close the panel" not in other.get("/interview").text
    other.post("/interview/close")
    assert "Only the chief" in other.get("/interview").text
    chief = english(login(world, 1))
    assert "Close the panel" in chief.get("/interview").text
    chief.post("/interview/close")
    assert "The session is closed" in chief.get("/interview").text


def test_the_hall_shows_ticks_then_all_scores_at_once(world: World) -> None:
    setting.begin(world)
    client = english(world.app().test_client())  # nobody is logged in
    url = f"/exams/{CODE}/hall/01"
    assert "Nobody has been called yet" in client.get(url).text
    setting.call(world, 1)
    for seat, score in enumerate(SEVEN[:6], 1):
        setting.enter(world, seat, 1, score)
    state = client.get(f"{url}.json").get_json()
    assert [box["text"] for box in state["boxes"]] == ["✓"] * 6 + ["–"]
    assert state["result"] == ""
    page = client.get(url).text
    assert not [score for score in SEVEN if score in page + str(state)]
    setting.enter(world, 7, 1, SEVEN[6])
    state = client.get(f"{url}.json").get_json()
    assert [box["text"] for box in state["boxes"]] == list(SEVEN)
    assert (state["number"], state["result"], state["heard"]) == ("1", "85.00", [["1", "85.00"]])
    words = [box["word"] for box in state["boxes"]]
    assert words[3] == "highest, dropped"
    assert words[4] == "lowest, dropped"
    assert words.count("counts") == 5
    page = client.get(url).text
    assert "highest, dropped" in page
    assert page.count("hall-out") == 2


def test_the_hall_in_chinese_and_of_a_panel_that_is_not(world: World) -> None:
    setting.begin(world)
    setting.hear(world, 1, SEVEN)
    client = world.app().test_client()
    client.set_cookie("language", "zh")
    page = client.get(f"/exams/{CODE}/hall/01").text
    assert "最高分" in page
    assert client.get(f"/exams/{CODE}/hall/09").status_code == 404
    assert client.get(f"/exams/{CODE}/hall/09.json").status_code == 404


# ------------------------------------------------------------------ slips


def test_a_candidate_gets_their_own_slip_and_nobody_elses(world: World) -> None:
    setting.begin(world)
    setting.hear(world, 1, SEVEN)
    refs = [setting.ref_of(world, place) for place in (1, 2)]
    with world.acting(Role.OFFICER) as ctx:
        rows = {
            row.ref: row.person_id
            for row in ctx.session.scalars(select(Application).where(Application.ref.in_(refs)))
        }
        vault = world.keys.vault
        people = [vault.open(ctx.session.get_one(Person, rows[ref]).id_sealed) for ref in refs]
    app = world.app()
    browsers = []
    for person in people:
        client = app.test_client()
        body = {"login": person, "password": PASSWORD}
        assert client.post("/login", data=body).status_code == 302
        browsers.append(client)
    own, other = browsers
    note = own.get(f"/my/interviews/{refs[0]}.note")
    assert parse(open_note(note.data, [world.keys.publisher.verifier]).text).result == "85.00"
    assert own.get(f"/my/interviews/{refs[0]}.pdf").data.startswith(b"%PDF")
    assert other.get(f"/my/interviews/{refs[0]}.note").status_code == 404
    assert other.get(f"/my/interviews/{refs[1]}.note").status_code == 404  # not scored yet
    assert own.get(f"/office/interviews/{refs[0]}.note").status_code == 403
    office = world.client(app, Role.OFFICER)
    assert office.get(f"/office/interviews/{refs[0]}.note").data == note.data
    pdf = office.get(f"/office/interviews/{refs[0]}.pdf")
    assert pdf.data.startswith(b"%PDF")
    assert pdf.headers["Content-Type"] == "application/pdf"


# ------------------------------------------------------------------ what never leaks


def test_an_interviewers_pages_name_no_candidate(world: World) -> None:
    """Blind means blind: nothing planted in the fixtures is in any answer the interviewer gets."""
    setting.begin(world)
    with world.acting(Role.OFFICER) as ctx:
        numbers = set(ctx.session.scalars(select(Application.number)))
        refs = set(ctx.session.scalars(select(Application.ref)))
        labels = set(ctx.session.scalars(select(Application.label)))
    secrets = {FAMILY, PHONE, "52040219900101"} | {str(n) for n in numbers} | refs | labels
    office = world.client(world.app(), Role.OFFICER).get(f"{OFFICE}?panel=01").text
    assert FAMILY in office  # the names are there to leak
    assert any(str(number) in office for number in numbers)
    desk = login(world, 2)
    seen = []
    for step in range(3):
        seen += [desk.get(path) for path in _paths()]
        if step == 0:
            setting.call(world, 1)
            body = {"code": CODE, "panel": "01", "place": "1", "score": "85"}
            seen.append(desk.post("/interview/score", data=body))
            seen.append(desk.post("/interview/score", data={**body, "place": "2", "sure": "yes"}))
        elif step == 1:
            for seat, score in enumerate(SEVEN, 1):
                setting.enter(world, seat, 1, score)
    assert len(seen) > 12
    for answer in seen:
        leaked = [secret for secret in secrets if secret in answer.text + str(answer.headers)]
        assert not leaked, (answer.request.path, leaked)


def _paths() -> tuple[str, ...]:
    hall = f"/exams/{CODE}/hall/01"
    return ("/interview", "/interview/avoidance", hall, f"{hall}.json", "/today")


def test_an_interviewer_declares_an_avoidance_from_the_desk(world: World) -> None:
    setting.ready(world, (3, 3), panels=2)
    ref = setting.ref_of(world, 1, "02")
    with world.acting(Role.OFFICER) as ctx:
        number = ctx.session.scalars(select(Application.number).where(Application.ref == ref)).one()
    desk = english(login(world, 2))
    body = {"number": number, "relation": "school"}
    assert desk.post("/interview/avoidance", data=body).status_code == 302
    page = desk.get("/interview/avoidance").text
    assert str(number) in page
    assert FAMILY not in page
    assert desk.post("/interview/avoidance", data=body).status_code == 409


def test_a_desk_without_a_panel(world: World) -> None:
    desk = english(world.client(world.app(), Role.INTERVIEWER))
    assert "You have not been drawn for a panel" in desk.get("/interview").text
    assert desk.get("/interview/avoidance").status_code == 404
    assert desk.post("/interview/close").status_code == 404


# ------------------------------------------------------------------ words


ROOT = Path(exam_system.__file__).parent


def _msgids() -> set[str]:
    """Every English sentence of the feature: in gettext calls, refusals and templates."""
    calls = {"_", "_l", "Sentence", "Conflict", "Invalid", "NotFound", "Forbidden"}
    found: set[str] = set()
    for path in sorted((ROOT / "interviews").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in calls:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    for path in sorted((ROOT / "templates/interviews").glob("*.html")):
        found |= set(re.findall(r'\b_\("([^"]+)"', path.read_text("utf-8")))
    return found


def test_every_sentence_has_its_chinese() -> None:
    known = {str(message.id): str(message.string) for message in catalogue("zh") if message.id}
    told = {pool.SEX_REFUSAL, pool.CHIEF_REFUSAL, sheets.NO_SCORE, sheets.NO_MARK}
    told |= {*service.RELATIONS.values(), *interviewing.PANEL_STATES.values()}
    msgids = _msgids() | told
    assert len(msgids) > 100
    assert sorted(msgid for msgid in msgids if not known.get(msgid)) == []
    with open(ROOT / "translations/zh/interviews.po", "rb") as file:
        own = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    for msgid, text in own.items():
        assert sorted(re.findall(r"%\(\w+\)s", msgid)) == sorted(re.findall(r"%\(\w+\)s", text))
