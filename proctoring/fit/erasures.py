"""Erasures: answers changed on the sheet, and right more often than ability explains.

Wollack, Cohen & Eckerly (2015), Educational and Psychological Measurement 75(6), for a candidate;
Wollack & Eckerly (2017), in Handbook of Quantitative Methods for Detecting Cheating on Tests, for a
group. Where a scanner reports erasures; helping hands change sheets room by room.
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.ability import abilities
from proctoring.similarity.answers import OMIT, BadAnswers, Flags, Floats, Integers, check_answers
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.normal import upper_tail


@dataclass(frozen=True, slots=True)
class Erasures:
    """`count` erasures, `index` EDI and `tail` its p-value, of candidates or groups; high is odd.

    Without an erasure the index is 0 and the tail 1.
    """

    count: Integers
    index: Floats
    tail: Floats


def erasures(model: Nominal, right: Integers, erased: Flags, *, estimated: bool = True) -> Erasures:
    """The erasure detection index of each candidate, (candidates,).

    `right` (candidates, items) final answers: 1, 0, or -1 omitted; `erased` marks changed ones;
    `model` has these two options. Ability comes from the unerased answers alone. EDI = (sum over
    erased of (x - P) - 0.5) / sqrt(variance), variance = sum P (1 - P), and with `estimated` also
    (sum P')^2 / information, the error of the ability (Taylor).
    """
    surplus, variance = _sums(model, right, erased, estimated)
    count: Integers = (erased & (right != OMIT)).sum(axis=1)
    return _index(count, surplus, variance)


def group_erasures(
    model: Nominal, right: Integers, erased: Flags, group: Integers, *, estimated: bool = True
) -> tuple[Integers, Erasures]:
    """Numbers of the groups, ascending, and the index of each: the sums over its candidates.

    `group` (candidates,) is a room, say. The half that corrects for continuity is taken off once.
    """
    if group.shape != (len(right),):
        raise BadAnswers("Every candidate needs the number of a group.")
    surplus, variance = _sums(model, right, erased, estimated)
    numbers, of = np.unique(group, return_inverse=True)
    count = np.bincount(of, (erased & (right != OMIT)).sum(axis=1), len(numbers)).astype(np.intp)
    sums = np.zeros((2, len(numbers)))
    for row, part in zip(sums, (surplus, variance), strict=True):
        row += np.bincount(of, part, len(numbers))
    return numbers, _index(count, *sums)


def _sums(model: Nominal, right: Integers, erased: Flags, estimated: bool) -> tuple[Floats, Floats]:
    """(candidates,) sums of x - P over the erasures, and their variance."""
    check_answers(right, 2)
    if model.options != 2 or erased.shape != right.shape:
        raise BadAnswers("Erasures take a model of two options and a mark for every answer.")
    kept = np.where(erased, OMIT, right)
    chance = model.probabilities(abilities(model, kept))[..., 1]
    changed, steep = erased & (right != OMIT), model.slope[:, 1] - model.slope[:, 0]
    spread = chance * (1 - chance)
    variance = (spread * changed).sum(axis=1)
    if estimated:
        information = (spread * (kept != OMIT)) @ steep**2
        pulled = (spread * changed) @ steep
        variance = variance + pulled**2 / np.maximum(information, 1e-12)
    return np.where(changed, right - chance, 0.0).sum(axis=1), variance


def _index(count: Integers, surplus: Floats, variance: Floats) -> Erasures:
    sure, zero = (count > 0) & (variance > 0), np.zeros(len(count))
    index = np.divide(surplus - 0.5, np.sqrt(variance), out=zero, where=sure)
    return Erasures(count, index, np.where(sure, upper_tail(index), 1.0))
