"""Preknowledge: better, and faster, on the items known to have leaked than on the others.

Sinharay (2017), Journal of Educational and Behavioral Statistics 42(1), for scores; Sinharay &
Johnson (2020), British Journal of Mathematical and Statistical Psychology 73(3), for times and
both together.
"""

import numpy as np

from proctoring.fit.times import Lognormal, speeds
from proctoring.similarity.ability import abilities
from proctoring.similarity.answers import OMIT, BadAnswers, Flags, Floats, Integers, chosen
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.normal import upper_tail


def preknowledge_scores(model: Nominal, answers: Integers, leaked: Flags) -> Floats:
    """(candidates,) signed likelihood ratios, standard normal for honest sheets; high is odd.

    sign(theta_C - theta_S) sqrt(2 [l_C(theta_C) + l_S(theta_S) - l(theta)]), C the leaked items
    (`leaked`, (items,)), S the others. `answers` (candidates, items) under `model`, which has two
    options for scores, or all of them. Who answered nothing on one side gets 0.
    """
    _check(leaked, answers.shape[1])
    known, other = _part(model, answers, leaked), _part(model, answers, ~leaked)
    _, whole = _part(model, answers, np.ones(len(leaked), dtype=bool))
    gain = np.maximum(2 * (known[1] + other[1] - whole), 0.0)
    both = (answers[:, leaked] != OMIT).any(axis=1) & (answers[:, ~leaked] != OMIT).any(axis=1)
    return np.where(both, np.sign(known[0] - other[0]) * np.sqrt(gain), 0.0)


def preknowledge_times(model: Lognormal, seconds: Floats, leaked: Flags) -> Floats:
    """The same of `seconds` (candidates, items), nan where missing: high is faster on the leaked.

    The ratio has a closed form, (tau_C - tau_S) / sqrt(1 / A_C + 1 / A_S), A the sums of alpha^2.
    """
    _check(leaked, seconds.shape[1])
    known, first = speeds(Lognormal(model.beta[leaked], model.alpha[leaked]), seconds[:, leaked])
    other, second = speeds(
        Lognormal(model.beta[~leaked], model.alpha[~leaked]), seconds[:, ~leaked]
    )
    both = (first > 0) & (second > 0)
    width = np.sqrt(1 / np.where(both, first, 1.0) + 1 / np.where(both, second, 1.0))
    return np.where(both, (known - other) / width, 0.0)


def joint_tail(scores: Floats, times: Floats) -> Floats:
    """(candidates,) p-values of both: max(L_S, 0)^2 + max(L_T, 0)^2 is a quarter each 0 and
    chi-squared with two degrees, a half chi-squared with one, for honest sheets."""
    total = np.maximum(scores, 0.0) ** 2 + np.maximum(times, 0.0) ** 2
    tail = 0.25 * np.exp(-total / 2) + upper_tail(np.sqrt(total))
    return np.where(total > 0, tail, 1.0)


def _part(model: Nominal, answers: Integers, items: Flags) -> tuple[Floats, Floats]:
    """Abilities on some of the items, and their log-likelihood there."""
    part, sheets = Nominal(model.slope[items], model.intercept[items]), answers[:, items]
    ability = abilities(part, sheets)
    chances = np.maximum(part.probabilities(ability), 1e-300)
    return ability, chosen(np.log(chances), sheets).sum(axis=1)


def _check(leaked: Flags, items: int) -> None:
    if leaked.shape != (items,) or leaked.all() or not leaked.any():
        raise BadAnswers("Some of the items must be known as leaked, and some not.")
