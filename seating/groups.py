"""groups/v1: which panel hears which interview group (ALGORITHMS, panels, step 3).

A group of the manifest is
`{"id": str, "labels": [interview group, …], "marks": {label: [mark, …]},
"slots": [{"id": panel, "capacity": int, "marks": [mark, …]}, …]}`; `marks` may be left out. A mark
is a relation: an interview group and a panel that share one never meet. Every interview group is
heard; a panel hears at most `capacity` of them and may stay free. Labels are sorted by their UTF-8
bytes. Streams and words are those of `seating.chance`, purpose `group`.

The places are listed panel by panel. Attempt k = 0, 1, … shuffles them (stream `k`, the manifest
group's id); the n-th label takes the n-th place. The first of 2,000 attempts in which nobody meets
a relation counts, so every assignment that keeps the rules is equally likely. Where they are too
rare for that, labels are taken in ticket order, each the first place free to it in the order of
shuffle 2,000, moving earlier ones where that is the only way: breadth first from that label, its
places in this order, then those of the labels who hold them. An assignment is found whenever there
is one (Berge 1957).
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seating import findings
from seating.chance import Chance
from seating.findings import CannotWork, Finding
from seating.reading import (
    BadGroups,
    clean_text,
    expect_keys,
    labels,
    listed,
    refuse_repeats,
    whole,
)

PURPOSE = "group"
ATTEMPTS = 2000
KEYS, SLOT_KEYS = frozenset({"id", "labels", "slots"}), frozenset({"id", "capacity"})
MARKS = frozenset({"marks"})

_MOST = 10_000
_NAMED = 8  # a sentence names so many and counts the others


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """One group of the manifest. `places[p]`: the panel of place p; `may` is (labels, places)."""

    id: str
    labels: tuple[str, ...]
    panels: tuple[str, ...]
    capacities: tuple[int, ...]
    may: NDArray[np.bool_]

    @property
    def places(self) -> NDArray[np.intp]:
        return np.repeat(np.arange(len(self.panels)), self.capacities)


def groups_v1(
    groups: Sequence[Mapping[str, object]], seed: str, purpose: str = PURPOSE
) -> list[dict[str, object]]:
    """Draw every group of a manifest; `seed`: 64 hex digits.

    Returns, per group in listed order, `{"id", "slots": [{"id", "labels"}], "reserve"}`, a panel's
    labels by place; `reserve` is empty. Raises BadGroups for a wrong shape and CannotWork for what
    `shortage_v1` finds, both before any ticket is made.
    """
    hearings = _read(groups)
    if found := [one for hearing in hearings for one in _shortage(hearing)]:
        raise CannotWork(found)
    chance = Chance(seed, purpose)
    return [_result(hearing, _draw(hearing, chance)) for hearing in hearings]


def shortage_v1(groups: Sequence[Mapping[str, object]]) -> list[Finding]:
    """What cannot be assigned, however the draw falls; empty exactly when groups_v1 succeeds.

    A Hall set: interview groups that may only be heard by too few panels. Raises BadGroups.
    """
    return [found for hearing in _read(groups) for found in _shortage(hearing)]


def check_v1(groups: Sequence[Mapping[str, object]], result: Sequence[object]) -> list[Finding]:
    """What is wrong with a result of groups_v1, from the input alone; nothing if it keeps all."""
    hearings = _read(groups)
    if len(result) != len(hearings):
        return [Finding(findings.WRONG_GROUPS, {"group": "?"})]
    return [
        one for hearing, out in zip(hearings, result, strict=True) for one in _check(hearing, out)
    ]


def _draw(hearing: Hearing, chance: Chance) -> list[int]:
    """The place of every label."""
    label, size = hearing.id.encode(), len(hearing.places)
    everybody = np.arange(len(hearing.labels))
    for attempt in range(ATTEMPTS):
        taken = chance.shuffle(str(attempt), label, size)[: len(everybody)]
        if bool(hearing.may[everybody, taken].all()):
            return [int(place) for place in taken]
    order = chance.shuffle(str(ATTEMPTS), label, size)
    people = chance.order(np.array([one.encode() for one in hearing.labels], np.bytes_))
    matching = _match(hearing.may[:, order], people.tolist())
    return [int(order[matching[at]]) for at in everybody.tolist()]


def _match(may: NDArray[np.bool_], people: Sequence[int]) -> dict[int, int]:
    """Label to place (columns of `may`), for as many of `people`, in this order, as possible."""
    place_of: dict[int, int] = {}
    holder: dict[int, int] = {}
    for one in people:
        reached, free = _search(may, one, holder)
        while free is not None:
            mover = reached[free]
            left = place_of.get(mover)
            place_of[mover], holder[free] = free, mover
            free = left if mover != one else None
    return place_of


def _search(
    may: NDArray[np.bool_], start: int, holder: Mapping[int, int]
) -> tuple[dict[int, int], int | None]:
    """Places reached from a label, each with the label that would take it; the first free one."""
    reached: dict[int, int] = {}
    queue = deque([start])
    while queue:
        one = queue.popleft()
        for place in np.flatnonzero(may[one]).tolist():
            if place in reached:
                continue
            reached[place] = one
            if place not in holder:
                return reached, place
            queue.append(holder[place])
    return reached, None


def _shortage(hearing: Hearing) -> Iterator[Finding]:
    needed, available = len(hearing.labels), len(hearing.places)
    group: dict[str, str | int] = {"group": hearing.id}
    if needed > available:
        counts = {"needed": needed, "available": available, "short": needed - available}
        yield Finding(findings.PANELS, group | counts)
        return
    for stuck, reached in _hall_sets(hearing):
        panels = sorted({int(hearing.places[place]) for place in reached})
        params: dict[str, str | int] = {
            "needed": len(stuck),
            "labels": _named([hearing.labels[at] for at in stuck]),
            "panels": _named([hearing.panels[at] for at in panels]),
            "short": len(stuck) - len(reached),
        }
        msgid = findings.HALL if panels else findings.HALL_NONE
        yield Finding(msgid, group | {k: v for k, v in params.items() if f"%({k})s" in msgid})


def _hall_sets(hearing: Hearing) -> list[tuple[list[int], set[int]]]:
    """Labels that may only take fewer places than they are, with these places; disjoint sets."""
    everybody = range(len(hearing.labels))
    place_of = _match(hearing.may, everybody)
    holder = {place: one for one, place in place_of.items()}
    sets: list[tuple[set[int], set[int]]] = []
    for one in (at for at in everybody if at not in place_of):
        reached = set(_search(hearing.may, one, holder)[0])
        stuck = {one, *(holder[place] for place in reached)}
        for other in [other for other in sets if other[1] & reached]:
            sets.remove(other)
            stuck, reached = stuck | other[0], reached | other[1]
        sets.append((stuck, reached))
    return [(sorted(stuck), reached) for stuck, reached in sorted(sets, key=lambda s: min(s[0]))]


def _result(hearing: Hearing, taken: Sequence[int]) -> dict[str, object]:
    by_place = sorted(range(len(taken)), key=taken.__getitem__)
    heard: list[list[str]] = [[] for _ in hearing.panels]
    for at in by_place:
        heard[int(hearing.places[taken[at]])].append(hearing.labels[at])
    slots = [{"id": panel, "labels": own} for panel, own in zip(hearing.panels, heard, strict=True)]
    return {"id": hearing.id, "slots": slots, "reserve": []}


def _check(hearing: Hearing, out: object) -> Iterator[Finding]:
    group: dict[str, str | int] = {"group": hearing.id}
    slots = out.get("slots") if isinstance(out, Mapping) and out["id"] == hearing.id else None
    if not isinstance(slots, list) or tuple(slot["id"] for slot in slots) != hearing.panels:
        yield Finding(findings.WRONG_PANELS, group)
        return
    if sorted(label for slot in slots for label in slot["labels"]) != sorted(hearing.labels):
        yield Finding(findings.WRONG_GROUPS, group)
        return
    first = np.cumsum([0, *hearing.capacities])
    for at, (slot, capacity) in enumerate(zip(slots, hearing.capacities, strict=True)):
        panel = group | {"panel": slot["id"]}
        if (found := len(slot["labels"])) > capacity:
            yield Finding(findings.OVERFULL, panel | {"found": found, "places": capacity})
        for label in slot["labels"]:
            if not hearing.may[hearing.labels.index(label), first[at]]:
                yield Finding(findings.RELATED, panel | {"label": label})


def _read(groups: Sequence[Mapping[str, object]]) -> list[Hearing]:
    read = [_read_group(group) for group in groups]
    refuse_repeats("group", [hearing.id for hearing in read], "the draw")
    refuse_repeats("label", [label for hearing in read for label in hearing.labels], "the draw")
    return read


def _read_group(raw: object) -> Hearing:
    group = expect_keys(raw, KEYS, "A group", may=MARKS)
    name = clean_text(group["id"], "The id of a group")
    people = labels(group["labels"], name)
    for label in people:
        clean_text(label, f'A label of group "{name}"')
    slots = [
        expect_keys(slot, SLOT_KEYS, f'A slot of group "{name}"', may=MARKS)
        for slot in listed(group["slots"], "slots", name)
    ]
    panels = tuple(clean_text(slot["id"], f'The id of a slot of group "{name}"') for slot in slots)
    refuse_repeats("slot", panels, f'group "{name}"')
    where = f'A capacity in group "{name}"'
    capacities = tuple(whole(slot["capacity"], where, least=1, most=_MOST) for slot in slots)
    barred = [_marks(slot.get("marks", []), name) for slot in slots]
    own = _marks_of(group.get("marks", {}), people, name)
    may = [[not own.get(label, frozenset()) & marks for marks in barred] for label in people]
    table = np.array(may, np.bool_).reshape(len(people), len(panels))
    return Hearing(name, people, panels, capacities, np.repeat(table, capacities, axis=1))


def _marks_of(raw: object, people: Sequence[str], group: str) -> dict[str, frozenset[str]]:
    if not isinstance(raw, Mapping):
        raise BadGroups(f'The marks of group "{group}" are not an object of label and marks.')
    if strangers := sorted(map(str, set(raw) - set(people))):
        raise BadGroups(f'Group "{group}" marks {strangers}, who are not among its labels.')
    return {label: _marks(marks, group) for label, marks in raw.items()}


def _marks(raw: object, group: str) -> frozenset[str]:
    where = f'A mark in group "{group}"'
    return frozenset(clean_text(mark, where) for mark in listed(raw, "marks", group))


def _named(names: Sequence[str]) -> str:
    more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
