"""Two at once: openings and hand-overs of the same bag, on a database with several writers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from exam_system.access import Role
from exam_system.custody.deeds import open_bag
from exam_system.custody.handing import begin_hand_over, sign_hand_overs
from exam_system.errors import Conflict
from tests.custody.stage import CODE, FIRST, stage
from tests.world import World

pytestmark = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgres)]
)


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What each act gave, or the refusal that it raised; all are begun together."""
    gate = threading.Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def run(number: int) -> None:
        gate.wait()
        try:
            found[number] = acts[number]()
        except Conflict as refused:
            found[number] = refused

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_who_open_at_once_and_two_hand_overs_at_once(world: World) -> None:
    day = stage(world)
    day.at(FIRST, -60)
    bag = day.bag()
    people = day.named("escort")

    def begin() -> str:
        with world.acting(Role.OFFICER) as ctx:
            codes = [bag.barcode]
            return begin_hand_over(ctx, code=CODE, step="escort", barcodes=codes, people=people).ref

    begun = at_once([begin] * 4)
    [ref] = [one for one in begun if isinstance(one, str)]
    assert sum(isinstance(one, Conflict) for one in begun) == 3
    signers = [actor for some in day.parties("escort").values() for actor in some]

    def signing(actor: object) -> Callable[[], object]:
        def run() -> object:
            with world.acting(actor) as ctx:  # type: ignore[arg-type]
                return sign_hand_overs(ctx, refs=[ref])

        return run

    assert sorted(at_once([signing(one) for one in signers])) == [0] * 5 + [1]  # type: ignore[type-var]
    day.hand("site", [bag.barcode])
    day.hand("room", [bag.barcode], bag.room_id)
    day.at(FIRST, -5)

    def opening(actor: object) -> Callable[[], object]:
        def run() -> object:
            with world.acting(actor) as ctx:  # type: ignore[arg-type]
                about = {"code": CODE, "subject": FIRST, "barcode": bag.barcode}
                return open_bag(ctx, seal=bag.seal, **about)

        return run

    opened = at_once([opening(one) for one in day.rooms[bag.room_id or 0]])
    assert sorted(opened) == [False, True]  # type: ignore[type-var]
    assert day.bag().state == "opened"
