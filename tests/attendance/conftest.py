"""The day is set up once; every test has a copy of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system import config
from exam_system.chance import SeededChance
from exam_system.clock import RehearsalClock
from exam_system.database import connect
from exam_system.exams.models import Exam
from tests.attendance.day import begins, set_up
from tests.conftest import START
from tests.world import World


@pytest.fixture
def database() -> str:
    """Where nothing else is said; the merging runs on both."""
    return "sqlite"


@pytest.fixture(scope="module")
def prepared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """An exam with drawn seats and everybody's accounts."""
    folder = tmp_path_factory.mktemp("day") / "instance"
    shutil.copytree(template, folder)
    world = World.open(folder, RehearsalClock(START))
    set_up(world)
    world.engine.dispose()
    return world


@pytest.fixture
def world(
    database: str, tmp_path: Path, prepared: World, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A copy of the prepared instance; on PostgreSQL one of its own."""
    if database == "postgresql":
        world = World.open(request.getfixturevalue("folder"), RehearsalClock(START))
        set_up(world)
    else:
        folder = tmp_path / "day"
        shutil.copytree(prepared.folder, folder)
        settings = config.load(folder)
        clock, chance = RehearsalClock(prepared.clock.now()), SeededChance(str(tmp_path))
        world = replace(
            prepared,
            folder=folder,
            config=settings,
            engine=connect(settings.database),
            clock=clock,
            chance=chance,
        )
    yield world
    world.engine.dispose()


@pytest.fixture
def exam(world: World) -> Exam:
    """The exam, twenty minutes before its first session."""
    world.clock.set(begins(world) - timedelta(minutes=20))
    with world.context(next(iter(world.people.values()))).session as db:
        return db.scalars(select(Exam)).one()
