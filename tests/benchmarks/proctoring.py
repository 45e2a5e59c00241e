"""Invigilators and interviewers: the draws against the hashes they cannot do without.

    python -m tests.benchmarks.proctoring

The floor of rotation/v1 is the tickets of all people in all sessions, sorted, plus one word for
each room and role. Figures are core-seconds; ratios are taken inside one run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from proctoring.chance import ticket_words, words
from proctoring.panels import MIXING, match_v1
from proctoring.panels_check import check_panel, check_panels
from proctoring.rotation import rotate, rotation_v1
from proctoring.rotation_check import check_district, check_rotation
from proctoring.rotation_input import read_rotation
from proctoring.rotation_limits import shortfalls

SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"
PEOPLE, DISTRICTS = 264_534, 400
SITES, ROOMS = 12, 315  # of a district: 126,000 rooms in all
SCHOOLS = 40


def drawn(label: str, count: int, n: int) -> list[int]:
    """Test data, not a draw: `count` numbers below n."""
    return [int(one) for one in words(SEED, "bench", label, count) % np.uint64(n)]


def district(at: int, people: int) -> dict[str, Any]:
    """A city: 12 sites in schools, 40 schools that send people, every third may lead … twice."""
    rooms = list(range(ROOMS))
    schools = [one + at * SCHOOLS for one in drawn(f"school {at}", people, SCHOOLS)]
    return {
        "id": f"{at:03}",
        "people": {
            "label": [f"j-{at:03}-{n:05}" for n in range(people)],
            "school": schools,
            "woman": drawn(f"woman {at}", people, 2),
            "lead": [int(one > 0) for one in drawn(f"lead {at}", people, 3)],
        },
        "sites": {
            "id": [f"{at:03}-{n:02}" for n in range(SITES)],
            "school": [at * SCHOOLS + n for n in range(SITES)],
        },
        "rooms": {
            "id": [f"{at:03}-{n:04}" for n in rooms],
            "site": [n * SITES // ROOMS for n in rooms],
        },
        "past": {"site": [], "room": [], "partner": []},
        "sessions": [{"id": name, "rooms": rooms, "barred": []} for name in ("am", "pm")],
    }


def rotation(districts: int, sexes: str = "prefer") -> dict[str, Any]:
    """The manifest part for so many districts of 661 or 662 people."""
    ends = [PEOPLE * n // DISTRICTS for n in range(districts + 1)]
    return {
        "rules": {
            "sexes": sexes,
            "reserves": [3, 100],
            "never_again": ["partner", "room", "site"],
        },
        "schools": [f"school {n}" for n in range(districts * SCHOOLS)],
        "districts": [district(at, ends[at + 1] - ends[at]) for at in range(districts)],
    }


def cpu(work: Callable[[], object]) -> float:
    """Core-seconds of one call."""
    start = process_time()
    work()
    return process_time() - start


def rotation_floor(part: dict[str, Any]) -> None:
    """Every ticket of two sessions, sorted, and a word for each room and role."""
    labels = [one.encode() for found in part["districts"] for one in found["people"]["label"]]
    for session in range(2):
        np.argsort(ticket_words(SEED, f"bench/0/{session}", labels)[:, 0], kind="stable")
        for found in part["districts"]:
            hashlib.shake_256(found["id"].encode()).digest(16 * ROOMS)


def run_rotation() -> list[tuple[str, str]]:
    """(what, figure) lines."""
    part, tenth = rotation(DISTRICTS), rotation(DISTRICTS // 10)
    problem = read_rotation(part)
    drawing = min(cpu(lambda: rotate(problem, SEED, purpose="bench")) for _ in range(3))
    floor = min(cpu(lambda: rotation_floor(part)) for _ in range(3))
    whole = min(cpu(lambda: rotation_v1(part, SEED, purpose="bench")) for _ in range(3))
    small = min(cpu(lambda: rotation_v1(tenth, SEED, purpose="bench")) for _ in range(3))
    result = rotation_v1(part, SEED, purpose="bench")
    flows = cpu(lambda: shortfalls(read_rotation(tenth)))
    checking = cpu(lambda: check_rotation(part, result))
    rules, first, got = part["rules"], part["districts"][0], result["districts"][0]
    alone = cpu(lambda: check_district(rules, first, got, site="000-00"))
    what = f"rotation/v1, {PEOPLE} people, {DISTRICTS * ROOMS} rooms, 2 sessions"
    return [
        (f"{what}: draw", f"{drawing:.2f} core-seconds"),
        (f"{what}: draw against tickets and words alone", f"{drawing / floor:.2f} x"),
        (f"{what}: from JSON to JSON", f"{whole:.2f} core-seconds"),
        ("rotation/v1: against a tenth of it", f"{whole / small:.1f} x"),
        ("rotation/v1: violations that the checker finds", f"{len(check_rotation(part, result))}"),
        ("rotation/v1: the checker, all districts", f"{checking:.2f} core-seconds"),
        ("rotation/v1: one site rechecked alone", f"{1000 * alone:.1f} core-ms"),
        ("rotation/v1: input check (flows) of 40 districts", f"{flows:.2f} core-seconds"),
    ]


def interviewers(panels: int, people: int) -> dict[str, Any]:
    """Panels of seven: a chief and two of each of three categories; 17 cities, units of six."""
    units, groups = people // 6, [f"g{n:03}" for n in range(panels)]
    unit, kind = drawn("unit", people, units), drawn("kind", people, 3)
    chief = drawn("chief", people, 5)
    related = zip(drawn("who", panels, people), drawn("group", panels, panels), strict=True)
    apart = zip(drawn("one", people // 20, people), drawn("two", people // 20, people), strict=True)
    return {
        "rules": {
            "areas": ["4101"],
            "roles": [{"id": "chief", "seats": 1}]
            + [{"id": name, "seats": 2} for name in ("leader", "scholar", "personnel")],
            "per_employer": 1,
            "per_city": 2,
            "per_sex": 2,
            "reserves": [1, 5],
        },
        "employers": [f"unit {n}" for n in range(units)],
        "people": {
            "label": [f"i{n:05}" for n in range(people)],
            "roles": [
                [0, 1 + own] if first == 0 else [1 + own]
                for own, first in zip(kind, chief, strict=True)
            ],
            "employer": unit,
            "area": [f"41{1 + one % 17:02}00" for one in unit],
            "woman": drawn("sex", people, 2),
        },
        "apart": [[one, two] for one, two in apart if one != two],
        "panels": [f"p{n:03}" for n in range(panels)],
        "groups": {"id": groups, "barred": [list(pair) for pair in related]},
    }


def match_floor(part: dict[str, Any]) -> None:
    """Every ticket, sorted, and the u32 words of the mixing: three for each exchange."""
    labels = [one.encode() for one in part["people"]["label"]]
    np.argsort(ticket_words(SEED, "bench/0", labels)[:, 0], kind="stable")
    hashlib.shake_256(b"mix").digest(4 * 3 * MIXING * 7 * len(part["panels"]))


def run_match() -> list[tuple[str, str]]:
    """(what, figure) lines."""
    part, small = interviewers(300, 3_716), interviewers(30, 372)
    result = match_v1(part, SEED, purpose="bench")
    whole = min(cpu(lambda: match_v1(part, SEED, purpose="bench")) for _ in range(3))
    tenth = min(cpu(lambda: match_v1(small, SEED, purpose="bench")) for _ in range(3))
    floor = min(cpu(lambda: match_floor(part)) for _ in range(3))
    panel = result["panels"][0]
    heard = {one["panel"]: one["id"] for one in result["groups"]}[panel["id"]]
    alone = cpu(lambda: check_panel(part, panel["id"], panel["labels"], heard))
    return [
        ("match/v1, 300 panels from 3716 people", f"{whole:.2f} core-seconds"),
        ("match/v1: against tickets and words alone", f"{whole / floor:.0f} x"),
        ("match/v1: 300 against 30 panels", f"{whole / tenth:.1f} x"),
        ("match/v1: violations that the checker finds", f"{len(check_panels(part, result))}"),
        ("match/v1: one panel rechecked alone", f"{1000 * alone:.1f} core-ms"),
    ]


def run() -> list[tuple[str, str]]:
    """(what, figure) lines of both."""
    return run_rotation() + run_match()


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<76} {figure}")
