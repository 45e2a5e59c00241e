"""Exact conditional omega of everybody with everybody of one group, such as a room."""

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import OMIT, BadAnswers, Floats, Integers, one_hot
from proctoring.similarity.nominal import Nominal


def room_omega(options: Floats, answers: Integers) -> Floats:
    """(candidates, candidates) z-values, copier first and source second; 0 with oneself.

    `options` (candidates, items, options) are the probabilities of a model, `answers` (candidates,
    items). The same numbers as `omega` of `conditional`, by three products of matrices.
    """
    hot = one_hot(answers, options.shape[2])
    chance = (options * (answers != OMIT)[..., None]).reshape(len(answers), -1)
    surplus = (hot - chance) @ hot.T
    variance = (chance * (1 - chance)) @ hot.T
    z: Floats = np.divide(
        surplus, np.sqrt(variance), out=np.zeros_like(surplus), where=variance > 0
    )
    np.fill_diagonal(z, 0.0)
    return z


def rooms_above(
    model: Nominal, ability: Floats, answers: Integers, room: Integers, *, z: float
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Ordered pairs of one room whose omega is at least z: (pairs, 2) copier and source, and omega.

    `room` (candidates,) numbers the rooms; ability (candidates,), answers (candidates, items).
    The pairs stand by room number, then by copier and source.
    """
    if not len(ability) == len(answers) == len(room):
        raise BadAnswers("Abilities, answers and rooms must be of the same candidates.")
    order = np.argsort(room, kind="stable")
    edges = np.flatnonzero(np.diff(room[order])) + 1
    found, values = [np.empty((0, 2), dtype=np.intp)], [np.empty(0)]
    for people in np.split(order, edges) if len(order) else []:
        omegas = room_omega(model.probabilities(ability[people]), answers[people])
        np.fill_diagonal(omegas, -np.inf)
        copier, source = np.nonzero(omegas >= z)
        found.append(np.stack([people[copier], people[source]], axis=1))
        values.append(omegas[copier, source])
    return np.concatenate(found), np.concatenate(values)
