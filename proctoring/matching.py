"""The table of a deal: slots, who sits where, and the search that moves people to fill a place.

People are numbers in the order of the deal; a set of people is an integer whose bit n is person n.
That keeps 5,000 people and 200 rooms to milliseconds, without recursion.
"""

from collections import deque
from collections.abc import Iterable, Sequence


def bits(people: Iterable[int], count: int) -> int:
    """The set of some of `count` people as one integer."""
    octets = bytearray(count // 8 + 1)
    for person in people:
        octets[person >> 3] |= 1 << (person & 7)
    return int.from_bytes(octets, "little")


class Table:
    """A matching of places to people that grows by one place at a time.

    Invariants: the persons of `places[slot]` are the set `held[slot]`, all of them are in
    `allowed[slot]`, none of them is in `free`. A place that cannot be filled is noted in `empty`
    (its slot); no later filling changes that, so the filled places of a slot come first.
    """

    def __init__(self, allowed: Sequence[int], people: int) -> None:
        """`allowed[slot]`: the set of those of `people` persons who may serve in that slot."""
        self.allowed = tuple(allowed)
        self.free = (1 << people) - 1
        self.places: list[list[int]] = [[] for _ in allowed]
        self.held = [0] * len(allowed)
        self.empty: list[int] = []
        self._slot_of: dict[int, int] = {}

    def fill(self, slot: int) -> None:
        """Fill the next place of the slot, moving others where that is the only way."""
        if not self.allowed[slot] & self.free:
            self._fill_by_moving(slot)
            return
        person = self._take_free(slot)
        self.places[slot].append(person)
        self._put(person, slot)

    def search(self, start: int) -> tuple[dict[int, tuple[int, int]], int | None]:
        """Breadth first from an empty place of `start` to a slot that a free person may take.

        Returns the slots reached, in order, each with (person who would leave it, slot they would
        go to), and the slot found or None. All places of a slot lead to the same persons, so a
        slot is entered once, by its first place in the queue; whoever sits in it leads nowhere new.
        """
        reached = {start: (-1, -1)}
        unseen = ~self.held[start]
        queue = deque([start])
        while queue:
            goal = queue.popleft()
            while leavers := self.allowed[goal] & unseen:
                person = _first(leavers)
                slot = self._slot_of[person]
                reached[slot] = (person, goal)
                if self.allowed[slot] & self.free:
                    return reached, slot
                unseen &= ~self.held[slot]
                queue.append(slot)
        return reached, None

    def _fill_by_moving(self, start: int) -> None:
        reached, slot = self.search(start)
        if slot is None:
            self.empty.append(start)
            return
        person = self._take_free(slot)
        while slot != start:
            leaver, goal = reached[slot]
            self.places[slot][self.places[slot].index(leaver)] = person
            self.held[slot] &= ~(1 << leaver)
            self._put(person, slot)
            person, slot = leaver, goal
        self.places[start].append(person)
        self._put(person, start)

    def _take_free(self, slot: int) -> int:
        person = _first(self.allowed[slot] & self.free)
        self.free &= ~(1 << person)
        return person

    def _put(self, person: int, slot: int) -> None:
        self.held[slot] |= 1 << person
        self._slot_of[person] = slot


def _first(people: int) -> int:
    return (people & -people).bit_length() - 1
