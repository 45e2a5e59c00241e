"""The application's role on PostgreSQL adds to the log and can change nothing in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from exam_system import config, dbrole
from exam_system import instance as instances
from exam_system.access import Role
from exam_system.clock import RehearsalClock
from exam_system.database import connect
from exam_system.dbrole import LOG_TABLES
from exam_system.errors import Fault
from exam_system.exams.service import create_exam
from exam_system.office import open_office
from tests import postgresql
from tests.conftest import START
from tests.world import World

OWNER, APP = "exam_owner", "exam_app"
pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Roles:
    """URLs of one database as superuser, owner of the tables, application."""

    root: str
    owner: str
    app: str


def run(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def url_of(base: str, role: str | None, database: str) -> str:
    url = make_url(base).set(database=database)
    if role:
        url = url.set(username=role)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def durable() -> Iterator[str]:
    """A server as in earnest: what is committed is on the disk."""
    if postgresql.find_binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL server on this machine")
    with postgresql.server(durable=True) as url:
        run(url, f"CREATE ROLE {OWNER} LOGIN", f"CREATE ROLE {APP} LOGIN")
        yield url


@pytest.fixture
def roles(durable: str) -> Iterator[Roles]:
    name = "d" + os.urandom(6).hex()
    run(durable, f"CREATE DATABASE {name} OWNER {OWNER}")
    run(url_of(durable, None, name), f"ALTER SCHEMA public OWNER TO {OWNER}")
    yield Roles(*(url_of(durable, role, name) for role in (None, OWNER, APP)))
    run(durable, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database() -> str:
    return "sqlite"  # the folder alone; each test points it to its own database


@pytest.fixture
def earnest(folder: Path, roles: Roles, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A production instance on PostgreSQL, migrated by the owner, the role's rights granted."""
    monkeypatch.setenv(dbrole.OWNER_URL, roles.owner)
    point(folder, roles.app)
    instances.migrate(config.load(folder))  # grants as well
    monkeypatch.delenv(dbrole.OWNER_URL)  # the server does not have it
    return folder


def point(folder: Path, url: str) -> None:
    path = folder / "config.toml"
    path.write_text(path.read_text().replace(config.load(folder).database_url, url))
    earnestly(folder, True)


def earnestly(folder: Path, earnest: bool) -> None:
    """Make it an instance in earnest, or a demonstration."""
    path, no, yes = folder / "config.toml", "= false", "= true"
    rows = path.read_text().replace('"cheapest"', '"standard"', 1)
    rows = re.sub("proof_of_work = [0-9]+", "proof_of_work = 4000", rows)
    for key, value in (("demonstration", not earnest), ("secure_cookies", earnest)):
        old, new = (no, yes) if value else (yes, no)
        rows = rows.replace(f"{key} {old}", f"{key} {new}")
    path.write_text(rows)


@pytest.fixture
def app(earnest: Path) -> Iterator[Engine]:
    engine = connect(config.load(earnest).database)
    yield engine
    engine.dispose()


def test_privileges(app: Engine) -> None:
    query = text("SELECT has_table_privilege(:table, :right)")
    with app.connect() as connection:
        for table in LOG_TABLES:
            rights = {
                right: connection.scalar(query, {"table": table, "right": right})
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
            }
            allowed = {right for right, has in rights.items() if has}
            assert allowed == {"SELECT", "INSERT"}, table
        assert connection.scalar(query, {"table": "exam", "right": "UPDATE"})
        assert not connection.scalar(query, {"table": "alembic_version", "right": "UPDATE"})


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {}"])
def test_the_log_is_refused_also_without_its_triggers(
    app: Engine, roles: Roles, earnest: Path, statement: str
) -> None:
    work(earnest)
    run(roles.owner, *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in LOG_TABLES))
    for table in LOG_TABLES:
        with app.connect() as connection:
            column = connection.scalar(
                text(
                    "SELECT column_name FROM information_schema.columns "
                    "WHERE table_name = :table ORDER BY ordinal_position LIMIT 1"
                ),
                {"table": table},
            )
            words = statement.format(table, f"{column} = {column}")
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(words))


def work(folder: Path) -> None:
    """A whole small story under the application's role; its people are those of a demonstration."""
    earnestly(folder, False)
    world = World.open(folder, RehearsalClock(START))
    client = world.client(world.app(), Role.OFFICER)  # log in, sealed
    assert client.get("/").status_code == 200
    with world.acting(Role.OFFICER) as ctx:
        create_exam(
            ctx,
            code="2026-a",
            name="考试",
            name_en="Exam",
            exam_type="civil_service",
            area_code="520400",
        )
    world.seal()
    world.engine.dispose()
    earnestly(folder, True)


def test_the_application_works_and_starts(earnest: Path) -> None:
    work(earnest)
    office = open_office(earnest)
    assert office.standing.closed is None
    office.engine.dispose()


def test_granting_again_changes_nothing_and_takes_back(
    earnest: Path, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(roles.owner, f"GRANT UPDATE (entry) ON act TO {APP}", "GRANT DELETE ON leaf TO PUBLIC")
    with pytest.raises(Fault, match=r"may update the log's table act: .*may delete the log"):
        open_office(earnest)
    monkeypatch.setenv(dbrole.OWNER_URL, roles.owner)
    for _ in range(2):
        assert dbrole.grant(config.load(earnest)) == APP
    open_office(earnest).engine.dispose()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["GRANT TRUNCATE ON act_detail TO exam_app"], "may truncate the log's table act_detail"),
        (["GRANT UPDATE ON note TO exam_app"], "the log's table note: run `exam database grant`"),
        (["GRANT exam_owner TO exam_app"], "may update, delete, truncate, trigger the log's table"),
        (["ALTER ROLE exam_app SUPERUSER"], "exam_app administers the server"),
    ],
)
def test_a_role_that_is_too_strong_stops_the_start(
    earnest: Path, roles: Roles, statements: list[str], words: str
) -> None:
    run(roles.root, *statements)
    try:
        with pytest.raises(Fault, match=re.escape(words)):
            open_office(earnest)
    finally:
        run(roles.root, f"REVOKE {OWNER} FROM {APP}", f"ALTER ROLE {APP} NOSUPERUSER")


def test_the_owner_itself_does_not_serve_in_earnest(earnest: Path, roles: Roles) -> None:
    point(earnest, roles.owner)
    with pytest.raises(Fault, match=f"{OWNER} may update, delete, truncate, trigger the log"):
        open_office(earnest)
    earnestly(earnest, False)
    open_office(earnest).engine.dispose()  # a demonstration may


def test_a_server_that_may_lose_commits_stops_the_start(earnest: Path, roles: Roles) -> None:
    run(roles.root, f"ALTER ROLE {APP} SET synchronous_commit = off")
    try:
        with pytest.raises(Fault, match="synchronous_commit is off: it must be on"):
            open_office(earnest)
    finally:
        run(roles.root, f"ALTER ROLE {APP} RESET synchronous_commit")


def test_a_fast_server_is_named_with_all_its_settings(server: str) -> None:
    engine = create_engine(server)
    with engine.connect() as connection:
        named = " ".join(dbrole.durability_faults(connection))
    engine.dispose()
    assert all(f"{name} is off" in named for name in ("fsync", "full_page_writes"))


def test_grant_needs_an_owner_and_another_role(
    earnest: Path, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Fault, match="EXAM_OWNER_DATABASE_URL is not set"):
        dbrole.grant(config.load(earnest))
    monkeypatch.setenv(dbrole.OWNER_URL, roles.owner)
    point(earnest, roles.owner)
    with pytest.raises(Fault, match="the application needs another role"):
        dbrole.grant(config.load(earnest))


def test_sqlite_has_no_roles(folder: Path) -> None:
    with pytest.raises(Fault, match="only PostgreSQL has roles"):
        dbrole.grant(config.load(folder))
