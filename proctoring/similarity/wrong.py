"""Identical wrong answers, the way Chinese practice counts them (雷同, 错同率).

Without cheating the share of one's wrong answers that somebody else gave too is stable over scores
and near chance, so it is read beside the p-values. Omits are neither right nor wrong.
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import (
    OMIT,
    BadAnswers,
    Floats,
    Integers,
    check_key,
)


@dataclass(frozen=True, slots=True)
class WrongMatches:
    """Counts and rates of pairs, all (pairs,).

    `right` and `wrong` are identical right and wrong answers; `first_wrong` and `second_wrong` all
    wrong answers of each; `differences` items that both answered, differently.
    """

    right: Integers
    wrong: Integers
    first_wrong: Integers
    second_wrong: Integers
    differences: Integers

    @property
    def first_rate(self) -> Floats:
        """Identical wrong answers / own wrong answers of the first; 0 if he has none."""
        return _share(self.wrong, self.first_wrong)

    @property
    def second_rate(self) -> Floats:
        """The same of the second."""
        return _share(self.wrong, self.second_wrong)

    @property
    def per_difference(self) -> Floats:
        """Exact errors in common / differences (Harpp & Hogan 1993); inf without a difference."""
        return np.where(
            self.differences > 0,
            _share(self.wrong, self.differences),
            np.where(self.wrong > 0, np.inf, 0.0),
        )


def wrong_matches(first: Integers, second: Integers, key: Integers) -> WrongMatches:
    """Of sheets (pairs, items), and the key (items,); a leaked key may be `second`, (items,)."""
    second = np.broadcast_to(second, first.shape)
    if first.ndim != 2:
        raise BadAnswers("Sheets must be arrays of pairs by items.")
    check_key(key, first.shape[1], int(key.max(initial=0)) + 1)
    both = (first != OMIT) & (second != OMIT)
    same = both & (first == second)
    return WrongMatches(
        (same & (first == key)).sum(axis=1),
        (same & (first != key)).sum(axis=1),
        ((first != OMIT) & (first != key)).sum(axis=1),
        ((second != OMIT) & (second != key)).sum(axis=1),
        (both & ~same).sum(axis=1),
    )


def _share(part: Integers, whole: Integers) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
