"""Rings: flagged pairs that hang together, by union-find.

A ring says who is connected through pairs; the p-values stay those of the pairs (Eckerly 2021).
"""

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import BadAnswers, Integers


def rings(pairs: Integers) -> list[npt.NDArray[np.integer]]:
    """The candidates of each connected group of `pairs` (pairs, 2), ascending; largest first.

    Groups of equal size stand in the order of their first candidate. Raises BadAnswers when
    somebody is paired with himself.
    """
    if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs[:, 0] == pairs[:, 1]).any():
        raise BadAnswers("Pairs must be an array of two different candidates each.")
    people, ends = np.unique(pairs, return_inverse=True)
    roots = _roots(ends.reshape(-1, 2), len(people))
    groups = [people[roots == root] for root in np.unique(roots)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))


def _roots(pairs: Integers, people: int) -> npt.NDArray[np.intp]:
    """The root of everybody, after joining all pairs."""
    parent = list(range(people))
    for a, b in pairs.tolist():
        first, second = _find(parent, a), _find(parent, b)
        parent[max(first, second)] = min(first, second)
    return np.array([_find(parent, person) for person in range(people)], dtype=np.intp)


def _find(parent: list[int], person: int) -> int:
    """The root; the way there is halved for those who come later."""
    while parent[person] != person:
        parent[person] = parent[parent[person]]
        person = parent[person]
    return person
