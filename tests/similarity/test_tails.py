"""Exact tails against every possible outcome of small tests, one by one."""

from itertools import product
from math import log, prod, sqrt

import numpy as np
import pytest

from proctoring.similarity.agreement import Agreement, conditional, unconditional
from proctoring.similarity.answers import OMIT, BadAnswers
from proctoring.similarity.binomial import gbt, poisson_binomial
from proctoring.similarity.normal import upper_tail
from proctoring.similarity.omega import omega, weighted_omega
from proctoring.similarity.ratio import copying_ratio
from proctoring.similarity.trinomial import m4, trinomial
from tests.similarity.sheets import sitting


def outcomes(chances: list[float]):
    """Every pattern of matches and its probability."""
    for pattern in product((False, True), repeat=len(chances)):
        pairs = zip(chances, pattern, strict=True)
        yield pattern, prod(p if hit else 1 - p for p, hit in pairs)


def lattice_tail(chance: np.ndarray, weight: np.ndarray, least: float, step: float) -> np.ndarray:
    """Bounds of P(sum of weights >= least): weights rounded down and up to a lattice."""
    bounds = []
    for rounded in (np.floor, np.ceil):
        units = rounded(weight / step).astype(int)
        mass = np.zeros(units.sum() + 1)
        mass[0] = 1.0
        for p, unit in zip(chance, units, strict=True):
            moved = np.concatenate([np.zeros(unit), mass[: len(mass) - unit]])
            mass = (1 - p) * mass + p * moved
        bounds.append(mass[int(np.ceil(least / step - 1e-9)) :].sum())
    return np.array(bounds)


def test_poisson_binomial_is_the_sum_over_all_outcomes() -> None:
    chances = [0.03, 0.9, 0.5, 0.25, 0.25, 0.61, 0.08, 0.77, 1.0]
    expected = np.zeros(10)
    for pattern, p in outcomes(chances):
        expected[sum(pattern)] += p
    assert poisson_binomial(np.array([chances]))[0] == pytest.approx(expected, abs=1e-15)


def test_gbt_counts_the_observed_number_itself_and_keeps_its_digits_in_the_tail() -> None:
    chance = np.array([[0.01] * 8, [0.01] * 8])
    matched = np.zeros((2, 8), dtype=bool)
    matched[0] = True
    assert gbt(Agreement(chance, matched)) == pytest.approx([1e-16, 1.0], rel=1e-12)


def test_omega_by_hand() -> None:
    chance = [0.2, 0.5, 0.9]
    agreement = Agreement(np.array([chance]), np.array([[True, True, False]]))
    variance = sum(p * (1 - p) for p in chance)
    assert omega(agreement) == pytest.approx([(2 - sum(chance)) / sqrt(variance)])
    weights = [-log(p) for p in chance]
    mean = sum(w * p for w, p in zip(weights, chance, strict=True))
    variance = sum(w * w * p * (1 - p) for w, p in zip(weights, chance, strict=True))
    expected = (weights[0] + weights[1] - mean) / sqrt(variance)
    assert weighted_omega(agreement) == pytest.approx([expected])


def test_omega_of_sheets_without_an_item_in_common_is_zero() -> None:
    nothing = Agreement(np.zeros((1, 3)), np.zeros((1, 3), dtype=bool))
    assert omega(nothing) == weighted_omega(nothing) == [0.0]
    assert gbt(nothing) == copying_ratio(nothing).tail == [1.0]


def test_upper_tail_far_out() -> None:
    assert upper_tail(np.array([0.0, 1.959963984540054, 10.0])) == pytest.approx(
        [0.5, 0.025, 7.61985302416e-24], rel=1e-11
    )


def test_m4_is_the_sum_over_all_outcomes_with_a_tail_at_most_the_observed_one() -> None:
    exam = sitting(6, 5, seed=3)
    a, b = np.array([0, 2, 4]), np.array([1, 3, 5])
    options = exam.model.probabilities(exam.ability)
    answers = exam.answers.copy()
    answers[0, 1] = OMIT
    found = m4((options[a], options[b]), answers[a], answers[b], exam.key)
    expected = [
        _m4_by_enumeration(options[i], options[j], answers[i], answers[j], exam.key)
        for i, j in zip(a, b, strict=True)
    ]
    assert found == pytest.approx(expected, rel=1e-10)


def _m4_by_enumeration(first, second, one, other, key) -> float:
    items = [i for i in range(len(key)) if one[i] != OMIT and other[i] != OMIT]
    mass: dict[tuple[int, int], float] = {}
    for pattern in product("rwn", repeat=len(items)):
        p = 1.0
        for item, kind in zip(items, pattern, strict=True):
            right = first[item, key[item]] * second[item, key[item]]
            wrong = first[item] @ second[item] - right
            p *= {"r": right, "w": wrong, "n": 1 - right - wrong}[kind]
        cell = (pattern.count("r"), pattern.count("w"))
        mass[cell] = mass.get(cell, 0.0) + p
    tail = {(k, m): sum(p for (x, y), p in mass.items() if x >= k and y >= m) for k, m in mass}
    same = [i for i in items if one[i] == other[i]]
    observed = (sum(one[i] == key[i] for i in same), sum(one[i] != key[i] for i in same))
    return sum(p for cell, p in mass.items() if tail[cell] <= tail[observed] * (1 + 1e-12))


def test_the_trinomial_adds_to_one_and_its_margin_is_the_poisson_binomial() -> None:
    right, wrong = np.random.default_rng(1).uniform(0, 0.5, (2, 3, 12))
    mass = trinomial(right, wrong)
    assert mass.sum(axis=(1, 2)) == pytest.approx(1.0)
    assert mass.sum(axis=2) == pytest.approx(poisson_binomial(right), abs=1e-14)


@pytest.mark.parametrize("items", [40, 60, 100])
def test_the_saddlepoint_is_within_one_per_cent_of_the_exact_tail(items: int) -> None:
    exam = sitting(80, items, seed=items)
    pairs = np.arange(80).reshape(-1, 2)
    answers = exam.answers.copy()
    for n, (copier, source) in enumerate(pairs):
        answers[copier, : n * items // 50] = answers[source, : n * items // 50]
    options = exam.model.probabilities(exam.ability[pairs[:, 0]])
    agreement = conditional(options, answers[pairs[:, 0]], answers[pairs[:, 1]])
    ratio = copying_ratio(agreement)
    weight = np.log1p(3 / 7 / agreement.chance)
    checked = 0
    for at in np.flatnonzero(ratio.tail < 0.5):
        exact = lattice_tail(agreement.chance[at], weight[at], ratio.statistic[at], 1e-3)
        assert exact[0] * 0.99 < ratio.tail[at] < exact[1] * 1.01
        checked += 1
    assert checked > 20


def test_the_saddlepoint_near_the_mean() -> None:
    """Where 1/u - 1/r has lost its digits, the limit stands in: no step is seen."""
    chance = np.linspace(0.2, 0.9, 60)[None].repeat(2000, axis=0)
    matched = np.random.default_rng(5).random(chance.shape) < chance
    ratio = copying_ratio(Agreement(chance, matched))
    order = np.argsort(ratio.statistic)
    tail, statistic = ratio.tail[order], ratio.statistic[order]
    assert (np.diff(tail) <= 1e-9).all()
    middle = (tail > 0.4) & (tail < 0.6)
    line = np.polyfit(statistic[middle], tail[middle], 3)
    assert np.abs(np.polyval(line, statistic[middle]) - tail[middle]).max() < 1e-4


def test_the_ratio_at_its_ends() -> None:
    chance = np.array([[0.5, 0.25, 0.1, 0.0]] * 2)
    every, none = [True, True, True, False], [False] * 4
    ratio = copying_ratio(Agreement(chance, np.array([every, none])), copied=0.2)
    assert ratio.tail == pytest.approx([0.0125, 1.0])
    assert ratio.statistic == pytest.approx([sum(log(1 + 0.25 / p) for p in (0.5, 0.25, 0.1)), 0.0])
    with pytest.raises(BadAnswers, match="between 0 and 1"):
        copying_ratio(Agreement(chance, chance > 1), copied=1.0)


def test_omits_drop_out_of_everything() -> None:
    exam = sitting(2, 30, seed=9)
    options = exam.model.probabilities(exam.ability)
    answers = exam.answers.copy()
    answers[0, 3], answers[1, 7], answers[:, 11] = OMIT, OMIT, OMIT
    kept = np.setdiff1d(np.arange(30), [3, 7, 11])
    for whole, part in (
        (
            conditional(options[:1], answers[:1], answers[1:]),
            conditional(options[:1, kept], answers[:1, kept], answers[1:, kept]),
        ),
        (
            unconditional((options[:1], options[1:]), answers[:1], answers[1:]),
            unconditional(
                (options[:1, kept], options[1:, kept]), answers[:1, kept], answers[1:, kept]
            ),
        ),
    ):
        assert whole.matches == part.matches
        for statistic in (omega, weighted_omega, gbt):
            assert statistic(whole) == pytest.approx(statistic(part), rel=1e-12)
        assert copying_ratio(whole).tail == pytest.approx(copying_ratio(part).tail, rel=1e-9)


def test_sheets_of_different_shapes_are_refused() -> None:
    exam = sitting(3, 4, seed=1)
    options = exam.model.probabilities(exam.ability)
    with pytest.raises(BadAnswers, match="same pairs"):
        unconditional((options, options), exam.answers, exam.answers[:2])
