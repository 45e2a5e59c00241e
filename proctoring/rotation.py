"""rotation/v1: invigilators to rooms over several sessions of an exam, by exchanges.

For every district on its own; epoch e = 0, 1, … is part of the algorithm, the first in which all
sessions of the district succeed counts. With `<p>` = `<purpose>/<epoch>/<session>`, from 0:

1. Who serves. People by (duties so far in this exam, ticket(<p>, label)): the first qualified ones
   are leads, one for each room; of the rest the first are the others, one for each room; of the
   rest the first are reserves. Rule "require": as many women among the others as there are men
   among the leads, and the reverse.
2. Where. Role by role (lead, other, reserve), the people in that order to the places by the words
   (<p>/<role>, site id): place k of a site in listed order has word k. Unless sexes are ignored,
   the others stand women first and the rooms led by men first, so that each room has its mix as
   long as it lasts.
3. Repair, at most 64 rounds t: a place with a bad person, place k of the n of its site, reads word
   n (t + 1) + k of its site. A word of the uneven end skips the round; else the word modulo the
   size of its class names another place of it (class: role, for leads and others unless ignored
   also the sex; places in listed order). Where both would be good after the exchange it stands; of
   those that stand, one with the lowest word at both its places is done.
4. What is left: the bad places are emptied and filled by augmenting paths in listed order, within
   the role (and sex, where the rule requires a mix), with those who stood there; where that leaves
   a place empty, also with those who serve nowhere yet, all in the order of step 1.
Good: not the own school's site, no earlier room, site or partner as far as the rule says so, no
relation in the room, and two schools in a room. Words are u64; nothing else is chance.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctoring.reading import Ints
from proctoring.rotation_draw import Drawing, Duty, History, choose
from proctoring.rotation_input import Rotation, read_rotation
from proctoring.rotation_limits import shortfalls
from proctoring.shortfall import Infeasible, NotFound

EPOCHS = 64
Flags = NDArray[np.bool_]


def rotation_v1(part: Mapping[str, Any], seed: str, *, purpose: str) -> dict[str, Any]:
    """The result for one part (shape: rotation_input) and a seed of 64 hex digits.

    {"districts": [{"id", "epoch": int, "sessions": [{"id", "lead": [label, …], "other": [label, …],
    "reserve": [label, …], "reserve_site": [int, …]}]}]}: leads and others stand beside the rooms
    that the session lists, reserves in ticket order beside the positions of their sites.
    Raises BadInput for a wrong shape, Infeasible with shortfalls where the rules cannot be kept,
    NotFound where nothing short is known and no epoch succeeded.
    """
    problem = read_rotation(part)
    return as_result(problem, *rotate(problem, seed, purpose=purpose))


def rotate(problem: Rotation, seed: str, *, purpose: str) -> tuple[list[Duty], Ints]:
    """The duties of every session and the epoch of every district."""
    active = np.ones(len(problem.districts), dtype=np.bool_)
    epochs = np.zeros(len(active), dtype=np.int64)
    kept: list[Duty] = []
    for epoch in range(EPOCHS):
        duties, failed = _epoch(problem, seed, f"{purpose}/{epoch}", active)
        epochs[active] = epoch
        kept = [_merged(problem, *both) for both in zip(kept or duties, duties, strict=True)]
        active = failed
        if not active.any():
            return kept, epochs
        if epoch == 0:
            _require_possible(problem, active)
    names = [f"district {problem.districts[n]}" for n in np.flatnonzero(active)]
    raise NotFound(names, EPOCHS)


def as_result(problem: Rotation, duties: list[Duty], epochs: Ints) -> dict[str, Any]:
    """The plain JSON of the duties."""
    outcomes: list[list[dict[str, Any]]] = [[] for _ in problem.districts]
    first_site = np.searchsorted(problem.places.site_district, np.arange(len(outcomes)))
    label = np.array(problem.people.label, dtype=object)
    for at, (session, duty) in enumerate(zip(problem.sessions, duties, strict=True)):
        rooms = _parts(problem.places.district[session.rooms], len(outcomes))
        standby = _parts(problem.people.district[duty.standby], len(outcomes))
        for n, names in enumerate(problem.session_ids):
            if at < len(names):
                outcomes[n].append(
                    {
                        "id": names[at],
                        "lead": label[duty.lead[rooms[n]]].tolist(),
                        "other": label[duty.other[rooms[n]]].tolist(),
                        "reserve": label[duty.standby[standby[n]]].tolist(),
                        "reserve_site": (duty.standby_site[standby[n]] - first_site[n]).tolist(),
                    }
                )
    return {
        "districts": [
            {"id": name, "epoch": int(epochs[n]), "sessions": outcomes[n]}
            for n, name in enumerate(problem.districts)
        ]
    }


def _parts(district: Ints, count: int) -> list[slice]:
    """Where each district stands in a column that is sorted by district."""
    ends = np.searchsorted(district, np.arange(count + 1)).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]


def _require_possible(problem: Rotation, failed: Flags) -> None:
    """No epoch helps where something is short."""
    if found := shortfalls(problem, np.flatnonzero(failed).tolist()):
        raise Infeasible(found)


def _merged(problem: Rotation, old: Duty, new: Duty) -> Duty:
    """The new duties where there are any (districts of this epoch), else the old ones."""
    if old is new:
        return new
    district = problem.people.district
    renewed = np.isin(district[old.standby], district[new.standby])
    lead = np.where(new.lead >= 0, new.lead, old.lead)
    other = np.where(new.lead >= 0, new.other, old.other)
    standby = np.concatenate([old.standby[~renewed], new.standby])
    site = np.concatenate([old.standby_site[~renewed], new.standby_site])
    order = np.argsort(district[standby], kind="stable")
    return Duty(lead, other, standby[order], site[order])


def _epoch(problem: Rotation, seed: str, purpose: str, active: Flags) -> tuple[list[Duty], Flags]:
    """All sessions of the active districts; the second part says which of them failed."""
    history, duties = History(len(problem.people.label)), []
    failed = np.zeros(len(active), dtype=np.bool_)
    for at, session in enumerate(problem.sessions):
        draw = (seed, f"{purpose}/{at}")
        chosen = choose(problem, session, history.duties, draw, active & ~failed)
        failed |= chosen.short
        drawing = Drawing(problem, session, history, draw, active & ~failed)
        duty = drawing.duty(chosen)
        failed |= drawing.failed
        history.add(session, problem.places.site, duty)
        duties.append(duty)
    return duties, failed
