"""The groups of a seats/v1 manifest: plain JSON in, columns out.

A group is one district:

    {"id": "01",
     "labels": ["…", …],                          sorted by UTF-8 bytes, each once in the draw
     "apart": {"post": ["0101", null, …], …},     per kind, one item a label; null is no group
     "need": {"<label>": 1, …},                   only those who need an accessible room
     "slots": [{"id": "01-02", "layout": "5x6", "capacity": 30, "reserve": 1, "access": 1}, …],
     "rules": {"spread": "post", "caps": {"school": 5}, "forms": 2}}

`apart`, `need` and `rules` may be left out, and so may `reserve` and `access` of a slot (0) and any
of the rules (nothing spread, no caps, one form). Slots are all rooms of the district in canonical
order: highest access first, then by the UTF-8 bytes of the ids; the draw opens as many as it needs.
A need or an access is a class from 1 to 9: who needs class n sits in a room of access n or more.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seating.columns import MOST_ACCESS, MOST_FORMS, MOST_SEATS, Ints, Plan, Rooms, Rules
from seating.layouts import BadLayout
from seating.reading import (
    BadGroups,
    clean_text,
    expect_keys,
    labels,
    listed,
    refuse_repeats,
    whole,
)

KEYS, MAY = frozenset({"id", "labels", "slots"}), frozenset({"apart", "need", "rules"})
SLOT_KEYS = frozenset({"id", "layout", "capacity"})
SLOT_MAY = frozenset({"reserve", "access"})
RULES_MAY = frozenset({"spread", "caps", "forms"})

_PEOPLE = 1_000_000_000


class _Room(NamedTuple):
    id: str
    layout: str
    capacity: int
    reserve: int
    access: int


def read_districts(groups: Sequence[Mapping[str, object]]) -> list[Plan]:
    """One plan a district, in listed order; raises BadGroups with a sentence that says where."""
    plans = [_read_district(group) for group in groups]
    refuse_repeats("group", [plan.districts[0] for plan in plans], "the draw")
    everybody = [label.decode() for plan in plans for label in plan.labels.tolist()]
    refuse_repeats("label", everybody, "the draw")
    return plans


def _read_district(raw: object) -> Plan:
    group = expect_keys(raw, KEYS, "A group", may=MAY)
    name = clean_text(group["id"], "The id of a group")
    people = labels(group["labels"], name)
    for label in people:
        clean_text(label, f'A label of group "{name}"')
    apart, names = _apart(group.get("apart", {}), len(people), name)
    rooms = [_room(slot, name) for slot in listed(group["slots"], "slots", name)]
    refuse_repeats("slot", [room.id for room in rooms], f'group "{name}"')
    try:
        return Plan(
            districts=[name],
            first=np.array([0, len(people)]),
            labels=np.array([label.encode() for label in people], np.bytes_),
            need=_need(group.get("need", {}), people, name),
            apart=apart,
            rooms=_rooms(rooms),
            rules=_rules(group.get("rules", {}), name),
            names=names,
        )
    except (BadGroups, BadLayout) as error:
        raise BadGroups(f'In group "{name}": {error}') from None


def _apart(
    raw: object, people: int, group: str
) -> tuple[dict[str, Ints], dict[str, Sequence[str]]]:
    apart: dict[str, Ints] = {}
    names: dict[str, Sequence[str]] = {}
    if not isinstance(raw, Mapping):
        raise BadGroups(f'The "apart" of group "{group}" is not an object of kinds and lists.')
    for kind in sorted(raw, key=str):
        clean_text(kind, f'A kind in group "{group}"')
        column = listed(raw[kind], kind, group)
        if len(column) != people:
            raise BadGroups(
                f'The list {kind} of group "{group}" has {len(column)} items for {people} labels.'
            )
        where = f'A {kind} in group "{group}"'
        found = [None if value is None else clean_text(value, where) for value in column]
        names[kind] = sorted({value for value in found if value is not None}, key=str.encode)
        number = {value: at for at, value in enumerate(names[kind])}
        apart[kind] = np.array([-1 if v is None else number[v] for v in found], np.int32)
    return apart, names


def _need(raw: object, people: Sequence[str], group: str) -> Ints:
    if not isinstance(raw, Mapping):
        raise BadGroups(f'The "need" of group "{group}" is not an object of labels and numbers.')
    if strangers := sorted(map(str, set(raw) - set(people))):
        raise BadGroups(f'Group "{group}" names needs of {strangers}, not among its labels.')
    where = f'A need in group "{group}"'
    for value in raw.values():
        whole(value, where, least=1, most=MOST_ACCESS)
    return np.array([raw.get(label, 0) for label in people], np.int32)


def _room(raw: object, group: str) -> _Room:
    slot = expect_keys(raw, SLOT_KEYS, f'A slot of group "{group}"', may=SLOT_MAY)
    name = clean_text(slot["id"], f'The id of a slot of group "{group}"')
    where = f'of slot "{name}" in group "{group}"'
    capacity = whole(slot["capacity"], f"The capacity {where}", least=1, most=MOST_SEATS)
    return _Room(
        id=name,
        layout=clean_text(slot["layout"], f"The layout {where}"),
        capacity=capacity,
        reserve=whole(slot.get("reserve", 0), f"The reserve {where}", least=0, most=capacity),
        access=whole(slot.get("access", 0), f"The access {where}", least=0, most=MOST_ACCESS),
    )


def _rooms(rooms: Sequence[_Room]) -> Rooms:
    layouts = sorted({room.layout for room in rooms})
    return Rooms(
        ids=np.array([room.id.encode() for room in rooms], np.bytes_),
        first=np.array([0, len(rooms)]),
        layout=np.array([layouts.index(room.layout) for room in rooms], np.int32),
        layouts=layouts,
        capacity=np.array([room.capacity for room in rooms], np.int32),
        reserve=np.array([room.reserve for room in rooms], np.int32),
        access=np.array([room.access for room in rooms], np.int32),
    )


def _rules(raw: object, group: str) -> Rules:
    rules = expect_keys(raw, frozenset(), f'The rules of group "{group}"', may=RULES_MAY)
    spread = rules.get("spread")
    caps = rules.get("caps", {})
    if not isinstance(caps, Mapping):
        raise BadGroups(f'The caps of group "{group}" are not an object of kinds and numbers.')
    where = f'A cap in group "{group}"'
    return Rules(
        spread=None if spread is None else clean_text(spread, f'The spread of group "{group}"'),
        caps={
            clean_text(kind, where): whole(caps[kind], where, least=1, most=_PEOPLE)
            for kind in sorted(caps, key=str)
        },
        forms=whole(
            rules.get("forms", 1), f'The forms of group "{group}"', least=1, most=MOST_FORMS
        ),
    )
