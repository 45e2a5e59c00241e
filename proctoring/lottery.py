"""lottery/v1: one of m complete allocations that everybody could read beforehand.

The list stands in the manifest, so the inspector needs no solver: only the rules (`check_panels`)
and a count of how often each person appears. The draw is one integer below m (PROTOCOLS section 4
step 6). After Flanigan, Kehne and Procaccia, "Fair sortition made transparent" (NeurIPS 2021): the
list is made so that chances are as equal as the rules let them be.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from proctoring.chance import below
from proctoring.panels import Allocation, allocate, as_result
from proctoring.panels_check import check_panels
from proctoring.panels_input import Panels, read_panels
from proctoring.reading import BadInput, keys, listed, numbers, pairs

Json = Mapping[str, Any]


def lottery_v1(part: Json, seed: str, *, purpose: str) -> dict[str, Any]:
    """Draw one allocation.

    part: {"match": part of match/v1, "allocations": [{"panels": [[person, …], …],
    "reserve": [[person, role], …], "groups": [panel, …]}, …]}, all as positions.
    Result: {"index": int, "panels", "reserve", "groups"} as of match/v1. Raises BadInput for a
    wrong shape; whether each allocation keeps the rules `check_list` says before there is a seed.
    """
    problem, allocations = read_lottery(part)
    index = below(seed, purpose, len(allocations))
    return {"index": index, **as_result(problem, allocations[index])}


def read_lottery(part: Json) -> tuple[Panels, list[Allocation]]:
    """The problem and the checked shape of its list."""
    fields = keys(part, {"match", "allocations"}, "The part of lottery/v1")
    problem = read_panels(fields["match"])
    listing = listed(fields["allocations"], "The allocations")
    if not listing:
        raise BadInput("A lottery needs at least one allocation.")
    return problem, [_allocation(problem, one) for one in listing]


def check_list(part: Json) -> list[str]:
    """A sentence for every rule that an allocation of the list breaks, with its number."""
    problem, allocations = read_lottery(part)
    return [
        f"allocation {at}: {one}"
        for at, found in enumerate(allocations)
        for one in check_panels(part["match"], as_result(problem, found))
    ]


def frequencies(part: Json) -> list[dict[str, Any]]:
    """Per person in listed order, in how many of the m allocations they have a seat.

    [{"label", "seated": int, "of": m}]; published before the draw, which makes them the chances.
    """
    problem, allocations = read_lottery(part)
    seated = _seated(allocations)
    return [
        {"label": label, "seated": seated[at], "of": len(allocations)}
        for at, label in enumerate(problem.label)
    ]


def list_allocations(match: Json, count: int, *, salt: str) -> list[dict[str, Any]]:
    """A list for the manifest: `count` runs of match/v1, each calling first who had fewest seats.

    `salt` is 64 hex digits that anybody can recompute (the digest of the frozen `match`, say); no
    chance is needed, since only the index is drawn. Serving the least seated first is the maximin
    by reweighting of ALGORITHMS. Raises what match/v1 raises.
    """
    problem = read_panels(match)
    seated: Counter[int] = Counter()
    found = []
    for at in range(count):
        before = [seated[person] for person in range(len(problem.label))]
        _, allocation = allocate(problem, salt, purpose=f"lottery/{at}", before=before)
        seated += _seated([allocation])
        found.append(_plain(allocation))
    return found


def _seated(allocations: Sequence[Allocation]) -> Counter[int]:
    return Counter(one for found in allocations for panel in found.panels for one in panel)


def _plain(found: Allocation) -> dict[str, Any]:
    reserve = [list(one) for one in found.reserve]
    return {"panels": found.panels, "reserve": reserve, "groups": found.groups}


def _allocation(problem: Panels, raw: object) -> Allocation:
    fields = keys(raw, {"panels", "reserve", "groups"}, "An allocation")
    people, count = len(problem.label), len(problem.panels)
    panels = [
        numbers(one, "A panel", 0, people, problem.rules.size).tolist()
        for one in listed(fields["panels"], "The panels of an allocation", count)
    ]
    reserve = pairs(fields["reserve"], "The reserve", people, len(problem.rules.roles))
    groups = numbers(fields["groups"], "The groups", 0, count, len(problem.groups))
    return Allocation(panels, [(a, b) for a, b in reserve.tolist()], groups.tolist())
