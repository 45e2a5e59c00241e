"""Person fit without a model: hard items right and easy ones wrong, against everybody's order.

The items' order is that of their shares right. An omit is masked: it neither counts nor costs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import OMIT, Flags, Floats, Integers, check_answers


@dataclass(frozen=True, slots=True)
class Guttman:
    """(candidates,) each. `u3` and `c_star` lie in [0, 1], 0 where nobody harder was right than
    easier, 1 for the reverse; `ht` in [-1, 1], low is odd. A sheet of one kind of answers only has
    no order: 0, 0 and nan. None has a known distribution: compare within one sitting."""

    ht: Floats
    u3: Floats
    c_star: Floats


def guttman(right: Integers) -> Guttman:
    """Ht, U3 and C* of `right` (candidates, items): 1 right, 0 not, -1 omitted.

    Ht: Sijtsma (1986), Kwantitatieve Methoden 22: covariances with all others over the largest that
    both scores allow. U3: van der Flier (1982), Journal of Cross-Cultural Psychology 13(3), by the
    log odds of the items' shares; items everybody got right, or nobody, are left out of it. C*:
    Harnisch & Linn (1981), Journal of Educational Measurement 18(3), by the shares themselves.
    """
    check_answers(right, 2)
    answered, hit = right != OMIT, right == 1
    share = hit.sum(axis=0) / np.maximum(answered.sum(axis=0), 1)
    inside = (share > 0) & (share < 1)
    odds = np.log(share[inside]) - np.log1p(-share[inside])
    u3 = _caution(hit[:, inside], answered[:, inside], odds)
    return Guttman(_ht(hit, answered), u3, _caution(hit, answered, share))


def _caution(hit: Flags, answered: Flags, weight: Floats) -> Floats:
    """(best - own) / (best - worst) sums of weights, for as many right answers."""
    order = np.argsort(-weight, kind="stable")
    sorted_weight, there = weight[order], answered[:, order]
    count = hit.sum(axis=1)[:, None]
    best = (there & (there.cumsum(axis=1) <= count)) @ sorted_weight
    backwards = there[:, ::-1]
    worst = (backwards & (backwards.cumsum(axis=1) <= count)) @ sorted_weight[::-1]
    width = best - worst
    sure = width > 1e-12
    value: Floats = np.divide(best - hit @ weight, width, out=np.zeros(len(hit)), where=sure)
    return value


def _ht(hit: Flags, answered: Flags) -> Floats:
    """Sums of covariances over those of the largest; an omit is put at the candidate's mean."""
    count = np.maximum(answered.sum(axis=1), 1)
    mean = hit.sum(axis=1) / count
    centred = np.where(answered, hit - mean[:, None], 0.0)
    shared = centred @ centred.sum(axis=0) - (centred**2).sum(axis=1)
    most = hit.shape[1] * _most(mean)
    value: Floats = np.divide(shared, most, out=np.full(len(hit), np.nan), where=most > 1e-12)
    return value


def _most(mean: Floats) -> Floats:
    """Sum over all others of min(m, m') - m m', the largest covariance of two such scores."""
    order = np.argsort(mean, kind="stable")
    ascending = mean[order]
    below = np.concatenate([[0.0], ascending.cumsum()[:-1]])
    above = np.arange(len(mean) - 1, -1, -1)
    total = below + ascending * above - ascending * (ascending.sum() - ascending)
    back: npt.NDArray[np.float64] = np.empty(len(mean))
    back[order] = total
    return back
