"""The nominal response model: the probability of every option, given ability.

P_i(o | t) = exp(slope_io t + intercept_io) / sum_h exp(slope_ih t + intercept_ih), with slopes and
intercepts that add to zero over the options of an item (Bock 1972).
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import BadAnswers, Floats


@dataclass(frozen=True, slots=True)
class Nominal:
    """Item parameters; both (items, options). An option that an item lacks has intercept -inf."""

    slope: Floats
    intercept: Floats

    def __post_init__(self) -> None:
        if self.slope.ndim != 2 or self.slope.shape != self.intercept.shape:
            raise BadAnswers("Slopes and intercepts must both be arrays of items by options.")
        if not np.isfinite(self.slope).all() or not np.isfinite(self.intercept).any(axis=1).all():
            raise BadAnswers("Slopes must be finite, and every item needs an option.")

    @property
    def options(self) -> int:
        """The number of options of the item with the most."""
        return int(self.slope.shape[1])

    def probabilities(self, ability: Floats) -> Floats:
        """(candidates, items, options) of the abilities (candidates,); each item adds to one."""
        chances = ability[:, None, None] * self.slope
        chances += self.intercept
        chances -= chances.max(axis=2, keepdims=True)
        np.exp(chances, out=chances)
        chances /= chances.sum(axis=2, keepdims=True)
        return chances
