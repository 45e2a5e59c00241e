"""Two at one moment, on PostgreSQL: the last place goes to one, and one turn has one choice."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.choosing import service
from exam_system.choosing.models import ChoiceEvent, ChoicePick
from exam_system.context import Actor, Context
from exam_system.errors import Conflict
from tests.choosing import setting
from tests.choosing.setting import FIRST, SECOND, THIRD
from tests.results.setting import candidate
from tests.world import World


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def at_once(world: World, *acts: tuple[Actor | Role, Callable[[Context], object]]) -> list[str]:
    """Carry acts out in threads of their own that meet first; how each ended."""
    gate, told = threading.Barrier(len(acts)), []

    def run(who: Actor | Role, act: Callable[[Context], object]) -> None:
        try:
            with world.acting(who) as ctx:
                gate.wait()
                act(ctx)
            told.append("done")
        except Conflict as error:
            told.append(error.msgid)

    threads = [threading.Thread(target=run, args=one) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def test_desk_and_phone_at_one_moment_and_the_last_place_twice(world: World) -> None:
    setting.finished(world)
    ref = setting.opened(world).ref
    setting.come(world, ref, FIRST, SECOND, THIRD)
    setting.call(world, ref)
    own = candidate(world, 2)
    told = at_once(
        world,
        (Role.OFFICER, lambda ctx: service.choose(ctx, ref=ref, place="A")),
        (own, lambda ctx: service.choose(ctx, ref=ref, place="B")),
    )
    assert told.count("done") == 1
    with world.context(world.people[Role.OFFICER]).session as db:
        named = db.scalars(select(ChoiceEvent).where(ChoiceEvent.kind == "choose")).all()
        assert len(named) == 1
    with world.acting(Role.OFFICER) as ctx:
        service.withdraw_choice(ctx, ref=ref)
    setting.choose(world, ref, "A")  # the last one of place A
    _past_every_verb(world)


def _past_every_verb(world: World) -> None:
    """Two rows for the one slot of A, each in a transaction that began before the other ended."""
    with world.context(world.people[Role.OFFICER]).session as db:
        pick = db.scalars(select(ChoicePick)).one()
        turn = text(
            "INSERT INTO choice_pick (session_id, turn_id, application_id, place_id, free, slot,"
            " standing, chosen_at) SELECT t.session_id, t.id, t.application_id, :place, :free,"
            " :slot, 'made', now() FROM choice_turn t WHERE t.position = :turn"
        )
        about = {"place": pick.place_id, "free": pick.free, "slot": pick.slot}
    for bound in ({**about, "turn": 1}, {**about, "slot": 2, "turn": 1}, {**about, "turn": 0}):
        with world.engine.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(turn, bound)
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM choice_pick"))
    ended: list[bool] = []

    def insert(position: int) -> None:
        try:
            with world.engine.begin() as connection:
                gate.wait()
                connection.execute(turn, {**about, "turn": position})
            ended.append(True)
        except IntegrityError:
            ended.append(False)

    gate = threading.Barrier(2)
    threads = [threading.Thread(target=insert, args=(position,)) for position in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [False, True]
