"""Rooms that stay unsolved: step 7 of seats/v1, a walk over them and a few others of the district.

The other rooms of the district with people in them are shuffled (stream `walk/rooms`) and four for
each unsolved one join. Each step takes three 64-bit words of the district's stream `walk`; it does
nothing where one of the first two cannot be used without favour. Pairs of people of one group on
plain neighbour seats are listed by (room, seat, other seat); the first word v, taken below twice
their number, picks pair v >> 1 and its person on the lower seat if v is even; the second picks any
place of these rooms, by (room, seat). The two change places if that is allowed: people who change
rooms keep the access that they need, and no excess over a cap grows. d more pairs than before are
accepted when the third word is below 2^64 >> (d * c), c = 2 + 8 * step // steps: the walk cools.
It ends when no pair is left, or after 512 steps for each place of the unsolved rooms, 65,536 at
most; what is then left over is reported as not found, which does not mean impossible.
"""

from collections.abc import Sequence

import numpy as np

from seating.chance import Chance, reduce
from seating.columns import Plan
from seating.crowds import Crowds
from seating.dealing import Index
from seating.neighbours import plain

OTHERS_EACH = 4
STEPS_EACH = 512
MOST_STEPS = 1 << 16

Pair = tuple[int, int, int]  # room, seat, other seat, counted from 0


class Floor:
    """Who sits where in some rooms of one district, and who of one group side by side."""

    def __init__(self, plan: Plan, district: int, seats: dict[int, list[int]]) -> None:
        """`seats[room]`: the candidates (counted from the district's first) by seat."""
        self.seats = seats
        self.places = [(room, seat) for room in sorted(seats) for seat in range(len(seats[room]))]
        self._near = {room: _near(plan, district, room, len(who)) for room, who in seats.items()}
        self._kin = _kin(plan, district, [one for who in seats.values() for one in who])
        self._pairs = {room: self._together(room) for room in seats}

    def pairs(self) -> list[Pair]:
        """Neighbours of one group, by room and seat."""
        return [pair for room in sorted(self._pairs) for pair in self._pairs[room]]

    def exchange(self, here: tuple[int, int], there: tuple[int, int]) -> int:
        """Two people change places; returns how many more pairs there are."""
        before = self._count(here, there)
        (room, seat), (other, place) = here, there
        mine, theirs = self.seats[room], self.seats[other]
        mine[seat], theirs[place] = theirs[place], mine[seat]
        for at in (room, other):
            self._pairs[at] = self._together(at)
        return self._count(here, there) - before

    def _count(self, here: tuple[int, int], there: tuple[int, int]) -> int:
        return sum(len(self._pairs[room]) for room in {here[0], there[0]})

    def _together(self, room: int) -> list[Pair]:
        who = self.seats[room]
        return [
            (room, one, other)
            for one, beside in enumerate(self._near[room])
            for other in beside
            if who[other] in self._kin[who[one]]
        ]


def walk(
    plan: Plan, district: int, room: Index, seats: dict[int, list[int]], chance: Chance
) -> tuple[list[Pair], int]:
    """Exchange people in `room` (of every candidate) and `seats` (by room), in place.

    `seats` holds the rooms of `walk_rooms`. Returns the pairs left and the steps allowed.
    """
    floor, crowds = Floor(plan, district, seats), Crowds(plan, district, room)
    label = plan.districts[district].encode()
    hard = {pair[0] for pair in floor.pairs()}
    steps = min(MOST_STEPS, STEPS_EACH * sum(len(seats[at]) for at in hard))
    words = chance.numbers("walk", label)
    for step in range(steps):
        pairs = floor.pairs()
        if not pairs:
            break
        first, second, third = next(words), next(words), next(words)
        choice, place = reduce(first, 2 * len(pairs)), reduce(second, len(floor.places))
        if choice is None or place is None:
            continue
        picked = pairs[choice >> 1]
        here, there = (picked[0], picked[1 + (choice & 1)]), floor.places[place]
        _try(floor, crowds, here, there, third, 2 + 8 * step // steps)
    return floor.pairs(), steps


def walk_rooms(
    plan: Plan, district: int, hard: Sequence[int], used: Sequence[int], chance: Chance
) -> list[int]:
    """The unsolved rooms of a district and the drawn others of those in use, in canonical order."""
    others = sorted(set(used) - set(hard))
    drawn = chance.shuffle("walk/rooms", plan.districts[district].encode(), len(others))
    return sorted([*hard, *(others[at] for at in drawn[: OTHERS_EACH * len(hard)].tolist())])


def _try(
    floor: Floor,
    crowds: Crowds,
    here: tuple[int, int],
    there: tuple[int, int],
    word: int,
    coolness: int,
) -> None:
    """Exchange the people of two places if that is allowed and accepted."""
    one, other = (floor.seats[room][seat] for room, seat in (here, there))
    moving = here[0] != there[0]
    if moving and not crowds.may_exchange(one, other):
        return
    more = floor.exchange(here, there)
    if more > 0 and word >= (1 << 64) >> more * coolness:
        floor.exchange(here, there)
    elif moving:
        crowds.exchange(one, other)


def _near(plan: Plan, district: int, room: int, used: int) -> list[list[int]]:
    """For each seat the plain neighbours with higher numbers."""
    at = plan.rooms_of(district).start + room
    table = plain(plan.rooms.layouts[plan.rooms.layout[at]], used)
    return [
        np.flatnonzero(row & (np.arange(used) > seat)).tolist() for seat, row in enumerate(table)
    ]


def _kin(plan: Plan, district: int, who: Sequence[int]) -> dict[int, set[int]]:
    """For each of these candidates those of them who share a group with it."""
    kin: dict[int, set[int]] = {one: set() for one in who}
    for groups in plan.apart.values():
        mine = groups[plan.people_of(district)]
        together: dict[int, list[int]] = {}
        for one in who:
            together.setdefault(int(mine[one]), []).append(one)
        together.pop(-1, None)
        for members in together.values():
            for one in members:
                kin[one].update(members)
    return {one: others - {one} for one, others in kin.items()}
