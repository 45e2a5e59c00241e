"""The interview score: drop the highest and the lowest examiners, average the others.

RULES 2.5 (b): the total of each examiner, one highest and one lowest dropped, the mean of the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from scoring.rounding import BadScore, exactly, round_to


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A trimmed mean and how it came about, so that it can be shown on the spot.

    `dropped`: positions in the scores, the highest first, then the lowest; `kept_sum`: of the rest.
    """

    result: Decimal
    dropped: tuple[int, ...]
    kept_sum: Decimal


@exactly
def trimmed_mean(
    scores: Sequence[Decimal], drop_high: int, drop_low: int, decimals: int, rule: str
) -> Trimmed:
    """The mean of the scores left after dropping `drop_high` highest and `drop_low` lowest.

    Of equal scores the first in the sequence is dropped, and only as many as the rule says ("one
    only when tied", notices of Pixian and Qujing). The mean is rounded once, from its exact value.
    Raises BadScore when nobody would be left.
    """
    if drop_high < 0 or drop_low < 0 or len(scores) <= drop_high + drop_low:
        raise BadScore(
            f"{len(scores)} scores cannot lose {drop_high} highest and {drop_low} lowest: at least "
            "one must be left."
        )
    kept = list(range(len(scores)))
    high = _drop(kept, [-score for score in scores], drop_high)
    low = _drop(kept, scores, drop_low)
    kept_sum = sum((scores[at] for at in kept), Decimal(0))
    return Trimmed(round_to(kept_sum / len(kept), decimals, rule), (*high, *low), kept_sum)


def _drop(kept: list[int], scores: Sequence[Decimal], count: int) -> list[int]:
    """Take the `count` least of the kept positions out of `kept`, the first of equals first."""
    dropped = sorted(kept, key=lambda at: (scores[at], at))[:count]
    for at in dropped:
        kept.remove(at)
    return dropped
