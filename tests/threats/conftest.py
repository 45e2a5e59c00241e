"""Every attack twice, on SQLite; what is a race is tried elsewhere on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from exam_system.draws.recipes import RECIPES
from tests.draws import ceremony
from tests.threats.red import Build
from tests.verify.builder import Office
from tests.verify.publications import publish_everything
from tests.world import World


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture(params=["whole", "broken"])
def build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The program, and the program without the control in question."""
    return Build(request.param == "whole", monkeypatch)


@pytest.fixture
def office(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An exam past registration, and a recipe for the draw of its order."""
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world)
    return world


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Office]:
    """A published folder and the keys that signed it."""
    folder = tmp_path_factory.mktemp("site") / "published"
    return folder, publish_everything(folder)
