"""The K family: classical indices of identical wrong answers, without item response theory.

The source's sheet is given, w_s its wrong answers, m those that the copier shares. Candidates with
equally many wrong answers form a group; what a group shares with the source on the average says
what to expect of the copier. K: Holland (1996); K1, K2: Sotaridona & Meijer (2002), Journal of
Educational Measurement 39(2); S1, S2: the same (2003), 40(1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import (
    OMIT,
    BadAnswers,
    Floats,
    Integers,
    check_answers,
    check_key,
)

_LEAST = 0.001  # bounds of a fitted chance, (.001, .999)
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class KFamily:
    """p-values of ordered pairs, each (pairs,)."""

    k: Floats
    k1: Floats
    k2: Floats
    s1: Floats
    s2: Floats


@dataclass(frozen=True, slots=True)
class _Groups:
    """What the groups share with one source, the source itself left out of its own.

    `number` wrong answers of each group; `wrong` and `all` mean identical wrong answers, and those
    plus the weighted identical right ones; all (groups,).
    """

    number: Floats
    wrong: Floats
    all: Floats


def k_family(answers: Integers, key: Integers, pairs: Integers, *, options: int) -> KFamily:
    """p-values of `pairs` (pairs, 2), copier and source as rows of `answers` (candidates, items).

    `answers` holds everybody of the sitting: the groups are formed of them. An omit counts as
    neither right nor wrong. A source without wrong answers gives p = 1.
    """
    check_answers(answers, options)
    check_key(key, answers.shape[1], options)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs[:, 0] == pairs[:, 1]).any():
        raise BadAnswers("Pairs must be an array of a copier and another source each.")
    sheets = _Sheets.read(answers, key, options)
    values = np.ones((len(pairs), 5))
    for source in np.unique(pairs[:, 1]):
        of = np.flatnonzero(pairs[:, 1] == source)
        values[of] = _against(sheets, int(source), pairs[of, 0])
    return KFamily(*values.T)


@dataclass(frozen=True, slots=True)
class _Sheets:
    answers: Integers
    right: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]
    number: npt.NDArray[np.intp]  # wrong answers of each candidate
    options: int

    @classmethod
    def read(cls, answers: Integers, key: Integers, options: int) -> "_Sheets":
        right, wrong = answers == key, (answers != OMIT) & (answers != key)
        return cls(answers, right, wrong, wrong.sum(axis=1), options)


def _against(sheets: _Sheets, source: int, copiers: Integers) -> Floats:
    """(copiers, 5) p-values against one source."""
    wrongs = int(sheets.number[source])
    if not wrongs:
        return np.ones((len(copiers), 5))
    shared = (sheets.wrong & sheets.wrong[source] & (sheets.answers == sheets.answers[source])).sum(
        axis=1
    )
    weighted = shared + _right_weights(sheets, source)
    groups = _groups(sheets, source, shared, weighted)
    of = np.searchsorted(groups.number, sheets.number[copiers])
    m, total = shared[copiers], shared[copiers] + np.ceil(weighted - shared)[copiers]
    share = groups.wrong / wrongs
    poisson = _log_linear(groups.number, groups.wrong)
    poisson_all = _log_linear(groups.number, groups.all)
    items = sheets.answers.shape[1]
    columns = [
        _binomial_tail(m, wrongs, share[of]),
        _binomial_tail(m, wrongs, _fitted(groups.number / items, share, 1)[of]),
        _binomial_tail(m, wrongs, _fitted(groups.number / items, share, 2)[of]),
        _poisson_tail(m, wrongs, poisson[of]),
        _poisson_tail(total, items, poisson_all[of]),
    ]
    return np.stack(columns, axis=1)


def _right_weights(sheets: _Sheets, source: int) -> Floats:
    """(candidates,) sums of S2's weights of identical right answers.

    [((1 + g) / (1 - g)) e]^(-((1 + g) / g) q_i), g = 1 / options, q_i the share of the candidate's
    group right on the item: near 0 if all the group is, near 1 if it hardly ever is.
    """
    g = 1 / sheets.options
    both = sheets.right & sheets.right[source]
    numbers, of = np.unique(sheets.number, return_inverse=True)
    both[source] = False  # what a group shares with itself tells nothing
    size = np.bincount(of)
    size[of[source]] -= 1
    right = np.stack([both[of == at].sum(axis=0) for at in range(len(numbers))])
    weight = np.exp(
        -(1 + g) / g * (np.log((1 + g) / (1 - g)) + 1) * right / np.maximum(size, 1)[:, None]
    )
    return np.asarray((both * weight[of]).sum(axis=1), dtype=np.float64)


def _groups(sheets: _Sheets, source: int, shared: Integers, weighted: Floats) -> _Groups:
    others = np.arange(len(shared)) != source
    numbers, of = np.unique(sheets.number[others], return_inverse=True)
    size = np.bincount(of)
    return _Groups(
        numbers.astype(np.float64),
        np.bincount(of, shared[others]) / size,
        np.bincount(of, weighted[others]) / size,
    )


def _fitted(fraction: Floats, share: Floats, degree: int) -> Floats:
    """The group shares on a polynomial of the fraction wrong, inside (.001, .999)."""
    design = np.vander(fraction, min(degree, len(fraction) - 1) + 1)
    coefficients = np.linalg.lstsq(design, share, rcond=None)[0]
    return np.clip(design @ coefficients, _LEAST, 1 - _LEAST)


def _log_linear(number: Floats, mean: Floats) -> Floats:
    """Poisson means on exp(linear in the number wrong), by weighted least squares repeated."""
    design = np.vander(number / max(number.max(), 1.0), min(1, len(number) - 1) + 1)
    level = np.log(np.maximum(mean, 0.1))
    for _ in range(_ROUNDS):
        mu = np.exp(level)
        root = np.sqrt(mu)[:, None]
        working = level + (mean - mu) / mu
        solved = np.linalg.lstsq(design * root, working * root[:, 0], rcond=None)[0]
        moved, level = level, np.clip(design @ solved, -30.0, 30.0)
        if np.abs(level - moved).max() < 1e-10:
            break
    return np.exp(level)


def _binomial_tail(least: Integers, trials: int, chance: Floats) -> Floats:
    """P(Bin(trials, chance) >= least); the shape of `least` and `chance`."""
    inner = np.clip(chance, 1e-300, 1 - 1e-16)[:, None]

    def log_mass(k: Floats) -> Floats:
        ways = lgamma(trials + 1) - _log_factorial(k) - _log_factorial(trials - k)
        return ways + k * np.log(inner) + (trials - k) * np.log1p(-inner)

    return _tail(least, trials, log_mass)


def _poisson_tail(least: Integers, most: int, mean: Floats) -> Floats:
    """sum of Poisson(k; mean) for k from `least` to `most`."""
    inner = mean[:, None]
    return _tail(least, most, lambda k: k * np.log(inner) - inner - _log_factorial(k))


def _tail(least: Integers, most: int, log_mass: Callable[[Floats], Floats]) -> Floats:
    k = np.arange(most + 1, dtype=np.float64)
    mass = np.where(k >= least[:, None], np.exp(log_mass(k)), 0.0)
    tail: Floats = np.minimum(mass.sum(axis=1), 1.0)
    return tail


def _log_factorial(k: Floats) -> Floats:
    return np.array([lgamma(one + 1) for one in k])
