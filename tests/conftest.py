"""Fixtures: a real instance on each database, a clock that is set, people of every role."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine, text
from werkzeug.routing import Rule

from exam_system import instance as instances
from exam_system import running, vault
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from tests import postgresql
from tests.world import World

ROOT = Path(__file__).parent.parent
FONTS = ROOT / ".cache" / "fonts"
os.environ.setdefault("EXAM_PASSPHRASE", "tests")
# Opening an instance stretches its passphrase for a tenth of a second on purpose; every test opens
# the same one, some of them several times.
vault._stretch = cache(vault._stretch)
# On a busy machine a page would answer before its work is done: only tests of that do not wait.
running.PATIENCE = 60.0
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 9:00 in Shanghai
# Thousands of apps are made, and compiling the same few hundred routes is nine tenths of each.
_compile_route = Rule._compile_builder
_routes: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), append_unknown)
    if key not in _routes:
        _routes[key] = _compile_route(rule, append_unknown)
    return _routes[key]


Rule._compile_builder = _compile_once  # type: ignore[method-assign]
# Thousands of small folders and databases: where memory is plenty they are made there. Copying a
# PostgreSQL database takes a fifth of the time that a disk takes.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 8 << 30:
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
# Hundreds of apps are made; each would compile the same templates again.
TEMPLATES = ROOT / ".cache" / "templates"
TEMPLATES.mkdir(parents=True, exist_ok=True)
Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(TEMPLATES))}


def settings(database_url: str) -> dict[str, object]:
    """The configuration of a test instance."""
    return {
        "origin": "tests.example/log",
        "bureau": "测试市人事考试局",
        "bureau_en": "Test City Personnel Examination Bureau",
        "area_code": "520400",
        "base_url": "http://127.0.0.1:8000",
        "database_url": database_url,
        "demonstration": True,
        "secure_cookies": False,
        "password_cost": "cheapest",
        "proof_of_work": 20,
        "fonts": str(FONTS),
    }


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance made once, copied for every test."""
    folder = tmp_path_factory.mktemp("template")
    instances.create_instance(folder, settings("sqlite:///exam.db"), START, SystemChance())
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server; skipped without one, but never under CI."""
    if postgresql.find_binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL server on this machine")
    with postgresql.server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on: both."""
    return str(request.param)


TEMPLATE, PEOPLED = "exam_template", "exam_peopled"


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _point_to(folder: Path, url: str) -> None:
    config = folder / "config.toml"
    written = re.sub('"(sqlite|postgresql)[^"]*"', f'"{url}"', config.read_text(), count=1)
    config.write_text(written)
    (folder / "exam.db").unlink(missing_ok=True)


def _database(url: str, name: str, source: str) -> str:
    """A copy of a database; returns its URL. FILE_COPY: a quarter of the time, on a server that
    need not survive a power cut."""
    _run(url, f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
    return url.replace("/postgres", f"/{name}")


@pytest.fixture(scope="session")
def tables(server: str, template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PostgreSQL database with the migrated tables, to be copied; migrating takes a second."""
    folder = tmp_path_factory.mktemp("tables") / "instance"
    shutil.copytree(template, folder)
    _point_to(folder, _database(server, TEMPLATE, "template1"))
    instances.migrate(instances.config.load(folder))
    return server


@contextmanager
def _copied(source: Path, target: Path, url: str, tables: str) -> Iterator[Path]:
    """A copy of an instance folder; with `url` its database is a copy of `tables` there."""
    shutil.copytree(source, target)
    name = "t" + os.urandom(6).hex()
    if url:
        _point_to(target, _database(url, name, tables))
    yield target
    if url:
        _run(url, f"DROP DATABASE {name} WITH (FORCE)")


def _server(database: str, request: pytest.FixtureRequest) -> str:
    return "" if database == "sqlite" else str(request.getfixturevalue("tables"))


@pytest.fixture
def folder(
    tmp_path: Path, template: Path, database: str, request: pytest.FixtureRequest
) -> Iterator[Path]:
    """A fresh instance folder on the test's database."""
    with _copied(template, tmp_path / "instance", _server(database, request), TEMPLATE) as target:
        yield target


@pytest.fixture(scope="session")
def peopled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """An instance with its people, to be copied: hiring them takes longer than many a test."""
    folder = tmp_path_factory.mktemp("peopled") / "instance"
    shutil.copytree(template, folder)
    return _hired(folder)


@pytest.fixture(scope="session")
def peopled_server(tables: str, template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same on PostgreSQL."""
    folder = tmp_path_factory.mktemp("peopled") / "instance"
    shutil.copytree(template, folder)
    _point_to(folder, _database(tables, PEOPLED, TEMPLATE))
    return _hired(folder)


def _hired(folder: Path) -> World:
    world = World.open(folder, RehearsalClock(START))
    world.engine.dispose()
    return world


@pytest.fixture
def world(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """The instance with its clock, its keys, an inspector's key and an account of every role."""
    name = "peopled" if database == "sqlite" else "peopled_server"
    source: World = request.getfixturevalue(name)
    url = _server(database, request)
    with _copied(source.folder, tmp_path / "instance", url, PEOPLED) as target:
        world = source.moved(target)
        yield world
        world.engine.dispose()
