"""The pieces of a search: functions of read-only arrays and a job, for any runner.

Candidates stand site by site and room by room, so that rooms and sites are slices.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import OMIT, BadAnswers, Flags, Floats, Integers
from proctoring.similarity.modelling import Modelled
from proctoring.similarity.null import LEVEL
from proctoring.similarity.screen import BINS, Screen, prepare, survivors
from proctoring.similarity.work import Job

Pairs = npt.NDArray[np.intp]

TILE = 8192
"""Candidates on a side of a tile of the screen."""

MOST_LIMITS = 1 << 29
"""Bytes of the limits of one screen."""

BLOCK = 256
"""Candidates on a side of a block that products of matrices look through."""
_CHUNK = 1024
_LIKELY = 2.9  # T's tail is heavier than the normal one: a tail of LEVEL has a z above 3.09


@dataclass(frozen=True, slots=True)
class Near:
    """Candidates to be looked at with everybody beside them: pairs with a z of `z` or more, of the
    ratio where there are abilities, else of omega. `room` (candidates,) in blocks."""

    modelled: Modelled
    room: Integers
    z: float
    copied: float


@dataclass(frozen=True, slots=True)
class Swept:
    """Candidates to be screened at `z`; with so many omits that a screen of them all would not fit
    into memory there is none, and every tile prepares its own."""

    modelled: Modelled
    screen: Screen | None
    z: float

    @classmethod
    def at(cls, modelled: Modelled, z: float) -> "Swept":
        """Screened at z, with abilities."""
        omitting = int((modelled.answers == OMIT).any(axis=1).sum())
        none = cls(modelled, None, z)
        if (BINS + omitting) * len(modelled.answers) > MOST_LIMITS:
            return none
        return cls(modelled, none.of(np.arange(len(modelled.answers))), z)

    def of(self, people: Pairs) -> Screen:
        """The screen of some candidates."""
        part = self.modelled.of(people)
        if part.model is None or part.ability is None:
            raise BadAnswers("The screen takes a model with abilities.")
        return prepare(part.model, part.ability, part.answers, z=self.z)


@dataclass(frozen=True, slots=True)
class Listed:
    """Pairs (pairs, 2), copier and source, to be tested."""

    modelled: Modelled
    pairs: Pairs
    copied: float


@dataclass(frozen=True, slots=True)
class Strangers:
    """Candidates whose `site` (candidates,) are in blocks; those not `used` are passed over."""

    modelled: Modelled
    site: Integers
    used: Flags
    copied: float


def in_rooms(near: Near, job: Job) -> Pairs:
    """Pairs a < b of one room with such a z in either direction; job: first, end."""
    first, end = job
    edges = (np.flatnonzero(np.diff(near.room[first:end])) + 1 + first).tolist()
    found = [np.empty((0, 2), dtype=np.intp)]
    for cut in zip([first, *edges], [*edges, end], strict=True):
        found.append(in_block(near, (*cut, *cut)))
    return np.concatenate(found)


def in_block(near: Near, job: Job) -> Pairs:
    """Pairs a < b of two slices; job: first and end of the rows and of the columns."""
    rows, columns = slice(job[0], job[1]), slice(job[2], job[3])
    z = near.modelled.z(rows, columns, near.copied)
    back = z if rows == columns else near.modelled.z(columns, rows, near.copied)
    pairs: Pairs = np.argwhere(np.maximum(z, back.T) >= near.z)
    pairs += np.array([rows.start, columns.start])
    return pairs[pairs[:, 0] < pairs[:, 1]]


def in_tile(swept: Swept, job: Job) -> Pairs:
    """Survivors a < b of the screen; job: first and end of the rows and of the columns."""
    rows, columns = slice(job[0], job[1]), slice(job[2], job[3])
    if swept.screen is not None:
        return survivors(swept.screen, rows, columns)
    people = np.unique(np.concatenate([np.arange(*job[:2]), np.arange(*job[2:])]))
    found = survivors(
        swept.of(people),
        slice(*np.searchsorted(people, job[:2])),
        slice(*np.searchsorted(people, job[2:])),
    )
    return people[found]


def tails(listed: Listed, job: Job) -> Floats:
    """(pairs, 2) tails of the copying likelihood ratio, forward and backward; job: first, end."""
    a, b = listed.pairs[slice(*job)].T
    modelled, sheets = listed.modelled, listed.modelled.answers
    forward = modelled.ratio(a, sheets[b], listed.copied).tail
    return np.stack([forward, modelled.ratio(b, sheets[a], listed.copied).tail], axis=1)


def low_tails(strangers: Strangers, job: Job) -> Floats:
    """The number of ordered pairs of two sites, then all their tails of at most LEVEL.

    Job: first and end of the copiers and of the sources.
    """
    rows, columns = slice(job[0], job[1]), slice(job[2], job[3])
    tested = strangers.site[rows, None] != strangers.site[columns]
    tested &= strangers.used[rows, None] & strangers.used[columns]
    modelled = strangers.modelled
    likely = tested
    if modelled.model is not None:
        likely = tested & (modelled.z(rows, columns, strangers.copied) > _LIKELY)
    a, b = np.nonzero(likely)
    sources = modelled.answers[b + columns.start]
    tail = modelled.ratio(a + rows.start, sources, strangers.copied).tail
    return np.concatenate([[tested.sum()], tail[tail <= LEVEL]])


def chunks(end: int, size: int = _CHUNK, first: int = 0) -> list[Job]:
    """First and end of pieces of `size`."""
    return [(at, min(at + size, end)) for at in range(first, end, size)]


def whole_groups(group: Integers, size: int = _CHUNK) -> list[Job]:
    """Pieces of about `size` that cut no group of (candidates,), which stand in blocks."""
    edges = [0, *(np.flatnonzero(np.diff(group)) + 1).tolist(), len(group)]
    jobs: list[Job] = []
    first = 0
    for end in edges[1:]:
        if end - first >= size or end == len(group):
            jobs.append((first, end))
            first = end
    return jobs


def tiles(first: int, end: int, size: int = TILE) -> Iterator[Job]:
    """Tiles of all pairs a < b of the candidates from `first` to `end`."""
    cuts = chunks(end, size, first)
    for n, rows in enumerate(cuts):
        yield from ((*rows, *columns) for columns in cuts[n:])


def strange_blocks(people: int, wanted: int) -> list[Job]:
    """Blocks of about `wanted` ordered pairs, evenly spread over all; nobody needs luck.

    Every group of candidates is held against the groups some whole shifts further on.
    """
    cuts = chunks(people, BLOCK)
    groups = len(cuts)
    blocks = min(groups**2, max(groups, wanted // BLOCK**2))
    shifts = -(-blocks // groups)
    moves = np.unique((groups // 2 + np.arange(shifts) * groups // shifts) % groups)
    return [
        (*cuts[at], *cuts[(at + move) % groups]) for move in moves.tolist() for at in range(groups)
    ]
