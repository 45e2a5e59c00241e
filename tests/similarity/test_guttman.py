"""Ht, U3 and C*: against plain loops over pairs and orders, and against R."""

import numpy as np
import pytest

from proctoring.fit import guttman
from proctoring.similarity.answers import OMIT, BadAnswers
from tests.similarity.test_reference import DATA, rows, table


def sheets(people: int, items: int, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    surplus = chance.normal(size=(people, 1)) - chance.normal(size=items)
    right = (chance.random((people, items)) < 1 / (1 + np.exp(-1.5 * surplus))).astype(int)
    return right[(right.min(axis=1) == 0) & (right.max(axis=1) == 1)]


def ht_by_loops(right: np.ndarray, one: int) -> float:
    shared = most = 0.0
    for other in range(len(right)):
        if other != one:
            shared += np.mean(right[one] * right[other]) - right[one].mean() * right[other].mean()
            low, high = sorted((right[one].mean(), right[other].mean()))
            most += low * (1 - high)
    return shared / most


def caution_by_loops(right: np.ndarray, weight: np.ndarray, answered: np.ndarray) -> float:
    items = sorted(np.flatnonzero(answered), key=lambda i: -weight[i])
    score = int(right[items].sum())
    best, worst = sum(weight[items[:score]]), sum(weight[items[len(items) - score :]])
    return (best - sum(weight[i] for i in items if right[i])) / (best - worst)


def test_against_loops() -> None:
    right = sheets(40, 15, 1)
    found, share = guttman(right), right.mean(axis=0)
    whole = np.ones(15, dtype=bool)
    for one, row in enumerate(right):
        assert found.ht[one] == pytest.approx(ht_by_loops(right, one), abs=1e-12)
        assert found.c_star[one] == pytest.approx(caution_by_loops(row, share, whole))
        odds = np.log(share / (1 - share))
        assert found.u3[one] == pytest.approx(caution_by_loops(row, odds, whole))


def test_omits_neither_count_nor_cost() -> None:
    right = sheets(40, 15, 2)
    gaps = right.copy()
    gaps[3, [2, 9]] = OMIT
    found = guttman(gaps)
    share = np.where(gaps == OMIT, 0, gaps).sum(axis=0) / (gaps != OMIT).sum(axis=0)
    expected = caution_by_loops(np.maximum(gaps[3], 0), share, gaps[3] != OMIT)
    assert found.c_star[3] == pytest.approx(expected)
    nothing = np.concatenate([right, np.full((1, 15), OMIT)])
    assert guttman(nothing).ht[:-1] == pytest.approx(guttman(right).ht)


def test_who_knows_only_the_hard_items_is_odd() -> None:
    right = sheets(200, 30, 3)
    order = np.argsort(right.mean(axis=0))
    backwards, forwards = np.zeros((2, 30), dtype=int)
    backwards[order[:12]], forwards[order[-12:]] = 1, 1
    found = guttman(np.concatenate([right, [backwards, forwards]]))
    assert found.ht.argmin() == found.u3.argmax() == found.c_star.argmax() == len(right)
    assert found.u3[-1] == pytest.approx(0.0)
    assert found.c_star[-1] == pytest.approx(0.0)
    assert found.u3[-2] == pytest.approx(1.0)
    assert found.c_star[-2] == pytest.approx(1.0)


def test_sheets_of_one_kind_have_no_order() -> None:
    found = guttman(np.concatenate([sheets(30, 10, 4), np.ones((1, 10), dtype=int)]))
    assert found.u3[-1] == found.c_star[-1] == 0.0
    assert np.isnan(found.ht[-1])
    with pytest.raises(BadAnswers, match="between 0 and 1"):
        guttman(np.array([[2]]))


@pytest.mark.skipif(not DATA.exists(), reason="the reference files are not here")
def test_the_values_of_others() -> None:
    """R's aberrance; its MC is C*."""
    answers = np.loadtxt(DATA / "responses.csv", delimiter=",", skiprows=1)[:, 3:].astype(int) - 1
    found = guttman((answers == rows(table("key.csv"), "key")[0]).astype(int))
    theirs = table("ref_personfit.csv")
    assert found.ht == pytest.approx(theirs["HT_S"], abs=1e-9)
    assert found.u3 == pytest.approx(theirs["U3_S"], abs=1e-9)
    assert found.c_star == pytest.approx(theirs["MC_S"], abs=1e-9)
