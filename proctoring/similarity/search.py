"""From answers to flagged pairs, rings and the cut-offs they had to pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from proctoring.similarity.answers import Flags, Integers
from proctoring.similarity.findings import Cutoff, Findings, Flagged, findings, flagged
from proctoring.similarity.modelling import Modelled, modelled_on
from proctoring.similarity.null import NOMINAL, TESTS, Null, null_of
from proctoring.similarity.ratio import COPIED
from proctoring.similarity.sitting import (
    EVERYWHERE,
    ROOM,
    TIERS,
    Budget,
    Sitting,
    by_place,
    ordered_by_tier,
    room_numbers,
    tier_of,
)
from proctoring.similarity.stages import (
    BLOCK,
    TILE,
    Listed,
    Near,
    Pairs,
    Strangers,
    Swept,
    chunks,
    in_block,
    in_rooms,
    in_tile,
    low_tails,
    strange_blocks,
    tails,
    tiles,
    whole_groups,
)
from proctoring.similarity.work import Desk, Job, Kept, Progress, Runner, threads

_SHARE = 0.65  # of a cut-off's z: where the screen by omega stands
_LEAST = 2.0
_SLACK = 0.25  # below a cut-off's z, for a screen by the ratio itself


@dataclass(frozen=True, slots=True)
class _Placed:
    """A sitting in the order of its places, and what a search was asked for."""

    sitting: Sitting
    order: Pairs
    room: Pairs
    site: Integers
    answers: Integers
    budget: Budget
    copied: float

    @classmethod
    def of(cls, sitting: Sitting, budget: Budget, copied: float) -> "_Placed":
        order = by_place(sitting)
        room, site = room_numbers(sitting)[order], sitting.site[order]
        answers = np.ascontiguousarray(sitting.answers[order])
        return cls(sitting, order, room, site, answers, budget, copied)


def search(
    sitting: Sitting,
    *,
    budget: Budget | None = None,
    copied: float = COPIED,
    runner: Runner | None = None,
    progress: Callable[[Progress], None] | None = None,
    kept: Kept | None = None,
    alone: Sequence[int] = (),
) -> Findings:
    """The pairs of a sitting that agree more than its error budgets allow for.

    First round: calibrate the model on everybody, look through each tier, decide by the copying
    likelihood ratio at nominal cut-offs. Second round: the same with everybody flagged left out of
    the calibration, as `alone` is from the start, and at cut-offs from the pairs left that cannot
    have met. Rooms are screened by the ratio's own z, everything else by omega at 0.65 of the
    cut-off's z, which loses fewer than one in a hundred of the pairs that would pass. `kept` holds
    finished pieces: a search that was cut off and gets the same mapping again does not repeat
    them. Results do not depend on the runner.
    """
    desk = Desk(runner or threads(), progress, {} if kept is None else kept)
    placed = _Placed.of(sitting, budget or Budget(), copied)
    left_out = np.isin(placed.order, np.asarray(alone, dtype=np.intp))
    modelled = modelled_on(desk, sitting, placed.answers, ~left_out, name="first round")
    first = flags = _flags(desk, placed, modelled, NOMINAL, "first round")
    if len(first.p):
        left_out |= np.isin(placed.order, first.pairs)
        modelled = modelled_on(desk, sitting, placed.answers, ~left_out, name="second round")
    null = _null(desk, placed, modelled, ~left_out)
    if len(first.p):
        flags = _flags(desk, placed, modelled, null, "second round")
    back, out = modelled.of(np.argsort(placed.order)), np.sort(placed.order[left_out])
    return findings(sitting, flags, _cutoffs(placed, null), null, back, out, copied)


def _flags(desk: Desk, placed: _Placed, modelled: Modelled, null: Null, name: str) -> Flagged:
    cutoffs = _cutoffs(placed, null)
    pairs = _close(desk, placed, modelled, cutoffs, name)
    listed = Listed(modelled, pairs, placed.copied)
    parts = desk.do(f"{name}: ratio", tails, listed, chunks(len(pairs)))
    both = np.concatenate([np.empty((0, 2)), *parts])
    tier = tier_of(placed.room, placed.site, pairs)
    passed = both.min(axis=1) <= np.array([cut.p for cut in cutoffs])[tier]
    original = placed.order[pairs[passed]]
    return flagged(placed.sitting, original, tier[passed], both[passed], cutoffs, null)


def _null(desk: Desk, placed: _Placed, modelled: Modelled, used: Flags) -> Null:
    strangers = Strangers(modelled, placed.site, used, placed.copied)
    jobs = strange_blocks(len(placed.site), TESTS)
    parts = desk.do("null", low_tails, strangers, jobs)
    tests = int(sum(part[0] for part in parts))
    return null_of(np.concatenate([part[1:] for part in parts]), tests)


def _cutoffs(placed: _Placed, null: Null) -> tuple[Cutoff, ...]:
    tests = ordered_by_tier(placed.room, placed.site)
    return tuple(
        Cutoff(tier, count, part, null.cutoff(part / count) if count and part else 0.0)
        for tier, (count, part) in enumerate(zip(tests, placed.budget.parts, strict=True))
    )


def _close(
    desk: Desk, placed: _Placed, modelled: Modelled, cutoffs: tuple[Cutoff, ...], name: str
) -> Pairs:
    """(pairs, 2) a < b that the screens of the three tiers leave, each tier's own only."""
    found = [np.empty((0, 2), dtype=np.intp)]
    for cut in cutoffs:
        if cut.p:
            pairs = np.concatenate(_looked_through(desk, placed, modelled, cut, name))
            found.append(pairs[tier_of(placed.room, placed.site, pairs) == cut.tier])
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _looked_through(
    desk: Desk, placed: _Placed, modelled: Modelled, cut: Cutoff, name: str
) -> list[Pairs]:
    """By blocks in rooms and without abilities, by the screen elsewhere."""
    step, z = f"{name}: {TIERS[cut.tier]}", -NormalDist().inv_cdf(cut.p)
    if modelled.model is None or modelled.ability is None:
        near = Near(modelled, placed.room, max(_LEAST, _SHARE * z), placed.copied)
        return desk.do(step, in_block, near, _tiles(placed, cut.tier, BLOCK))
    if cut.tier == ROOM:
        near = Near(modelled, placed.room, z - _SLACK, placed.copied)
        return desk.do(step, in_rooms, near, whole_groups(placed.room))
    swept = Swept.at(modelled, max(_LEAST, _SHARE * z))
    return desk.do(step, in_tile, swept, _tiles(placed, cut.tier, TILE))


def _tiles(placed: _Placed, tier: int, size: int) -> list[Job]:
    """Tiles of everybody of one room or one site with one another, or of everybody."""
    if tier == EVERYWHERE:
        return list(tiles(0, len(placed.site), size))
    groups = whole_groups(placed.room if tier == ROOM else placed.site, size=1)
    return [job for first, end in groups for job in tiles(first, end, size)]
