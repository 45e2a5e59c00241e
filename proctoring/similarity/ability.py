"""Maximum likelihood ability under the nominal model, for many candidates at once.

The log-likelihood is concave in ability: its derivative is the sum of the slopes of the chosen
options minus the sum of the expected slopes of the answered items, and the second sum rises with
ability. So the estimate is where an increasing curve reaches the candidate's sum. The curve is
tabled once for every item; a product with the mask of answered items makes everybody's own, and a
cubic through the two nodes around the crossing inverts it (error below 1e-7).
"""

import numpy as np

from proctoring.similarity.answers import OMIT, Floats, Integers, check_answers, chosen
from proctoring.similarity.nominal import Nominal

LIMIT = 4.0
"""Abilities are sought in [-LIMIT, LIMIT], the scale being the calibration sample's."""

_NODES = np.linspace(-LIMIT, LIMIT, 257)
_CHUNK = 4096


def abilities(model: Nominal, answers: Integers) -> Floats:
    """(candidates,) estimates from answers (candidates, items); nothing answered gives 0."""
    check_answers(answers, model.options)
    expected, information = _curves(model)
    starts = range(0, len(answers), _CHUNK)
    parts = [
        _invert(model, answers[start : start + _CHUNK], expected, information) for start in starts
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _curves(model: Nominal) -> tuple[Floats, Floats]:
    """Expected slope and its derivative, the information, (items, nodes)."""
    chances = model.probabilities(_NODES)
    mean = (chances * model.slope).sum(axis=2)
    square = (chances * model.slope**2).sum(axis=2)
    return mean.T.copy(), (square - mean**2).T.copy()


def _invert(model: Nominal, answers: Integers, expected: Floats, information: Floats) -> Floats:
    answered = (answers != OMIT).astype(np.float64)
    goal = chosen(model.slope, answers).sum(axis=1)
    curve, rise = answered @ expected, answered @ information
    left = np.clip((curve <= goal[:, None]).sum(axis=1) - 1, 0, len(_NODES) - 2)
    rows = np.arange(len(answers))
    step = _NODES[1] - _NODES[0]
    share = _cross(
        goal,
        (curve[rows, left], curve[rows, left + 1]),
        (step * rise[rows, left], step * rise[rows, left + 1]),
    )
    return np.where(answered.any(axis=1), _NODES[left] + step * share, 0.0)


def _cross(goal: Floats, ends: tuple[Floats, Floats], slopes: tuple[Floats, Floats]) -> Floats:
    """Where in [0, 1] the cubic with these ends and end slopes reaches the goal, by Newton."""
    start, rise = ends[0], ends[1] - ends[0]
    square = 3 * rise - 2 * slopes[0] - slopes[1]
    cube = slopes[0] + slopes[1] - 2 * rise
    share = np.clip((goal - start) / np.where(rise > 0, rise, 1.0), 0.0, 1.0)
    for _ in range(4):
        value = start + share * (slopes[0] + share * (square + share * cube))
        tangent = slopes[0] + share * (2 * square + 3 * share * cube)
        move = (value - goal) / np.where(tangent > 0, tangent, 1.0)
        share = np.clip(share - move, 0.0, 1.0)
    return share
