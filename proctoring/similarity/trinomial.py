"""M4: right and wrong agreements together, with an exact tail."""

import numpy as np

from proctoring.similarity.answers import OMIT, Floats, Integers, chosen

_TIE = 1 + 1e-12  # equal tails of two cells may differ by rounding
_CHUNK = 64


def m4(options: tuple[Floats, Floats], first: Integers, second: Integers, key: Integers) -> Floats:
    """(pairs,) p-values of Maynes (2014): all outcomes whose tail is at most the observed one's.

    Each item is a right match, a wrong match or none. f(k, l) is the chance of k right and l wrong
    matches, F(k, l) the chance of at least so many of both; p = sum of f where F <= F observed.
    Memory and time grow with the square and the cube of the number of items.
    """
    parts = [
        _m4((options[0][cut], options[1][cut]), first[cut], second[cut], key)
        for cut in (slice(at, at + _CHUNK) for at in range(0, len(first), _CHUNK))
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _m4(options: tuple[Floats, Floats], first: Integers, second: Integers, key: Integers) -> Floats:
    both = (first != OMIT) & (second != OMIT)
    joint = options[0] * options[1]
    right = chosen(joint, np.broadcast_to(key, first.shape))
    wrong = np.maximum(joint.sum(axis=2) - right, 0.0)
    mass = trinomial(np.where(both, right, 0.0), np.where(both, wrong, 0.0))
    same = both & (first == second)
    rights, wrongs = (same & (first == key)).sum(axis=1), (same & (first != key)).sum(axis=1)
    tail = mass[:, ::-1, ::-1].cumsum(axis=1).cumsum(axis=2)[:, ::-1, ::-1]
    observed = tail[np.arange(len(first)), rights, wrongs]
    rare = tail <= observed[:, None, None] * _TIE
    value: Floats = np.minimum(np.where(rare, mass, 0.0).sum(axis=(1, 2)), 1.0)
    return value


def trinomial(right: Floats, wrong: Floats) -> Floats:
    """(pairs, items + 1, items + 1): chances of k right and l wrong, from (pairs, items)."""
    pairs, items = right.shape
    mass = np.zeros((pairs, items + 1, items + 1))
    mass[:, 0, 0] = 1.0
    for item in range(items):
        r, w = right[:, item, None, None], wrong[:, item, None, None]
        old = mass[:, : item + 1, : item + 1].copy()
        mass[:, : item + 1, : item + 1] *= np.maximum(1 - r - w, 0.0)
        mass[:, 1 : item + 2, : item + 1] += r * old
        mass[:, : item + 1, 1 : item + 2] += w * old
    return mass
