"""Person fit under a model: lz and lz*."""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import (
    OMIT,
    BadAnswers,
    Flags,
    Floats,
    Integers,
    check_answers,
)
from proctoring.similarity.nominal import Nominal


@dataclass(frozen=True, slots=True)
class PersonFit:
    """Standardised log-likelihoods, (candidates,): low is odd. Only `lz_star` is standard normal
    for honest sheets; `lz` takes the estimated ability for the true one and is too narrow."""

    lz: Floats
    lz_star: Floats


def person_fit(model: Nominal, ability: Floats, right: Integers) -> PersonFit:
    """lz (Drasgow, Levine & Williams 1985) and lz* (Snijders 2001, Psychometrika 66(3)).

    `right` (candidates, items): 1 right, 0 not, -1 omitted and masked. `model` has these two
    options, which makes it the two-parameter logistic model, and `ability` (candidates,) is its
    maximum likelihood estimate; lz* holds for no other, and takes lz's numerator, which there is
    its own. Sheets of one kind of answer only, whose ability lies at a limit, say nothing and
    get 0.
    """
    check_answers(right, 2)
    if model.options != 2 or ability.shape != (len(right),):
        raise BadAnswers("Person fit takes a model of two options and an ability per candidate.")
    chance = model.probabilities(ability)[..., 1]
    answered = right != OMIT
    weight = np.log(chance) - np.log1p(-chance)
    steep = model.slope[:, 1] - model.slope[:, 0]  # P' / PQ
    spread = chance * (1 - chance) * answered
    information = np.maximum(spread @ steep**2, 1e-300)
    projected = ((spread * weight) @ steep / information)[:, None] * steep
    mixed = ((right == 1).any(axis=1)) & ((right == 0).any(axis=1))
    surplus = np.where(answered, (right - chance) * weight, 0.0).sum(axis=1)
    return PersonFit(
        _standardised(surplus, spread * weight**2, mixed),
        _standardised(surplus, spread * (weight - projected) ** 2, mixed),
    )


def _standardised(surplus: Floats, variances: Floats, mixed: Flags) -> Floats:
    variance = variances.sum(axis=1)
    zero, sure = np.zeros(len(surplus)), mixed & (variance > 0)
    z: Floats = np.divide(surplus, np.sqrt(variance), out=zero, where=sure)
    return z
