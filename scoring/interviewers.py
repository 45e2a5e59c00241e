"""How each interviewer of a panel scored, for the fairness report; nothing here changes a score.

Panels share nobody, so an interviewer is compared with the same panel only: y = candidate -
severity + residual. With one variance for all residuals infit and outfit are the same number,
`fit`; where designs overlap and scores are categories, `scoring.facets` tells the two apart.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rounding import BadScore

Floats = NDArray[np.float64]

_MAD = 1.4826  # makes the median absolute deviation a standard deviation under a normal law
_LEAST = 1.0  # a panel that agrees to the point still has a spread of one point
_FAR = 3.0


@dataclass(frozen=True, slots=True)
class Quality:
    """One interviewer of a panel.

    `severity`: points below the panel on average (negative: lenient), with standard error. `fit`:
    mean squared residual over the panel's, 1 is expected. `outliers`: scores further from the
    panel's median than 3 scaled MADs. `trimmed_share`: how often the score was dropped (equal
    scores share it), against the `expected_share`. `correlation`: with the mean of the others, nan
    where one of the two never varies.
    """

    severity: float
    severity_se: float
    fit: float
    outliers: int
    trimmed_share: float
    expected_share: float
    correlation: float


@dataclass(frozen=True, slots=True)
class PanelQuality:
    """Kendall's W of the panel (1: all rank the candidates alike; nan: nobody tells them apart).

    `outlying`: (candidate, interviewer) of every outlying score.
    """

    concordance: float
    interviewers: tuple[Quality, ...]
    outlying: tuple[tuple[int, int], ...]


def panel_quality(scores: NDArray[Any], drop_high: int, drop_low: int) -> PanelQuality:
    """The quality report of one panel from (candidates, interviewers) scores, none missing.

    Raises BadScore for fewer than three candidates or interviewers, or a score that is missing.
    """
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 2 or min(given.shape) < 3 or not np.isfinite(given).all():
        raise BadScore("A panel's report needs all scores of three candidates and interviewers.")
    people, raters = given.shape
    severity, residual = _additive(given)
    error = float((residual**2).sum()) / ((people - 1) * (raters - 1))
    freedom = (people - 1) * (raters - 1) / (people * raters)
    fit = (residual**2).mean(axis=0) / (error * freedom) if error else np.ones(raters)
    severity_se = float(np.sqrt(error * (raters - 1) / (raters * people)))
    outlying = _outlying(given)
    shares = _trimmed(given, drop_high, drop_low)
    expected = (drop_high + drop_low) / raters
    return PanelQuality(
        kendall_w(given),
        tuple(
            Quality(
                float(severity[at]),
                severity_se,
                float(fit[at]),
                int(outlying[:, at].sum()),
                float(shares[at]),
                expected,
                _correlation(given, at),
            )
            for at in range(raters)
        ),
        tuple((int(who), int(at)) for who, at in np.argwhere(outlying)),
    )


def far_means(severities: NDArray[Any]) -> NDArray[np.bool_]:
    """Which interviewers' severity is beyond 3 standard deviations of all (Bartman 2013).

    Each is held against the mean and deviation of the others, so that one cannot hide itself.
    Raises BadScore for fewer than three.
    """
    given = np.asarray(severities, dtype=np.float64)
    if len(given) < 3:
        raise BadScore("Three interviewers are needed to say that one is far from the others.")
    others = [np.delete(given, at) for at in range(len(given))]
    away = [
        abs(one - rest.mean()) > _FAR * rest.std(ddof=1)
        for one, rest in zip(given, others, strict=True)
    ]
    return np.array(away, dtype=np.bool_)


def kendall_w(scores: NDArray[Any]) -> float:
    """Kendall's W of (candidates, interviewers) scores, corrected for ties (Kendall 1948)."""
    people, raters = scores.shape
    ranks = np.stack([_average_ranks(column) for column in scores.T], axis=1)
    spread = float(((ranks.sum(axis=1) - raters * (people + 1) / 2) ** 2).sum())
    ties = sum(float((counts**3 - counts).sum()) for counts in map(_tie_counts, scores.T))
    scale = raters**2 * (people**3 - people) - raters * ties
    return 12 * spread / scale if scale else float("nan")


def _tie_counts(column: Floats) -> NDArray[np.int64]:
    return np.unique(column, return_counts=True)[1].astype(np.int64)


def _average_ranks(column: Floats) -> Floats:
    below = (column[None, :] < column[:, None]).sum(axis=1)
    equal = (column[None, :] == column[:, None]).sum(axis=1)
    ranks: Floats = below + (equal + 1) / 2
    return ranks


def _additive(scores: Floats) -> tuple[Floats, Floats]:
    """(severity, residual) of y = candidate - severity + residual, severities adding up to 0."""
    away = scores - scores.mean(axis=1, keepdims=True)
    severity: Floats = -away.mean(axis=0)
    return severity, away + severity


def _outlying(scores: Floats) -> NDArray[np.bool_]:
    """Scores further than 3 x 1.4826 MAD from the median that the panel gave the candidate."""
    away = np.abs(scores - np.median(scores, axis=1, keepdims=True))
    spread = _MAD * np.median(away, axis=1, keepdims=True)
    far: NDArray[np.bool_] = away > _FAR * np.maximum(spread, _LEAST)
    return far


def _trimmed(scores: Floats, drop_high: int, drop_low: int) -> Floats:
    """How often each interviewer was dropped; those who are equal at the edge share it evenly."""
    return _dropped(-scores, drop_high) + _dropped(scores, drop_low)


def _dropped(scores: Floats, count: int) -> Floats:
    if count == 0:
        return np.zeros(scores.shape[1])
    edge = np.sort(scores, axis=1)[:, count - 1 : count]
    below, at_edge = scores < edge, scores == edge
    left = count - below.sum(axis=1, keepdims=True)
    share: Floats = (below + at_edge * left / at_edge.sum(axis=1, keepdims=True)).mean(axis=0)
    return share


def _correlation(scores: Floats, at: int) -> float:
    own = scores[:, at] - scores[:, at].mean()
    others = np.delete(scores, at, axis=1).mean(axis=1)
    others -= others.mean()
    scale = float(np.sqrt((own**2).sum() * (others**2).sum()))
    return float((own * others).sum()) / scale if scale > 1e-9 else float("nan")
