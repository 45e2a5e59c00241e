"""The year's exams and, for each, which registrations meet which fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from exam_system.demo.lot import Lot
from exam_system.demo.sources import Plan

SEED = "anshan-2008"
FEE = 10_000  # fen
FIRST = datetime.fromisoformat("2008-01-07T09:00:00+08:00")
EVERY = timedelta(days=15)  # one exam after the other: registration and payment take 13 days
EXAMS_EACH = 3  # exams for which one person registers in the year
FOR_A_VACANCY = 20  # applicants
DOUBLED, LOST, TWICE, WAIVED, OVER_HTTP = 3, 2, 1, 1, 10  # per cent of the registrations


@dataclass(frozen=True, slots=True)
class Faults:
    """Places of an exam's registrations by what happens to their fee; each is in one part.

    `waived` need not pay; `lost`, `twice`, `told_twice` and `plain` pay over HTTP: their callback
    is lost, they pay a second time, their callback comes twice, nothing happens. `signed` pay by
    callbacks that are not sent; of those `signed_twice` come twice.
    """

    waived: tuple[int, ...]
    lost: tuple[int, ...]
    twice: tuple[int, ...]
    told_twice: tuple[int, ...]
    plain: tuple[int, ...]
    signed_twice: tuple[int, ...]
    signed: tuple[int, ...]

    @property
    def online(self) -> tuple[int, ...]:
        """Who pays over HTTP."""
        return (*self.lost, *self.twice, *self.told_twice, *self.plain)


def plans(seed: str, exams: int, registrations: int | None = None) -> list[Plan]:
    """The first `exams` of the year, each with its own number of registrations or the given one."""
    raw = json.loads((Path(__file__).parent / "exams.json").read_text(encoding="utf-8"))
    return [_plan(item, seed, place, registrations) for place, item in enumerate(raw[:exams])]


def _plan(item: dict[str, Any], seed: str, place: int, registrations: int | None) -> Plan:
    applicants = registrations or item["applicants"]
    return Plan(
        **{**item, "applicants": applicants},
        vacancies=max(1, applicants // FOR_A_VACANCY),
        fen=FEE,
        opens=FIRST + EVERY * place,
        seed=seed,
    )


def faults(plan: Plan) -> Faults:
    """Who meets what, by lot; every part has at least its share of all registrations."""
    count = plan.applicants
    left = iter(_shuffled(plan.lot("faults"), count))
    share = {part: -(-count * part // 100) for part in (DOUBLED, LOST, TWICE, WAIVED, OVER_HTTP)}
    waived, lost = _some(left, share[WAIVED]), _some(left, share[LOST])
    twice = _some(left, share[TWICE])
    over_http = -(-share[DOUBLED] // OVER_HTTP)
    told_twice = _some(left, over_http)
    rest = max(0, share[OVER_HTTP] - len(lost) - len(twice) - len(told_twice))
    plain = _some(left, rest)
    signed_twice = _some(left, share[DOUBLED] - over_http)
    return Faults(waived, lost, twice, told_twice, plain, signed_twice, tuple(left))


def _some(left: Iterator[int], count: int) -> tuple[int, ...]:
    return tuple(islice(left, count))


def _shuffled(lot: Lot, count: int) -> list[int]:
    """All places in the order of numbers drawn for them."""
    return [place for _, place in sorted((lot.below(1 << 60), place) for place in range(count))]
