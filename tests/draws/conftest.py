"""A recipe of our own in place of the interview order's, and an exam to draw in."""

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
