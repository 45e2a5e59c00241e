"""Person fit: against all outcomes of a short test, on simulated sheets, and against R."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import least_squares

from proctoring.fit import person_fit
from proctoring.similarity.ability import abilities
from proctoring.similarity.answers import OMIT, BadAnswers
from proctoring.similarity.calibration import calibrate
from proctoring.similarity.nominal import Nominal
from tests.similarity.sheets import drawn
from tests.similarity.test_reference import DATA, rows, table


def logistic(steep: np.ndarray, easy: np.ndarray) -> Nominal:
    """The two-parameter model P = 1 / (1 + exp(-(steep t + easy)))."""
    return Nominal(np.stack([-steep, steep], axis=1) / 2, np.stack([-easy, easy], axis=1) / 2)


def items(count: int, seed: int) -> Nominal:
    chance = np.random.default_rng(seed)
    return logistic(chance.uniform(0.6, 2.0, count), chance.normal(0, 1.2, count))


def test_lz_has_mean_zero_and_variance_one_over_all_outcomes() -> None:
    """All but the two sheets of one kind, which are 0 by rule: their own terms are added back."""
    model = items(9, 1)
    sheets = np.array(list(product((0, 1), repeat=9)))
    p = model.probabilities(np.array([0.4]))[0, :, 1]
    mass = np.where(sheets == 1, p, 1 - p).prod(axis=1)
    z = person_fit(model, np.full(len(sheets), 0.4), sheets).lz
    weight = np.log(p / (1 - p))
    spread = np.sqrt((p * (1 - p) * weight**2).sum())
    z[[0, -1]] = [(-p * weight).sum() / spread, ((1 - p) * weight).sum() / spread]
    assert mass @ z == pytest.approx(0.0, abs=1e-12)
    assert mass @ z**2 == pytest.approx(1.0)


def test_lz_star_repairs_the_spread_of_lz() -> None:
    model = items(40, 2)
    chance = np.random.default_rng(3)
    right = drawn(model, chance.normal(size=4000), chance)
    fit = person_fit(model, abilities(model, right), right)
    assert fit.lz.std() < 0.95
    assert fit.lz_star.std() == pytest.approx(1.0, abs=0.04)
    assert 0.035 < (fit.lz_star < -1.645).mean() < 0.075


def test_who_knows_only_the_hard_items_is_odd() -> None:
    model = logistic(np.ones(20), np.linspace(-2, 2, 20))
    backwards = (np.arange(20) < 10).astype(int)[None]
    sheets = np.concatenate([backwards, 1 - backwards])
    odd, plain = person_fit(model, abilities(model, sheets), sheets).lz_star
    assert odd < -5
    assert plain > 1


def test_omits_are_masked_and_one_kind_of_answer_says_nothing() -> None:
    model = items(12, 4)
    right = np.random.default_rng(5).integers(0, 2, (1, 12))
    right[0, :2] = [0, 1]
    gaps = np.concatenate([right, right], axis=1)
    gaps[0, 12:] = OMIT
    twice = Nominal(np.tile(model.slope, (2, 1)), np.tile(model.intercept, (2, 1)))
    ability = abilities(model, right)
    whole, part = person_fit(twice, ability, gaps), person_fit(model, ability, right)
    assert whole.lz == pytest.approx(part.lz)
    assert whole.lz_star == pytest.approx(part.lz_star)
    ones = np.ones((1, 12), dtype=int)
    assert person_fit(model, np.array([4.0]), ones).lz_star == [0.0]
    with pytest.raises(BadAnswers, match="two options"):
        person_fit(model, np.zeros(2), ones)


@pytest.mark.skipif(not DATA.exists(), reason="the reference files are not here")
def test_lz_star_of_others() -> None:
    """R's item parameters are not in the files, but its lz of 500 candidates determine them."""
    sheets = np.loadtxt(DATA / "responses.csv", delimiter=",", skiprows=1)[:, 3:].astype(int) - 1
    right = (sheets == rows(table("key.csv"), "key")[0]).astype(int)
    theirs = table("ref_personfit.csv")
    own = calibrate(right, np.ones(60, dtype=int), options=2).model
    first = person_fit(own, abilities(own, right), right)
    assert first.lz_star == pytest.approx(theirs["L_S_TS"], abs=0.03)

    def misses(values: np.ndarray) -> np.ndarray:
        found = person_fit(logistic(*values.reshape(2, 60)), theirs["theta_ml"], right)
        return found.lz - theirs["L_S_NO"]

    start = 2 * np.concatenate([own.slope[:, 1], own.intercept[:, 1]])
    model = logistic(*least_squares(misses, start, xtol=1e-14, ftol=1e-14).x.reshape(2, 60))
    found = person_fit(model, theirs["theta_ml"], right)
    assert found.lz == pytest.approx(theirs["L_S_NO"], abs=1e-9)
    assert found.lz_star == pytest.approx(theirs["L_S_TS"], abs=1e-6)
    assert abilities(model, right) == pytest.approx(theirs["theta_ml"], abs=1e-4)
