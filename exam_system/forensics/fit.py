"""Odd sheets, one candidate at a time: hints for the office, never a flag and never a case."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from exam_system.context import Context
from exam_system.forensics.models import Screening
from exam_system.forensics.paper import Sheets
from exam_system.forensics.sitting import Seated
from proctoring.fit import guttman, person_fit
from proctoring.similarity.ability import abilities
from proctoring.similarity.answers import OMIT, Floats
from proctoring.similarity.calibration import NotCalibrated, calibrate

MOST = 50
FEWEST = 300  # candidates below which the two-parameter model is not tried
LOW = -2.33  # lz* of one honest sheet in a hundred


@dataclass(frozen=True, slots=True)
class Odd:
    """A sheet that contradicts itself: `lz` is lz* ("" without a model), `ht` the scalability."""

    who: int
    lz: str
    ht: str


def odd_sheets(people: Seated) -> list[Odd]:
    """The sheets with an lz* below LOW; in a sitting too small for its model, those with the
    lowest Ht, one in a hundred. At most MOST, oddest first."""
    key, sheets = people.paper.key, people.answers
    right = np.where(sheets < 0, OMIT, sheets == key).astype(np.int8)
    ht = guttman(right).ht
    lz = _lz_star(right)
    order = np.argsort(ht if lz is None else lz, kind="stable")
    count = -(-len(right) // 100) if lz is None else int((lz < LOW).sum())
    return [
        Odd(int(people.people[row]), "" if lz is None else f"{lz[row]:.2f}", f"{ht[row]:.2f}")
        for row in order[: min(MOST, count)]
        if np.isfinite(ht[row])
    ]


def _lz_star(right: Sheets) -> Floats | None:
    if len(right) < FEWEST:
        return None
    try:
        model = calibrate(right, np.ones(right.shape[1], dtype=np.int8), options=2).model
    except NotCalibrated:
        return None
    return person_fit(model, abilities(model, right), right).lz_star


def sealed_fit(ctx: Context, ref: str, odd: list[Odd]) -> bytes:
    """The list, sealed."""
    data = json.dumps([asdict(one) for one in odd]).encode()
    return ctx.keys.vault.seal_bytes(data, f"fit:{ref}")


def fit_of(ctx: Context, row: Screening) -> list[Odd]:
    """The list of a screening that is done."""
    if row.fit is None:
        return []
    return [Odd(**one) for one in json.loads(ctx.keys.vault.open_bytes(row.fit, f"fit:{row.ref}"))]
