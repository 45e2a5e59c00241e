"""GBT: the exact chance of at least so many agreements (a Poisson binomial tail)."""

import numpy as np

from proctoring.similarity.agreement import Agreement
from proctoring.similarity.answers import Floats


def poisson_binomial(chance: Floats) -> Floats:
    """(pairs, items + 1): the distribution of a sum of independent events, (pairs, items).

    f_k after item i = (1 - p_i) f_k + p_i f_(k-1).
    """
    pairs, items = chance.shape
    mass = np.zeros((items + 1, pairs))
    mass[0] = 1.0
    for item, p in enumerate(chance.T):
        gained = p * mass[: item + 1]
        mass[: item + 1] -= gained
        mass[1 : item + 2] += gained
    return mass.T


def gbt(agreement: Agreement) -> Floats:
    """(pairs,) P(agreements >= observed), van der Linden & Sotaridona (2006), JEBS 31(3)."""
    mass = poisson_binomial(agreement.chance)
    counted = np.arange(mass.shape[1]) >= agreement.matches[:, None]
    tail: Floats = np.minimum(np.where(counted, mass, 0.0).sum(axis=1), 1.0)
    return tail
