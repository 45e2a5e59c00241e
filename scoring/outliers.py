"""Interviews that the written score did not announce: the list that somebody should look at.

Longhua 2013 (RULES 2.12): the last of the written list (51.40) became the first with an interview
of 91.03. Such a jump is no proof of anything; it is a reason to look at sheets and recordings.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rounding import BadScore

Floats = NDArray[np.float64]

_FAR = 3.0
_MAD = 1.4826
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Surprise:
    """One candidate to look at: `index` in the arrays, ranks in the post among `of`.

    `z`: how far the interview is from what the written scores of the exam suggest, in robust
    standard deviations. `spread`: the standard deviation of the interviewers' scores, with
    `wide` when it is beyond 3 robust deviations of everybody's. `why`: "last_to_first", "far".
    """

    index: int
    written_rank: int
    total_rank: int
    of: int
    z: float
    spread: float
    wide: bool
    why: tuple[str, ...]


def written_against_interview(
    written: NDArray[Any],
    interview: NDArray[Any],
    total: NDArray[Any],
    posts: NDArray[Any],
    spread: NDArray[Any],
) -> tuple[Surprise, ...]:
    """Everybody who came last to first in a post of three or more, or whose interview is far off.

    Arrays with one entry per interviewed candidate; the furthest first. Raises BadScore when they
    are not equally long.
    """
    read = [np.asarray(one, dtype=np.float64) for one in (written, interview, total, spread)]
    if len({len(posts), *map(len, read)}) != 1:
        raise BadScore("The five columns are not of the same candidates.")
    if not len(posts):
        return ()
    z = _robust(_residuals(read[0], read[1]))
    wide = _robust(read[3]) > _FAR
    found = []
    order = np.argsort(posts, kind="stable")
    starts = np.flatnonzero(np.diff(np.asarray(posts)[order])) + 1
    for people in np.split(order, starts):
        before, after = _ranks(read[0][people]), _ranks(read[2][people])
        for at, who in enumerate(people):
            why = _why(int(before[at]), int(after[at]), before, float(z[who]))
            place = (int(who), int(before[at]), int(after[at]), len(people))
            if why:
                numbers = float(z[who]), float(read[3][who]), bool(wide[who])
                found.append(Surprise(*place, *numbers, why))
    return tuple(sorted(found, key=lambda one: (-abs(one.z), one.index)))


def _why(before: int, after: int, ranks: NDArray[np.int64], z: float) -> tuple[str, ...]:
    jumped = len(ranks) >= _FEWEST and before == int(ranks.max()) > 1 and after == 1
    return ("last_to_first",) * jumped + ("far",) * (abs(z) > _FAR)


def _ranks(scores: Floats) -> NDArray[np.int64]:
    ranks: NDArray[np.int64] = 1 + (scores[None, :] > scores[:, None]).sum(axis=1, dtype=np.int64)
    return ranks


def _residuals(written: Floats, interview: Floats) -> Floats:
    """The interview minus its straight line on the written score (Theil 1950, incomplete method).

    The median of the slopes between pairs half the list apart, so that one case bends nothing.
    """
    order = np.argsort(written, kind="stable")
    half = len(order) // 2
    low, high = order[:half], order[len(order) - half :]
    run = written[high] - written[low]
    slopes = (interview[high] - interview[low])[run > 0] / run[run > 0]
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    return interview - slope * written


def _robust(values: Floats) -> Floats:
    """Distances from the median in scaled MADs; 0 where more than half are equal."""
    away = values - np.median(values)
    scale = _MAD * float(np.median(np.abs(away)))
    return away / scale if scale > 0 else np.zeros(len(values))
