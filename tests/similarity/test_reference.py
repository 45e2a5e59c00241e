"""Against the R package aberrance and exact tails, on 500 simulated candidates and 60 items.

The files lie next to the checkout; without them the tests here are skipped.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from proctoring.similarity import Sitting, search
from proctoring.similarity.ability import abilities
from proctoring.similarity.agreement import conditional, unconditional
from proctoring.similarity.answers import OMIT
from proctoring.similarity.binomial import gbt
from proctoring.similarity.block import room_omega
from proctoring.similarity.calibration import calibrate
from proctoring.similarity.comparison import directed
from proctoring.similarity.nominal import Nominal
from proctoring.similarity.normal import upper_tail
from proctoring.similarity.omega import omega, weighted_omega
from proctoring.similarity.ratio import copying_ratio
from proctoring.similarity.screen import all_pairs, prepare
from proctoring.similarity.trinomial import m4

DATA = Path(__file__).parents[3] / "shared" / "data" / "forensics"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the reference files are not here")


def table(name: str) -> np.ndarray:
    return np.genfromtxt(DATA / name, delimiter=",", names=True)


def rows(values: np.ndarray, *names: str) -> tuple[np.ndarray, ...]:
    return tuple(values[name].astype(int) - 1 for name in names)


@pytest.fixture(scope="module")
def answers() -> np.ndarray:
    sheets = np.loadtxt(DATA / "responses.csv", delimiter=",", skiprows=1)
    return sheets[:, 3:].astype(int) - 1


@pytest.fixture(scope="module")
def key() -> np.ndarray:
    return rows(table("key.csv"), "key")[0]


@pytest.fixture(scope="module")
def model() -> Nominal:
    values = np.loadtxt(DATA / "true_nrm.csv", delimiter=",", skiprows=1)
    return Nominal(values[:, 1:5], values[:, 5:9])


@pytest.fixture(scope="module")
def theirs(model: Nominal, answers: np.ndarray) -> np.ndarray:
    """R's abilities: `optimize` stops at a tolerance of 1.2e-4, and all values depend on where."""

    def against(ability: float, sheet: np.ndarray) -> float:
        chances = model.probabilities(np.array([ability]))[0]
        return -np.log(chances[np.arange(60), sheet]).sum()

    tolerance = {"xatol": np.finfo(float).eps ** 0.25}
    return np.array([
        minimize_scalar(
            against, args=(sheet,), bounds=(-4, 4), method="bounded", options=tolerance
        ).x
        for sheet in answers
    ])  # fmt: skip


@pytest.fixture(scope="module")
def options(model: Nominal, theirs: np.ndarray) -> np.ndarray:
    return model.probabilities(theirs)


def test_ability_agrees_as_far_as_theirs_is_exact(
    model: Nominal, answers: np.ndarray, theirs: np.ndarray
) -> None:
    assert abilities(model, answers) == pytest.approx(theirs, abs=1e-4)


def test_conditional_indices(answers: np.ndarray, options: np.ndarray) -> None:
    expected = table("ref_pairs_conditional.csv")
    copier, source = rows(expected, "copier", "source")
    agreement = conditional(options[copier], answers[copier], answers[source])
    z = omega(agreement)
    assert z == pytest.approx(expected["omega"], abs=1e-9)
    assert upper_tail(z) == pytest.approx(expected["omega_p"], rel=1e-8, abs=0)
    assert gbt(agreement) == pytest.approx(expected["gbt_c_p"], rel=1e-8, abs=0)
    assert room_omega(options, answers)[copier, source] == pytest.approx(z, abs=1e-9)


def test_unconditional_indices(answers: np.ndarray, options: np.ndarray) -> None:
    expected = table("ref_pairs_unconditional.csv")
    a, b = rows(expected, "id1", "id2")
    agreement = unconditional((options[a], options[b]), answers[a], answers[b])
    assert agreement.matches.tolist() == expected["matches"].tolist()
    assert omega(agreement) == pytest.approx(expected["omega_u"], abs=1e-9)
    assert gbt(agreement) == pytest.approx(expected["gbt_u_p"], rel=1e-8, abs=0)
    assert weighted_omega(agreement) == pytest.approx(expected["womega_u"], abs=1e-9)


def test_m4(answers: np.ndarray, options: np.ndarray, key: np.ndarray) -> None:
    expected = table("ref_pairs_unconditional.csv")
    expected = np.concatenate([expected[::40], expected[-20:]])
    a, b = rows(expected, "id1", "id2")
    found = m4((options[a], options[b]), answers[a], answers[b], key)
    assert found == pytest.approx(expected["m4_p"], rel=1e-8, abs=0)


def test_the_likelihood_ratio_is_within_one_per_cent_of_exact(
    answers: np.ndarray, options: np.ndarray
) -> None:
    expected = table("ref_llr_numpy.csv")
    copier, source = rows(expected, "copier", "source")
    found = copying_ratio(conditional(options[copier], answers[copier], answers[source]))
    assert found.statistic == pytest.approx(expected["llr_weight_sum_phi03"], rel=1e-9)
    assert (found.tail > expected["p_exact_low"] * 0.99).all()
    assert (found.tail < expected["p_exact_high"] * 1.01).all()


def test_calibration_is_as_likely_as_the_best_of_others(
    answers: np.ndarray, key: np.ndarray
) -> None:
    """mirt reaches -30032.8 after 55 seconds; half an answer of prior costs a tenth or two."""
    assert calibrate(answers, key, options=4).log_likelihood > -30033.2


@dataclass(frozen=True, slots=True)
class Real:
    """An exam of 500 in which two students confessed to sharing answers."""

    people: list[str]
    sheets: np.ndarray
    key: np.ndarray


@pytest.fixture(scope="module")
def negocios() -> Real:
    lines = (DATA / "negocios.csv").read_text(encoding="utf-8").splitlines()[1:]
    cells = [line.replace('"', "").split(",") for line in lines]
    sheets = np.array([[int(c) - 1 if c.isdigit() else OMIT for c in row[1:]] for row in cells])
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    printed = re.search(r"Key ([1-4 ]+)\.", readme)
    key = np.array([int(c) - 1 for c in printed[1].replace(" ", "")])
    return Real([row[0] for row in cells], sheets, key)


LISTED = [{"210515", "210516"}, {"212290", "212297"}, {"210123", "210126"}]
"""The three pairs of near-adjacent numbers that are beyond chance; the first confessed."""


def test_the_confessed_pair_comes_first(negocios: Real) -> None:
    """By the plain ratio; omits of others must not come before them."""
    people, sheets = negocios.people, negocios.sheets
    model = calibrate(sheets, negocios.key, options=4).model
    ability = abilities(model, sheets)
    options = model.probabilities(ability)
    close = all_pairs(prepare(model, ability, sheets, z=3.0))
    tails = np.stack(
        [directed(options[a], sheets[a], sheets[b]).ratio.tail for a, b in (close.T, close.T[::-1])]
    ).min(axis=0)
    order = np.argsort(tails)
    assert tails[order[0]] == pytest.approx(3.05e-25, rel=0.02)  # all 59 items both answered
    flagged = [n for n in order if tails[n] < 0.05 / (500 * 499)]
    assert [{people[person] for person in close[n]} for n in flagged] == LISTED


def test_a_search_of_a_real_exam_flags_the_same_pairs(negocios: Real) -> None:
    """Everybody a site of his own: the others' pairs are the null, and they are what they say."""
    number = np.arange(500)
    found = search(Sitting(negocios.sheets, negocios.key, 4, number, number))
    flagged = [{negocios.people[person] for person in pair} for pair in found.flags.pairs]
    assert flagged == LISTED
    assert 0.9e-3 < found.null.share < 1.3e-3
    assert 0.9 < found.null.scale < 1.15


def test_a_search_finds_half_of_the_planted_pairs_and_nobody_else(
    answers: np.ndarray, key: np.ndarray
) -> None:
    """Every room a site; R's best index finds three of the ten with one false."""
    room = np.loadtxt(DATA / "responses.csv", delimiter=",", skiprows=1)[:, 1].astype(int)
    found = search(Sitting(answers, key, 4, room, room))
    pairs = np.stack(rows(table("planted_pairs.csv"), "source", "copier"), axis=1)
    planted = {frozenset(pair) for pair in pairs.tolist()}
    flagged = {frozenset(pair) for pair in found.flags.pairs.tolist()}
    assert flagged <= planted
    assert len(flagged) >= 5
