"""kill -9 of the application and crashes of PostgreSQL while candidates apply.

What was acknowledged is there, in the tables and under a signed head, once; log and rows are whole.
`EXAM_CRASHES=100` makes as many crashes of each kind.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from exam_system import instance as instances
from exam_system.accounts.models import Person
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC
from exam_system.records.heads import read_head
from exam_system.records.models import Act, Leaf
from exam_system.registration.models import Application
from tests import postgresql
from tests.conftest import settings
from tests.races.crowd import Candidates, Database, Served
from tests.races.stage import Stage
from tests.world import World

CRASHES = int(os.environ.get("EXAM_CRASHES", "2"))
EACH = 20  # acknowledged before a crash


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[Stage]:
    """An open exam on a PostgreSQL server that writes through."""
    with postgresql.server(durable=True) as url:
        folder, now = tmp_path / "instance", datetime.now(UTC) - timedelta(minutes=1)
        instances.create_instance(folder, settings(url), now, SystemChance())
        world = World.open(folder, RehearsalClock(now))
        yield Stage.set(world, tmp_path / "clock.json")
        world.engine.dispose()


@pytest.fixture
def light(tmp_path: Path, template: Path) -> Iterator[Stage]:
    """The same on SQLite."""
    shutil.copytree(template, tmp_path / "instance")
    world = World.open(
        tmp_path / "instance", RehearsalClock(datetime.now(UTC) - timedelta(minutes=1))
    )
    yield Stage.set(world, tmp_path / "clock.json")
    world.engine.dispose()


def _require_kept(stage: Stage, candidates: Candidates) -> None:
    """Every acknowledged application is in the tables and under the head that was shown last."""
    assert candidates.faults == []
    head = read_head(stage.world.log, stage.world.keys.log.verifier)
    assert head is not None
    query = (
        select(Person.account_id, Leaf.position)
        .join(Application, Application.person_id == Person.id)
        .join(Act, Act.subject == "application:" + Application.ref)
        .join(Leaf, Leaf.act_id == Act.id)
        .where(Act.kind == "registration.apply")
    )
    with stage.world.context(PUBLIC).session as db:
        signed = {who for who, position in db.execute(query) if position < head.size}
        rows = Counter(db.scalars(select(Application.person_id)))
    people = {candidates.people[n].account_id for n in candidates.acknowledged}
    assert people - signed == set()
    assert set(rows.values()) == {1}


@pytest.mark.parametrize("kind", ["light", pytest.param("durable", marks=pytest.mark.postgres)])
def test_what_was_acknowledged_outlives_the_application(
    kind: str, request: pytest.FixtureRequest
) -> None:
    stage: Stage = request.getfixturevalue(kind)
    candidates = Candidates.come(stage, CRASHES * EACH * 3)
    server = Served(stage.world.folder)
    try:
        for _ in range(CRASHES):
            candidates.apply_until(server.port, EACH, server.kill)
            _require_kept(stage, candidates)
            server.start_again()
        candidates.apply_until(server.port, EACH, lambda: None)
    finally:
        server.kill()
    assert len(candidates.acknowledged) >= (CRASHES + 1) * EACH
    _require_kept(stage, candidates)
    stage.check()


@pytest.mark.postgres
def test_what_was_acknowledged_outlives_the_database(durable: Stage) -> None:
    """The application goes on by itself once the database is there again."""
    candidates = Candidates.come(durable, CRASHES * EACH * 6)
    server, database = Served(durable.world.folder), Database(durable.world)
    try:
        for n in range(CRASHES):
            crash = database.kill if n % 2 == 0 else database.stop_at_once
            candidates.apply_until(server.port, EACH, crash)
            database.start_again()
            durable.world.engine.dispose()
            _require_kept(durable, candidates)
        candidates.apply_until(server.port, EACH, lambda: None)
    finally:
        server.kill()
    assert len(candidates.acknowledged) >= (CRASHES + 1) * EACH
    _require_kept(durable, candidates)
    durable.check()
