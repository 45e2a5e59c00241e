"""Who sits next to whom, which paper form lies where, and how many can be kept apart.

Seats are numbered 1 to f along the layout's S-shape; here a seat is its number - 1. Plain
neighbours touch each other in a row, a column or a diagonal: up to eight for each seat.

The cyclic rule (ALGORITHMS, seats/v1) is a little stricter. Number the f seats again by (column,
row), rows counted from the end of the room at which the last used column starts; let D be the set
of the differences of these numbers, modulo f and in both signs, over all plain neighbours. Two
seats are neighbours when the difference of their numbers is in D. Every plain neighbour is one, and
the relation does not change when all numbers grow by 1 modulo f, so no seat is special: a shuffle
repaired under this rule puts everybody on every seat with probability 1/f exactly.
"""

from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seating.layouts import positions

Table = NDArray[np.bool_]
Frozen = TypeVar("Frozen", NDArray[np.bool_], NDArray[np.int32])


@lru_cache(maxsize=256)
def plain(layout: str, used: int) -> Table:
    """(used, used): whether two of the seats 1 to `used` touch; raises BadLayout."""
    at = np.array(positions(layout, used), np.int32)
    apart = np.abs(at[:, None, :] - at[None, :, :]).max(axis=2)
    return _frozen(apart == 1)


@lru_cache(maxsize=256)
def cyclic(layout: str, used: int) -> Table:
    """(used, used): the cyclic rule's neighbours of the seats 1 to `used`; raises BadLayout."""
    at = positions(layout, used)
    last = max(column for _, column in at)
    step = 1 if last % 2 else -1
    by_column = sorted(range(used), key=lambda seat: (at[seat][1], step * at[seat][0]))
    number = np.empty(used, np.int32)
    number[by_column] = np.arange(used)
    differences = (number[:, None] - number[None, :]) % used
    near = np.zeros(used, np.bool_)
    near[differences[plain(layout, used)]] = True
    return _frozen(near[differences])


@lru_cache(maxsize=256)
def forms(layout: str, used: int, kinds: int) -> NDArray[np.int32]:
    """(used,): the paper form, 0 to kinds - 1, on every seat before the room's own offset.

    (r + c) mod 2 for two forms, (2r + c) mod k for more: with four or more all eight neighbours
    have another form, with two or three some diagonal neighbours have the same.
    """
    at = np.array(positions(layout, used), np.int32)
    return _frozen((at[:, 0] * (1 if kinds == 2 else 2) + at[:, 1]) % kinds)


@lru_cache(maxsize=256)
def most_apart(layout: str, used: int) -> int:
    """No more people than this can sit on the seats 1 to `used` without any two touching.

    A bound, by covering the seats with blocks of 2 x 2 in which all touch: columns alone or in
    pairs, whichever needs fewest. It is exact for full rectangles and for 7-8-8-7.
    """
    columns: dict[int, set[int]] = {}
    for row, column in positions(layout, used):
        columns.setdefault(column, set()).add(row)
    rows = [columns[column] for column in sorted(columns)]
    best = [0, _windows(rows[0])]
    for left, right in pairwise(rows):
        best.append(min(best[-1] + _windows(right), best[-2] + _windows(left | right)))
    return best[-1]


def _windows(rows: set[int]) -> int:
    """The fewest pairs of adjacent rows that cover all these rows."""
    covered = found = 0
    for row in sorted(rows):
        if row > covered:
            covered, found = row + 1, found + 1
    return found


def _frozen(table: Frozen) -> Frozen:
    """Tables are shared by all who ask for them."""
    table.flags.writeable = False
    return table
