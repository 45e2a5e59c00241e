"""deal/v1: people in ticket order to rooms, so that nobody meets a mark of their own.

The draw for invigilators (own school, relations) and interviewers (avoidance). Per group:

1. The people stand in ticket order: ascending (ticket, UTF-8 bytes of the label).
2. The places are filled lap by lap: the first place of every slot in listed order, then the second
   place of every slot that has one, and so on.
3. A place takes the first unused person who shares no mark with its slot.
4. If there is none, a search, breadth first from that place, moves earlier people: a place in the
   queue that an unused person may take ends the search and takes the first of them; otherwise the
   places that now hold a person who may serve at it, and were not yet in the queue, join the queue
   in the ticket order of those persons. Along the way found, each place hands its person back
   towards the place that was empty.
5. People never used are the reserve, in ticket order.

A full assignment is found whenever one exists (augmenting paths, Berge 1957), whatever the seed.
Chances may be uneven where marks force it: the features publish frequencies before the draw.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from proctoring.groups import BadGroups, Group, Slot, read_groups
from proctoring.matching import Table, bits

__all__ = ["BadGroups", "Shortage", "TooFewPeople", "deal_v1", "read_groups", "shortage"]

NAMED_SLOTS = 8  # a sentence names so many slots and counts the others


@dataclass(frozen=True, slots=True)
class Shortage:
    """Slots of one group that need more people than may serve at any of them (a minimum cut)."""

    group: str
    slots: tuple[str, ...]
    needed: int
    available: int

    @property
    def short(self) -> int:
        return self.needed - self.available

    def __str__(self) -> str:
        named = ", ".join(self.slots[:NAMED_SLOTS])
        more = f" and {len(self.slots) - NAMED_SLOTS} more" * (len(self.slots) > NAMED_SLOTS)
        return (
            f'group "{self.group}": {named}{more}: needs {self.needed} people, at most '
            f"{self.available} can serve there: short by {self.short}"
        )


class TooFewPeople(ValueError):
    """No assignment keeps the rules; `shortages` says where."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = tuple(shortages)
        super().__init__("The draw cannot be made: " + "; ".join(map(str, shortages)) + ".")


def deal_v1(
    groups: Sequence[Mapping[str, object]], ticket: Callable[[str], bytes]
) -> list[dict[str, object]]:
    """Deal every group; `ticket(label)` is the draw's ticket of its purpose for that label.

    Returns, per group in listed order, `{"id", "slots": [{"id", "labels"}], "reserve"}`; the first
    label of a slot holds its first place. Raises BadGroups for a wrong shape and TooFewPeople where
    no full assignment exists, which `shortage` tells before there is any seed.
    """
    return [_deal(group, ticket) for group in read_groups(groups)]


def shortage(groups: Sequence[Mapping[str, object]]) -> list[Shortage]:
    """What cannot be filled, however the draw falls; empty exactly when deal_v1 succeeds.

    Each item is a set of slots that belong together (König, Hall): all who share no mark with some
    slot of the set are `available`, and they are fewer than the places `needed`. The sum of `short`
    is the number of people missing. Raises BadGroups for a wrong shape.
    """
    return [found for group in read_groups(groups) for found in _shortages(group)]


def _deal(group: Group, ticket: Callable[[str], bytes]) -> dict[str, object]:
    people = sorted(group.labels, key=lambda label: (ticket(label), label.encode()))
    table = _fill(group, people)
    if table.empty:
        raise TooFewPeople(_shortages(group))
    slots = [
        {"id": slot.id, "labels": [people[person] for person in places]}
        for slot, places in zip(group.slots, table.places, strict=True)
    ]
    reserve = [label for person, label in enumerate(people) if table.free >> person & 1]
    return {"id": group.id, "slots": slots, "reserve": reserve}


def _shortages(group: Group) -> list[Shortage]:
    table = _fill(group, group.labels)
    return [_shortage(group, table, cut) for cut in _cuts(table)]


def _shortage(group: Group, table: Table, cut: frozenset[int]) -> Shortage:
    may_serve = 0
    for at in cut:
        may_serve |= table.allowed[at]
    slots = [group.slots[at] for at in sorted(cut)]
    needed = sum(slot.capacity for slot in slots)
    return Shortage(group.id, tuple(slot.id for slot in slots), needed, may_serve.bit_count())


def _cuts(table: Table) -> list[frozenset[int]]:
    """The slots reached from every empty place; sets that meet belong together."""
    cuts: list[frozenset[int]] = []
    for start in sorted(set(table.empty)):
        reached = frozenset(table.search(start)[0])
        meeting = [cut for cut in cuts if cut & reached]
        cuts = [cut for cut in cuts if not cut & reached]
        cuts.append(reached.union(*meeting))
    return sorted(cuts, key=min)


def _fill(group: Group, people: Sequence[str]) -> Table:
    table = Table(_allowed(group, people), len(people))
    for slot in _laps(group.slots, len(people)):
        table.fill(slot)
    return table


def _laps(slots: Sequence[Slot], people: int) -> Iterator[int]:
    """The slot of every place, lap by lap; a lap past one too many for all people adds nothing."""
    largest = max((slot.capacity for slot in slots), default=0)
    for lap in range(min(largest, people + 1)):
        yield from (at for at, slot in enumerate(slots) if lap < slot.capacity)


def _allowed(group: Group, people: Sequence[str]) -> list[int]:
    """Per slot, the people who share no mark with it."""
    carriers: dict[str, list[int]] = {}
    for person, label in enumerate(people):
        for mark in group.marks.get(label, ()):
            carriers.setdefault(mark, []).append(person)
    everyone = (1 << len(people)) - 1
    return [everyone & ~_barred(slot, carriers, len(people)) for slot in group.slots]


def _barred(slot: Slot, carriers: Mapping[str, list[int]], people: int) -> int:
    return bits(chain.from_iterable(carriers.get(mark, ()) for mark in slot.marks), people)
