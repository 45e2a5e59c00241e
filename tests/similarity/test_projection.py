"""The ratio of an estimated ability: its terms, its tail, its error and its power."""

from itertools import product

import numpy as np
import pytest

from proctoring.similarity.ability import abilities
from proctoring.similarity.answers import OMIT
from proctoring.similarity.block import ratio_z
from proctoring.similarity.projection import projected_ratio
from tests.benchmarks import copying
from tests.similarity.sheets import SHARES, contaminated, drawn, lifelike


def terms(model, ability, copier, source, copied=0.3):
    """By loops: for each item the copier answered, (chances, values) over its options; and T."""
    p = model.probabilities(np.array([ability]))[0]
    score = model.slope - (p * model.slope).sum(axis=1, keepdims=True)
    answered = [i for i in range(len(p)) if copier[i] != OMIT]
    shared = [i for i in answered if source[i] != OMIT]
    weight = {i: np.log(1 + copied / (1 - copied) / p[i, source[i]]) for i in shared}
    information = sum(p[i] @ score[i] ** 2 for i in answered)
    pull = sum(weight[i] * p[i, source[i]] * score[i, source[i]] for i in shared)
    values = {i: -pull / information * score[i] for i in answered}
    for i in shared:
        values[i][source[i]] += weight[i]
    statistic = sum(weight[i] for i in shared if copier[i] == source[i])
    return [(p[i], values[i]) for i in answered], statistic


def pair(items: int, seed: int):
    chance = np.random.default_rng(seed)
    model, _ = lifelike(items, chance)
    sheets = drawn(model, np.array([0.2, 0.8]), chance)
    taken = chance.random(items) < 0.5
    sheets[0, taken] = sheets[1, taken]
    sheets[0, 1], sheets[1, 2] = OMIT, OMIT
    return model, sheets


@pytest.mark.parametrize(("items", "seed"), [(40, 1), (60, 4), (60, 5), (100, 6)])
def test_the_tail_is_within_two_per_cent_of_a_convolution(items: int, seed: int) -> None:
    model, sheets = pair(items, seed)
    ability = abilities(model, sheets[:1])
    found = projected_ratio(model, ability, sheets[:1], sheets[1:])
    parts, statistic = terms(model, ability[0], sheets[0], sheets[1])
    step = 1e-3
    mass, shift = np.ones(1), 0
    for chances, values in parts:
        units = np.round(values / step).astype(int)
        moved = np.zeros(len(mass) + units.max() - units.min())
        for p, unit in zip(chances, units - units.min(), strict=True):
            moved[unit : unit + len(mass)] += p * mass
        mass, shift = moved, shift + units.min()
    exact = mass[int(np.round(statistic / step)) - shift :].sum()
    assert found.tail[0] == pytest.approx(exact, rel=0.02)


def test_the_scores_at_the_estimate_add_to_nothing() -> None:
    """So that T itself is what is held against the projected terms."""
    model, sheets = pair(60, 2)
    ability = abilities(model, sheets[:1])[0]
    parts, statistic = terms(model, ability, sheets[0], sheets[1])
    answers = [answer for answer in sheets[0] if answer != OMIT]
    total = sum(values[answer] for (_, values), answer in zip(parts, answers, strict=True))
    assert total == pytest.approx(statistic, abs=1e-5)


def test_all_agreements_of_a_room_at_once_have_the_same_z() -> None:
    exam = contaminated(40, 6, 30, seed=4)
    sheets = np.where(
        np.random.default_rng(1).random(exam.answers.shape) < 0.05, OMIT, exam.answers
    )
    model, _ = lifelike(30, np.random.default_rng(4))
    ability = abilities(model, sheets)
    z = ratio_z(model, ability, sheets, sheets)
    for a, b in product(range(5), range(40, 46)):
        parts, statistic = terms(model, ability[a], sheets[a], sheets[b])
        mean = sum(p @ values for p, values in parts)
        variance = sum(p @ values**2 - (p @ values) ** 2 for p, values in parts)
        assert z[a, b] == pytest.approx((statistic - mean) / np.sqrt(variance), abs=2e-3)


def test_power_and_error_where_every_sixth_copied() -> None:
    """A small round of `tests.benchmarks.copying`, which has the figures: 60 items, the model
    calibrated with the copiers in. Plain tails err half as often as they say."""
    exam = contaminated(1000, 240, 60, seed=1)
    modelled = copying.fitted(exam)
    power = copying.power(exam, modelled, copying.projected)[:, 0]
    wanted = dict(zip(SHARES, power, strict=True))
    assert [wanted[0.3] >= 0.45, wanted[0.4] >= 0.72, wanted[0.5] >= 0.88] == [True] * 3
    tests = exam.honest * (exam.honest - 1)
    error = copying.errors(exam, modelled, copying.projected) / tests / copying.LEVELS
    assert 0.7 < error[0] < 1.2
    assert error[1] < 1.5
    plain = copying.errors(exam, modelled, copying.plain)[0] / tests / copying.LEVELS[0]
    assert plain < 0.8 * error[0]
