"""How likely each option is: the nominal model, ability, calibration; the classical model."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from proctoring.similarity.ability import LIMIT, abilities
from proctoring.similarity.answers import OMIT, BadAnswers, to_master
from proctoring.similarity.calibration import NotCalibrated, calibrate
from proctoring.similarity.classical import classical_probabilities
from proctoring.similarity.nominal import Nominal
from tests.similarity.sheets import sitting


def likelihood(model: Nominal, answers: np.ndarray, ability: float) -> float:
    logs = np.log(model.probabilities(np.array([ability]))[0])
    return sum(logs[i, o] for i, o in enumerate(answers) if o != OMIT)


def with_omits(answers: np.ndarray, seed: int) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(answers.shape) < 0.15, OMIT, answers)


def test_probabilities_by_hand() -> None:
    model = Nominal(np.array([[1.0, -1.0]]), np.array([[0.5, -0.5]]))
    expected = 1 / (1 + np.exp(-2 * 2.0 - 1))
    assert model.probabilities(np.array([2.0])) == pytest.approx(
        np.array([[[expected, 1 - expected]]])
    )


def test_an_option_that_an_item_lacks_has_no_chance() -> None:
    model = Nominal(np.array([[1.0, -1.0, 0.0]]), np.array([[0.0, 0.0, -np.inf]]))
    assert model.probabilities(np.array([0.0]))[0, 0] == pytest.approx([0.5, 0.5, 0.0])
    with pytest.raises(BadAnswers, match="needs an option"):
        Nominal(np.zeros((1, 2)), np.full((1, 2), -np.inf))


def test_ability_is_where_the_likelihood_is_greatest() -> None:
    exam = sitting(40, 25, seed=2)
    answers = with_omits(exam.answers, 4)
    found = abilities(exam.model, answers)
    for row, ability in zip(answers, found, strict=True):
        best = minimize_scalar(
            lambda t, row=row: -likelihood(exam.model, row, t),
            bounds=(-LIMIT, LIMIT),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert ability == pytest.approx(best.x, abs=1e-6)


def test_ability_stays_inside_its_limits_and_is_zero_without_an_answer() -> None:
    exam = sitting(1, 10, seed=6)
    best, worst = exam.model.slope.argmax(axis=1), exam.model.slope.argmin(axis=1)
    sheets = np.stack([best, worst, np.full(10, OMIT)])
    assert abilities(exam.model, sheets) == pytest.approx([LIMIT, -LIMIT, 0.0])


def test_calibration_finds_the_model_that_made_the_answers() -> None:
    exam = sitting(4000, 20, seed=7)
    fitted = calibrate(with_omits(exam.answers, 8), exam.key, options=4)
    chances = [m.probabilities(np.linspace(-2, 2, 9)) for m in (fitted.model, exam.model)]
    assert np.abs(chances[0] - chances[1]).max() < 0.06
    assert np.abs(fitted.model.slope.sum(axis=1)).max() < 1e-9


def test_calibration_rests_where_the_likelihood_is_greatest() -> None:
    """A step away in any parameter lowers it, priors of half an answer aside."""
    exam = sitting(1500, 8, seed=11)
    fitted = calibrate(exam.answers, exam.key, options=4, tolerance=1e-6)
    best = _marginal(fitted.model, exam.answers)
    assert fitted.log_likelihood == pytest.approx(best, abs=1e-4)
    for item in range(8):
        for step in ((0.15, 0.0), (-0.15, 0.0), (0.0, 0.15), (0.0, -0.15)):
            slope, intercept = fitted.model.slope.copy(), fitted.model.intercept.copy()
            slope[item, 0] += step[0]
            intercept[item, 0] += step[1]
            assert _marginal(Nominal(slope, intercept), exam.answers) < best


def _marginal(model: Nominal, answers: np.ndarray) -> float:
    nodes = np.linspace(-6, 6, 61)
    prior = np.exp(-0.5 * nodes**2) / np.exp(-0.5 * nodes**2).sum()
    logs = np.log(model.probabilities(nodes))
    rows = np.stack([logs[:, i, answers[:, i]] for i in range(answers.shape[1])]).sum(axis=0)
    return float(np.log(prior @ np.exp(rows)).sum())


def test_calibration_takes_items_with_fewer_options() -> None:
    exam = sitting(600, 6, seed=13, options=3)
    lacking = np.zeros((6, 4), dtype=bool)
    lacking[:, 3] = True
    narrow = calibrate(exam.answers, exam.key, options=3, tolerance=1e-7).model
    wide = calibrate(exam.answers, exam.key, options=4, lacking=lacking, tolerance=1e-7).model
    nodes = np.linspace(-2, 2, 5)
    assert wide.probabilities(nodes)[..., :3] == pytest.approx(narrow.probabilities(nodes))
    assert (wide.probabilities(nodes)[..., 3] == 0).all()


def test_an_option_that_nobody_chose_stays_possible() -> None:
    exam = sitting(300, 6, seed=17)
    answers = exam.answers.copy()
    answers[answers[:, 0] != exam.key[0], 0] = exam.key[0]
    model = calibrate(answers, exam.key, options=4).model
    chance = model.probabilities(np.array([0.0]))[0, 0]
    assert 0 < np.delete(chance, exam.key[0]).max() < 0.01


def test_calibration_refuses_what_it_cannot_use() -> None:
    exam = sitting(50, 6, seed=1)
    with pytest.raises(NotCalibrated, match="after 1 rounds"):
        calibrate(exam.answers, exam.key, options=4, rounds=1)
    with pytest.raises(BadAnswers, match="between 0 and 2"):
        calibrate(exam.answers, exam.key, options=3)
    with pytest.raises(BadAnswers, match="key"):
        calibrate(exam.answers, exam.key[:5], options=4)
    with pytest.raises(BadAnswers, match="no answers"):
        calibrate(exam.answers[:0], exam.key, options=4)


def test_classical_chances_have_the_shares_that_were_observed() -> None:
    exam = sitting(200, 30, seed=19)
    answers = with_omits(exam.answers, 20)
    chances = classical_probabilities(answers, exam.key, options=4)
    assert chances.sum(axis=2) == pytest.approx(1.0)
    right = chances[:, np.arange(30), exam.key]
    answered = answers != OMIT
    share = (answers == exam.key).sum(axis=1) / answered.sum(axis=1)
    share = np.maximum(share, 0.5 / answered.sum(axis=1))  # three had nothing right
    assert (right * answered).sum(axis=1) / answered.sum(axis=1) == pytest.approx(share, abs=1e-9)


def test_classical_curve_by_hand() -> None:
    """Four candidates, two items of shares 3/4 and 1/2; for who has one of two right."""
    answers = np.array([[0, 0], [0, 0], [0, 1], [1, 1]])
    chances = classical_probabilities(answers, np.array([0, 0]), options=2)
    easy, hard = chances[2, 0, 0], chances[2, 1, 0]
    assert easy + hard == pytest.approx(1.0)
    low, high = 0.0, 5.0
    for _ in range(60):
        a = (low + high) / 2
        total = (1 - 0.25**a) ** (1 / a) + (1 - 0.5**a) ** (1 / a)
        low, high = (a, high) if total < 1 else (low, a)
    assert easy == pytest.approx((1 - 0.25**a) ** (1 / a), rel=1e-9)


def test_classical_wrong_options_follow_the_wrong_answers() -> None:
    answers = np.array([[0]] * 10 + [[1]] * 6 + [[2]] * 3)
    chances = classical_probabilities(answers, np.array([0]), options=3)
    assert chances[:, 0, 1] / chances[:, 0, 2] == pytest.approx(6.5 / 3.5)


def test_nothing_observed_is_impossible_in_the_classical_model() -> None:
    answers = np.array([[0, 0], [0, 0], [0, OMIT], [OMIT, OMIT]])
    chances = classical_probabilities(answers, np.array([0, 0]), options=2)
    assert np.isfinite(chances).all()
    assert ((chances > 0) & (chances < 1)).all()


def test_a_form_with_another_order_is_mapped_to_the_master() -> None:
    orders = np.array([[2, 0, 1], [0, 1, 2]])
    assert to_master(np.array([[0, 2], [1, OMIT]]), orders).tolist() == [[2, 2], [0, OMIT]]
    with pytest.raises(BadAnswers, match="each option once"):
        to_master(np.array([[0]]), np.array([[1, 1]]))
