"""Calibration of the nominal model: marginal maximum likelihood by EM, all items at once.

The scale is the sample's: abilities are standard normal. The E-step is one product of one-hot
answers with log probabilities at quadrature points, the M-step Newton's method for every item's
multinomial regression (Bock 1972; Bock & Aitkin 1981).
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import (
    BadAnswers,
    Flags,
    Floats,
    Integers,
    check_answers,
    check_key,
    one_hot,
)
from proctoring.similarity.nominal import Nominal

_NODES = np.linspace(-6.0, 6.0, 61)
_PRIOR = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()
_DESIGN = np.stack([np.ones_like(_NODES), _NODES])
_UNSEEN = 0.5  # answers added to every option, so that one nobody chose stays possible
_NEWTON_STEPS = 2
_LONGEST = 2.0  # no parameter moves further in one step


class NotCalibrated(ValueError):
    """EM did not come to rest: too few candidates for these items, or a wrong key."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The model, the log-likelihood of the answers under it, and the rounds EM took."""

    model: Nominal
    log_likelihood: float
    rounds: int


def calibrate(
    answers: Integers,
    key: Integers,
    *,
    options: int,
    lacking: Flags | None = None,
    tolerance: float = 1e-4,
    rounds: int = 500,
) -> Calibration:
    """The nominal model of answers (candidates, items), omits masked.

    `key` (items,) only says which way ability points. `lacking` (items, options) marks options
    that an item does not have. EM rests when no parameter moves by more than `tolerance`; after
    `rounds` it gives up with NotCalibrated. Flagged pairs lower the power of what is computed from
    the model: calibrate once more without them.
    """
    lacking = np.zeros((answers.shape[1], options), dtype=bool) if lacking is None else lacking
    _check(answers, key, lacking)
    hot = one_hot(answers, options)
    model = _start(hot, key, lacking)
    for done in range(1, rounds + 1):
        posterior, likelihood = _expect(hot, model)
        counts = (hot.T @ posterior).reshape(*lacking.shape, -1)
        better = _maximise(model, counts + _UNSEEN * _PRIOR * ~lacking[..., None], lacking)
        moved = _distance(model, better)
        model = better
        if moved < tolerance:
            return Calibration(model, likelihood, done)
    raise NotCalibrated(
        f"The item parameters still moved by {moved:.2g} after {rounds} rounds. Check the key, or "
        "use the classical model for so few candidates."
    )


def _check(answers: Integers, key: Integers, lacking: Flags) -> None:
    check_answers(answers, lacking.shape[1])
    check_key(key, answers.shape[1], lacking.shape[1])
    if lacking.shape[0] != answers.shape[1] or lacking[np.arange(len(key)), key].any():
        raise BadAnswers("The lacking options must be given by item, the key not among them.")
    if not len(answers):
        raise BadAnswers("There are no answers to calibrate from.")


def _start(hot: Floats, key: Integers, lacking: Flags) -> Nominal:
    """Intercepts from the shares of the options, slope one half towards the key."""
    counts = hot.sum(axis=0).reshape(lacking.shape) + _UNSEEN
    slope = np.where(np.arange(lacking.shape[1]) == key[:, None], 0.5, -0.5)
    return _centred(slope, np.log(counts), lacking)


def _centred(slope: Floats, intercept: Floats, lacking: Flags) -> Nominal:
    """Sums of zero over the options that an item has."""
    has = (~lacking).sum(axis=1, keepdims=True)
    slope, intercept = np.where(lacking, 0.0, slope), np.where(lacking, 0.0, intercept)
    slope = np.where(lacking, 0.0, slope - slope.sum(axis=1, keepdims=True) / has)
    intercept = intercept - intercept.sum(axis=1, keepdims=True) / has
    return Nominal(slope, np.where(lacking, -np.inf, intercept))


def _expect(hot: Floats, model: Nominal) -> tuple[Floats, float]:
    """Posterior of every candidate over the nodes, and the log-likelihood."""
    chances = model.probabilities(_NODES).reshape(len(_NODES), -1)
    weight = hot @ np.log(np.maximum(chances, 1e-300)).T
    weight += np.log(_PRIOR)
    top = weight.max(axis=1, keepdims=True)
    np.exp(weight - top, out=weight)
    total = weight.sum(axis=1, keepdims=True)
    weight /= total
    return weight, float((top + np.log(total)).sum())


def _maximise(model: Nominal, counts: Floats, lacking: Flags) -> Nominal:
    """Newton's steps for the expected counts, (items, options, nodes)."""
    totals = counts.sum(axis=1)
    for _ in range(_NEWTON_STEPS):
        chances = model.probabilities(_NODES).transpose(1, 2, 0)
        surplus = counts - totals[:, None] * chances
        gradient = np.einsum("ioq,dq->ido", surplus, _DESIGN).reshape(len(counts), -1)
        hessian = _hessian(chances, totals, lacking)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        step = np.clip(step, -_LONGEST, _LONGEST).reshape(len(counts), 2, -1)
        intercept = np.where(lacking, 0.0, model.intercept) + step[:, 0]
        model = _centred(model.slope + step[:, 1], intercept, lacking)
    return model


def _hessian(chances: Floats, totals: Floats, lacking: Flags) -> Floats:
    """(items, 2 options, 2 options), negative; the sums that no answer decides are held at zero."""
    items, options, _ = chances.shape
    weights = totals[:, None] * _DESIGN[None, [0, 0, 1]] * _DESIGN[None, [0, 1, 1]]
    own = np.einsum("imq,ioq->imo", weights, chances)[..., None] * np.eye(options)
    scaled = weights[:, :, None] * chances[:, None]
    blocks = own - scaled @ chances[:, None].swapaxes(2, 3)
    blocks[:, [0, 2]] += totals.sum(axis=1)[:, None, None, None] / options
    blocks[:, [0, 2]] += (lacking[:, None, :, None] & np.eye(options, dtype=bool)).astype(float)
    upper = np.concatenate([blocks[:, 0], blocks[:, 1]], axis=2)
    lower = np.concatenate([blocks[:, 1], blocks[:, 2]], axis=2)
    return np.concatenate([upper, lower], axis=1).reshape(items, 2 * options, 2 * options)


def _distance(model: Nominal, other: Nominal) -> float:
    has = np.isfinite(model.intercept)
    slopes = np.abs(model.slope - other.slope).max()
    return float(max(slopes, np.abs(model.intercept[has] - other.intercept[has]).max()))
