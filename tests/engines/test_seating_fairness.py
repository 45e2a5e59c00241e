"""Every candidate is equally likely on every seat and in every room, and the tests would notice."""

import numpy as np
import pytest

from seating import rooms as rooms_module
from seating.chance import Chance
from seating.columns import Plan, Rooms, Rules
from seating.dealing import deal
from seating.neighbours import plain
from seating.rooms import Members, seat_rooms

DRAWS, SEATS = 40_000, 30
# In a room of thirty 19 people have somebody whom they must not sit beside.
GROUPS = np.repeat(np.arange(15), (5, 5, 5, 4, *[1] * 11)).astype(np.int32)


def many_rooms(draws=DRAWS) -> Plan:
    """As many rooms with the same people as there are draws; every room has its own stream."""
    people = draws * SEATS
    return Plan(
        districts=["1"],
        first=np.array([0, people]),
        labels=np.array([b"%08d" % at for at in range(people)]),
        need=np.zeros(people, np.int32),
        apart={"school": np.tile(GROUPS, draws)},
        rooms=Rooms(
            ids=np.array([b"%06d" % at for at in range(draws)]),
            first=np.array([0, draws]),
            layout=np.zeros(draws, np.int32),
            layouts=["5x6"],
            capacity=np.full(draws, SEATS, np.int32),
            reserve=np.zeros(draws, np.int32),
            access=np.zeros(draws, np.int32),
        ),
        rules=Rules(),
    )


def seat_counts(plan: Plan) -> np.ndarray:
    """(people of a room, seats): how often each sat where."""
    draws = len(plan.rooms.ids)
    who = np.arange(len(plan.labels))
    members = Members(np.arange(draws), np.arange(draws + 1) * SEATS, who)
    seated, _, left = seat_rooms(plan, members, Chance("0f" * 32, "seat"))
    assert len(left) == 0
    person = (seated % SEATS).reshape(draws, SEATS)
    seats = np.broadcast_to(np.arange(SEATS), person.shape)
    counts = np.zeros((SEATS, SEATS), np.int64)
    np.add.at(counts, (person, seats), 1)
    return counts


def test_the_cyclic_rule_puts_everybody_everywhere_alike_and_the_plain_rule_does_not(
    monkeypatch,
) -> None:
    stats = pytest.importorskip("scipy.stats")
    plan = many_rooms()
    fair = [stats.chisquare(row).pvalue for row in seat_counts(plan)]
    assert min(fair) * len(fair) > 1e-3
    monkeypatch.setattr(rooms_module, "cyclic", plain)
    unfair = [stats.chisquare(row).pvalue for row in seat_counts(plan)]
    assert max(unfair[:15]) < 1e-6  # the three largest groups


def small_district(draws: int) -> Plan:
    """Districts alike: 14 people in three rooms, one accessible; two need it; posts of 4, 3, 2."""
    posts = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, -1, -1, -1, 3, -1], np.int32)
    people, rooms = len(posts), 3
    return Plan(
        districts=[str(at) for at in range(draws)],
        first=np.arange(draws + 1) * people,
        labels=np.array([b"%08d" % at for at in range(draws * people)]),
        need=np.tile(np.array([0, 0, 1, *[0] * 10, 1], np.int32), draws),
        apart={"post": np.tile(posts, draws)},
        rooms=Rooms(
            ids=np.tile(np.array([b"1", b"2", b"3"]), draws),
            first=np.arange(draws + 1) * rooms,
            layout=np.zeros(draws * rooms, np.int32),
            layouts=["3x4"],
            capacity=np.full(draws * rooms, 5, np.int32),
            reserve=np.zeros(draws * rooms, np.int32),
            access=np.tile(np.array([1, 0, 0], np.int32), draws),
        ),
        rules=Rules("post"),
    )


def test_everybody_without_needs_is_dealt_to_every_place_alike_and_posts_spread() -> None:
    stats = pytest.importorskip("scipy.stats")
    draws, sizes = 10_000, np.array([5, 5, 4], np.int32)
    plan, chance = small_district(draws), Chance("3c" * 32, "seat")
    room = np.array([deal(plan, at, sizes, chance) for at in range(draws)])
    assert (room[:, [2, 13]] == 0).all()
    free = draws * np.array([3, 5, 4]) / 12
    fair = [
        stats.chisquare(np.bincount(room[:, person], minlength=3), free).pvalue
        for person in range(14)
        if person not in (2, 13)
    ]
    assert min(fair) * len(fair) > 1e-3
    for post in ([4, 5, 6], [7, 8]):
        together = [np.bincount(row[post], minlength=3).max() for row in room]
        assert max(together) <= 2
    spread = np.mean([len(set(row[[4, 5, 6]].tolist())) == 3 for row in room])
    assert spread > 0.6
