"""The screen: which of all pairs agree so much that the exact statistics should look.

The conditional omega of copier a and source b exceeds z when the number of identical answers
reaches mean + z sd, and mean and sd depend on a by ability alone (and by what a omitted). So each
ability bin and source has one integer, and a pair costs an XOR, a popcount and a comparison.
Candidates who omitted anything have a bin of their own, with the exact mean over what they
answered. The bins make a screen's z differ from the exact one by about 0.1: set the screen half a
unit below the cut-off.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import OMIT, BadAnswers, Floats, Integers, one_hot
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.planes import MOST_ITEMS, Counter, Planes, pack

BINS = 121
"""Ability bins of equal width."""

ROWS, COLUMNS = 64, 1024

_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Screen:
    """What a tile needs: read-only arrays that threads can share.

    A pair is looked at if its differences are below `limits[bins[a], b]` or `turned[a, bins[b]]`,
    the same numbers with sources first. `limits` (bins, candidates), `bins` (candidates,).
    """

    planes: Planes
    bins: npt.NDArray[np.intp]
    limits: npt.NDArray[np.uint8]
    turned: npt.NDArray[np.uint8]


def prepare(
    model: Nominal, ability: Floats, answers: Integers, *, z: float, bins: int = BINS
) -> Screen:
    """The screen at z of answers (candidates, items) with abilities (candidates,).

    Memory is bins x candidates bytes, twice, a bin more for each candidate with an omit.
    """
    if ability.shape != (len(answers),):
        raise BadAnswers("Abilities and answers must be of the same candidates.")
    if bins < 1:
        raise BadAnswers(f"The number of ability bins must be at least 1, not {bins}.")
    planes = pack(answers, model.options)
    whole = (answers != OMIT).all(axis=1)
    centres, place = _bins(ability[whole], bins)
    number = np.empty(len(answers), dtype=np.intp)
    number[whole] = place
    number[~whole] = len(centres) + np.arange((~whole).sum())
    levels = np.concatenate([centres, ability[~whole]])
    answered = np.ones((len(levels), answers.shape[1]), dtype=bool)
    answered[len(centres) :] = answers[~whole] != OMIT
    limits = _limits(model, (levels, answered), answers, z)
    return Screen(planes, number, limits, np.ascontiguousarray(limits.T))


def _bins(ability: Floats, bins: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The mean abilities of the bins that somebody is in, and the bin of each candidate."""
    low, high = ability.min(initial=np.inf), ability.max(initial=-np.inf)
    width = (high - low) / bins if high > low else 1.0
    _, place = np.unique(np.floor((ability - low) / width), return_inverse=True)
    return np.bincount(place, ability) / np.bincount(place), place


def _limits(
    model: Nominal, copiers: tuple[Floats, npt.NDArray[np.bool_]], answers: Integers, z: float
) -> npt.NDArray[np.uint8]:
    """(copiers, sources): flagged if differences are below; 0 never is."""
    limits = np.empty((len(copiers[0]), len(answers)), dtype=np.uint8)
    for start in range(0, len(answers), _CHUNK):
        hot = one_hot(answers[start : start + _CHUNK], model.options).T.astype(np.float32)
        for first in range(0, len(limits), _CHUNK):
            cut = slice(first, first + _CHUNK)
            chance = model.probabilities(copiers[0][cut]) * copiers[1][cut, :, None]
            chance = chance.reshape(len(chance), -1).astype(np.float32)
            threshold = chance @ hot
            threshold += z * np.sqrt((chance * (1 - chance)) @ hot)
            differences = answers.shape[1] - np.ceil(threshold - 1e-4) + 1
            limits[cut, start : start + _CHUNK] = np.clip(differences, 0, MOST_ITEMS)
    return limits


def survivors(screen: Screen, rows: slice, columns: slice) -> npt.NDArray[np.intp]:
    """(pairs, 2) of candidates a < b in the tile that pass in one direction or the other.

    The tile function: a pure function of its arguments, for threads or other machines.
    """
    counter = Counter(ROWS, COLUMNS)
    found = [
        _block(screen, counter, slice(top, min(top + ROWS, rows.stop)), columns)
        for top in range(rows.start, rows.stop, ROWS)
    ]
    return np.concatenate([np.empty((0, 2), dtype=np.intp), *found])


def _block(screen: Screen, counter: Counter, rows: slice, columns: slice) -> npt.NDArray[np.intp]:
    """The survivors of at most ROWS rows, right of the diagonal."""
    own = screen.limits[screen.bins[rows]]
    turned = screen.turned[rows]
    found = [np.empty((0, 2), dtype=np.intp)]
    for left in range(max(columns.start, rows.start), columns.stop, COLUMNS):
        cut = slice(left, min(left + COLUMNS, columns.stop))
        limit = turned[:, screen.bins[cut]]
        np.maximum(limit, own[:, cut], out=limit)
        flagged = counter.differences(screen.planes, rows, cut) < limit
        if flagged.any():
            pairs = np.add(np.argwhere(flagged), (rows.start, cut.start))
            found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found)


def all_pairs(screen: Screen) -> npt.NDArray[np.intp]:
    """(pairs, 2) of all candidates a < b that pass, in order of a and then of b."""
    everybody = slice(0, len(screen.bins))
    found = survivors(screen, everybody, everybody)
    return found[np.lexsort((found[:, 1], found[:, 0]))]
