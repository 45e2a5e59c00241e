"""The groups of a deal/v1 manifest: plain JSON in, checked and frozen records out.

A group is `{"id": str, "labels": [str, …], "marks": {label: [mark, …]},
"slots": [{"id": str, "capacity": int, "marks": [mark, …]}, …]}`; both `marks` may be left out.
A mark is a reason to keep apart: a person and a room that share one never meet (own school, a
relation, an employer; RULES 2.4 and 2.5). Labels are sorted by their UTF-8 bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GROUP_KEYS = frozenset({"id", "labels", "slots"})
SLOT_KEYS = frozenset({"id", "capacity"})
MARKS = frozenset({"marks"})


class BadGroups(ValueError):
    """The groups of a manifest do not have the shape that deal/v1 needs."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A room or panel that needs exactly `capacity` people who share none of its marks."""

    id: str
    capacity: int
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """People, their marks (only of those who have any), and the slots they may be dealt to."""

    id: str
    labels: tuple[str, ...]
    marks: Mapping[str, frozenset[str]]
    slots: tuple[Slot, ...]


def read_groups(groups: Sequence[Mapping[str, object]]) -> list[Group]:
    """The groups of a manifest, checked; raises BadGroups with a sentence that says where.

    A label stands in one group only: it has one ticket, and nobody serves in two places. Slot ids
    are unique in their group (panel 1 may stand in the group of chiefs and of members).
    """
    read = [_read_group(group) for group in groups]
    _refuse_repeats("group", [group.id for group in read], "the draw")
    _refuse_repeats("label", [label for group in read for label in group.labels], "the draw")
    return read


def _read_group(raw: Mapping[str, object]) -> Group:
    _expect_keys(raw, GROUP_KEYS, "A group")
    name = _text(raw["id"], "The id of a group")
    labels = _labels(raw["labels"], name)
    slots = tuple(_read_slot(slot, name) for slot in _listed(raw["slots"], "slots", name))
    _refuse_repeats("slot", [slot.id for slot in slots], f'group "{name}"')
    return Group(name, labels, _marks_of_labels(raw.get("marks", {}), labels, name), slots)


def _read_slot(raw: object, group: str) -> Slot:
    if not isinstance(raw, Mapping):
        raise BadGroups(f'A slot of group "{group}" is not an object with id and capacity.')
    _expect_keys(raw, SLOT_KEYS, f'A slot of group "{group}"')
    name = _text(raw["id"], f'The id of a slot of group "{group}"')
    capacity = raw["capacity"]
    if type(capacity) is not int or capacity < 1:
        raise BadGroups(
            f'The capacity of slot "{name}" in group "{group}" must be a whole number of at '
            f"least 1, not {capacity!r}."
        )
    return Slot(name, capacity, _marks(raw.get("marks", []), group))


def _labels(raw: object, group: str) -> tuple[str, ...]:
    labels = tuple(
        _text(one, f'A label of group "{group}"') for one in _listed(raw, "labels", group)
    )
    _refuse_repeats("label", labels, f'group "{group}"')
    encoded = [label.encode() for label in labels]
    if encoded != sorted(encoded):
        raise BadGroups(f'The labels of group "{group}" are not sorted by their UTF-8 bytes.')
    return labels


def _marks_of_labels(
    raw: object, labels: Sequence[str], group: str
) -> Mapping[str, frozenset[str]]:
    if not isinstance(raw, Mapping):
        raise BadGroups(f'The marks of group "{group}" are not an object of label and marks.')
    if strangers := sorted(map(str, set(raw) - set(labels))):
        raise BadGroups(f'Group "{group}" marks {strangers}, who are not among its labels.')
    return {label: _marks(marks, group) for label, marks in raw.items()}


def _marks(raw: object, group: str) -> frozenset[str]:
    return frozenset(
        _text(mark, f'A mark in group "{group}"') for mark in _listed(raw, "marks", group)
    )


def _expect_keys(raw: Mapping[str, object], keys: frozenset[str], where: str) -> None:
    if not isinstance(raw, Mapping) or set(raw) - MARKS != keys:
        found = sorted(map(str, raw)) if isinstance(raw, Mapping) else type(raw).__name__
        raise BadGroups(
            f"{where} must have the keys {sorted(keys)} and may have marks, not {found}."
        )


def _listed(raw: object, what: str, group: str) -> Sequence[object]:
    if not isinstance(raw, list | tuple):
        raise BadGroups(f'The {what} of group "{group}" are not a list.')
    return raw


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw:
        raise BadGroups(f"{where} must be a non-empty text, not {raw!r}.")
    try:
        raw.encode()
    except UnicodeEncodeError as error:
        raise BadGroups(f"{where} cannot be written as UTF-8: {raw!r}.") from error
    return raw


def _refuse_repeats(what: str, names: Sequence[str], where: str) -> None:
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadGroups(
                f'The {what} "{name}" stands twice in {where}; it may stand there once.'
            )
        seen.add(name)
