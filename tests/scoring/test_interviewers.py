"""Interviewer quality in one panel, and interviews that the written score did not announce."""

import numpy as np
import pytest
from scipy import stats

from scoring.interviewers import far_means, kendall_w, panel_quality
from scoring.outliers import written_against_interview
from scoring.rounding import BadScore


def panel(people: int = 30, seed: int = 4) -> np.ndarray:
    """Seven interviewers; the third is 4 points severe, the seventh erratic."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 6], (people, 7))
    severity = np.array([0, 0, 4, 0, 0, -2, 0])
    return (rng.normal(78, 4, (people, 1)) - severity + noise).round(1)


def test_a_severe_and_an_erratic_interviewer_stand_out() -> None:
    found = panel_quality(panel(), 1, 1)
    severity = [one.severity for one in found.interviewers]
    assert np.argmax(severity) == 2
    assert severity[2] == pytest.approx(4 - 2 / 7, abs=3 * found.interviewers[2].severity_se)
    assert sum(severity) == pytest.approx(0)
    fits = [one.fit for one in found.interviewers]
    assert np.argmax(fits) == 6
    assert fits[6] > 1.5 > max(fits[:6])
    assert np.mean(fits) == pytest.approx(1)
    assert np.argmin([one.correlation for one in found.interviewers]) == 6
    assert np.argmax([one.outliers for one in found.interviewers]) == 6


def test_severity_and_residuals_are_those_of_least_squares() -> None:
    scores = panel(8)
    design = np.zeros((56, 15))
    for at, (who, rater) in enumerate(np.ndindex(8, 7)):
        design[at, who], design[at, 8 + rater] = 1, -1
    solved = np.linalg.lstsq(design, scores.ravel(), rcond=None)[0]
    severity = solved[8:] - solved[8:].mean()
    found = panel_quality(scores, 1, 1)
    assert [one.severity for one in found.interviewers] == pytest.approx(list(severity))
    rest = scores.ravel() - design @ solved
    error = (rest**2).sum() / (7 * 6)
    assert found.interviewers[0].severity_se == pytest.approx(np.sqrt(error * 6 / 7 / 8))


def test_shares_of_trimmed_scores_add_up_and_ties_share_them() -> None:
    found = panel_quality(panel(), 1, 1)
    shares = [one.trimmed_share for one in found.interviewers]
    assert sum(shares) == pytest.approx(2)
    assert found.interviewers[0].expected_share == pytest.approx(2 / 7)
    assert shares[2] > 2 / 7 > shares[0]
    same = panel_quality(np.full((3, 5), 80.0), 1, 1)
    assert [one.trimmed_share for one in same.interviewers] == pytest.approx([0.4] * 5)
    assert [one.fit for one in same.interviewers] == [1] * 5
    assert np.isnan(same.concordance)


def test_scores_beyond_three_mads_are_named_one_by_one() -> None:
    scores = np.full((3, 7), 80.0) + np.arange(7) / 10
    scores[1, 4] = 70
    found = panel_quality(scores, 1, 1)
    assert found.outlying == ((1, 4),)
    assert [one.outliers for one in found.interviewers] == [0, 0, 0, 0, 1, 0, 0]
    scores[1, 4] = 78  # a panel that agrees to the point still has a spread of one
    assert panel_quality(scores, 1, 1).outlying == ()


def test_kendalls_w_with_ties_is_friedmans_statistic() -> None:
    scores = panel(9).round()
    chi = stats.friedmanchisquare(*scores).statistic  # candidates are the treatments
    assert kendall_w(scores) == pytest.approx(chi / (7 * 8))
    assert kendall_w(np.arange(5.0)[:, None] + np.arange(3.0)[None, :]) == pytest.approx(1)


def test_a_mean_beyond_three_deviations_of_the_others_cannot_hide_itself() -> None:
    severities = np.array([0.1, -0.2, 0.0, 0.2, -0.1, 3.0])
    assert far_means(severities).tolist() == [False] * 5 + [True]
    with pytest.raises(BadScore, match="Three interviewers"):
        far_means(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "scores", [np.zeros((2, 7)), np.zeros((5, 2)), np.array([[80, np.nan, 1]] * 4)]
)
def test_a_panel_with_gaps_has_no_report(scores) -> None:
    with pytest.raises(BadScore, match="all scores of three"):
        panel_quality(scores, 1, 1)


def interviews(people: int = 60, seed: int = 8) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    written = rng.normal(64, 4, people).round(2)
    spoken = (80 + 0.2 * (written - 64) + rng.normal(0, 2.5, people)).round(2)
    return written, spoken, np.arange(people) // 6, rng.normal(2, 0.3, people)


def test_longhua_2013_the_last_of_the_written_list_became_the_first() -> None:
    """Written 51.40, interview 91.03 (RULES 2.12)."""
    written, spoken, posts, spread = interviews()
    written[7], spoken[7], spread[7] = 51.40, 91.03, 6.0
    total = written * 0.5 + spoken * 0.5
    total[7] = total[6:12].max() + 1
    found = written_against_interview(written, spoken, total, posts, spread)
    assert found[0].index == 7
    assert (found[0].written_rank, found[0].total_rank, found[0].of) == (6, 1, 6)
    assert (found[0].why, found[0].wide) == (("last_to_first", "far"), True)
    assert found[0].z > 3


def test_an_ordinary_exam_has_few_surprises_and_none_is_called_far_for_luck() -> None:
    written, spoken, posts, spread = interviews(3000)
    total = written * 0.5 + spoken * 0.5
    found = written_against_interview(written, spoken, total, posts, spread)
    assert sum("far" in one.why for one in found) < 3000 * 0.01
    assert all(one.written_rank == one.of for one in found if "last_to_first" in one.why)


def test_two_candidates_and_ties_are_no_jump() -> None:
    two = [np.array(one) for one in ([60.0, 70], [90.0, 80], [75.0, 74.9], [0, 0], [1.0, 1])]
    assert written_against_interview(*two) == ()
    same = [np.array(one) for one in ([60.0] * 3, [80.0] * 3, [70.0] * 3, [0] * 3, [1.0] * 3)]
    assert written_against_interview(*same) == ()
    nobody = [np.array([])] * 5
    assert written_against_interview(*nobody) == ()
    with pytest.raises(BadScore, match="not of the same candidates"):
        written_against_interview(*two[:4], np.array([1.0]))
