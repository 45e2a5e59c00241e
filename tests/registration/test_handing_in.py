"""Candidates handed over as a table: all rows or none, and nobody's account for the taking."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from exam_system.access import Role
from exam_system.accounts import consents, takeovers
from exam_system.accounts.models import Account, Person
from exam_system.cli import exam as command
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC
from exam_system.errors import Conflict, Fault
from exam_system.exams.models import Post
from exam_system.people import mask_id
from exam_system.records import audit, bulk
from exam_system.records.models import Act, ActDetail, ActRows
from exam_system.registration import service
from exam_system.registration.candidate_table import HEADERS
from exam_system.registration.handing_in import import_candidates
from exam_system.registration.models import Application
from exam_system.sheets import SheetError
from exam_system.trust.canonical import sha256_hex
from tests.accounts.doors import agreed, card, log_in, puzzle_of, solve
from tests.conftest import START
from tests.importing import confirm, send
from tests.registration.setting import CODE, add_candidate, add_exam, id_number
from tests.world import PASSWORD, World, approve_in


def line(serial: int, *, name: str = "张伟", post: str = "101", **more: str) -> list[str]:
    """A row of the table; `more` by header."""
    given = {
        "姓名": name,
        "身份证号": id_number(serial),
        "手机号": f"138{serial:08}",
        "职位代码": post,
        "考区代码": "2",
        "学历": "本科",
        "专业": "法学 030101K",
        "毕业院校": "测试\\大学",  # a backslash: the stream of COPY has its own meaning for it
        "工作单位": "",
    }
    return list((given | more).values())


def table(*rows: list[str]) -> bytes:
    return "\n".join(",".join(row) for row in (list(HEADERS), *rows)).encode()


def take_in(world: World, data: bytes) -> int:
    with world.acting(Role.OFFICER) as ctx:
        return import_candidates(ctx, code=CODE, name="table.csv", data=data)


def count(world: World) -> int:
    with world.context(PUBLIC).session as db:
        return db.scalars(select(func.count(Application.id))).one()


def test_everybody_becomes_a_draft_under_one_act_that_the_audit_follows(world: World) -> None:
    add_exam(world)
    known = add_candidate(world, 11)
    data = table(line(21), line(23, name="阿依古丽·买买提"), line(11, name="王小明"))
    assert take_in(world, data) == 3
    with world.context(PUBLIC).session as db:
        act = db.scalars(select(Act).where(Act.kind == "registration.import_candidates")).one()
        details = db.scalars(select(ActDetail.details).where(ActDetail.act_id == act.id)).one()
        told = json.loads(details)
        assert (told["file"], told["rows"], told["people"]) == (sha256_hex(data), 3, 2)
        blocks = db.scalars(select(ActRows.table_name).where(ActRows.act_id == act.id)).all()
        assert sorted(blocks) == ["account", "application", "person"]
        person = db.scalars(select(Person).where(Person.name == "阿依古丽·买买提")).one()
        assert world.keys.vault.open(person.id_sealed) == id_number(23)
        assert world.keys.vault.open(person.phone_sealed) == "13800000023"
        found = db.scalars(select(Application).where(Application.person_id == person.id)).one()
        assert (found.state, found.school, found.employer, found.photo) == (
            *("draft", "测试\\大学"),
            *("", None),
        )
        assert list(audit.faults(db)) == []
        db.connection().execute(  # past the acts
            Application.__table__.update().values(school="别的大学")  # type: ignore[attr-defined]
        )
        named = list(audit.faults(db, {"application"}))
        assert len(named) == 3
        assert "changed in school; it was left by act" in named[0]
        db.rollback()
    with world.acting(known) as ctx:
        mine = select(Application).join(Person).where(Person.name == "王小明")
        (own,) = ctx.session.scalars(mine)
        assert service.withdraw_application(ctx, ref=own.ref).state == "withdrawn"


def test_a_row_that_the_database_has_otherwise_stops_everything(
    world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database != "postgresql":
        pytest.skip("SQLite reads every row back for its digest")
    add_exam(world)
    cell = bulk._cell
    monkeypatch.setattr(  # what is digested is not what is sent
        bulk, "_cell", lambda value: cell("30") if value == "bachelor" else cell(value)
    )
    lines = bulk._Writer.pieces
    monkeypatch.setattr(
        *(bulk._Writer, "pieces"),
        lambda self: (piece.replace(b"\t30\t", b"\tbachelor\t") for piece in lines(self)),
    )
    with pytest.raises(Fault, match="otherwise than they were sent"):
        take_in(world, table(line(21)))
    assert count(world) == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"身份证号": "520402199701010210"}, "row 3, column B 身份证号: The ID number is mistyped"),
        ({"手机号": "12345"}, "column C 手机号: A mobile number has 11 digits"),
        ({"职位代码": "999"}, "column D 职位代码: There is no such post"),
        ({"职位代码": "103"}, "column D 职位代码: There is no such post"),
        ({"考区代码": "9"}, "column E 考区代码: There is no such district"),
        ({"学历": "高中"}, "column F 学历: Enter 大专"),
        ({"毕业院校": "校" * 121}, "column H 毕业院校: Enter at most 120"),
        ({"身份证号": id_number(21)}, "column B 身份证号: The same value is already"),
        ({"身份证号": id_number(11)}, "column 姓名: This ID number is registered here under"),
    ],
)
def test_one_wrong_cell_and_nothing_is_taken_in(
    sqlite_world: World, changed: dict[str, str], said: str
) -> None:
    world = sqlite_world
    with pytest.raises(SheetError) as caught:
        take_in(world, table(line(21), line(23, **changed)))
    assert said in str(caught.value)
    assert count(world) == 0


@pytest.fixture(scope="module")
def sqlite_world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One world for all refusals: they change nothing. Post 103 is cancelled, 11 is known."""
    folder = tmp_path_factory.mktemp("handing") / "instance"
    shutil.copytree(template, folder)
    world = World.open(folder, RehearsalClock(START))
    add_exam(world)
    add_candidate(world, 11)
    with world.context(PUBLIC).session as db:
        db.scalars(select(Post).where(Post.code == "103")).one().cancelled = 1
        db.commit()
    return world


class TestOnSqlite:
    """What does not depend on the database."""

    @pytest.fixture
    def database(self) -> str:
        return "sqlite"

    def test_who_has_applied_cannot_be_handed_over_again_nor_anybody_late(
        self, world: World
    ) -> None:
        add_exam(world)
        take_in(world, table(line(21)))
        with pytest.raises(SheetError, match="has applied in this exam already"):
            take_in(world, table(line(23), line(21)))
        assert count(world) == 1
        world.clock.set(world.clock.now() + timedelta(days=8))
        with pytest.raises(Conflict, match="Registration closed"):
            take_in(world, table(line(23)))

    def test_only_who_knows_name_and_phone_gets_the_account(self, world: World) -> None:
        add_exam(world)
        take_in(world, table(line(21), line(23)))
        app = world.app()
        for number in (id_number(21), id_number(23)):
            assert log_in(app.test_client(), number, PASSWORD).status_code == 401
        asked(app, 21, name="李强")
        assert log_in(app.test_client(), id_number(21), PASSWORD).status_code == 401
        asked(app, 23)
        client = app.test_client()
        assert log_in(client, id_number(23), PASSWORD).location == "/home"
        assert "101" in client.get("/applications").text
        with world.context(PUBLIC).session as db:
            kinds = db.scalars(select(Act.kind).order_by(Act.id)).all()
            assert kinds.count("accounts.claim_account") == 1
            assert list(audit.faults(db, {"account", "person", "consent"})) == []
            everybody = select(func.count(Account.id)).where(Account.role == "candidate")
            assert db.scalars(everybody).one() == 2

    def test_the_page_shows_the_draft_before_it_is_made(self, world: World) -> None:
        add_exam(world)
        app = world.app()
        client, url = world.client(app, Role.OFFICER), f"/exams/{CODE}/applicants/import"
        assert url in client.get(f"/exams/{CODE}/applicants").text
        wrong = send(client, url, table(line(21, post="999")))
        assert (wrong.status_code, "D 职位代码" in wrong.text) == (422, True)
        shown = send(client, url, table(line(21)))
        assert mask_id(id_number(21)) in shown.text
        assert id_number(21) not in shown.text
        assert count(world) == 0
        assert confirm(client, url, shown).location == url
        assert count(world) == 1

    def test_the_command_looks_first(self, world: World, tmp_path: Path) -> None:
        world.clock.set(datetime.now(UTC))  # a command has the machine's
        add_exam(world)
        path = tmp_path / "table.csv"
        path.write_bytes(table(line(21), line(23)))
        words = ["--instance", str(world.folder), "candidates", CODE, str(path)]
        words += ["--by", "officer", "--reason", "旧系统移交"]
        run = CliRunner()
        assert run.invoke(command, [*words, "--look"]).output.startswith("2 candidates would")
        assert count(world) == 0
        assert "2 candidates were taken in" in run.invoke(command, words).output
        path.write_bytes(table(line(25, 学历="无")))
        assert run.invoke(command, words).exit_code == 1
        assert count(world) == 2


def asked(app: Flask, serial: int, *, name: str = "张伟") -> None:
    """Ask for registration, through the page."""
    client = app.test_client()
    page = client.get("/register").text
    form = {
        "name": name,
        "id_number": id_number(serial),
        "phone": f"138{serial:08}",
        "password": PASSWORD,
        "again": PASSWORD,
        "agree": agreed(page),
        "altcha": solve(puzzle_of(page)),
    }
    assert client.post("/register", data=form).status_code == 303


def test_nobody_gets_round_a_takeovers_code_by_registering(template: Path, tmp_path: Path) -> None:
    """An account that a takeover made has no password yet either: it is not for claiming."""
    shutil.copytree(template, tmp_path / "instance")
    world = World.open(tmp_path / "instance", RehearsalClock(START))
    add_candidate(world, 21)
    with world.acting(PUBLIC) as ctx:
        pictures = {name: card() for name in ("front", "back", "held")}
        texts = [text.digest for text in consents.in_force(ctx.session)]
        who = {"name": "张伟", "phone": "13800000021", "id_number": id_number(21)}
        ref, _code = takeovers.ask_takeover(
            ctx, claim="lost", pictures=pictures, agreed=texts, **who
        )
    with world.acting(Role.OFFICER) as ctx:
        takeovers.open_takeover(ctx, ref=ref)
        approve_in(ctx, "accounts.grant_takeover", ref=ref)
        takeovers.grant_takeover(ctx, ref=ref)
    app = world.app()
    asked(app, 21)
    assert log_in(app.test_client(), id_number(21), PASSWORD).status_code == 401
