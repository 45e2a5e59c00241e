"""The copying likelihood ratio of a copier whose ability is estimated from the same sheet.

`ratio` takes the estimated ability for the true one. But the estimate follows the sheet: who
agrees with an able source by luck is taken for abler, so that honest agreement varies less than
the chances say and the plain tail is up to twice too large. To first order

    T - E[T] at the estimate = sum of w_i (X_i - p_i) - c s_i at the truth,

X_i the agreement, s_i = slope of the chosen option - its mean, the score, whose sum is 0 at the
maximum likelihood estimate, and c = sum of w_i p_i s_i(source's answer) / information. So the same
T is held against independent terms w_i X_i - c s_i of mean w_i p_i, over all options of the item,
by the same saddlepoint. It is to `ratio` what lz* is to lz (Snijders 2001, Psychometrika 66(3)).
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.ability import LIMIT
from proctoring.similarity.agreement import Agreement, conditional
from proctoring.similarity.answers import OMIT, Flags, Floats, Integers, chosen
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.ratio import COPIED, Ratio, ends, weights
from proctoring.similarity.saddlepoint import Cumulants, Generating
from proctoring.similarity.saddlepoint import tail as saddlepoint

INSIDE = LIMIT - 1e-6
"""At the limits of ability the scores do not add to 0: the plain tail stands."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the sums are made of; (pairs,), (pairs, items) or (pairs, items, options)."""

    options: Floats
    agreement: Agreement
    weight: Floats
    score: Floats
    follow: Floats  # c

    def of(self, pairs: Flags) -> "_Terms":
        return _Terms(
            self.options[pairs],
            self.agreement.of(pairs),
            self.weight[pairs],
            self.score[pairs],
            self.follow[pairs],
        )


def projected_ratio(
    model: Nominal,
    ability: Floats,
    copier: Integers,
    source: Integers,
    *,
    copied: float = COPIED,
) -> Ratio:
    """T and its tail for sheets (pairs, items) of copiers with estimated abilities (pairs,).

    T is that of `copying_ratio`, the tail that of the projection. `source` may be one leaked sheet,
    (items,).
    """
    source = np.broadcast_to(source, copier.shape)
    terms = _terms(model, ability, copier, source, copied)
    matched = terms.agreement.matched
    statistic = np.where(matched, terms.weight, 0.0).sum(axis=1)
    tail, some = ends(terms.agreement)
    kept = terms.of(some)
    values = _values(kept, source[some])
    observed = chosen(values, copier[some]).sum(axis=1)
    tail[some] = saddlepoint(_generating(kept.options, values), observed)
    return Ratio(statistic, tail)


def _terms(
    model: Nominal, ability: Floats, copier: Integers, source: Integers, copied: float
) -> _Terms:
    options = model.probabilities(ability)
    agreement = conditional(options, copier, source)
    weight = weights(agreement.chance, copied)
    score = model.slope - np.einsum("pio,io->pi", options, model.slope)[..., None]
    score *= (copier != OMIT)[..., None]
    information = np.einsum("pio,pio,pio->p", options, score, score)
    pulled = (weight * agreement.chance * chosen(score, source)).sum(axis=1)
    follows = (np.abs(ability) < INSIDE) & (information > 0)
    follow = np.divide(pulled, information, out=np.zeros(len(ability)), where=follows)
    return _Terms(options, agreement, weight, score, follow)


def _values(terms: _Terms, source: Integers) -> Floats:
    """(pairs, items, options) w_i [option is the source's] - c s_io."""
    values = -terms.follow[:, None, None] * terms.score
    index = np.maximum(source, 0).astype(np.intp)[..., None]
    given = np.take_along_axis(values, index, axis=2) + terms.weight[..., None]
    np.put_along_axis(values, index, given, axis=2)
    return values


def _generating(options: Floats, values: Floats) -> Generating:
    """K(t) = sum over items of log sum over options of P e^(t value)."""

    def at(tilt: Floats) -> Cumulants:
        lift = tilt[:, None, None] * values
        top = lift.max(axis=2, keepdims=True)
        share = options * np.exp(lift - top)
        total = share.sum(axis=2, keepdims=True)
        share /= total
        mean = (share * values).sum(axis=2, keepdims=True)
        off = values - mean
        spread = share * off**2
        return Cumulants(
            (top + np.log(total)).sum(axis=(1, 2)),
            mean.sum(axis=(1, 2)),
            spread.sum(axis=(1, 2)),
            (spread * off).sum(axis=(1, 2)),
        )

    return at
