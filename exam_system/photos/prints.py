"""Prints of photos: 256 bits that hardly change when a picture is saved anew, and pairs of them.

The print is the sign of the lowest frequencies of the cosine transform against their median
("perceptual hash", after Zauner, Implementation and Benchmarking of Perceptual Image Hash
Functions, 2010, section 3.2.1, here with 16 × 16 coefficients). Two pictures are alike when at
most MOST bits differ. This says that two files go back to one picture; it does not recognise
faces. Whether there is one person behind two photos is for people to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64  # pixels the picture is shrunk to
KEPT = 16  # frequencies each way
BANDS = 16  # of 16 bits each: prints that differ in fewer bits than this share a whole band
MOST = BANDS - 1
MOST_EACH = 20
"""So many likenesses are told of one photo; more say that it is no portrait at all."""


@cache
def _waves() -> NDArray[np.float64]:
    """(KEPT + 1, SIDE): the rows of the cosine transform (DCT-II) from the lowest frequency on."""
    k, n = np.arange(KEPT + 1)[:, None], np.arange(SIDE)[None, :]
    found: NDArray[np.float64] = np.cos(np.pi * k * (2 * n + 1) / (2 * SIDE))
    return found


def print_of(jpeg: bytes) -> bytes:
    """The print of a photo that was taken in: 32 bytes."""
    with Image.open(BytesIO(jpeg)) as image:
        image.draft("L", (SIDE, SIDE))
        grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    waves = _waves()
    low = waves @ np.asarray(grey, dtype=np.float64) @ waves.T
    kept = low[1:, 1:]  # the mean and pure stripes tell of light, not of the picture
    return np.packbits(kept > np.median(kept)).tobytes()


def alike(prints: NDArray[np.uint8], fresh: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Pairs (i, j, bits) with i < j that differ in at most MOST bits, one of them fresh.

    prints: (n, 32). Complete for MOST bits, because two such prints agree in at least one of
    BANDS bands; time grows with n and the number of prints that share a band.
    """
    seen: set[tuple[int, int]] = set()
    bands = prints.view(np.uint16).reshape(len(prints), BANDS)
    told = np.zeros(len(prints), dtype=np.int64)
    for band in range(BANDS):
        order = np.argsort(bands[:, band], kind="stable")
        edges = np.flatnonzero(np.diff(bands[order, band])) + 1
        for group in np.split(order, edges):
            if len(group) > 1 and fresh[group].any():
                yield from _within(prints, fresh, np.sort(group), seen, told)


def _within(
    prints: NDArray[np.uint8],
    fresh: NDArray[np.bool_],
    group: NDArray[np.int64],
    seen: set[tuple[int, int]],
    told: NDArray[np.int64],
) -> Iterator[tuple[int, int, int]]:
    words = prints[group].view(np.uint64)
    for place in np.flatnonzero(fresh[group]):
        own = int(group[place])
        bits = np.bitwise_count(words ^ words[place]).sum(axis=1)
        for other in np.flatnonzero(bits <= MOST):
            pair = (min(own, int(group[other])), max(own, int(group[other])))
            if pair[0] == pair[1] or pair in seen or told[own] >= MOST_EACH:
                continue
            seen.add(pair)
            told[own] += 1
            yield *pair, int(bits[other])
