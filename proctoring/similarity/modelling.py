"""The model of a sitting, calibrated on whom one may calibrate on; a piece kept like the others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.ability import abilities
from proctoring.similarity.agreement import conditional
from proctoring.similarity.answers import BadAnswers, Flags, Floats, Integers
from proctoring.similarity.block import omega_between, ratio_z
from proctoring.similarity.calibration import NotCalibrated, calibrate
from proctoring.similarity.classical import classical_probabilities
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.projection import projected_ratio
from proctoring.similarity.ratio import Ratio, copying_ratio
from proctoring.similarity.sitting import Sitting
from proctoring.similarity.work import Desk, Job

FEWEST = 300
"""Candidates below which the nominal model is not tried: it has six parameters an item."""

SAMPLE = 10_000
"""The model is calibrated on at most so many candidates, evenly spread."""


@dataclass(frozen=True, slots=True)
class Modelled:
    """Answers (candidates, items) with a model: nominal with abilities (candidates,), or the
    classical one's `table` (candidates, items, options)."""

    answers: Integers
    model: Nominal | None
    ability: Floats | None
    table: Floats | None

    def chances(self, rows: Integers | slice) -> Floats:
        """(rows, items, options) probabilities of honest answers."""
        if self.model is not None and self.ability is not None:
            return self.model.probabilities(self.ability[rows])
        if self.table is None:
            raise BadAnswers("A model needs abilities, or a table of probabilities.")
        return self.table[rows]

    def z(self, copiers: slice, sources: slice, copied: float) -> npt.NDArray[np.floating]:
        """(copiers, sources) of the ratio, or of omega in the classical model."""
        sheets = self.answers[copiers], self.answers[sources]
        if self.model is None or self.ability is None:
            return omega_between(self.chances(copiers), *sheets)
        return ratio_z(self.model, self.ability[copiers], *sheets, copied=copied)

    def ratio(self, rows: Integers, source: Integers, copied: float) -> Ratio:
        """Candidates held against sheets (rows, items) or one, (items,): the projected ratio of
        the nominal model, the plain one of the classical."""
        sheets = self.answers[rows]
        if self.model is None or self.ability is None:
            return copying_ratio(conditional(self.chances(rows), sheets, source), copied=copied)
        ability = self.ability[rows]
        return projected_ratio(self.model, ability, sheets, source, copied=copied)

    def of(self, rows: Integers) -> "Modelled":
        """The same of some of the candidates, or in another order."""
        ability = None if self.ability is None else self.ability[rows]
        table = None if self.table is None else self.table[rows]
        return Modelled(self.answers[rows], self.model, ability, table)


def modelled_on(
    desk: Desk, sitting: Sitting, sheets: Integers, used: Flags, *, name: str
) -> Modelled:
    """The nominal model and everybody's ability, or the classical model.

    `sheets` (candidates, items) are the sitting's answers in any order, `used` (candidates,) those
    to calibrate on. The classical model stands in for fewer than FEWEST of them, and where EM does
    not come to rest.
    """
    if used.sum() >= FEWEST:
        rows = np.flatnonzero(used)
        rows = rows[:: -(-len(rows) // SAMPLE)]
        shared = (sheets[rows], sitting.key, sitting.options, sitting.lacking)
        parameters = desk.here(f"{name}: calibration", _calibrated, shared)
        if len(parameters):
            model = Nominal(*parameters)
            ability = desk.here(f"{name}: abilities", _abilities, (model, sheets))
            return Modelled(sheets, model, ability, None)
    table = classical_probabilities(sheets, sitting.key, options=sitting.options)
    return Modelled(sheets, None, None, table)


def _calibrated(shared: tuple[Integers, Integers, int, Flags | None], _: Job) -> Floats:
    """(2, items, options) slopes and intercepts; empty if EM did not come to rest."""
    answers, key, options, lacking = shared
    try:
        model = calibrate(answers, key, options=options, lacking=lacking).model
    except NotCalibrated:
        return np.empty(0)
    return np.stack([model.slope, model.intercept])


def _abilities(shared: tuple[Nominal, Integers], _: Job) -> Floats:
    return abilities(*shared)
