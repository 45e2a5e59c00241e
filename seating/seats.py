"""seats/v1: who sits where, and with which paper form (ALGORITHMS, seats/v1).

In a district, in this order; streams and words are those of `seating.chance`, purpose `seat`:

1. Rooms are opened and filled evenly (`opening`; no chance).
2. to 4. Tickets, accessible rooms, the deal of everybody else to the rooms (`dealing`).
5. Caps (`crowds`).
6. Seats within every room, by the cyclic rule (`neighbours`, `repair`).
7. What is left: a walk over the unsolved rooms and a few others (`walk`).
8. The paper form on a seat is (pattern + offset) modulo the count of forms, plus 1.

Districts are independent of each other, and steps 6 and 8 of a room only need who sits in it, so
either can be redrawn alone. Nothing depends on the order in which rows came, as canonical order is
checked. What cannot work is refused before any seed is used; what a search does not find stands in
the outcome (`left`) and never leads to another seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seating import findings
from seating.chance import Chance
from seating.columns import Ints, Plan
from seating.crowds import Crowds, keep_caps
from seating.dealing import Index, by_room, deal
from seating.findings import CannotWork, Finding
from seating.manifest import read_districts
from seating.neighbours import forms
from seating.rooms import Members, crowded, seat_rooms
from seating.shortage import shortage, sizes_of
from seating.walk import walk, walk_rooms

PURPOSE = "seat"


@dataclass(frozen=True, slots=True, eq=False)
class Seating:
    """The outcome, one item a candidate of the plan.

    `room`: index into the plan's rooms; `seat`: from 1; `form`: from 1. `left`: what the search
    did not find; empty as a rule.
    """

    room: Ints
    seat: Ints
    form: Ints
    left: tuple[Finding, ...]


def seats_v1(
    groups: Sequence[Mapping[str, object]], seed: str, purpose: str = PURPOSE
) -> list[dict[str, object]]:
    """Draw every group of a manifest (`seating.manifest` says its shape); `seed`: 64 hex digits.

    Returns, per group in listed order, `{"id", "slots": [{"id", "labels", "forms"}], "reserve",
    "left"}`: labels by seat (a label's place is its seat number), in rooms that stay closed none;
    `forms` the paper form of each label, from 1, only where there are several; `reserve` is empty,
    everybody has a seat; `left` holds what was not found, usually nothing (`Finding.params`).
    Raises BadGroups for a wrong shape and CannotWork for what `shortage_v1` finds, both before any
    ticket is made.
    """
    plans = read_districts(groups)
    _refuse([found for plan in plans for found in shortage(plan)])
    chance = Chance(seed, purpose)
    return [_group(plan, _draw(plan, chance)) for plan in plans]


def shortage_v1(groups: Sequence[Mapping[str, object]]) -> list[Finding]:
    """What makes every draw of these groups impossible, by how much, and what would cure it.

    Raises BadGroups for a wrong shape.
    """
    return [found for plan in read_districts(groups) for found in shortage(plan)]


def draw(plan: Plan, chance: Chance) -> Seating:
    """Draw seats for a whole plan; raises CannotWork for what `shortage` finds."""
    _refuse(shortage(plan))
    return _draw(plan, chance)


def redraw_room(plan: Plan, room: int, who: Index, chance: Chance) -> tuple[Index, Ints]:
    """Steps 6 and 8 alone: the candidates `who` of one room, rising, by seat; and their forms.

    Equal to the outcome's unless step 7 had to move somebody of the room.
    """
    members = Members(np.array([room]), np.array([0, len(who)]), np.asarray(who, np.intp))
    seated, offsets, _ = seat_rooms(plan, members, chance)
    return seated, _forms(plan, members, offsets)


def _refuse(found: Sequence[Finding]) -> None:
    if found:
        raise CannotWork(found)


def _draw(plan: Plan, chance: Chance) -> Seating:
    room, members = _deal(plan, chance)
    unsolved = _keep_caps(plan, room, members, chance)
    seated, offsets, hard = seat_rooms(plan, members, chance)
    left = [*_walk(plan, room, members, seated, hard, chance)]
    left += _left_crowded(plan, Members(members.rooms, members.first, seated), unsolved)
    seat, form = np.empty_like(room), np.empty_like(room)
    room[seated] = np.repeat(members.rooms.astype(np.int32), members.sizes)
    seat[seated] = _seats(members) + 1
    form[seated] = _forms(plan, members, offsets)
    return Seating(room, seat, form, tuple(left))


def _deal(plan: Plan, chance: Chance) -> tuple[Ints, Members]:
    """Steps 1 to 4: everybody's room, and the rooms' members."""
    room, who = np.empty(len(plan.labels), np.int32), np.empty(len(plan.labels), np.intp)
    sizes = np.zeros(len(plan.rooms.ids), np.int32)
    for district in range(len(plan.districts)):
        people, rooms = plan.people_of(district), plan.rooms_of(district)
        sizes[rooms] = sizes_of(plan, district)
        own = deal(plan, district, sizes[rooms], chance)
        room[people], who[people] = own + rooms.start, people.start + by_room(own)
    used = np.flatnonzero(sizes)
    return room, Members(used, np.concatenate([[0], np.cumsum(sizes[used])]), who)


def _keep_caps(plan: Plan, room: Ints, members: Members, chance: Chance) -> dict[int, int]:
    """Step 5 in the districts that need it; `room` and `members` are changed in place.

    Returns the districts in which caps are still broken, each with the steps allowed.
    """
    over = crowded(plan, members, np.arange(len(members.rooms)))
    unsolved = {}
    for district in sorted(set(plan.districts_of(over))):
        people, rooms = plan.people_of(district), plan.rooms_of(district)
        own = room[people].astype(np.intp) - rooms.start
        here = over[(over >= rooms.start) & (over < rooms.stop)] - rooms.start
        if steps := keep_caps(plan, district, own, here.tolist(), chance):
            unsolved[district] = steps
        room[people], members.who[people] = own + rooms.start, people.start + by_room(own)
    return unsolved


def _left_crowded(plan: Plan, members: Members, unsolved: Mapping[int, int]) -> Iterator[Finding]:
    """What is over its cap at the end of the draw in the districts that step 5 did not solve."""
    for district, steps in unsolved.items():
        positions = np.array(members.district_rooms(plan, district))
        start = plan.rooms_of(district).start
        own = np.repeat(members.rooms - start, members.sizes)
        room = np.empty_like(own)
        room[members.who] = own
        crowds = Crowds(plan, district, room[plan.people_of(district)])
        for at in (crowded(plan, members, positions) - start).tolist():
            for _, kind, group, excess in crowds.over(at):
                yield _crowded(plan, district, at, crowds.caps[kind][0], group, excess, steps)


def _crowded(
    plan: Plan, district: int, at: int, kind: str, group: int, excess: int, steps: int
) -> Finding:
    params: dict[str, str | int] = {
        "district": plan.districts[district],
        "steps": steps,
        "room": plan.room_name(plan.rooms_of(district).start + at),
        "kind": kind,
        "group": plan.group_name(kind, group),
        "found": plan.rules.caps[kind] + excess,
        "cap": plan.rules.caps[kind],
    }
    return Finding(findings.LEFT_CROWDED, params)


def _walk(
    plan: Plan, room: Ints, members: Members, seated: Index, hard: Index, chance: Chance
) -> Iterator[Finding]:
    """Step 7 in the districts that need it; `seated` is changed in place."""
    for district in sorted(set(plan.districts_of(members.rooms[hard]))):
        people, start = plan.people_of(district), plan.rooms_of(district).start
        positions = members.district_rooms(plan, district)
        own = {int(members.rooms[at]) - start: at for at in positions}
        mine = hard[(hard >= positions.start) & (hard < positions.stop)]
        unsolved = (members.rooms[mine] - start).tolist()
        cells = {
            at: slice(*members.first[own[at] : own[at] + 2].tolist())
            for at in walk_rooms(plan, district, unsolved, sorted(own), chance)
        }
        seats = {at: (seated[cells[at]] - people.start).tolist() for at in cells}
        rooms_own = room[people].astype(np.intp) - start
        pairs, steps = walk(plan, district, rooms_own, seats, chance)
        for at, who in seats.items():
            seated[cells[at]] = np.array(who) + people.start
        for at, seat, other in pairs:
            yield _together(plan, district, at, seat, other, steps)


def _together(plan: Plan, district: int, at: int, seat: int, other: int, steps: int) -> Finding:
    params: dict[str, str | int] = {
        "district": plan.districts[district],
        "steps": steps,
        "room": plan.room_name(plan.rooms_of(district).start + at),
        "seat": seat + 1,
        "other": other + 1,
    }
    return Finding(findings.LEFT_TOGETHER, params)


def _seats(members: Members) -> Ints:
    """The seats, from 0, by room."""
    firsts = np.repeat(members.first[:-1].astype(np.int32), members.sizes)
    return np.arange(len(members.who), dtype=np.int32) - firsts


def _forms(plan: Plan, members: Members, offsets: Index) -> Ints:
    """The paper forms, from 1, by room and seat: step 8."""
    kinds = plan.rules.forms
    layouts = plan.rooms.layout[members.rooms]
    shapes, shape = np.unique(layouts * np.intp(1 << 16) + members.sizes, return_inverse=True)
    patterns = [forms(plan.rooms.layouts[at >> 16], at & 0xFFFF, kinds) for at in shapes.tolist()]
    start = np.cumsum([0, *map(len, patterns)])[shape].astype(np.int32)
    pattern = np.concatenate([np.zeros(0, np.int32), *patterns])
    found: Ints = pattern[np.repeat(start, members.sizes) + _seats(members)]
    found += np.repeat(offsets.astype(np.int32), members.sizes)
    found %= kinds
    found += 1
    return found


def _group(plan: Plan, seating: Seating) -> dict[str, object]:
    """The outcome of one district as plain JSON."""
    order = np.lexsort((seating.seat, seating.room))
    ends = np.searchsorted(seating.room[order], np.arange(len(plan.rooms.ids) + 1)).tolist()
    labels = [label.decode() for label in plan.labels[order].tolist()]
    forms_ = seating.form[order].tolist()
    slots: list[dict[str, object]] = []
    for at, (start, end) in enumerate(pairwise(ends)):
        slot: dict[str, object] = {"id": plan.room_name(at), "labels": labels[start:end]}
        if plan.rules.forms > 1:
            slot["forms"] = forms_[start:end]
        slots.append(slot)
    left = [dict(found.params) for found in seating.left]
    return {"id": plan.districts[0], "slots": slots, "reserve": [], "left": left}
