"""Tails of sums of independent terms by Lugannani & Rice (1980), Advances in Applied
Probability 12(2), from the sum's cumulant generating function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import Floats
from proctoring.similarity.normal import density, upper_tail

_STEEP = 250.0  # no solution lies further out: terms differ by at least log(1 + phi / (1 - phi))
_NEAR = 0.02  # where 1/u - 1/r loses its digits
_CLOSE = 1e-10  # of a standard deviation


@dataclass(frozen=True, slots=True)
class Cumulants:
    """K and its derivatives at one point for each sum, (sums,)."""

    value: Floats
    first: Floats
    second: Floats
    third: Floats


Generating = Callable[[Floats], Cumulants]
"""The cumulants of all sums at the points (sums,)."""


def tail(at: Generating, observed: Floats) -> Floats:
    """(sums,) P(sum >= observed), which must lie inside the range of the sum."""
    tilt, here = _saddlepoint(at, observed)
    root = np.sign(tilt) * np.sqrt(np.maximum(2 * (tilt * observed - here.value), 0.0))
    spread = tilt * np.sqrt(here.second)
    near = np.abs(root) < _NEAR
    safe_root, safe_spread = np.where(near, 1.0, root), np.where(near, 1.0, spread)
    limit = -here.third / (6 * here.second**1.5)  # of 1/u - 1/r as both go to zero
    difference = np.where(near, limit, 1 / safe_spread - 1 / safe_root)
    return np.clip(upper_tail(root) + density(root) * difference, 0.0, 1.0)


def _saddlepoint(at: Generating, observed: Floats) -> tuple[Floats, Cumulants]:
    """The t with K'(t) = observed: Newton's steps inside a bracket that every step narrows."""
    low, high = np.full(len(observed), -_STEEP), np.full(len(observed), _STEEP)
    tilt = np.zeros(len(observed))
    here = at(tilt)
    for _ in range(100):
        surplus = here.first - observed
        if np.all((np.abs(surplus) <= _CLOSE * np.sqrt(here.second)) | (high - low < 1e-13)):
            break
        low, high = np.where(surplus <= 0, tilt, low), np.where(surplus >= 0, tilt, high)
        newton = tilt - surplus / np.maximum(here.second, 1e-300)
        tilt = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
        here = at(tilt)
    return tilt, here
