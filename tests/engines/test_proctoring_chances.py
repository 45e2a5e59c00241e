"""Chances of rotation/v1, match/v1 and lottery/v1 by chi-square, with controls that must fail."""

import hashlib
from collections import Counter
from itertools import combinations, permutations

import pytest

from proctoring import exchange, panels
from proctoring.lottery import lottery_v1
from proctoring.panels import match_v1
from proctoring.rotation import rotation_v1

PASSES, FAILS = 1e-3, 1e-6


def seeds(name, count):
    return [hashlib.sha256(f"{name} {n}".encode()).hexdigest() for n in range(count)]


def p_value(counts, possible) -> float:
    stats = pytest.importorskip("scipy.stats")
    return float(stats.chisquare([counts[one] for one in possible]).pvalue)


def rotations(districts):
    """Many districts alike in one draw: five schools with three people and a room each."""
    return {
        "rules": {"sexes": "ignore", "reserves": [0, 1], "never_again": ["partner", "site"]},
        "schools": [*"ABCDE"],
        "districts": [
            {
                "id": f"{d}",
                "people": {
                    "label": [f"{d}-{n:02}" for n in range(15)],
                    "school": [n // 3 for n in range(15)],
                    "woman": [0] * 15,
                    "lead": [1] * 15,
                },
                "sites": {"id": [f"{d}-{s}" for s in range(5)], "school": [0, 1, 2, 3, 4]},
                "rooms": {"id": [f"{d}-r{n}" for n in range(5)], "site": [0, 1, 2, 3, 4]},
                "past": {"site": [], "room": [], "partner": []},
                "sessions": [
                    {"id": name, "rooms": [0, 1, 2, 3, 4], "barred": []} for name in ("am", "pm")
                ],
            }
            for d in range(districts)
        ],
    }


def places_of_the_first(session, draws):
    """Counts of (role, room) of the first person of each district in one session."""
    part, counts = rotations(400), Counter()
    for seed in seeds("rotation", draws):
        for one in rotation_v1(part, seed, purpose="x")["districts"]:
            got, label = one["sessions"][session], f"{one['id']}-00"
            for role in ("lead", "other"):
                if label in got[role]:
                    counts[role, got[role].index(label)] += 1
    return counts


def test_every_room_that_is_allowed_is_as_likely_as_every_other() -> None:
    possible = [(role, room) for role in ("lead", "other") for room in range(1, 5)]
    for session in (0, 1):
        counts = places_of_the_first(session, 8)
        assert set(counts) == set(possible)
        assert p_value(counts, possible) > PASSES


def test_without_repair_rounds_the_same_test_fails(monkeypatch) -> None:
    """Augmenting paths alone prefer what is listed first: the test above has power."""
    monkeypatch.setattr(exchange, "ROUNDS", 0)
    possible = [(role, room) for role in ("lead", "other") for room in range(1, 5)]
    assert p_value(places_of_the_first(0, 16), possible) < FAILS


APART = [[0, 5], [0, 7], [2, 3], [3, 4], [5, 8]]


def nine():
    """Nine people, three panels of a chief and two members; who is apart makes it uneven."""
    return {
        "rules": {
            "areas": [],
            "roles": [{"id": "chief", "seats": 1}, {"id": "member", "seats": 2}],
            "per_employer": 1,
            "per_city": 3,
            "per_sex": 0,
            "reserves": [0, 1],
        },
        "employers": [],
        "people": {
            "label": [f"i{n}" for n in range(9)],
            "roles": [[0]] * 3 + [[1]] * 6,
            "employer": [-1] * 9,
            "area": ["410100"] * 9,
            "woman": [0] * 9,
        },
        "apart": APART,
        "panels": ["1", "2", "3"],
        "groups": {"id": [], "barred": []},
    }


def ways():
    """Every valid way, by who sits with which chief: tried one by one."""
    found = set()
    for order in permutations(range(3, 9)):
        teams = [frozenset((chief, *order[2 * chief : 2 * chief + 2])) for chief in range(3)]
        if not any(list(pair) in APART for team in teams for pair in combinations(sorted(team), 2)):
            found.add(frozenset(teams))
    return sorted(found, key=lambda way: sorted(map(sorted, way)))


def ways_drawn(count):
    part, counts = nine(), Counter()
    for seed in seeds("match", count):
        result = match_v1(part, seed, purpose="x")
        teams = (frozenset(int(x[1]) for x in one["labels"]) for one in result["panels"])
        counts[frozenset(teams)] += 1
    return counts


def test_mixing_makes_every_valid_way_equally_likely(monkeypatch) -> None:
    """And without it the same test fails."""
    possible, counts = ways(), ways_drawn(2000)
    assert len(possible) == 17
    assert set(counts) == set(possible)
    assert p_value(counts, possible) > PASSES
    monkeypatch.setattr(panels, "MIXING", 0)
    assert p_value(ways_drawn(2000), possible) < FAILS


def test_people_alike_are_called_equally_often() -> None:
    part = nine()
    part["apart"], part["rules"]["reserves"] = [], [1, 3]
    for name, more in (("label", [f"i{n}" for n in range(10, 16)]), ("roles", [[0], [1]] * 3)):
        part["people"][name] = part["people"][name] + more
    order = sorted(range(15), key=lambda n: part["people"]["label"][n])
    columns = {"employer": [-1] * 15, "area": ["410100"] * 15, "woman": [0] * 15}
    part["people"] = {
        "label": [part["people"]["label"][n] for n in order],
        "roles": [part["people"]["roles"][n] for n in order],
        **columns,
    }
    counts = Counter()
    for seed in seeds("called", 1200):
        for panel in match_v1(part, seed, purpose="x")["panels"]:
            counts.update(panel["labels"][1:])
    assert p_value(
        counts, [label for label, own in zip(*_two(part), strict=True) if own == [1]]
    ) > (PASSES)


def _two(part):
    return part["people"]["label"], part["people"]["roles"]


def test_every_allocation_of_a_lottery_is_equally_likely() -> None:
    part = nine()
    one = {"panels": [[0, 3, 8], [1, 4, 5], [2, 6, 7]], "reserve": [], "groups": []}
    lottery = {"match": part, "allocations": [one] * 7}
    counts = Counter(lottery_v1(lottery, seed, purpose="x")["index"] for seed in seeds("l", 7000))
    assert p_value(counts, range(7)) > PASSES
