"""Preknowledge by scores and times, and erasures: against plain loops, and on honest sheets."""

import numpy as np
import pytest
from scipy import optimize, stats

from proctoring.fit import (
    Lognormal,
    calibrate_times,
    erasures,
    group_erasures,
    joint_tail,
    preknowledge_scores,
    preknowledge_times,
    speeds,
    time_fit,
)
from proctoring.similarity.answers import OMIT, BadAnswers
from proctoring.similarity.nominal import Nominal
from tests.similarity.sheets import drawn
from tests.similarity.test_fit import items, logistic

LEAKED = np.arange(40) < 12


def honest(people: int, seed: int) -> tuple[Nominal, np.ndarray]:
    model, chance = items(40, seed), np.random.default_rng(seed + 1)
    return model, drawn(model, chance.normal(size=people), chance)


def best(model: Nominal, right: np.ndarray, part: np.ndarray) -> tuple[float, float]:
    """Ability and log-likelihood on some items, by search."""

    def against(ability: float) -> float:
        total = 0.0
        for item in np.flatnonzero(part):
            p = model.probabilities(np.array([ability]))[0, item, 1]
            total -= np.log(p if right[item] else 1 - p) if right[item] != OMIT else 0.0
        return total

    found = optimize.minimize_scalar(against, bounds=(-4, 4), method="bounded")
    return found.x, -found.fun


def test_scores_by_loops() -> None:
    model, right = honest(6, 1)
    right[2, 5] = OMIT
    found = preknowledge_scores(model, right, LEAKED)
    for one in range(6):
        known, other = (best(model, right[one], part) for part in (LEAKED, ~LEAKED))
        whole = best(model, right[one], np.ones(40, dtype=bool))
        gain = 2 * (known[1] + other[1] - whole[1])
        expected = np.sign(known[0] - other[0]) * np.sqrt(max(gain, 0))
        assert found[one] == pytest.approx(expected, abs=2e-4)


def test_scores_of_honest_sheets_are_standard_normal_and_knowing_is_seen() -> None:
    model, right = honest(4000, 3)
    found = preknowledge_scores(model, right, LEAKED)
    assert found.mean() == pytest.approx(0.0, abs=0.06)
    assert 0.5 < (found > 2.326).mean() / 0.01 < 1.6
    right[:200, LEAKED] = 1
    assert (preknowledge_scores(model, right, LEAKED)[:200] > 2.326).mean() > 0.5
    right[0, LEAKED] = OMIT
    assert preknowledge_scores(model, right, LEAKED)[0] == 0.0
    with pytest.raises(BadAnswers, match="some not"):
        preknowledge_scores(model, right, LEAKED | True)


def timed(people: int, seed: int) -> tuple[Lognormal, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    model = Lognormal(chance.normal(4.0, 0.5, 40), chance.uniform(1.2, 3.0, 40))
    speed = chance.normal(0, 0.3, people)
    noise = chance.normal(size=(people, 40)) / model.alpha
    return model, speed, np.exp(model.beta - speed[:, None] + noise)


def test_times_are_calibrated_to_the_model_that_made_them() -> None:
    model, speed, seconds = timed(3000, 5)
    seconds[np.random.default_rng(6).random(seconds.shape) < 0.05] = np.nan
    found = calibrate_times(seconds)
    assert found.beta == pytest.approx(model.beta, abs=0.06)
    assert found.alpha == pytest.approx(model.alpha, rel=0.07)
    assert np.corrcoef(speeds(found, seconds)[0], speed)[0, 1] > 0.95
    fit = time_fit(found, seconds)
    assert (fit.mean(), fit.std()) == (pytest.approx(0, abs=0.06), pytest.approx(1, abs=0.06))
    with pytest.raises(BadAnswers, match="above 0"):
        calibrate_times(np.zeros((3, 2)))


def test_times_by_likelihood() -> None:
    """The closed form is the ratio of the normal likelihoods at their maxima."""
    model, _, seconds = timed(5, 7)
    seconds[1, [0, 20]] = np.nan
    found = preknowledge_times(model, seconds, LEAKED)
    for one in range(5):
        taus, sums = [], []
        for part in (LEAKED, ~LEAKED, np.ones(40, dtype=bool)):
            there = part & ~np.isnan(seconds[one])
            logs, a = np.log(seconds[one, there]), model.alpha[there]
            tau = np.average(model.beta[there] - logs, weights=a**2)
            taus.append(tau)
            sums.append(stats.norm.logpdf(logs, model.beta[there] - tau, 1 / a).sum())
        gain = np.sqrt(2 * (sums[0] + sums[1] - sums[2]))
        assert found[one] == pytest.approx(np.sign(taus[0] - taus[1]) * gain)


def test_joint_tail_of_honest_sheets_is_uniform_above_its_step() -> None:
    chance = np.random.default_rng(8)
    p = joint_tail(chance.normal(size=200_000), chance.normal(size=200_000))
    assert (p == 1).mean() == pytest.approx(0.25, abs=0.005)
    for level in (0.5, 0.05, 0.005):
        assert (p <= level).mean() == pytest.approx(level, rel=0.08)
    assert joint_tail(np.array([2.0]), np.array([-3.0])) == pytest.approx(
        0.5 * stats.chi2.sf(4, 1) + 0.25 * stats.chi2.sf(4, 2)
    )


def test_erasures_by_loops() -> None:
    model, right = honest(5, 9)
    erased = np.random.default_rng(10).random((5, 40)) < 0.15
    right[0, 3], erased[4] = OMIT, False
    plain = erasures(model, right, erased, estimated=False)
    taylor = erasures(model, right, erased)
    steep = model.slope[:, 1] - model.slope[:, 0]
    for one in range(4):
        kept = np.where(erased[one], OMIT, right[one])
        ability, _ = best(model, kept, np.ones(40, dtype=bool))
        p = model.probabilities(np.array([ability]))[0, :, 1]
        top = variance = pull = information = 0.0
        for item in range(40):
            if erased[one, item] and right[one, item] != OMIT:
                top += right[one, item] - p[item]
                variance += p[item] * (1 - p[item])
                pull += steep[item] * p[item] * (1 - p[item])
            elif right[one, item] != OMIT:
                information += steep[item] ** 2 * p[item] * (1 - p[item])
        assert plain.index[one] == pytest.approx((top - 0.5) / np.sqrt(variance), abs=1e-4)
        wider = variance + pull**2 / information
        assert taylor.index[one] == pytest.approx((top - 0.5) / np.sqrt(wider), abs=1e-4)
    assert (plain.count[4], plain.index[4], plain.tail[4]) == (0, 0.0, 1.0)
    rooms, both = group_erasures(model, right, erased, np.array([7, 7, 3, 3, 9]))
    assert rooms.tolist() == [3, 7, 9]
    assert both.count.tolist() == [taylor.count[2:4].sum(), taylor.count[:2].sum(), 0]
    assert both.tail[2] == 1.0


def test_a_group_is_the_sum_of_its_candidates() -> None:
    model, right = honest(3, 11)
    erased = np.random.default_rng(12).random((3, 40)) < 0.2
    single = erasures(model, right, erased)
    _, alone = group_erasures(model, right, erased, np.arange(3))
    assert alone.index == pytest.approx(single.index)
    _, one = group_erasures(model, right[[0, 0]], erased[[0, 0]], np.zeros(2, dtype=int))
    spread = _surplus(model, right[0], erased[0])
    expected = (2 * spread[0] - 0.5) / np.sqrt(2 * spread[1])
    assert one.index[0] == pytest.approx(expected, abs=1e-4)


def _surplus(model: Nominal, right: np.ndarray, erased: np.ndarray) -> tuple[float, float]:
    """The sum of x - P over the erased, and its variance, from the indices with and without."""
    ability, _ = best(model, np.where(erased, OMIT, right), np.ones(40, dtype=bool))
    p = model.probabilities(np.array([ability]))[0, :, 1]
    steep, spread = model.slope[:, 1] - model.slope[:, 0], p * (1 - p)
    pulled = (steep * spread)[erased].sum() ** 2 / (steep**2 * spread)[~erased].sum()
    return (right - p)[erased].sum(), spread[erased].sum() + pulled


def test_honest_erasures_stay_below_their_level_and_helping_hands_are_seen() -> None:
    model, right = honest(3000, 13)
    erased = np.random.default_rng(14).random(right.shape) < 0.1
    found = erasures(model, right, erased)
    assert 0.2 < (found.tail <= 0.01).mean() / 0.01 < 1.2
    room = np.arange(3000) // 30
    changed = np.where(erased & (room == 4)[:, None], 1, right)
    _, groups = group_erasures(model, changed, erased, room)
    assert groups.tail.argmin() == 4
    assert groups.tail[4] < 1e-9
    assert np.sort(groups.tail)[1] > 1e-4
    with pytest.raises(BadAnswers, match="every answer"):
        erasures(logistic(np.ones(3), np.zeros(3)), right[:, :3], erased)
