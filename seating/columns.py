"""The input of seats/v1 as columns, for millions of people; `manifest` makes it from plain JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from seating.layouts import positions
from seating.reading import BadGroups

MOST_SEATS = 1000  # in one room: every pair of seats has an entry in a table
MOST_FORMS = 9
MOST_ACCESS = 9
MOST_GROUPS = 1 << 24  # of one kind

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between exams.

    `spread`: the kind of group (say, the post) that is dealt evenly over the rooms, or None.
    `caps`: for a kind of group, how many of one group a room may hold.
    `forms`: how many paper forms there are; 1 for one paper.
    """

    spread: str | None = None
    caps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    forms: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Rooms:
    """Rooms by district, there by falling `access`, then by id; one item a room."""

    ids: NDArray[np.bytes_]  # UTF-8
    first: NDArray[np.int64]  # rooms of district d: first[d] up to first[d + 1]
    layout: Ints  # index into `layouts`
    layouts: Sequence[str]
    capacity: Ints  # seats 1 to capacity of the layout may be used
    reserve: Ints  # so many of them stay free, the last ones
    access: Ints  # 0, or the highest need that the room serves


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Candidates, rooms and rules of one draw.

    Candidates stand by district, there by label (UTF-8 bytes), each once in all; one item each:
    `labels`, `need` (0, or the access that the room must have), `apart[kind]` (a number for the
    group, or -1 for none: people of one group are neither neighbours nor too many in one room).
    Those of district d are first[d] up to first[d + 1]; both `first` have one item more than
    `districts`. `names[kind]`, where given, are the names of that kind's groups in order of their
    numbers, for sentences. Groups are ordered by their numbers.
    """

    districts: Sequence[str]
    first: NDArray[np.int64]
    labels: NDArray[np.bytes_]
    need: Ints
    apart: Mapping[str, Ints]
    rooms: Rooms
    rules: Rules
    names: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _check_starts(self)
        _check_candidates(self)
        _check_rooms(self)
        _check_rules(self)

    def people_of(self, district: int) -> slice:
        """The district's candidates."""
        return slice(int(self.first[district]), int(self.first[district + 1]))

    def rooms_of(self, district: int) -> slice:
        """The district's rooms."""
        return slice(int(self.rooms.first[district]), int(self.rooms.first[district + 1]))

    def districts_of(self, rooms: NDArray[np.intp]) -> list[int]:
        """The district of every room."""
        found: list[int] = (np.searchsorted(self.rooms.first, rooms, side="right") - 1).tolist()
        return found

    def room_labels(self, rooms: NDArray[np.intp]) -> list[bytes]:
        """`<district>/<room>` of every room: its name in the draw's streams."""
        heads = [f"{district}/".encode() for district in self.districts]
        ids = self.rooms.ids[rooms].tolist()
        return [heads[at] + room for at, room in zip(self.districts_of(rooms), ids, strict=True)]

    def room_name(self, room: int) -> str:
        """The room's id."""
        return bytes(self.rooms.ids[room]).decode()

    def group_name(self, kind: str, group: int) -> str:
        """The group's name, or its number where no names were given."""
        return self.names[kind][group] if kind in self.names else str(group)

    def only(self, district: int) -> "Plan":
        """The plan of one district alone, with the same numbers for groups."""
        people, rooms = self.people_of(district), self.rooms_of(district)
        here = self.rooms
        alone = Rooms(
            ids=here.ids[rooms],
            first=np.array([0, rooms.stop - rooms.start]),
            layout=here.layout[rooms],
            layouts=here.layouts,
            capacity=here.capacity[rooms],
            reserve=here.reserve[rooms],
            access=here.access[rooms],
        )
        return Plan(
            districts=[self.districts[district]],
            first=np.array([0, people.stop - people.start]),
            labels=self.labels[people],
            need=self.need[people],
            apart={kind: groups[people] for kind, groups in self.apart.items()},
            rooms=alone,
            rules=self.rules,
            names=self.names,
        )


def _check_starts(plan: Plan) -> None:
    ends = ((plan.first, len(plan.labels)), (plan.rooms.first, len(plan.rooms.ids)))
    for first, total in ends:
        ordered = len(first) == len(plan.districts) + 1 and not bool(np.any(np.diff(first) < 0))
        if not ordered or first[0] != 0 or first[-1] != total:
            raise BadGroups(
                "The districts do not divide the candidates and rooms from 0 to the end."
            )
    if len(set(plan.districts)) != len(plan.districts):
        raise BadGroups("A district stands twice in the draw; it may stand there once.")


def _check_candidates(plan: Plan) -> None:
    for what, column in (("need", plan.need), *plan.apart.items()):
        if column.shape != plan.labels.shape:
            raise BadGroups(f"The column {what} has not one item for each of the labels.")
    for kind, groups in plan.apart.items():
        if len(groups) and not -1 <= groups.min() <= groups.max() < MOST_GROUPS:
            raise BadGroups(f"A number of a {kind} is not -1 and not from 0 to {MOST_GROUPS - 1}.")
    rising = plan.labels[1:] > plan.labels[:-1]
    rising[plan.first[(plan.first > 0) & (plan.first < len(plan.labels))] - 1] = True
    if not rising.all():
        raise BadGroups("The labels of a district are not sorted by their UTF-8 bytes, each once.")
    if len(plan.need) and not 0 <= plan.need.min() <= plan.need.max() <= MOST_ACCESS:
        raise BadGroups(f"A need is not a whole number from 0 to {MOST_ACCESS}.")


def _check_rooms(plan: Plan) -> None:
    rooms = plan.rooms
    columns = (rooms.layout, rooms.capacity, rooms.reserve, rooms.access)
    if any(column.shape != rooms.ids.shape for column in columns):
        raise BadGroups("A column of the rooms has not one item for each of the ids.")
    falling, rising = rooms.access[1:] < rooms.access[:-1], rooms.ids[1:] > rooms.ids[:-1]
    sorted_ = falling | ((rooms.access[1:] == rooms.access[:-1]) & rising)
    sorted_[rooms.first[(rooms.first > 0) & (rooms.first < len(rooms.ids))] - 1] = True
    if not sorted_.all():
        raise BadGroups(
            "The rooms of a district are not sorted: highest access first, then by the UTF-8 "
            "bytes of their ids, each once."
        )
    if bool(np.any((rooms.reserve < 0) | (rooms.reserve > rooms.capacity))):
        raise BadGroups("A room keeps more seats free than it has, or fewer than none.")
    for layout, capacity in {*zip(rooms.layout.tolist(), rooms.capacity.tolist(), strict=True)}:
        _check_room(rooms.layouts[layout], capacity)


def _check_room(layout: str, capacity: int) -> None:
    positions(layout, capacity)
    if capacity > MOST_SEATS:
        raise BadGroups(
            f"A room has {capacity} seats; divide it into rooms of at most {MOST_SEATS}."
        )


def _check_rules(plan: Plan) -> None:
    rules = plan.rules
    known = set(plan.apart)
    if strangers := sorted({*rules.caps, *([rules.spread] if rules.spread else [])} - known):
        raise BadGroups(f"The rules name {strangers}, which are no groups of the candidates.")
    if not 1 <= rules.forms <= MOST_FORMS or any(cap < 1 for cap in rules.caps.values()):
        raise BadGroups(f"There are 1 to {MOST_FORMS} forms, and every cap is at least 1.")
