"""What a screening found as one file that a stranger can recompute, and as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from exam_system.forensics.paper import LETTERS, strip
from exam_system.forensics.sitting import Seated
from exam_system.trust.canonical import JSON, jcs
from proctoring.similarity import TIERS, Comparison, Findings
from proctoring.similarity.comparison import Directed


def flags_file(run: str, seated: Seated, found: Findings) -> str:
    """flags.json: flagged pairs by code, with the sheets and the chances that they rest on."""
    people = np.unique(found.flags.pairs)
    told: JSON = {
        "v": 1,
        "run": run,
        "items": len(seated.paper.counts),
        "options": seated.paper.options,
        "key": "".join(LETTERS[one] for one in seated.paper.keys),
        "model": found.model,
        "left_out": len(found.left_out),
        "tiers": [
            {"tier": TIERS[cut.tier], "tests": cut.tests, "cutoff": number(cut.p)}
            for cut in found.cutoffs
        ],
        "null": _null(found),
        "people": [_person(seated, found, int(row)) for row in people],
        "pairs": [_pair(seated, found, at) for at in range(len(found.flags.pairs))],
        "rings": [[seated.codes[int(row)] for row in ring] for ring in found.rings],
    }
    return jcs(told).decode()


def read_flags(text: str) -> dict[str, Any]:
    """The parsed flags.json."""
    told: dict[str, Any] = json.loads(text)
    return told


def number(value: float | np.floating[Any]) -> str:
    """A statistic as text: seven digits."""
    return f"{float(value):.6e}"


def _null(found: Findings) -> JSON:
    return {
        "tests": found.null.tests,
        "calibrated": found.null.calibrated,
        "edges": [f"{edge:.2f}" for edge in found.null.edges],
        "counts": [int(count) for count in found.null.counts],
    }


def _person(seated: Seated, found: Findings, row: int) -> JSON:
    chances = found.chances(np.array([row]))[0]
    cells: JSON = [[f"{one:.12e}" for one in item] for item in chances]
    return {"code": seated.codes[row], "answers": strip(seated.answers[row]), "chances": cells}


def _pair(seated: Seated, found: Findings, at: int) -> JSON:
    flags, both = found.flags, found.comparison
    first, second = (seated.codes[int(row)] for row in flags.pairs[at])
    return {
        "first": first,
        "second": second,
        "tier": TIERS[int(flags.tier[at])],
        "adjacent": bool(flags.adjacent[at]),
        "apart": [int(one) for one in flags.apart[at]],
        "p": [number(flags.forward[at]), number(flags.backward[at])],
        "expected": number(flags.expected[at]),
        **_counts(both, at),
        "omega": _each(at, both, lambda way: way.omega),
        "gbt": _each(at, both, lambda way: way.gbt),
        "ratio": _each(at, both, lambda way: way.ratio.statistic),
        "mutual": {
            "omega": number(both.omega[at]),
            "weighted": number(both.weighted_omega[at]),
            "gbt": number(both.gbt[at]),
            "m4": number(both.m4[at]),
        },
    }


def _each(at: int, both: Comparison, value: Any) -> JSON:
    ways: Iterable[Directed] = (both.forward, both.backward)
    return [number(value(way)[at]) for way in ways]


def _counts(both: Comparison, at: int) -> dict[str, JSON]:
    counts = both.counts
    columns: dict[str, npt.NDArray[np.integer[Any]]] = {
        "matches": both.matches,
        "right": counts.right,
        "wrong": counts.wrong,
        "first_wrong": counts.first_wrong,
        "second_wrong": counts.second_wrong,
        "differences": counts.differences,
    }
    return {name: int(column[at]) for name, column in columns.items()}


def pairs_by_ring(told: dict[str, Any]) -> Sequence[list[dict[str, Any]]]:
    """The flagged pairs of each ring, in the order of the file."""
    rings = [set(ring) for ring in told["rings"]]
    return [[pair for pair in told["pairs"] if pair["first"] in ring] for ring in rings]
