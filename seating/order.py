"""order/v1: the people of a group, in ticket order, fill the slots of the group.

The draw for seats, interview groups and interview order. A group is the plain JSON of the draw's
manifest, `{"id": str, "labels": [str, …], "slots": [{"id": str, "capacity": int}, …]}`; labels are
sorted by their UTF-8 bytes, so the order in which somebody listed people cannot matter.
A capacity is the number of people that the draw puts there, not the number of chairs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from seating.reading import BadGroups, expect_keys, labels, listed, refuse_repeats, text

__all__ = ["BadGroups", "Group", "Slot", "TooFewLabels", "order_v1", "read_groups"]

GROUP_KEYS = frozenset({"id", "labels", "slots"})
SLOT_KEYS = frozenset({"id", "capacity"})


class TooFewLabels(BadGroups):
    """A group names fewer people than its slots take."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A room, panel or list that takes exactly `capacity` people."""

    id: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Group:
    """People and the slots among which only they are drawn."""

    id: str
    labels: tuple[str, ...]
    slots: tuple[Slot, ...]

    @property
    def places(self) -> int:
        return sum(slot.capacity for slot in self.slots)


def order_v1(
    groups: Sequence[Mapping[str, object]], ticket: Callable[[str], bytes]
) -> list[dict[str, object]]:
    """Draw every group; `ticket(label)` is the draw's ticket of its purpose for that label.

    Labels are sorted by (ticket, UTF-8 bytes of the label); the slots, in listed order, take as
    many as their capacity; the rest is the reserve, in the same order. Every order of the labels
    is equally likely. Returns, per group in listed order,
    `{"id", "slots": [{"id", "labels"}], "reserve"}`; a label's place is its position + 1.
    Raises BadGroups or TooFewLabels before any ticket is asked for.
    """
    return [_fill(group, ticket) for group in read_groups(groups)]


def read_groups(groups: Sequence[Mapping[str, object]]) -> list[Group]:
    """The groups of a manifest, checked; raises BadGroups with a sentence that says where."""
    read = [_read_group(group) for group in groups]
    refuse_repeats("group", [group.id for group in read], "the draw")
    refuse_repeats("label", [label for group in read for label in group.labels], "the draw")
    return read


def _fill(group: Group, ticket: Callable[[str], bytes]) -> dict[str, object]:
    drawn = iter(sorted(group.labels, key=lambda label: (ticket(label), label.encode())))
    slots = [{"id": slot.id, "labels": list(islice(drawn, slot.capacity))} for slot in group.slots]
    return {"id": group.id, "slots": slots, "reserve": list(drawn)}


def _read_group(raw: Mapping[str, object]) -> Group:
    expect_keys(raw, GROUP_KEYS, "A group")
    name = text(raw["id"], "The id of a group")
    people = labels(raw["labels"], name)
    slots = tuple(_read_slot(slot, name) for slot in listed(raw["slots"], "slots", name))
    refuse_repeats("slot", [slot.id for slot in slots], f'group "{name}"')
    group = Group(name, people, slots)
    if len(people) < group.places:
        raise TooFewLabels(
            f'Group "{name}" has {len(people)} people for {group.places} places: name '
            f"{group.places - len(people)} more or lower the capacities to the number of people."
        )
    return group


def _read_slot(raw: object, group: str) -> Slot:
    if not isinstance(raw, Mapping):
        raise BadGroups(f'A slot of group "{group}" is not an object with id and capacity.')
    expect_keys(raw, SLOT_KEYS, f'A slot of group "{group}"')
    name = text(raw["id"], f'The id of a slot of group "{group}"')
    capacity = raw["capacity"]
    if type(capacity) is not int or capacity < 1:
        raise BadGroups(
            f'The capacity of slot "{name}" in group "{group}" must be a whole number of at '
            f"least 1, not {capacity!r}."
        )
    return Slot(name, capacity)
