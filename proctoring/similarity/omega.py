"""Omega and weighted omega: the number of agreements against its mean, in standard deviations."""

import numpy as np

from proctoring.similarity.agreement import Agreement
from proctoring.similarity.answers import Floats


def omega(agreement: Agreement) -> Floats:
    """(pairs,) z-values; a pair with no variance has 0.

    From a conditional agreement: Wollack (1997), Applied Psychological Measurement 21(4). From an
    unconditional one: omega_1^s of Romero et al. (2015). The upper normal tail is the p-value.
    """
    return standardised(agreement, np.ones_like(agreement.chance))


def weighted_omega(agreement: Agreement) -> Floats:
    """Omega with weight -log p_i on an agreement on item i (Trout & Gorney 2025)."""
    chance = agreement.chance
    return standardised(agreement, -np.log(np.where(chance > 0, chance, 1.0)))


def standardised(agreement: Agreement, weight: Floats) -> Floats:
    """(pairs,) z-values of the sum of `weight` (pairs, items) over the agreements."""
    chance = agreement.chance
    surplus = (weight * (agreement.matched - chance)).sum(axis=1)
    variance = (weight**2 * chance * (1 - chance)).sum(axis=1)
    zero = np.zeros(len(chance))
    z: Floats = np.divide(surplus, np.sqrt(variance), out=zero, where=variance > 0)
    return z
