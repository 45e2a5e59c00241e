"""Option probabilities without item response theory, for exams too small to calibrate.

Wesolowsky (2000), Journal of Applied Statistics 27(7): the chance that candidate j is right on
item i is (1 - (1 - r_i)^a_j)^(1 / a_j), with r_i the share of candidates right on the item and a_j
such that the mean over the items is j's own share. Wrong options are chosen in the shares in which
those who were wrong chose them.
"""

import numpy as np

from proctoring.similarity.answers import (
    OMIT,
    BadAnswers,
    Flags,
    Floats,
    Integers,
    check_answers,
    check_key,
    one_hot,
)

_WIDEST = 12.0  # |log a|: beyond it every item is surely right or surely wrong
_HALVINGS = 60


def classical_probabilities(answers: Integers, key: Integers, *, options: int) -> Floats:
    """(candidates, items, options) from answers (candidates, items); each item adds to one.

    Shares are of the answered items; those of 0 and 1 are moved inside by half an answer, and
    every wrong option counts half an answer more, so that nothing observed is impossible.
    """
    check_answers(answers, options)
    check_key(key, answers.shape[1], options)
    if options < 2 or not answers.size:
        raise BadAnswers("The classical model needs candidates, items and at least two options.")
    answered, right = answers != OMIT, answers == key
    item = _inside(right.sum(axis=0), answered.sum(axis=0))
    person = _inside(right.sum(axis=1), answered.sum(axis=1))
    chance = _right(item, _exponent(item, person, answered))
    wrong = _wrong_shares(answers, key, options)
    keyed = np.arange(options) == key[:, None]
    chances: Floats = np.where(keyed, chance[..., None], (1 - chance)[..., None] * wrong)
    return chances


def _inside(part: Integers, whole: Integers) -> Floats:
    """Shares, kept off 0 and 1 by half an answer; one half where nothing was answered."""
    share: Floats = np.clip(part, 0.5, np.maximum(whole - 0.5, 0.5)) / np.maximum(whole, 1)
    return share


def _right(item: Floats, exponent: Floats) -> Floats:
    """(candidates, items): Wesolowsky's curve, by logarithms."""
    a = exponent[:, None]
    chance: Floats = np.exp(np.log(-np.expm1(a * np.log1p(-item))) / a)
    return chance


def _exponent(item: Floats, person: Floats, answered: Flags) -> Floats:
    """(candidates,) a_j by bisection on its logarithm; the mean rises with a."""
    low, high = np.full(len(person), -_WIDEST), np.full(len(person), _WIDEST)
    count = np.maximum(answered.sum(axis=1), 1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        mean = (_right(item, np.exp(middle)) * answered).sum(axis=1) / count
        low, high = np.where(mean < person, middle, low), np.where(mean < person, high, middle)
    exponent: Floats = np.where(answered.any(axis=1), np.exp((low + high) / 2), 1.0)
    return exponent


def _wrong_shares(answers: Integers, key: Integers, options: int) -> Floats:
    """(items, options): shares of the wrong options among wrong answers; 0 at the key."""
    counts = one_hot(answers, options).sum(axis=0).reshape(-1, options) + 0.5
    counts[np.arange(len(key)), key] = 0.0
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares
