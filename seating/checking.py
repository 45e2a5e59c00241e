"""Checks an outcome of seats/v1 against its input alone: no seed, no code of the engine's steps.

The rules are checked on a grid of every room, row by column, and by counting. `rooms` narrows the
check of neighbours, caps, access and forms to some rooms: milliseconds, however large the plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seating import findings
from seating.columns import Ints, Plan
from seating.findings import Finding
from seating.layouts import positions
from seating.manifest import read_districts

_CELLS = 1 << 18
# Right, down, and the two diagonals: the other four neighbours see these from the other side.
_BESIDE = ((0, 1), (1, 0), (1, 1), (1, -1))
_DIAGONAL = frozenset({(1, 1), (1, -1)})
_FORMS_ALL_AROUND = 4  # from so many on, diagonal neighbours have different forms too


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Some candidates with room, seat and form; `who` are their indices in the plan."""

    who: NDArray[np.intp]
    room: Ints
    seat: Ints
    form: Ints


def check(
    plan: Plan, room: Ints, seat: Ints, form: Ints, *, rooms: Sequence[int] | None = None
) -> list[Finding]:
    """What is wrong with an outcome; nothing when it keeps every rule.

    room, seat, form: one item a candidate of the plan, as in `seats.Seating`. With `rooms` (indices
    into the plan's rooms) only those rooms are checked, not that everybody has a seat. Use
    `Plan.only` to check a whole district alone.
    """
    if rooms is None:
        who = np.arange(len(plan.labels))
    else:
        who = np.flatnonzero(np.isin(room, np.array(rooms, room.dtype)))
    places = _Places(who, room[who], seat[who], form[who])
    found = list(_elsewhere(plan, places)) or list(_seats(plan, places))
    if found:
        return found
    if rooms is None:
        found += _filling(plan, room)
    found += [*_access(plan, places), *_caps(plan, places), *_form_numbers(plan, places)]
    order = np.lexsort((places.seat, places.room))
    ordered = _Places(who[order], places.room[order], places.seat[order], places.form[order])
    return [*found, *_neighbours(plan, ordered)]


def check_v1(groups: Sequence[Mapping[str, object]], result: Sequence[object]) -> list[Finding]:
    """What is wrong with a result of seats_v1; nothing when it keeps every rule.

    Of the result only ids, labels and forms are read. Raises BadGroups for groups of a wrong shape.
    """
    plans = read_districts(groups)
    results = [*result, *[None] * (len(plans) - len(result))]
    found = [
        one
        for plan, group in zip(plans, results, strict=False)
        for one in _check_group(plan, group)
    ]
    more = [Finding(findings.WRONG_PEOPLE, {"district": "?"}) for _ in result[len(plans) :]]
    return found + more


def _check_group(plan: Plan, group: object) -> list[Finding]:
    district: dict[str, str | int] = {"district": plan.districts[0]}
    ids = [plan.room_name(room) for room in range(len(plan.rooms.ids))]
    slots = group.get("slots") if isinstance(group, Mapping) else None
    if not isinstance(group, Mapping) or not isinstance(slots, list):
        return [Finding(findings.WRONG_ROOMS, district)]
    if group.get("id") != plan.districts[0] or [slot["id"] for slot in slots] != ids:
        return [Finding(findings.WRONG_ROOMS, district)]
    labels = [label for slot in slots for label in slot["labels"]]
    if sorted(label.encode() for label in labels) != plan.labels.tolist():
        return [Finding(findings.WRONG_PEOPLE, district)]
    sizes = [len(slot["labels"]) for slot in slots]
    forms = [form for slot in slots for form in slot.get("forms", [1] * len(slot["labels"]))]
    if len(forms) != len(labels):
        return [Finding(findings.WRONG_PEOPLE, district)]
    at = np.argsort(np.array([label.encode() for label in labels], np.bytes_))
    seats = [seat for size in sizes for seat in range(1, size + 1)]
    room = np.repeat(np.arange(len(slots), dtype=np.int32), sizes)[at]
    return check(plan, room, _ints(seats)[at], _ints(forms)[at])


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, np.int32)


def _elsewhere(plan: Plan, places: _Places) -> Iterator[Finding]:
    """People whose room is not one of their district."""
    district = np.searchsorted(plan.first, places.who, side="right") - 1
    start, stop = plan.rooms.first[district], plan.rooms.first[district + 1]
    for who in places.who[(places.room < start) | (places.room >= stop)].tolist():
        yield Finding(findings.ELSEWHERE, {"label": _label(plan, who)})


def _seats(plan: Plan, places: _Places) -> Iterator[Finding]:
    """Rooms in which the seats are not 1 to the number of people, or more than there are."""
    people = np.bincount(places.room, minlength=len(plan.rooms.ids))
    allowed = plan.rooms.capacity - plan.rooms.reserve
    for room in np.flatnonzero(people > allowed).tolist():
        more: dict[str, str | int] = {"people": int(people[room]), "places": int(allowed[room])}
        yield Finding(findings.TOO_FULL, _where(plan, room) | more)
    bad = places.room[(places.seat < 1) | (places.seat > people[places.room])]
    order = np.lexsort((places.seat, places.room))
    rooms, seats = places.room[order], places.seat[order]
    twice = rooms[1:][(rooms[1:] == rooms[:-1]) & (seats[1:] == seats[:-1])]
    for at in np.unique(np.concatenate([bad, twice])).tolist():
        yield Finding(findings.NO_SUCH_SEAT, _where(plan, at) | {"people": int(people[at])})


def _filling(plan: Plan, room: Ints) -> Iterator[Finding]:
    """Districts whose rooms are not opened in order, or unevenly filled within one access."""
    people = np.bincount(room, minlength=len(plan.rooms.ids))
    places = plan.rooms.capacity - plan.rooms.reserve
    for district in range(len(plan.districts)):
        rooms = plan.rooms_of(district)
        here, able, access = people[rooms], places[rooms], plan.rooms.access[rooms]
        if not plan.need[plan.people_of(district)].any():
            access = np.zeros_like(access)
        needed = int(np.searchsorted(np.cumsum(able), here.sum())) + 1 if here.sum() else 0
        even = all(
            _even(here[:needed][access[:needed] == level], able[:needed][access[:needed] == level])
            for level in np.unique(access).tolist()
        )
        if not even or here[needed:].any():
            yield Finding(findings.UNEVEN, {"district": plan.districts[district]})


def _even(people: NDArray[np.intp], places: Ints) -> bool:
    """Nobody could move from the fullest room to one with a free place and level them further."""
    free = people[people < places]
    return not len(free) or int(people.max()) - int(free.min()) <= 1


def _access(plan: Plan, places: _Places) -> Iterator[Finding]:
    need, access = plan.need[places.who], plan.rooms.access[places.room]
    for at in np.flatnonzero(need > access).tolist():
        room = int(places.room[at])
        yield Finding(
            findings.NO_ACCESS,
            {
                "label": _label(plan, int(places.who[at])),
                "need": int(need[at]),
                "room": plan.room_name(room),
                "access": int(access[at]),
            },
        )


def _caps(plan: Plan, places: _Places) -> Iterator[Finding]:
    for kind, cap in plan.rules.caps.items():
        groups = plan.apart[kind][places.who].astype(np.int64)
        keys = places.room[groups >= 0] * np.int64(1 << 32) + groups[groups >= 0]
        keys.sort()
        many = np.unique(keys[cap:][keys[cap:] == keys[:-cap]])
        for key in many.tolist():
            room, group = divmod(key, 1 << 32)
            more = _group(plan, kind, group)
            counts: dict[str, str | int] = {
                "found": int(np.count_nonzero(keys == key)),
                "cap": cap,
            }
            yield Finding(findings.CROWDED, _where(plan, room) | more | counts)


def _form_numbers(plan: Plan, places: _Places) -> Iterator[Finding]:
    forms = plan.rules.forms
    wrong = (places.form < 1) | (places.form > forms)
    for room in np.unique(places.room[wrong]).tolist():
        yield Finding(findings.NO_FORM, _where(plan, room) | {"forms": forms})


def _neighbours(plan: Plan, places: _Places) -> Iterator[Finding]:
    """Neighbours of one group or with one form; `places` are sorted by room and seat."""
    rooms, starts = np.unique(places.room, return_index=True)
    ends = [*starts.tolist(), len(places.room)]
    shapes: dict[tuple[int, int], list[int]] = {}
    for at, (room, (start, end)) in enumerate(zip(rooms.tolist(), pairwise(ends), strict=True)):
        shapes.setdefault((int(plan.rooms.layout[room]), end - start), []).append(at)
    for (layout, people), which in shapes.items():
        grid = np.array(positions(plan.rooms.layouts[layout], people))
        step = max(1, _CELLS // people)
        for part in (which[k : k + step] for k in range(0, len(which), step)):
            cells = starts[part][:, None] + np.arange(people)
            yield from _beside(plan, places, cells, grid)


def _beside(
    plan: Plan, places: _Places, cells: NDArray[np.intp], grid: NDArray[np.int64]
) -> Iterator[Finding]:
    """`cells`: (rooms, people) indices into `places` of rooms of one shape; `grid`: row, column."""
    who = places.who[cells]
    columns = {kind: groups[who] for kind, groups in plan.apart.items()}
    numbers = _on_grid(np.broadcast_to(np.arange(1, len(grid) + 1), cells.shape), grid)
    for kind, groups in columns.items():
        on_grid = _on_grid(groups + 1, grid)
        for step in _BESIDE:
            for found in _equal(on_grid, numbers, step):
                at, seat, other = found
                more = _group(plan, kind, int(groups[at, seat - 1]))
                where = _where(plan, int(places.room[cells[at, 0]]))
                yield Finding(findings.TOGETHER, where | {"seat": seat, "other": other} | more)
    if plan.rules.forms > 1:
        yield from _same_forms(plan, places, cells, grid, numbers)


def _same_forms(
    plan: Plan,
    places: _Places,
    cells: NDArray[np.intp],
    grid: NDArray[np.int64],
    numbers: NDArray[np.int64],
) -> Iterator[Finding]:
    on_grid = _on_grid(places.form[cells], grid)
    for step in _BESIDE:
        if step in _DIAGONAL and plan.rules.forms < _FORMS_ALL_AROUND:
            continue
        for at, seat, other in _equal(on_grid, numbers, step):
            where = _where(plan, int(places.room[cells[at, 0]]))
            yield Finding(findings.SAME_FORM, where | {"seat": seat, "other": other})


def _on_grid(values: NDArray[np.int64] | Ints, grid: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rooms, rows + 2, columns + 2): the values at their places, 0 where nobody sits."""
    rows, columns = grid.max(axis=0)
    found = np.zeros((len(values), rows + 2, columns + 2), np.int64)
    found[:, grid[:, 0], grid[:, 1]] = values
    return found


def _equal(
    on_grid: NDArray[np.int64], numbers: NDArray[np.int64], step: tuple[int, int]
) -> list[tuple[int, int, int]]:
    """(room, seat, seat) of equal values one step apart."""
    down, right = step
    rows, columns = on_grid.shape[1:]
    here = (slice(None), slice(1, rows - 1), slice(1, columns - 1))
    there = (slice(None), slice(1 + down, rows - 1 + down), slice(1 + right, columns - 1 + right))
    same = (on_grid[here] == on_grid[there]) & (on_grid[here] > 0)
    at = np.nonzero(same)
    one, other = numbers[here][at], numbers[there][at]
    return list(zip(at[0].tolist(), one.tolist(), other.tolist(), strict=True))


def _label(plan: Plan, who: int) -> str:
    return bytes(plan.labels[who]).decode()


def _where(plan: Plan, room: int) -> dict[str, str | int]:
    district = plan.districts_of(np.array([room]))[0]
    return {"district": plan.districts[district], "room": plan.room_name(room)}


def _group(plan: Plan, kind: str, group: int) -> dict[str, str | int]:
    return {"kind": kind, "group": plan.group_name(kind, group)}
