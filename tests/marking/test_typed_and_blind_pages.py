"""Tables typed twice, sheets against the sign-in, and what a marker's pages never show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.access_pages import PAGES
from exam_system.accounts.models import Account, Person
from exam_system.attendance.models import Attendance
from exam_system.context import Actor
from exam_system.database import reading
from exam_system.errors import Conflict, Forbidden
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.marking.blind_models import Script
from exam_system.marking.closing import close_marking
from exam_system.marking.optical import explain_sheet
from exam_system.marking.service import import_written_scores, type_first_scores
from exam_system.marking.typed import take_typed_marks, type_first
from exam_system.marking.written import differing
from exam_system.records.models import Act, ActDetail
from exam_system.registration.models import Application
from exam_system.sheets import SheetError, write_csv
from tests.marking.blind_setting import PEOPLE, begin, read_sheets, seal
from tests.marking.test_blind_marking import NEAR
from tests.marking.test_written_scores import stored, table, three
from tests.results.setting import CODE, add_candidates, add_exam, number_of
from tests.test_access import address
from tests.world import PASSWORD, World


def second_registrar(world: World) -> Actor:
    with world.acting(Role.ADMIN) as ctx:
        return world.hire(ctx, Role.MARKER, "marker2")


FAILURES = {
    "Shangqiu 2021: the 85 of 03 typed as the 81 of 04": {"n2": ("81", "71.5")},
    "Zhanjiang 2010: two candidates exchanged": {"n0": ("61", "71.5"), "n1": ("60", "71.5")},
    "Hunan 2016: 76.6 typed as 70.6": {"n1": ("61", "70.6")},
}


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("typed", FAILURES.values(), ids=FAILURES)
def test_what_two_people_type_otherwise_is_refused_and_named(
    world: World, typed: dict[str, tuple[str, str]]
) -> None:
    add_candidates(world, add_exam(world, written_entry="twice"), 3)
    other = second_registrar(world)
    right = three(n2=("85", "71.5"), n1=("61", "76.6"))
    wrong = {**right, **three(**{"n2": ("85", "71.5"), "n1": ("61", "76.6"), **typed})}
    sent = {"code": CODE, "name": "marks.csv"}
    with world.acting(Role.MARKER) as ctx, pytest.raises(Conflict, match="first typing is missing"):
        import_written_scores(ctx, **sent, data=table(right))
    with world.acting(Role.MARKER) as ctx:
        type_first_scores(ctx, **sent, data=table(right))
    with world.acting(Role.MARKER) as ctx, pytest.raises(Forbidden, match="somebody else"):
        import_written_scores(ctx, **sent, data=table(right))
    with world.acting(other) as ctx, pytest.raises(SheetError) as caught:
        import_written_scores(ctx, **sent, data=table(wrong))
    named = {number_of(int(key[1:])) for key in typed}
    lines = caught.value.lines()
    assert len(lines) == len(named)
    assert all(any(one in line for line in lines) for one in named)
    assert stored(world) == {}
    with world.acting(other) as ctx:
        import_written_scores(ctx, **sent, data=table(right))
    assert stored(world)[number_of(2)]["xc"] == "85.00"


def test_marking_sheets_typed_twice_alike_become_the_markers_marks(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path))
    other = second_registrar(world)
    rows = [(n, q, label, NEAR[q, turn]) for n, q, turn, label in stage.turns()]
    head, sent = ("密号", "题目", "评卷员", "得分"), {"code": CODE, "name": "sheets.csv"}
    with world.acting(Role.MARKER) as ctx:
        assert type_first(ctx, **sent, data=write_csv(head, rows)) == len(rows)
    number, question, label, _ = rows[0]
    wrong = [(number, question, label, "41"), *rows[1:]]
    with (
        world.acting(other) as ctx,
        pytest.raises(SheetError, match=f"Sheet {number}/{question}/{label} was typed as 40.00 "),
    ):
        take_typed_marks(ctx, **sent, data=write_csv(head, wrong))
    assert len(stage.turns()) == len(rows)
    with world.acting(other) as ctx:
        assert take_typed_marks(ctx, **sent, data=write_csv(head, rows)) == len(rows)
    assert stage.turns() == []
    read_sheets(stage)
    assert stage.close() == PEOPLE


def sign_in(world: World, exam: Exam, subject: str, absent: set[int]) -> None:
    """Everybody but these was there, as the room signed."""
    now = world.clock.now()
    with world.context(world.people[Role.OFFICER]).session as db:
        district = db.scalars(select(District.id)).one()
        code = 1 + db.query(Site).count()
        site = Site(district_id=district, code=code, name="一中", address="路1号", school="一中")
        db.add(site)
        db.flush()
        room = Room(site_id=site.id, code=1, name="1", layout="5x6", capacity=30, use="written")
        ends = now + timedelta(hours=2)
        session = ExamSession(exam_id=exam.id, subject=subject, starts_at=now, ends_at=ends)
        db.add_all((room, session))
        db.flush()
        of = {"session_id": session.id, "room_id": room.id, "disputed": False}
        people = db.scalars(select(Application.id).order_by(Application.number)).all()
        for place, who in enumerate(people):
            state = "absent" if place in absent else "present"
            db.add(Attendance(**of, application_id=who, state=state))
        db.commit()


def test_sheets_and_sign_in_must_agree_or_be_explained(world: World, tmp_path: Path) -> None:
    stage = begin(world, tmp_path)
    sign_in(world, stage.exam, "xc", {1})
    sign_in(world, stage.exam, "sl", set())
    seal(stage)
    missing = stage.number_of(2)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.scalars(select(Script).where(Script.number == missing)).one().arrived_at = None
        explain_sheet(ctx, code=CODE, number=number_of(5), subject="xc", reason="未涂卡，已核对")
    read_sheets(stage)
    with reading(world.engine) as db:
        assert [one.text() for one in differing(db, stage.exam)] == [
            f"{number_of(1)}, 行政职业能力测验: has a sheet, and was absent"
        ]
    stage.give_all(NEAR)
    with pytest.raises(Conflict, match=f"2 sheets do not fit.*{number_of(2)}, 申论: was present"):
        stage.close()
    for number, subject in ((number_of(1), "xc"), (number_of(2), "sl")):
        with world.acting(Role.OFFICER) as ctx:
            explain_sheet(ctx, code=CODE, number=number, subject=subject, reason="座位签到有误")
    secret = stage.secret()
    with world.acting(Role.INSPECTOR) as ctx:
        close_marking(ctx, code=CODE, secret=secret)
    assert stored(world)[number_of(2)]["sl"] == "absent"


PLANTED = ("钟离不染", "11010519491231002X", "13899997777", "plantedref", "planted-label")


def test_no_page_of_a_marker_shows_whose_script_it_is(world: World, tmp_path: Path) -> None:
    """THREATS E01: names and numbers are planted and looked for on every page of the role."""
    stage = begin(world, tmp_path, announced=False)
    with world.context(world.people[Role.OFFICER]).session as db:
        person = db.scalars(select(Person)).first()
        own = db.scalars(select(Application).where(Application.number == number_of(0))).one()
        person = db.get_one(Person, own.person_id)
        account = db.get_one(Account, person.account_id)
        person.name = account.name = PLANTED[0]
        person.id_sealed = world.keys.vault.seal(PLANTED[1])
        person.phone_sealed = world.keys.vault.seal(PLANTED[2])
        own.ref, own.label, own.photo = PLANTED[3], PLANTED[4], "5" * 64
        db.commit()
    seal(stage)
    with world.context(world.people[Role.ADMIN]).session as db:
        name = db.get_one(Account, stage.grader("P001").account_id).username
        hash_ = db.scalars(select(Account).where(Account.username == "marker")).one().password_hash
        db.get_one(Account, stage.grader("P001").account_id).password_hash = hash_
        db.commit()
    app = world.app()
    client = app.test_client()
    assert client.post("/login", data={"login": name, "password": PASSWORD}).status_code == 302
    numbers = {number_of(n) for n in range(PEOPLE)}
    mine = [t for t in stage.turns() if t[3] == "P001"]
    urls = [(address(app, page), page) for page, roles in PAGES.items() if Role.GRADER in roles]
    sheets = [((f"/grading/{CODE}/{q}", "GET"), "grading.sheet") for q in ("q1", "q2")]
    looked = 0
    for (url, method), page in [*urls, *sheets]:
        if page in ("accounts.logout", "static", "bootstrap.static", "observing.events"):
            continue  # the last is a stream of stamps without an end
        for at in {url, url.replace("/none", f"/{CODE}")}:
            answer = client.open(at, method=method)
            said = answer.text + repr(dict(answer.headers))
            looked += 1
            for planted in (*PLANTED, *numbers, "5" * 64):
                assert planted not in said, (page, at)
    number, question, _turn, _label = mine[0]
    form = {f"mark:{number}": "61"}
    refused = client.post(f"/grading/{CODE}/{question}", data=form)
    assert refused.status_code == 422
    assert number in refused.text
    saved = client.post(f"/grading/{CODE}/{question}", data={f"mark:{number}": "30"})
    assert saved.status_code == 302
    page = client.get(f"/grading/{CODE}/{question}").text
    assert 'value="30.00"' in page
    for text in (refused.text, page):
        assert not any(planted in text for planted in (*PLANTED, *numbers))
    elsewhere = [f"/office/exams/{CODE}/marking", f"/marking/{CODE}", f"/marking/{CODE}/sheets"]
    assert {client.get(url).status_code for url in elsewhere} == {403}
    assert client.post("/exports/markers.xlsx", data={"code": CODE}).status_code in (403, 404)
    assert looked > 30
    with reading(world.engine) as db:
        query = select(ActDetail.details).join(Act, Act.id == ActDetail.act_id)
        for details in db.scalars(query.where(Act.kind == "marking.save_marks")):
            assert not any(planted in details for planted in (*PLANTED, *numbers))


def test_the_pages_of_office_registrars_and_inspectors_tell_how_far_marking_is(
    world: World, tmp_path: Path
) -> None:
    stage = seal(begin(world, tmp_path, announced=False))
    read_sheets(stage)
    stage.give_all(NEAR)
    app = world.app()
    pages = {
        Role.OFFICER: (f"/office/exams/{CODE}/marking", "100.00"),
        Role.MARKER: (f"/marking/{CODE}/sheets", "客观题"),
        Role.INSPECTOR: (f"/exams/{CODE}/marking/numbers", "numbers.sealed"),
    }
    for role, (url, told) in pages.items():
        client = world.client(app, role)
        for language in ("zh", "en"):
            client.set_cookie("language", language)
            page = client.get(url)
            assert page.status_code == 200, url
            assert told in page.text
    world.clock.advance(days=3)
    secret = stage.secret()
    inspector = world.client(app, Role.INSPECTOR)
    inspector.post(pages[Role.INSPECTOR][0], data={"secret": secret})
    assert len(stored(world)) == PEOPLE
