"""One sitting: who answered what, where, and which of all pairs belong to which tier."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import (
    BadAnswers,
    Flags,
    Floats,
    Integers,
    check_answers,
    check_key,
)

TIERS = ("room", "site", "everywhere")
"""Pairs of one room; of one site but two rooms; of two sites. Each has an error budget."""

ROOM, SITE, EVERYWHERE = range(3)


@dataclass(frozen=True, slots=True)
class Sitting:
    """Answers of all candidates to one paper, and their places.

    `answers` (candidates, items): options from 0, omits -1, every form already mapped to the
    master (`to_master`); `key` (items,). `room` and `site` (candidates,) are any numbers; a room is
    one of its site, so its number may come again elsewhere. `seat` (candidates, 2): row and column,
    -1 where unknown; it never enters a p-value. `lacking` (items, options) marks options that an
    item does not have.
    """

    answers: Integers
    key: Integers
    options: int
    room: Integers
    site: Integers
    seat: Integers | None = None
    lacking: Flags | None = None

    def __post_init__(self) -> None:
        check_answers(self.answers, self.options)
        check_key(self.key, self.answers.shape[1], self.options)
        people = len(self.answers)
        if people < 2 or self.room.shape != (people,) or self.site.shape != (people,):
            raise BadAnswers("A sitting needs two candidates, and a room and a site of each.")
        if self.seat is not None and self.seat.shape != (people, 2):
            raise BadAnswers("Seats must be a row and a column of every candidate.")


@dataclass(frozen=True, slots=True)
class Budget:
    """False pairs expected of each tier, if everybody were honest; 0 leaves the tier out."""

    room: float = 0.05
    site: float = 0.05
    everywhere: float = 0.05

    def __post_init__(self) -> None:
        if not all(0 <= part <= 1 for part in self.parts):
            raise BadAnswers("The budget of a tier must lie between 0 and 1.")

    @property
    def parts(self) -> tuple[float, float, float]:
        """In the order of the tiers."""
        return self.room, self.site, self.everywhere


def by_place(sitting: Sitting) -> npt.NDArray[np.intp]:
    """The candidates site by site and room by room; who shares a room keeps his order."""
    return np.lexsort((sitting.room, sitting.site))


def room_numbers(sitting: Sitting) -> npt.NDArray[np.intp]:
    """(candidates,) numbers that tell rooms of different sites apart."""
    places = np.stack([sitting.site, sitting.room], axis=1)
    numbers: npt.NDArray[np.intp] = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)
    return numbers


def tier_of(room: Integers, site: Integers, pairs: Integers) -> npt.NDArray[np.intp]:
    """(pairs,) tiers of `pairs` (pairs, 2), `room` telling rooms of different sites apart."""
    a, b = pairs.T
    return np.where(room[a] == room[b], ROOM, np.where(site[a] == site[b], SITE, EVERYWHERE))


def ordered_by_tier(room: Integers, site: Integers) -> tuple[int, int, int]:
    """Ordered pairs of each tier."""
    rooms, sites, everybody = _ordered(room), _ordered(site), len(room) * (len(room) - 1)
    return rooms, sites - rooms, everybody - sites


def _ordered(groups: Integers) -> int:
    size = np.unique(groups, return_counts=True)[1].astype(object)
    return int((size * (size - 1)).sum())


def apart(sitting: Sitting, pairs: Integers) -> Integers:
    """(pairs, 2) rows and columns between two seats of one room; -1 where that is not known."""
    unknown = np.full((len(pairs), 2), -1)
    if sitting.seat is None or not len(pairs):
        return unknown
    room, (a, b) = room_numbers(sitting), pairs.T
    seats = sitting.seat[a], sitting.seat[b]
    known = (room[a] == room[b]) & (seats[0] >= 0).all(axis=1) & (seats[1] >= 0).all(axis=1)
    return np.where(known[:, None], np.abs(seats[0] - seats[1]), unknown)


def surprise(p: Floats) -> Floats:
    """-log10 p, finite for a p of 0."""
    scale: Floats = -np.log10(np.maximum(p, 1e-300))
    return scale
