"""Response times of computer exams: the lognormal model.

log t_ji = beta_i - tau_j + e / alpha_i with e standard normal: item i takes time beta_i, candidate
j works at speed tau_j, and alpha_i says how much the item tells (van der Linden 2006, Journal of
Educational and Behavioral Statistics 31(2)). Times are in seconds; a missing one is nan.
"""

from dataclasses import dataclass

import numpy as np

from proctoring.similarity.answers import BadAnswers, Floats

_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Lognormal:
    """`beta` log seconds and `alpha` 1 / log seconds, (items,)."""

    beta: Floats
    alpha: Floats

    def __post_init__(self) -> None:
        if self.beta.shape != self.alpha.shape or not (self.alpha > 0).all():
            raise BadAnswers("Every item needs a time and a precision above 0.")


def calibrate_times(seconds: Floats, *, tolerance: float = 1e-6) -> Lognormal:
    """The model of `seconds` (candidates, items) by EM, speeds normal around 0.

    Rests when no beta moves by more than `tolerance`. Every item needs two times.
    """
    logs, there = _logs(seconds)
    if logs.ndim != 2 or (there.sum(axis=0) < 2).any():
        raise BadAnswers("Every item needs the times of two candidates.")
    count = there.sum(axis=0)
    beta, spread, width = logs.sum(axis=0) / count, np.full(logs.shape[1], 0.25), 0.1
    for _ in range(_ROUNDS):
        weight = there / spread
        variance = 1 / (weight.sum(axis=1) + 1 / width)
        speed = variance * (weight * (beta - logs)).sum(axis=1)
        better = ((logs + speed[:, None]) * there).sum(axis=0) / count
        off = (logs - better + speed[:, None]) ** 2 + variance[:, None]
        spread, width = (off * there).sum(axis=0) / count, float((speed**2 + variance).mean())
        moved, beta = np.abs(better - beta).max(), better
        if moved < tolerance:
            return Lognormal(beta, 1 / np.sqrt(spread))
    raise BadAnswers(f"The times did not come to rest in {_ROUNDS} rounds; are they all alike?")


def speeds(model: Lognormal, seconds: Floats) -> tuple[Floats, Floats]:
    """(candidates,) maximum likelihood tau and its precision, the sum of alpha squared.

    Without a time both are 0.
    """
    logs, there = _logs(seconds)
    weight = there * model.alpha**2
    precision = weight.sum(axis=1)
    pulled = (weight * (model.beta - logs)).sum(axis=1)
    zero = np.zeros(len(logs))
    return np.divide(pulled, precision, out=zero, where=precision > 0), precision


def time_fit(model: Lognormal, seconds: Floats) -> Floats:
    """(candidates,) z-values: high where the times do not go up and down with the items'.

    sum of alpha^2 (log t - beta + tau)^2 is chi-squared with one degree fewer than times; its cube
    root is normal (Wilson & Hilferty 1931). Fewer than two times give 0.
    """
    logs, there = _logs(seconds)
    tau, _ = speeds(model, seconds)
    misfit = (there * (model.alpha * (logs - model.beta + tau[:, None])) ** 2).sum(axis=1)
    degrees = there.sum(axis=1) - 1.0
    sure = degrees >= 1
    safe = np.where(sure, degrees, 1.0)
    z = (np.cbrt(misfit / safe) - (1 - 2 / (9 * safe))) / np.sqrt(2 / (9 * safe))
    return np.where(sure, z, 0.0)


def _logs(seconds: Floats) -> tuple[Floats, Floats]:
    """Logarithms, 0 where there is no time, and 1 where there is one."""
    there = ~np.isnan(seconds)
    if (seconds[there] <= 0).any():
        raise BadAnswers("Times must be seconds above 0, or nan where there is none.")
    logs: Floats = np.log(np.where(there, seconds, 1.0))
    return logs, there.astype(np.float64)
