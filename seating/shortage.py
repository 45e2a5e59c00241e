"""The input check of seats/v1: what cannot work, however the draw falls, before any seed exists.

Nothing found does not prove that a seating exists, as that is a hard question; whatever is found
is certain. Groups of one kind are looked at one by one: each must fit into the rooms with no two
of its members side by side and no room above the cap.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seating import findings
from seating.columns import Ints, Plan
from seating.findings import Finding
from seating.neighbours import most_apart
from seating.opening import open_rooms


def shortage(plan: Plan) -> list[Finding]:
    """What is short by how much, and what would cure it; district by district."""
    return [found for at in range(len(plan.districts)) for found in _district(plan, at)]


def sizes_of(plan: Plan, district: int) -> Ints:
    """(rooms of the district,): how many sit in each. The district has places for all."""
    rooms = plan.rooms_of(district)
    return open_rooms(_places(plan, rooms), plan.rooms.access[rooms], needs_of(plan, district))


def needs_of(plan: Plan, district: int) -> list[int]:
    """Item n: how many of the district's candidates need access n or more."""
    counts = np.bincount(plan.need[plan.people_of(district)], minlength=1)
    found: list[int] = np.cumsum(counts[::-1])[::-1].tolist()
    return found


def _places(plan: Plan, rooms: slice) -> Ints:
    return plan.rooms.capacity[rooms] - plan.rooms.reserve[rooms]


def _district(plan: Plan, district: int) -> Iterator[Finding]:
    needs, rooms = needs_of(plan, district), plan.rooms_of(district)
    places, access = _places(plan, rooms), plan.rooms.access[rooms]
    few = False
    for level, needed in enumerate(needs):
        fit = access >= level
        available = int(places[fit].sum())
        if needed > available:
            few = True
            yield _finding(
                findings.ACCESS if level else findings.SEATS,
                district=plan.districts[district],
                needed=needed,
                available=available,
                rooms=int(np.count_nonzero(fit)),
                access=level,
            )
    if not few:
        yield from _groups(plan, district, len(needs))


def _groups(plan: Plan, district: int, levels: int) -> Iterator[Finding]:
    sizes, rooms = sizes_of(plan, district), plan.rooms_of(district)
    apart = _most_apart(plan, rooms, sizes)
    people = plan.people_of(district)
    for level in range(levels):
        fit = (sizes > 0) & (plan.rooms.access[rooms] >= level)
        who = plan.need[people] >= level if level else slice(None)
        for kind in sorted(plan.apart):
            counts = np.bincount(plan.apart[kind][people][who] + 1)[1:].astype(np.int64)
            yield from _crowds(plan, district, level, kind, counts, sizes[fit], apart[fit])


def _most_apart(plan: Plan, rooms: slice, sizes: Ints) -> Ints:
    layouts = plan.rooms.layout[rooms]
    pairs, which = np.unique(np.stack([layouts, sizes]), axis=1, return_inverse=True)
    known = [
        most_apart(plan.rooms.layouts[layout], size) if size else 0
        for layout, size in pairs.T.tolist()
    ]
    return np.array(known, np.int32)[which.ravel()]


def _crowds(
    plan: Plan,
    district: int,
    level: int,
    kind: str,
    counts: NDArray[np.int64],
    sizes: Ints,
    apart: Ints,
) -> Iterator[Finding]:
    """Groups of one kind that are larger than the rooms allow; `counts` by group."""
    cap = plan.rules.caps.get(kind)
    capped = int((sizes if cap is None else np.minimum(sizes, cap)).sum())
    spaced = int((apart if cap is None else np.minimum(apart, cap)).sum())
    for group in np.flatnonzero(counts > min(capped, spaced)).tolist():
        needed = int(counts[group])
        by_cap = needed > capped
        yield _finding(
            _CROWD[by_cap, level > 0],
            district=plan.districts[district],
            kind=kind,
            group=plan.group_name(kind, group),
            needed=needed,
            available=capped if by_cap else spaced,
            rooms=len(sizes),
            cap=cap or 0,
            access=level,
        )


_CROWD = {
    (True, False): findings.CAP,
    (True, True): findings.CAP_ACCESS,
    (False, False): findings.APART,
    (False, True): findings.APART_ACCESS,
}


def _finding(msgid: str, *, needed: int, available: int, **params: str | int) -> Finding:
    more = {"needed": needed, "available": available, "short": needed - available}
    wanted = {key: value for key, value in (params | more).items() if f"%({key})s" in msgid}
    return Finding(msgid, wanted)
