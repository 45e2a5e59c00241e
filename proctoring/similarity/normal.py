"""The normal distribution, without scipy."""

import math

import numpy as np

from proctoring.similarity.answers import Floats

_erfc = np.frompyfunc(math.erfc, 1, 1)


def upper_tail(z: Floats) -> Floats:
    """P(Z >= z), accurate relatively in the far tail; the shape of `z`."""
    return np.asarray(_erfc(np.asarray(z) / math.sqrt(2)), dtype=np.float64) / 2


def density(z: Floats) -> Floats:
    """The standard normal density at `z`."""
    height: Floats = np.exp(-0.5 * np.square(z)) / math.sqrt(2 * math.pi)
    return height
