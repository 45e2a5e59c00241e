"""M4 by table against the exact one."""

import numpy as np
import pytest

from proctoring.similarity.ability import abilities
from proctoring.similarity.answers import OMIT, BadAnswers
from proctoring.similarity.trinomial import m4
from proctoring.similarity.trinomial_table import NODES, M4Table, m4_by_table
from tests.similarity.sheets import copied, sitting


@pytest.fixture(scope="module")
def exam():
    return sitting(500, 40, seed=61)


@pytest.fixture(scope="module")
def table(exam) -> M4Table:
    return M4Table.build(exam.model, exam.key)


def exact(exam, ability: np.ndarray, answers: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    options = exam.model.probabilities(ability)
    a, b = pairs.T
    return m4((options[a], options[b]), answers[a], answers[b], exam.key)


def test_the_error_of_the_table(exam, table: M4Table) -> None:
    answers = exam.answers
    for n in range(40):
        answers = copied(answers, n, 400 + n, n)
    ability = abilities(exam.model, answers)
    pairs = np.stack([np.arange(250), 499 - np.arange(250)], axis=1)
    pairs[:40, 1] = 400 + np.arange(40)
    found = m4_by_table(table, ability, answers, pairs)
    off = np.abs(np.log10(found) - np.log10(exact(exam, ability, answers, pairs)))
    assert np.median(off) < 0.02
    assert off.max() < 0.26
    assert found.min() < 1e-8


def test_at_its_nodes_the_table_is_exact(exam, table: M4Table) -> None:
    ability = np.linspace(-4, 4, NODES)[np.arange(500) % NODES]
    pairs = np.stack([np.arange(100), np.arange(100, 200)], axis=1)
    found = m4_by_table(table, ability, exam.answers, pairs)
    assert found == pytest.approx(exact(exam, ability, exam.answers, pairs), rel=1e-4)


def test_a_pair_with_an_omit_is_computed(exam, table: M4Table) -> None:
    answers = exam.answers.copy()
    answers[3, 30:] = OMIT
    ability = abilities(exam.model, answers)
    pairs = np.array([[0, 1], [3, 4], [5, 3]])
    found = m4_by_table(table, ability, answers, pairs)
    assert found[1:] == pytest.approx(exact(exam, ability, answers, pairs)[1:], rel=1e-12)
    with pytest.raises(BadAnswers, match="same exam"):
        m4_by_table(table, ability[:5], answers, pairs)
