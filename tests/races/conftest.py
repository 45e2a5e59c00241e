"""Races need a database with several writers: PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.races.stage import Stage
from tests.world import World


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """Which database the races are run on."""
    return str(request.param)


@pytest.fixture
def stage(world: World, tmp_path: Path) -> Stage:
    """An exam that is open now, and an office with the database's own clock."""
    return Stage.set(world, tmp_path / "clock.json")
