"""Answer sheets as bit planes: identical answers counted 64 items at a time.

Plane b holds bit b of every item's option code. Two sheets differ on an item where any plane
differs, so the number of differences is the popcount of the OR of XORs. An omit gets one code as a
row and another as a column: it never agrees with anything, another omit included.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import OMIT, BadAnswers, Integers, check_answers

Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint8]

_WORD = 64
MOST_ITEMS = 255
"""Counts are bytes."""


@dataclass(frozen=True, slots=True)
class Planes:
    """`rows` and `columns`, each (words, planes, candidates), of sheets with `items` items."""

    rows: Words
    columns: Words
    items: int


def pack(answers: Integers, options: int) -> Planes:
    """Planes of answers (candidates, items); raises BadAnswers beyond 255 items."""
    check_answers(answers, options)
    items = answers.shape[1]
    if not 0 < items <= MOST_ITEMS:
        raise BadAnswers(f"The screen takes 1 to {MOST_ITEMS} items, not {items}.")
    omitted = bool((answers == OMIT).any())
    depth = max(1, (options + 1 if omitted else options - 1).bit_length())
    rows = _packed(np.where(answers == OMIT, options, answers), depth)
    columns = _packed(np.where(answers == OMIT, options + 1, answers), depth) if omitted else rows
    return Planes(rows, columns, items)


def _packed(codes: Integers, depth: int) -> Words:
    people, items = codes.shape
    words = -(-items // _WORD)
    padded = np.zeros((people, words * _WORD), dtype=np.uint8)
    planes = np.empty((words, depth, people), dtype=np.uint64)
    for bit in range(depth):
        padded[:, :items] = (codes >> bit) & 1
        octets = np.packbits(padded, axis=1)
        planes[:, bit] = octets.view(np.uint64).T
    return planes


class Counter:
    """Counts differences of blocks of rows and columns in buffers that stay in the cache."""

    def __init__(self, rows: int, columns: int) -> None:
        """For blocks of at most `rows` by `columns`."""
        self._one = np.empty((rows, columns), dtype=np.uint64)
        self._all = np.empty((rows, columns), dtype=np.uint64)
        self._word = np.empty((rows, columns), dtype=np.uint8)
        self._sum = np.empty((rows, columns), dtype=np.uint8)

    def differences(self, planes: Planes, rows: slice, columns: slice) -> Counts:
        """(rows, columns) numbers of items without identical answers; valid until the next call."""
        height, width = rows.stop - rows.start, columns.stop - columns.start
        total, word = self._sum[:height, :width], self._word[:height, :width]
        for at in range(len(planes.rows)):
            differs = self._differs(planes.rows[at, :, rows], planes.columns[at, :, columns])
            np.bitwise_count(differs, out=word if at else total)
            if at:
                total += word
        return total

    def _differs(self, rows: Words, columns: Words) -> Words:
        height, width = rows.shape[1], columns.shape[1]
        one, every = self._one[:height, :width], self._all[:height, :width]
        np.bitwise_xor(rows[0, :, None], columns[0], out=every)
        for row, column in zip(rows[1:], columns[1:], strict=True):
            np.bitwise_xor(row[:, None], column, out=one)
            every |= one
        return every
