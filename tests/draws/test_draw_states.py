"""The whole table: every state with every verb, and every pair of states."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exam_system.access import Role
from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.draws.states import MOVES, WORDS, move
from exam_system.errors import Conflict, Forbidden
from tests.draws import ceremony
from tests.world import World

ALLOWED = {
    ("frozen", "committed"),
    ("frozen", "void"),
    ("committed", "rolled"),
    ("committed", "void"),
    ("rolled", "rolled"),
    ("rolled", "confirmed"),
    ("confirmed", "revealed"),
    ("confirmed", "void"),
    ("revealed", "finished"),
    ("finished", "published"),
}


@pytest.mark.parametrize("start", MOVES)
@pytest.mark.parametrize("to", MOVES)
def test_moves(start: str, to: str) -> None:
    attempt = Attempt(state=start)
    if (start, to) in ALLOWED:
        move(attempt, to)
        assert attempt.state == to
        return
    with pytest.raises(Conflict, match=WORDS[start]):
        move(attempt, to)
    assert attempt.state == start


VERBS: dict[str, tuple[Role, Callable[[Context, int], None], set[str]]] = {
    "freeze": (Role.OFFICER, ceremony.freeze, set()),  # a void attempt needs approval first
    "commit": (Role.OFFICER, ceremony.commit, {"frozen"}),
    "roll": (Role.OFFICER, ceremony.roll, {"committed", "rolled"}),
    "confirm": (Role.INSPECTOR, ceremony.confirm, {"rolled"}),
    "reveal": (Role.OFFICER, ceremony.reveal, {"confirmed"}),
    "finish": (Role.OFFICER, ceremony.finish, {"revealed"}),
    "publish": (Role.OFFICER, ceremony.publish, {"finished"}),
    "void": (Role.OFFICER, ceremony.void, {"frozen", "committed"}),
    "approve": (Role.INSPECTOR, ceremony.approve, {"void"}),
}


def _bring(office: World, state: str) -> None:
    """Bring the attempt to a state by the acts that lead there."""
    if state == "void":
        ceremony.run(office, last=1)
        with office.acting(Role.OFFICER) as ctx:
            ceremony.void(ctx, 1)
        return
    first = [end for end, _, _ in ceremony.STEPS].index(state)
    ceremony.run(office, last=min(first + 1, ceremony.BEFORE_PUBLISHING))
    if state in ("finished", "published"):
        ceremony.cosign(office)
    if state == "published":
        ceremony.run(office, first, first + 1)


@pytest.mark.parametrize("state", MOVES)
def test_every_verb_in_every_state(office: World, state: str) -> None:
    _bring(office, state)
    for role, act, states in VERBS.values():
        ctx = office.context(office.people[role])
        with ctx.session:
            if state in states:
                act(ctx, 1)
            else:
                with pytest.raises(Conflict):
                    act(ctx, 1)
            ctx.session.rollback()
    assert ceremony.attempt(office).state == state


def test_only_the_two_of_the_ceremony_act(office: World) -> None:
    ceremony.run(office, last=1)
    others = set(office.people) - {Role.OFFICER, Role.INSPECTOR}
    assert len(others) >= 4
    for role in others:
        for _, _, act in ceremony.STEPS:
            with office.acting(role) as ctx, pytest.raises(Forbidden):
                act(ctx, 1)


def test_neither_of_the_two_does_the_others_part(office: World) -> None:
    ceremony.run(office, last=1)
    theirs = {
        Role.OFFICER: (ceremony.confirm, ceremony.approve),
        Role.INSPECTOR: (ceremony.freeze, ceremony.roll, ceremony.finish, ceremony.publish),
    }
    for role, acts in theirs.items():
        for act in acts:
            with office.acting(role) as ctx, pytest.raises(Forbidden):
                act(ctx, 1)
