"""The empirical null: how often pairs that cannot have met agree as much as flagged pairs do.

A p-value is only as good as its model. Candidates of different sites of one sitting worked on
the same paper and could not see one another, so their tails say how the p-values really behave.
Below LEVEL the tail of p is taken as a power law, rate(p) = share (p / LEVEL)^(1 / scale), with
the mean excess of -log p as the scale (Hill 1975, Annals of Statistics 3(5)). Excesses are cut off
at FAR, as in a life test with an end: a few pairs who did share a leaked paper weigh no more than
that. Share and scale are the upper ends of their 95 % intervals. Exact p-values have share = LEVEL
and scale = 1. A cut-off is never looser than the nominal one: a null of few pairs, or of some that
were not honest, only makes it stricter.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from proctoring.similarity.answers import Floats, Integers
from proctoring.similarity.sitting import surprise

LEVEL = 1e-3
"""The tail below it is what a null describes."""

TESTS = 2_000_000
"""Ordered pairs of a null, if there are so many."""

FAR = log(100)
"""Where excesses of -log p are cut off: two powers of ten below LEVEL."""

_UPPER = 1.645
_FEWEST = 30  # tails below LEVEL, for an interval to mean anything
_EDGES = np.linspace(3.0, 12.0, 37)


@dataclass(frozen=True, slots=True)
class Null:
    """Of `tests` ordered pairs that cannot have met, those with p below LEVEL.

    `counts` (bins,) of -log10 p between `edges` (bins + 1,), the last bin open above. `share` and
    `scale` are those of the power law. Without `calibrated` there were too few such pairs, and the
    nominal p-values stand.
    """

    tests: int
    edges: Floats
    counts: Integers
    share: float
    scale: float
    calibrated: bool

    def rate(self, p: Floats) -> Floats:
        """Share of honest pairs expected at p or below, never less than p; for p up to LEVEL."""
        law = self.share * (p / LEVEL) ** (1 / self.scale)
        rate: Floats = np.where(p > LEVEL, p, np.maximum(p, law))
        return rate

    def cutoff(self, rate: float) -> float:
        """The p at which that share of honest pairs is expected, never above `rate` itself."""
        return float(min(rate, LEVEL * (rate / self.share) ** self.scale, LEVEL))


def null_of(tails: Floats, tests: int) -> Null:
    """The null of `tests` ordered pairs, of which `tails` holds at least all p below LEVEL."""
    low = tails[tails <= LEVEL]
    counts = np.histogram(np.minimum(surprise(low), _EDGES[-1]), _EDGES)[0]
    excess = log(LEVEL) - np.log(np.maximum(low, 1e-300))
    seen = int((excess < FAR).sum())
    if seen < _FEWEST:
        return Null(tests, _EDGES, counts, LEVEL, 1.0, False)
    share, scale = len(low) / tests, float(np.minimum(excess, FAR).sum()) / seen
    share, scale = share + _UPPER * sqrt(share / tests), scale * (1 + _UPPER / sqrt(seen))
    return Null(tests, _EDGES, counts, share, scale, True)


NOMINAL = null_of(np.empty(0), 0)
"""No pairs at all: p-values are taken at their word."""
