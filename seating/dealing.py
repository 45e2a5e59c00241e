"""Who sits in which room of a district: steps 2 to 4 of seats/v1, before any cap.

2. Everybody's ticket orders the district's candidates.
3. Who needs access, highest need first and within a need in ticket order, takes places of the rooms
   that serve it: the free places, room by room in canonical order, are shuffled (stream
   `access/<n>`), and the first ones are taken. Everybody of one need is equally likely everywhere.
4. Everybody else stands in a row, group by group of the kind that is spread (the groups shuffled by
   stream `groups`, those of no group last), within a group in ticket order. The free places are
   listed in laps: lap t names, in shuffled order (stream `rooms`), every room with more than t free
   places. Person a takes place (a + U) mod m of m, U drawn (stream `start`). So one group spreads
   evenly over the rooms, and everybody's place is uniform.

A group's shuffle counts the groups that any candidate of the district has.
"""

import numpy as np
from numpy.typing import NDArray

from seating.chance import Chance
from seating.columns import Ints, Plan

Index = NDArray[np.intp]


def deal(plan: Plan, district: int, sizes: Ints, chance: Chance) -> Index:
    """(candidates of the district,): the room of each, counted from the district's first."""
    people, label = plan.people_of(district), plan.districts[district].encode()
    order = chance.order(plan.labels[people])
    free = sizes.astype(np.intp)
    room = np.empty(len(order), np.intp)
    need = plan.need[people][order]
    for level in range(int(need.max(initial=0)), 0, -1):
        who = order[need == level]
        fit = np.flatnonzero(plan.rooms.access[plan.rooms_of(district)] >= level)
        places = np.repeat(fit, free[fit])
        room[who] = places[chance.shuffle(f"access/{level}", label, len(places))[: len(who)]]
        free -= np.bincount(room[who], minlength=len(free))
    row = _row(plan, district, order[need == 0], chance)
    places = _laps(free, chance.shuffle("rooms", label, len(free)))
    if len(row):
        room[row] = np.roll(places, -chance.below("start", label, len(row)))
    return room


def by_room(room: Index) -> Index:
    """Candidates room by room, in a room by label. Few rooms sort faster as short numbers."""
    return np.argsort(_short(room, int(room.max(initial=0)) + 1), kind="stable")


def _row(plan: Plan, district: int, order: Index, chance: Chance) -> Index:
    """People in ticket order, brought into the order in which they are dealt."""
    kind = plan.rules.spread
    if kind is None:
        return order
    groups = plan.apart[kind][plan.people_of(district)] + 1
    seen = np.zeros(int(groups.max(initial=0)) + 1, np.bool_)
    seen[groups] = True
    known = np.flatnonzero(seen[1:]) + 1
    rank = np.full(len(seen), len(known))
    rank[known[chance.shuffle("groups", plan.districts[district].encode(), len(known))]] = (
        np.arange(len(known))
    )
    return order[np.argsort(_short(rank[groups[order]], len(known) + 1), kind="stable")]


def _laps(free: Index, shuffled: Index) -> Index:
    """The rooms of all free places, lap by lap."""
    counts = free[shuffled]
    laps = np.arange(int(counts.max(initial=0)))
    return shuffled[np.nonzero(counts[None, :] > laps[:, None])[1]]


def _short(numbers: Index, size: int) -> NDArray[np.uint16] | Index:
    """Numbers below `size`, in 16 bits where that is enough: numpy then sorts them by radix."""
    return numbers.astype(np.uint16) if size <= 1 << 16 else numbers
