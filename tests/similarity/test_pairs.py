"""From sheets to pairs and rings: screen, rooms, comparison, K family, wrong matches."""

import numpy as np
import pytest
from scipy import stats

from proctoring.similarity.ability import abilities
from proctoring.similarity.agreement import conditional
from proctoring.similarity.answers import OMIT, BadAnswers
from proctoring.similarity.block import room_omega, rooms_above
from proctoring.similarity.comparison import compare, directed
from proctoring.similarity.kindex import k_family
from proctoring.similarity.omega import omega
from proctoring.similarity.planes import Counter, pack
from proctoring.similarity.rings import rings
from proctoring.similarity.screen import all_pairs, prepare, survivors
from proctoring.similarity.wrong import wrong_matches
from tests.similarity.sheets import copied, sitting


@pytest.mark.parametrize(("items", "options"), [(1, 2), (63, 4), (64, 4), (65, 5), (140, 3)])
@pytest.mark.parametrize("omits", [False, True])
def test_planes_count_what_a_comparison_counts(items: int, options: int, omits: bool) -> None:
    chance = np.random.default_rng(items)
    answers = chance.integers(OMIT if omits else 0, options, (40, items))
    planes = pack(answers, options)
    found = Counter(16, 40).differences(planes, slice(5, 21), slice(0, 40))
    left, right = answers[5:21, None], answers[None]
    assert (found == items - ((left == right) & (left != OMIT)).sum(axis=2)).all()


def test_the_screen_takes_no_more_items_than_its_bytes_count() -> None:
    with pytest.raises(BadAnswers, match="255"):
        pack(np.zeros((2, 256), dtype=int), 4)


def test_a_room_is_the_omega_of_its_pairs() -> None:
    exam = sitting(12, 30, seed=21)
    answers = np.where(np.random.default_rng(2).random((12, 30)) < 0.1, OMIT, exam.answers)
    options = exam.model.probabilities(exam.ability)
    a, b = np.indices((12, 12)).reshape(2, -1)
    expected = omega(conditional(options[a], answers[a], answers[b])).reshape(12, 12)
    np.fill_diagonal(expected, 0.0)
    assert room_omega(options, answers) == pytest.approx(expected, abs=1e-12)


def test_rooms_hold_nobody_against_another_room_or_himself() -> None:
    exam = sitting(60, 20, seed=22)
    room = np.random.default_rng(6).integers(5, 9, 60)
    pairs, omegas = rooms_above(exam.model, exam.ability, exam.answers, room, z=-1.0)
    z = room_omega(exam.model.probabilities(exam.ability), exam.answers)
    np.fill_diagonal(z, -np.inf)
    expected = np.argwhere((room[:, None] == room) & (z >= -1.0))
    expected = expected[np.argsort(room[expected[:, 0]], kind="stable")]
    assert pairs.tolist() == expected.tolist()
    assert omegas == pytest.approx(z[tuple(expected.T)], abs=1e-12)


def sheets_with_copiers():
    exam = sitting(700, 80, seed=23)
    answers = exam.answers.copy()
    for n in range(30):
        answers = copied(answers, n, 699 - n, 20 + 2 * n)
    hurried = np.random.default_rng(3).random(700) < 0.15
    hurried[:5] = True
    answers[hurried, 70:] = OMIT
    return exam, answers


def test_the_screen_loses_no_pair_half_a_unit_above_it() -> None:
    exam, answers = sheets_with_copiers()
    ability = abilities(exam.model, answers)
    z = room_omega(exam.model.probabilities(ability), answers)
    above = {tuple(pair) for pair in np.argwhere(np.triu(np.maximum(z, z.T)) >= 4.0)}
    found = {tuple(pair) for pair in all_pairs(prepare(exam.model, ability, answers, z=3.5))}
    assert len(above) > 15
    assert above <= found
    assert {a for a, _ in above} & {0, 1, 2, 3, 4}, "some who omitted are among them"
    assert all(max(z[a, b], z[b, a]) > 3.3 for a, b in found)


def test_a_bin_for_everybody_makes_the_screen_exact() -> None:
    exam, answers = sheets_with_copiers()
    ability = abilities(exam.model, answers)
    z = room_omega(exam.model.probabilities(ability), answers)
    screen = prepare(exam.model, ability, answers, z=3.0, bins=10**9)
    expected = np.argwhere(np.triu(np.maximum(z, z.T)) >= 3.0)
    assert all_pairs(screen).tolist() == expected.tolist()


def test_tiles_together_find_what_one_sweep_finds() -> None:
    exam, answers = sheets_with_copiers()
    screen = prepare(exam.model, abilities(exam.model, answers), answers, z=2.5)
    cuts = [slice(0, 190), slice(190, 450), slice(450, 700)]
    tiles = [
        survivors(screen, rows, columns) for n, rows in enumerate(cuts) for columns in cuts[n:]
    ]
    together = np.unique(np.concatenate(tiles), axis=0)
    assert together.tolist() == all_pairs(screen).tolist()
    assert len(together) == sum(map(len, tiles)) > 100


def test_a_copier_stands_out_in_every_statistic_and_his_neighbour_in_none() -> None:
    exam = sitting(400, 60, seed=29)
    answers = copied(exam.answers, 0, 1, 40)
    options = exam.model.probabilities(abilities(exam.model, answers))
    found = compare(options, answers, exam.key, np.array([[0, 1], [2, 3]]))
    assert found.matches.tolist() == (answers[[0, 2]] == answers[[1, 3]]).sum(axis=1).tolist()
    for p in (found.gbt, found.m4, found.forward.gbt, found.forward.ratio.tail):
        assert p[0] < 1e-3 < p[1]
    for z in (found.omega, found.weighted_omega, found.forward.omega, found.backward.omega):
        assert z[0] > 3 > z[1]
    z = room_omega(options[:4], answers[:4])
    assert found.forward.omega == pytest.approx([z[0, 1], z[2, 3]])
    assert found.backward.omega == pytest.approx([z[1, 0], z[3, 2]])
    with pytest.raises(BadAnswers, match="two different"):
        compare(options, answers, exam.key, np.array([[1, 1]]))


def test_a_leaked_key_is_a_source_that_everybody_is_held_against() -> None:
    exam = sitting(300, 60, seed=31)
    leaked = np.random.default_rng(4).integers(0, 4, 60)  # with its own mistakes
    answers = exam.answers.copy()
    answers[7, 10:50] = leaked[10:50]
    options = exam.model.probabilities(abilities(exam.model, answers))
    found = directed(options, answers, leaked)
    assert found.ratio.tail.argmin() == 7
    assert found.ratio.tail[7] < 1e-6
    assert np.sort(found.ratio.tail)[1] > 1e-5


def test_honest_pairs_are_flagged_no_more_often_than_stated() -> None:
    exam = sitting(1200, 60, seed=37)
    copier, source = np.arange(600), np.arange(600, 1200)
    options = exam.model.probabilities(exam.ability[copier])
    shifts = [np.roll(source, n) for n in range(20)]
    tails = np.concatenate(
        [directed(options, exam.answers[copier], exam.answers[b]).ratio.tail for b in shifts]
    )
    assert 0.7 < (tails < 1e-2).mean() / 1e-2 < 1.3
    assert (tails < 1e-3).mean() < 2.5e-3


def test_wrong_matches_by_hand() -> None:
    key = np.array([0, 0, 0, 0, 0, 0])
    first = np.array([[0, 1, 2, 3, OMIT, 1], [0] * 6])
    second = np.array([[0, 1, 2, 1, OMIT, 0], [0] * 6])
    found = wrong_matches(first, second, key)
    assert found.right.tolist() == [1, 6]
    assert found.wrong.tolist() == [2, 0]
    assert found.first_wrong.tolist() == [4, 0]
    assert found.second_wrong.tolist() == [3, 0]
    assert found.differences.tolist() == [2, 0]
    assert found.first_rate.tolist() == [0.5, 0.0]
    assert found.second_rate == pytest.approx([2 / 3, 0.0])
    assert found.per_difference.tolist() == [1.0, 0.0]
    assert wrong_matches(first[:1], first[0], key).per_difference.tolist() == [np.inf]


def test_k_family_by_hand() -> None:
    """One copier and source; expectations with scipy and loops over groups."""
    exam = sitting(150, 20, seed=41)
    answers = copied(exam.answers, 5, 9, 14)
    found = k_family(answers, exam.key, np.array([[5, 9]]), options=4)
    wrong = answers != exam.key
    number, w = wrong.sum(axis=1), wrong[9].sum()
    shared = [int((wrong[j] & (answers[j] == answers[9])).sum()) for j in range(150)]
    others = [j for j in range(150) if j != 9]
    groups = sorted({int(number[j]) for j in others})
    mean = [np.mean([shared[j] for j in others if number[j] == g]) for g in groups]
    m, own = shared[5], groups.index(number[5])
    assert found.k == pytest.approx(stats.binom.sf(m - 1, w, mean[own] / w), rel=1e-9)
    for p, degree in ((found.k1, 1), (found.k2, 2)):
        fit = np.polyfit(np.array(groups) / 20, np.array(mean) / w, degree)
        chance = np.clip(np.polyval(fit, number[5] / 20), 0.001, 0.999)
        assert p == pytest.approx(stats.binom.sf(m - 1, w, chance), rel=1e-7)
    mu = _poisson_regression(np.array(groups), np.array(mean))[own]
    expected = stats.poisson.cdf(w, mu) - stats.poisson.cdf(m - 1, mu)
    assert found.s1 == pytest.approx(expected, rel=1e-5)
    sums = [_weighted(answers, exam.key, j, 9) + shared[j] for j in range(150)]
    mean_all = [np.mean([sums[j] for j in others if number[j] == g]) for g in groups]
    mu = _poisson_regression(np.array(groups), np.array(mean_all))[own]
    total = m + int(np.ceil(sums[5] - m))
    expected = stats.poisson.cdf(20, mu) - stats.poisson.cdf(total - 1, mu)
    assert found.s2 == pytest.approx(expected, rel=1e-5)


def _poisson_regression(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Newton's method on the Poisson likelihood of exp(b0 + b1 x)."""
    design = np.stack([np.ones_like(x), x / 10], axis=1).astype(float)
    b = np.array([np.log(y.mean()), 0.0])
    for _ in range(100):
        mu = np.exp(design @ b)
        b = b + np.linalg.solve(design.T @ (design * mu[:, None]), design.T @ (y - mu))
    return np.exp(design @ b)


def _weighted(answers: np.ndarray, key: np.ndarray, j: int, source: int) -> float:
    wrong = (answers != key).sum(axis=1)
    group = [i for i in range(len(answers)) if wrong[i] == wrong[j] and i != source]
    g, total = 0.25, 0.0
    for item in range(len(key)):
        if answers[j, item] == answers[source, item] == key[item]:
            q = sum(answers[i, item] == key[item] for i in group) / max(len(group), 1)
            total += ((1 + g) / (1 - g) * np.e) ** (-(1 + g) / g * q)
    return total


def test_k_family_without_a_wrong_answer_to_copy() -> None:
    exam = sitting(30, 10, seed=43)
    answers = exam.answers.copy()
    answers[3] = exam.key
    found = k_family(answers, exam.key, np.array([[1, 3]]), options=4)
    assert [found.k, found.k1, found.k2, found.s1, found.s2] == [1.0] * 5


def test_rings_are_the_pairs_that_hang_together() -> None:
    pairs = np.array([[7, 3], [10, 11], [3, 20], [5, 4], [20, 7]])
    assert [ring.tolist() for ring in rings(pairs)] == [[3, 7, 20], [4, 5], [10, 11]]
    assert rings(np.empty((0, 2), dtype=int)) == []
    with pytest.raises(BadAnswers, match="different"):
        rings(np.array([[1, 1]]))


def test_a_long_chain_is_one_ring() -> None:
    order = np.random.default_rng(1).permutation(3000)
    pairs = np.stack([order[:-1], order[1:]], axis=1)
    assert [len(ring) for ring in rings(pairs)] == [3000]
