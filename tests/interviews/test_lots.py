"""Sealed lots: the algorithm twice, the session at the table, the bundle, and what lies refuse."""

from __future__ import annotations

import hashlib
import random
import shutil
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from exam_system.access import Role
from exam_system.accounts import factors
from exam_system.context import Context
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.exams.lookup import exam_by_code
from exam_system.interviews import lots as verbs
from exam_system.interviews.lookup import panel_of, queue_of
from exam_system.interviews.models import LotPick
from exam_system.trust import lots
from exam_system.trust.errors import DrawError
from exam_system.verify.run import verify
from tests.interviews import setting
from tests.interviews.envelopes import (
    CODE,
    GROUP,
    LIES,
    SECRET,
    commit,
    commitment,
    held,
    open_all,
    pick,
    publish,
    published,
    set_up,
    slow_places,
    slow_result,
)
from tests.world import World, fresh_code


def test_the_golden_vector() -> None:
    # made by `for n in 1 2 3 4 5 6; do printf '%s' "$secret:lot:$n" | sha256sum; done`
    secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    listed = hashlib.sha256(b"list").hexdigest()
    assert lots.commitment("e-2026", "G01", 1, listed, secret) == COMMITMENT
    assert lots.places(secret, 6) == PLACES


COMMITMENT = "cff39b812fc280cd1ec8312d2e9ce16027ffd1fb399f02b7a19e1505013cc587"
PLACES = [4, 3, 2, 1, 5, 6]


def test_the_second_implementation_agrees() -> None:
    chance = random.Random(7)
    for size in range(1, 40):
        secret = f"{chance.getrandbits(256):064x}"
        labels = [f"k-{n}" for n in range(size)]
        picks: list[int | None] = [*range(1, size + 1)]
        chance.shuffle(picks)
        picks = [None if chance.random() < 0.2 else one for one in picks]
        found = {lot.label: (lot.envelope, lot.place) for lot in lots.settle(secret, labels, picks)}
        assert found == slow_result(secret, labels, picks)
        assert sorted(place for _, place in found.values()) == list(range(1, size + 1))


def test_every_place_is_equally_likely_in_an_envelope() -> None:
    counts = [0] * 5
    for n in range(2000):
        counts[lots.places(hashlib.sha256(str(n).encode()).hexdigest(), 5)[2] - 1] += 1
    assert sum((count - 400) ** 2 / 400 for count in counts) < 18.5  # chi-squared, 0.1 %


@pytest.mark.parametrize("picks", [[1], [1, 1, 2], [1, 2, 4], [0, 1, 2], [1, 2, 3, None]])
def test_picks_that_cannot_be_are_refused(picks: list[int | None]) -> None:
    with pytest.raises(DrawError):
        lots.settle(SECRET, ["a", "b", "c"], picks)


def test_the_whole_session(world: World) -> None:
    set_up(world, 4)
    commit(world)
    pick(world, 3, None)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Turn 3 comes first"):
        verbs.open_lots(ctx, code=CODE, group=GROUP, secret=SECRET)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Envelope 3 is taken"):
        verbs.pick_lot(ctx, code=CODE, group=GROUP, envelope=3)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Invalid, match="envelopes 1 to 4"):
        verbs.pick_lot(ctx, code=CODE, group=GROUP, envelope=5)
    pick(world, 1, 4)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="Everybody has had"):
        verbs.pick_lot(ctx, code=CODE, group=GROUP, envelope=2)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="not the secret"):
        verbs.open_lots(ctx, code=CODE, group=GROUP, secret="1" * 64)
    assert held(world).row.secret == ""
    open_all(world)
    with world.acting(Role.OFFICER) as ctx:
        queue = queue_of(ctx.session, panel_of(ctx.session, exam_by_code(ctx.session, CODE), "01"))
        places = {application.label: interview.place for interview, application in queue}
    labels = [one.label for one in held(world).people]
    right = slow_result(SECRET, labels, [3, None, 1, 4])
    assert places == {label: place for label, (_, place) in right.items()}
    folder = publish(world)
    assert folder.name == f"lots-{CODE}-{GROUP}"
    outcome = verify([world.config.published])
    assert outcome.refused == [], outcome.lines
    assert f"ok lots-{CODE}-{GROUP} (lots/v1, 4 envelopes, 6 acts)" in outcome.lines


def test_there_is_one_way_to_an_order(world: World) -> None:
    set_up(world, 3)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="sealed envelopes"):
        setting.freeze(ctx, "order")
    commit(world)
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Conflict, match="people pick"):
        verbs.next_list(ctx, exam_by_code(ctx.session, CODE), GROUP)


def test_an_inspector_voids_and_all_attempts_stay(world: World) -> None:
    set_up(world, 3)
    commit(world)
    pick(world, 2)

    def void(ctx: Context) -> None:
        verbs.void_lots(ctx, code=CODE, group=GROUP, reason="密数纸条遗失")

    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        void(ctx)
    with world.acting(Role.INSPECTOR) as ctx, pytest.raises(Forbidden, match="second factor"):
        void(ctx)
    with world.acting(Role.INSPECTOR) as ctx:
        occasion = verbs.voiding(ctx, CODE, GROUP)
        assert factors.prove(ctx, occasion, factors.Typed(fresh_code(ctx)))
        void(ctx)
    used = commitment(world)  # of attempt 2
    with world.acting(Role.OFFICER) as ctx:
        row = verbs.commit_lots(ctx, code=CODE, group=GROUP, commitment=used.upper())
        assert row.number == 2
    pick(world, 1, 2, None)
    open_all(world)
    publish(world)
    outcome = verify([world.config.published])
    assert outcome.refused == [], outcome.lines
    assert any("lots/v1, 3 envelopes, 8 acts" in line for line in outcome.lines)


def test_the_database_keeps_an_envelope_from_being_picked_twice(world: World) -> None:
    set_up(world, 3)
    commit(world)
    pick(world, 2)
    found = held(world)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.add(
            LotPick(
                lots_id=found.row.id,
                turn=2,
                application_id=found.people[1].id,
                envelope=2,
                picked_at=world.clock.now(),
            )
        )
        with pytest.raises(IntegrityError):
            ctx.session.flush()
        ctx.session.rollback()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """A published folder with the lots of one group."""
    return published(tmp_path_factory.mktemp("lots") / "instance", template)


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_refused(bundle: Path, tmp_path: Path, lie: str) -> None:
    folder = tmp_path / "published"
    shutil.copytree(bundle, folder)
    check, change = LIES[lie]
    change(folder)
    refused = verify([folder]).refused
    assert check in {one.check.id for one in refused}, refused


def test_an_office_that_opens_other_envelopes_is_found_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(world, 3)
    commit(world)
    pick(world, 2, 3, 1)
    monkeypatch.setattr(verbs, "_secret", lambda _held, text: text)
    open_all(world, "1" * 64)
    publish(world)
    assert [one.check.id for one in verify([world.config.published]).refused] == ["V62"]


def test_the_slips_say_what_the_envelopes_hold(world: World) -> None:
    set_up(world, 3)
    commit(world)
    with world.acting(Role.OFFICER) as ctx:
        data = verbs.print_lots(ctx, code=CODE, group=GROUP, secret=SECRET)
    assert data.startswith(b"%PDF")
    pick(world, 1)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Conflict, match="picking already"):
        verbs.print_lots(ctx, code=CODE, group=GROUP, secret=SECRET)
    assert slow_places(SECRET, 3) == dict(enumerate(lots.places(SECRET, 3), 1))
