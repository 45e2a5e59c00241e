"""Caps: no room holds more than `cap` of one group. Step 5 of seats/v1, rarely needed.

While a group is over its cap in a room, one exchange is tried per three words of the district's
stream `caps` (64 bits each; the exchange is passed over where a word cannot be used without
favour): the first word picks one of the excesses, listed by (room, kind, group); the second one of
that group's members in that room, by label; the third any candidate of the district, by label. They
change rooms unless they sit in one room, one of them would lose a room that serves their need, or
the two rooms' excess (people above the caps, all groups together) would grow.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from seating.chance import Chance, reduce
from seating.columns import Plan
from seating.dealing import Index

FEWEST_STEPS = 4096
STEPS_EACH = 64  # more steps for everyone who is too many

Over = tuple[int, int, int, int]  # room, kind's index, group, excess


class Crowds:
    """How many of which group sit in the rooms of one district, kept up while people move."""

    def __init__(self, plan: Plan, district: int, room: Index) -> None:
        """`room`: of every candidate of the district, changed in place by `exchange`."""
        people, rooms = plan.people_of(district), plan.rooms_of(district)
        self.caps = [(kind, plan.rules.caps[kind]) for kind in sorted(plan.rules.caps)]
        self._groups = [plan.apart[kind][people] for kind, _ in self.caps]
        self._need = plan.need[people]
        self._access = plan.rooms.access[rooms]
        self.room = room

    def over(self, room: int) -> list[Over]:
        """Every group that is over its cap in the room."""
        return self._over(room, np.flatnonzero(self.room == room))

    def may_exchange(self, one: int, other: int) -> bool:
        """Whether both would sit in a room of sufficient access and no excess would grow."""
        here, there = int(self.room[one]), int(self.room[other])
        if self._need[one] > self._access[there] or self._need[other] > self._access[here]:
            return False
        before = _total(self.over(here)) + _total(self.over(there))
        self.exchange(one, other)
        after = _total(self.over(here)) + _total(self.over(there))
        self.exchange(one, other)
        return after <= before

    def exchange(self, one: int, other: int) -> None:
        """Both change rooms."""
        self.room[one], self.room[other] = self.room[other], self.room[one]

    def members(self, room: int, kind: int, group: int) -> Index:
        """Who of a group sits in the room, by label."""
        return np.flatnonzero((self.room == room) & (self._groups[kind] == group))

    def _over(self, room: int, who: Index) -> list[Over]:
        found = []
        for at, ((_, cap), groups) in enumerate(zip(self.caps, self._groups, strict=True)):
            counts = Counter(groups[who].tolist())
            over = sorted(g for g, count in counts.items() if g >= 0 and count > cap)
            found += [(room, at, group, counts[group] - cap) for group in over]
        return found


def keep_caps(
    plan: Plan, district: int, room: Index, crowded: Sequence[int], chance: Chance
) -> int | None:
    """Change `room`, of every candidate of the district, until no cap is broken or steps end.

    `crowded`: the rooms in which a cap is broken; rooms are counted from the district's first.
    Returns None when no cap is broken any more, else the steps that were allowed.
    """
    crowds = Crowds(plan, district, room)
    over = {at: crowds.over(at) for at in crowded}
    words = chance.numbers("caps", plan.districts[district].encode())
    steps = FEWEST_STEPS + STEPS_EACH * sum(map(_total, over.values()))
    for _ in range(steps):
        listed = _listed(over)
        if not listed:
            break
        pair = _pick(crowds, listed, next(words), next(words), next(words))
        if pair and crowds.may_exchange(*pair):
            crowds.exchange(*pair)
            for at in (int(room[pair[0]]), int(room[pair[1]])):
                over[at] = crowds.over(at)
    return steps if _listed(over) else None


def _listed(over: Mapping[int, Sequence[Over]]) -> list[Over]:
    return [item for at in sorted(over) for item in over[at]]


def _pick(crowds: Crowds, listed: Sequence[Over], *words: int) -> tuple[int, int] | None:
    first, third = reduce(words[0], len(listed)), reduce(words[2], len(crowds.room))
    if first is None or third is None:
        return None
    room, kind, group, _ = listed[first]
    members = crowds.members(room, kind, group)
    second = reduce(words[1], len(members))
    if second is None or crowds.room[third] == room:
        return None
    return int(members[second]), third


def _total(over: Sequence[Over]) -> int:
    return sum(item[3] for item in over)
