"""What the announced panel correction does to a ranking: never paid out, shown beside it.

The empirical-Bayes correction moves a panel only as far as its mean is known to be the panel's and
not its candidates' doing: x - k (A_g - P), P the mean over all, k = s_b2 / (s_b2 + s_w2 / n). The
variances within panels s_w2 and between panels s_b2 = max(var(A_g) - s_w2 / n, 0) are estimated
from the scores. With trimmed means one candidate who gives up moves nobody else. Benchmarked in
`tests/benchmarks/corrections.py`: with small panels the announced ratios rank worse than nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rounding import BadScore

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EmpiricalBayes:
    """Corrected scores by panel and what they rest on.

    `shrink`: k of every panel; `means`: A_g; `overall`: P; `between`, `within`: s_b2, s_w2.
    """

    results: tuple[Floats, ...]
    shrink: Floats
    means: Floats
    overall: float
    between: float
    within: float


@dataclass(frozen=True, slots=True)
class RankingDifference:
    """Two rankings of one post, by position of the candidate; ranks run 1, 2, 2, 2, 5.

    `entering` and `leaving`: who is among the first `places` only in the fair ranking, or only in
    the paid one. `moved`: how many have another rank. `tau`: Kendall's tau-b, 1 is the same order;
    nan where a ranking has one rank only.
    """

    paid_rank: tuple[int, ...]
    fair_rank: tuple[int, ...]
    entering: tuple[int, ...]
    leaving: tuple[int, ...]
    moved: int
    tau: float


def empirical_bayes(panels: Sequence[NDArray[Any]], trim: int = 1) -> EmpiricalBayes:
    """The empirical-Bayes correction of one post's raw interview scores, panel by panel.

    `trim` highest and lowest of a panel do not count for its mean and variance. Raises BadScore
    for fewer than two panels and for a panel that keeps fewer than two.
    """
    read = [np.asarray(panel, dtype=np.float64) for panel in panels]
    if len(read) < 2 or min(len(panel) for panel in read) < 2 * trim + 2:
        raise BadScore("A fairness report needs two panels, and two candidates kept in each.")
    kept = [np.sort(panel)[trim : len(panel) - trim] for panel in read]
    means = np.array([panel.mean() for panel in kept])
    sizes = np.array([len(panel) for panel in read])
    within = float(np.mean([_variance(panel, trim) for panel in read]))
    overall = float(np.concatenate(kept).mean())
    noise = within / sizes
    between = max(float(means.var(ddof=1)) - float(noise.mean()), 0.0)
    shrink = between / (between + noise) if between else np.zeros(len(read))
    shifts = shrink * (means - overall)
    results = tuple(panel - shift for panel, shift in zip(read, shifts, strict=True))
    return EmpiricalBayes(results, shrink, means, overall, between, within)


def _variance(panel: Floats, trim: int) -> float:
    """The winsorised variance, scaled as for the trimmed mean's standard error (Tukey 1963).

    n times the squared standard error of the trimmed mean, so that s_w2 / n is that of A_g.
    """
    count, kept = len(panel), len(panel) - 2 * trim
    ordered = np.sort(panel)
    winsorised = np.clip(panel, ordered[trim], ordered[count - 1 - trim])
    squares = float(((winsorised - winsorised.mean()) ** 2).sum())
    return squares * count / (kept * (kept - 1))


def ranking_difference(
    paid: Sequence[Decimal], fair: NDArray[Any], places: int
) -> RankingDifference:
    """How the ranking of one post would differ: announced results against fair ones.

    Fair scores are compared to 6 decimals. Raises BadScore when the two are not of the same people.
    """
    if len(paid) != len(fair):
        raise BadScore("The two rankings are not of the same people.")
    ours = np.array([float(score) for score in paid], dtype=np.float64)
    theirs: Floats = np.asarray(fair, dtype=np.float64).round(6)
    first, second = _ranks(ours), _ranks(theirs)
    inside, fairly = first <= places, second <= places
    return RankingDifference(
        tuple(map(int, first)),
        tuple(map(int, second)),
        tuple(map(int, np.flatnonzero(fairly & ~inside))),
        tuple(map(int, np.flatnonzero(inside & ~fairly))),
        int((first != second).sum()),
        _tau(ours, theirs),
    )


def _ranks(scores: Floats) -> NDArray[np.int64]:
    ranks: NDArray[np.int64] = 1 + (scores[None, :] > scores[:, None]).sum(axis=1, dtype=np.int64)
    return ranks


def _tau(one: Floats, other: Floats) -> float:
    a = np.sign(one[:, None] - one[None, :])
    b = np.sign(other[:, None] - other[None, :])
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale else float("nan")
