"""M4: right and wrong agreements together, with an exact tail."""

import numpy as np

from proctoring.similarity.answers import OMIT, Floats, Integers, chosen

TIE = 1 + 1e-12  # equal tails of two cells may differ by rounding
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
    mass, tail = tails_of(options[0] * options[1] * both[..., None], key)
    rights, wrongs = agreements(first, second, key)
    observed = tail[np.arange(len(first)), rights, wrongs]
    rare = tail <= observed[:, None, None] * TIE
    value: Floats = np.minimum(np.where(rare, mass, 0.0).sum(axis=(1, 2)), 1.0)
    return value


def agreements(first: Integers, second: Integers, key: Integers) -> tuple[Integers, Integers]:
    """(pairs,) numbers of right and of wrong agreements of sheets (pairs, items)."""
    same, right = (first == second) & (first != OMIT), first == key
    return (same & right).sum(axis=1), (same & ~right).sum(axis=1)


def tails_of(joint: Floats, key: Integers) -> tuple[Floats, Floats]:
    """f and F, (pairs, items + 1, items + 1), of chances (pairs, items, options) that both choose
    an option."""
    right = chosen(joint, np.broadcast_to(key, joint.shape[:2]))
    mass = trinomial(right, np.maximum(joint.sum(axis=2) - right, 0.0))
    return mass, mass[:, ::-1, ::-1].cumsum(axis=1).cumsum(axis=2)[:, ::-1, ::-1]


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
