"""The fairness report: empirical Bayes, how a ranking differs, and the published simulation."""

from decimal import Decimal

import numpy as np
import pytest

from scoring.fairness import empirical_bayes, ranking_difference
from scoring.panels import CorrectionRule, correct
from scoring.rounding import BadScore
from tests.benchmarks.corrections import METHODS, SETTINGS, away, simulated

D = Decimal


def test_the_formula_by_hand() -> None:
    """s_w2 = (2 + 8) / 2, var(A) = 50, s_b2 = 50 - 5/2, k = 47.5 / 50."""
    found = empirical_bayes([np.array([79.0, 81.0]), np.array([88.0, 92.0])], trim=0)
    assert (found.overall, found.within, found.between) == (85.0, 5.0, 47.5)
    assert found.shrink.tolist() == pytest.approx([0.95, 0.95])
    assert found.results[0].tolist() == pytest.approx([83.75, 85.75])
    assert found.results[1].tolist() == pytest.approx([83.25, 87.25])


def test_smaller_panels_are_moved_less() -> None:
    small, large = [70.0, 80.0, 90.0, 80.0], [85.0, 95.0, 90.0, 90.0] * 4
    found = empirical_bayes([np.array(small), np.array(large)])
    assert 0 < found.shrink[0] < found.shrink[1] < 1


def test_panels_that_differ_no_more_than_chance_are_not_moved() -> None:
    panels = [np.array([60.0, 70, 80, 90]), np.array([61.0, 70, 80, 90])]
    found = empirical_bayes(panels)
    assert (found.between, found.shrink.tolist()) == (0.0, [0.0, 0.0])
    assert found.results[0].tolist() == panels[0].tolist()


def test_one_who_gave_up_moves_nobody_when_means_are_trimmed() -> None:
    calm = [np.array([78.0, 80, 82, 84, 79, 81]), np.array([70.0, 72, 74, 76, 71, 73])]
    hit = [np.append(calm[0], 75.0), np.append(calm[1], 69.0)]
    gave_up = [np.append(calm[0], 30.0), np.append(calm[1], 69.0)]
    before, after = empirical_bayes(hit), empirical_bayes(gave_up)
    assert np.abs(before.results[0][:-1] - after.results[0][:-1]).max() < 0.5
    plain = [empirical_bayes(panels, trim=0) for panels in (hit, gave_up)]
    assert np.abs(plain[0].results[0][:-1] - plain[1].results[0][:-1]).max() > 3


@pytest.mark.parametrize("panels", [[[80.0] * 9], [[80.0] * 3, [80.0] * 9]])
def test_too_little_for_a_report_is_refused(panels) -> None:
    with pytest.raises(BadScore, match="needs two panels"):
        empirical_bayes([np.array(panel) for panel in panels])


def test_how_the_ranking_differs_names_who_would_enter_and_leave() -> None:
    paid = [D("80.00"), D("79.00"), D("79.00"), D("70.00")]
    found = ranking_difference(paid, np.array([78.0, 79.5, 77.0, 70.0]), places=1)
    assert (found.paid_rank, found.fair_rank) == ((1, 2, 2, 4), (2, 1, 3, 4))
    assert (found.entering, found.leaving, found.moved) == ((1,), (0,), 3)
    # Five of the six pairs are told apart by the paid ranking, four as in the fair one, one not.
    assert found.tau == pytest.approx((4 - 1) / np.sqrt(5 * 6))
    same = ranking_difference(paid, np.array([float(score) for score in paid]), places=2)
    assert (same.moved, same.entering, same.leaving, same.tau) == (0, (), (), pytest.approx(1))


def test_rankings_of_other_people_are_refused() -> None:
    with pytest.raises(BadScore, match="not of the same people"):
        ranking_difference([D(80)], np.array([80.0, 81.0]), 1)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: f"{s.panels}x{s.people}:{s.severity}")
def test_the_published_simulation_within_its_standard_errors(setting) -> None:
    """All six rows of the study; benchmarks/corrections.py prints them."""
    found = simulated(setting, 200, seed=setting.panels)
    assert np.abs(away(setting, found)).max() < 4


def test_small_panels_are_ranked_worse_by_the_announced_ratio_than_by_nothing() -> None:
    error, _ = simulated(SETTINGS[0], 200, seed=3).mean(axis=0).T
    by = dict(zip(METHODS, error, strict=True))
    assert by["oracle"] < by["EB trimmed"] < by["none"] * 1.05 < by["ratio"] < by["standard"]


def test_the_benchmark_corrects_as_the_engine_does() -> None:
    """The simulation's float formulas are those of `scoring.panels`."""
    from tests.benchmarks.corrections import _corrected

    raw = np.random.default_rng(1).normal(78, 4, (3, 8)).round(2)
    panels = [[D(f"{score:.2f}") for score in panel] for panel in raw]
    methods = ("none", "secondary_mean", "trimmed_1_1", "additive", "standard")
    for method, ours in zip(methods, _corrected(raw), strict=False):
        exact = correct(panels, CorrectionRule(method, None, None, 9, "half_up"))
        theirs = [[float(score) for score in panel.results] for panel in exact.panels]
        assert np.abs(ours - np.array(theirs)).max() < 1e-8
