"""Everybody with everybody of one group, such as a room: by products of matrices."""

import numpy as np
import numpy.typing as npt

from proctoring.similarity.answers import OMIT, BadAnswers, Floats, Integers, one_hot
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.projection import INSIDE
from proctoring.similarity.ratio import COPIED


def omega_between(options: Floats, copiers: Integers, sources: Integers) -> Floats:
    """(copiers, sources) z-values; the same numbers as `omega` of `conditional`.

    `options` (copiers, items, options) are the probabilities of a model, both sheets (…, items).
    Two products of matrices.
    """
    chance = (options * (copiers != OMIT)[..., None]).reshape(len(copiers), -1)
    given = one_hot(sources, options.shape[2]).T
    surplus: Floats = (one_hot(copiers, options.shape[2]) - chance) @ given
    variance = (chance * (1 - chance)) @ given
    np.sqrt(variance, out=variance)
    z: Floats = np.divide(surplus, variance, out=np.zeros_like(surplus), where=variance > 0)
    return z


def room_omega(options: Floats, answers: Integers) -> Floats:
    """(candidates, candidates) z-values, copier first and source second; 0 with oneself.

    `options` (candidates, items, options), `answers` (candidates, items).
    """
    z = omega_between(options, answers, answers)
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


def ratio_z(
    model: Nominal,
    ability: Floats,
    copiers: Integers,
    sources: Integers,
    *,
    copied: float = COPIED,
) -> npt.NDArray[np.float32]:
    """(copiers, sources) z-values of the projected copying ratio, to four digits.

    `ability` (copiers,), both sheets (…, items). The tail of T is heavier than the normal one, so
    whoever reaches a tail p has at least the z of p: what the screen of a room needs. 0 with whom
    nothing is shared.
    """
    chance = model.probabilities(ability).astype(np.float32)
    slope = model.slope.astype(np.float32)
    score = slope - np.einsum("aio,io->ai", chance, slope)[..., None]
    answered = (copiers != OMIT)[..., None]
    information = np.einsum("aio,aio,aio->a", chance, score, score * answered)
    follows = (np.abs(ability) < INSIDE) & (information > 0)
    taken = np.divide(1, information, out=np.zeros_like(information), where=follows)
    weight = np.log1p(np.float32(copied / (1 - copied)) / np.maximum(chance, 1e-30)) * answered
    hot = one_hot(copiers, model.options).reshape(chance.shape).astype(np.float32)
    given = one_hot(sources, model.options).T.astype(np.float32)
    z = _flat((hot - chance) * weight) @ given
    weight *= chance
    pulled = _flat(weight * score) @ given
    weight *= weight
    weight /= np.maximum(chance, 1e-30)
    variance = _flat(weight * (1 - chance)) @ given
    variance -= pulled**2 * taken[:, None]
    np.maximum(variance, 1e-6, out=variance)
    z /= np.sqrt(variance)
    return z


def _flat(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return values.reshape(len(values), -1)
