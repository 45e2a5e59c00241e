"""The double draw of the order: first the turns, then the places of the turns."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from exam_system.access import Role
from exam_system.draws import service as draws
from exam_system.draws.lookup import find
from exam_system.errors import Conflict
from exam_system.interviews.models import Interview
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256_hex
from exam_system.verify.run import verify
from tests.interviews import envelopes, setting
from tests.interviews.setting import CODE
from tests.world import World, approve_in


def result(world: World, kind: str) -> tuple[dict[str, object], list[str]]:
    """The rules of a manifest, and the labels of its one slot as drawn."""
    with world.acting(Role.OFFICER) as ctx:
        held = find(ctx.session, f"{CODE}-{kind}", 1)
    groups = json.loads(held.attempt.result)["groups"]
    return held.manifest["rules"], groups[0]["slots"][0]["labels"]


def test_places_follow_from_both_draws(world: World) -> None:
    envelopes.set_up(world, 5, "double")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="turns must be drawn"):
        setting.freeze(ctx, "order")
    setting.hold(world, "turns")
    setting.hold(world, "order")
    _, people = result(world, "turns")
    rules, turns = result(world, "order")
    assert sorted(turns) == [f"G01-{n:03}" for n in range(1, 6)]
    expected = {people[int(turn[-3:]) - 1]: place for place, turn in enumerate(turns, 1)}
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.label, Interview.turn, Interview.place).join(Interview)
        rows = ctx.session.execute(query).all()
        first = find(ctx.session, f"{CODE}-turns", 1).attempt
    assert {label: place for label, _, place in rows} == expected
    assert {label: turn for label, turn, _ in rows} == {
        label: n for n, label in enumerate(people, 1)
    }
    assert rules["turns"] == {
        "draw": f"{CODE}-turns",
        "attempt": 1,
        "result": sha256_hex(first.result.encode()),
        "label": "the group and the turn that somebody has in the result of that draw",
    }
    published(world)


def published(world: World) -> None:
    """Both bundles hold from outside."""
    world.seal()
    envelopes.cosign(world)
    for kind in ("turns", "order"):
        with world.acting(Role.OFFICER) as ctx:
            approve_in(ctx, "draws.publish_draw", draw=f"{CODE}-{kind}", number=1)
            draws.publish_draw(ctx, draw=f"{CODE}-{kind}", number=1)
    outcome = verify([world.config.published])
    assert outcome.refused == [], outcome.lines
    assert sum("(order/v1, 5 labels" in line for line in outcome.lines) == 2


def test_one_draw_needs_no_turns(world: World) -> None:
    envelopes.set_up(world, 3, "draw")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not two"):
        setting.freeze(ctx, "turns")
    setting.hold(world, "order")
    page = world.client(world.app(), Role.OFFICER).get(f"/exams/{CODE}/draws/office").text
    assert "kind-turns" not in page
    assert "kind-order" in page
