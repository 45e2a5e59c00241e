"""An office that has held one draw of our own recipe, all of it in the log and published."""

from __future__ import annotations

import pytest

from exam_system.draws.recipes import RECIPES
from tests.draws import ceremony
from tests.world import World


@pytest.fixture
def office(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with an exam past registration and the test recipe for the kind `order`."""
    monkeypatch.setitem(RECIPES, "order", ceremony.RECIPE)
    ceremony.make_exam(world)
    return world


@pytest.fixture
def held(office: World) -> World:
    """The same with a published draw, and its head cosigned."""
    ceremony.published(office)
    office.seal()
    ceremony.cosign(office)
    return office
