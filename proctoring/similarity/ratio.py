"""The copying likelihood ratio, with a saddlepoint tail.

The most powerful statistic against "every answer is copied with probability phi" (Neyman and
Pearson): an agreement of chance p weighs log(1 + phi / ((1 - phi) p)), and T is the sum over the
agreements. A rare wrong answer in common weighs much, the key of an easy item almost nothing.
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.agreement import Agreement
from proctoring.similarity.answers import BadAnswers, Flags, Floats
from proctoring.similarity.saddlepoint import Cumulants, Generating
from proctoring.similarity.saddlepoint import tail as saddlepoint

COPIED = 0.3
"""The share copied that the weights presume; 0.2 to 0.4 have the same power."""

_SURE = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class Ratio:
    """`statistic` T, in natural logarithms, and `tail` P(T' >= T); both (pairs,)."""

    statistic: Floats
    tail: Floats


def copying_ratio(agreement: Agreement, *, copied: float = COPIED) -> Ratio:
    """T and its tail by Lugannani & Rice (1980), Advances in Applied Probability 12(2).

    Within 1 % of the exact tail on tests of 40 items and more whose chances differ; a few per cent
    where all but five answers agree and up to a factor of two where all but one do, far below any
    cut-off. The normal tail of T is far too liberal and is not offered. If all items agree the
    tail is the product of the chances, exactly; if none does it is 1.
    """
    chance = np.minimum(agreement.chance, _SURE)
    weight = weights(chance, copied)
    statistic = np.where(agreement.matched, weight, 0.0).sum(axis=1)
    tail, some = ends(agreement)
    tail[some] = saddlepoint(_generating(chance[some], weight[some]), statistic[some])
    return Ratio(statistic, tail)


def ends(agreement: Agreement) -> tuple[Floats, Flags]:
    """(pairs,) tails where all or none agree, 1 elsewhere; and the pairs that lie between."""
    chance, none = agreement.chance, ~agreement.matched.any(axis=1)
    every = (agreement.matched | (chance == 0)).all(axis=1) & ~none
    tail = np.ones(len(chance))
    tail[every] = np.where(chance > 0, chance, 1.0)[every].prod(axis=1)
    return tail, ~none & ~every


def weights(chance: Floats, copied: float = COPIED) -> Floats:
    """log(1 + phi / ((1 - phi) p)) of chances p, 0 where p is 0; phi must lie inside (0, 1)."""
    if not 0 < copied < 1:
        raise BadAnswers(f"The share copied must lie between 0 and 1, not {copied}.")
    odds = copied / (1 - copied)
    return np.where(chance > 0, np.log1p(odds / np.where(chance > 0, chance, 1.0)), 0.0)


def _generating(chance: Floats, weight: Floats) -> Generating:
    """K(t) = sum log(1 - p + p e^(t w)); the tilted chances q give its derivatives."""

    def at(tilt: Floats) -> Cumulants:
        lift = weight * tilt[:, None]
        top = np.maximum(lift, 0.0)
        mixed = (1 - chance) * np.exp(-top) + chance * np.exp(lift - top)
        tilted = chance * np.exp(lift - top) / mixed
        spread = weight**2 * tilted * (1 - tilted)
        return Cumulants(
            (top + np.log(mixed)).sum(axis=1),
            (weight * tilted).sum(axis=1),
            spread.sum(axis=1),
            (weight * spread * (1 - 2 * tilted)).sum(axis=1),
        )

    return at
