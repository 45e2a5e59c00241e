"""Rounding, trimmed mean, written score, total, rank, shortlist, appointment."""

import json
from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.interview import Trimmed, trimmed_mean
from scoring.rounding import BadScore, round_to, show, to_decimal
from scoring.totals import appoint, rank, shortlist, total, written

D = Decimal
NOTICES = Path(__file__).parents[3] / "shared" / "data" / "interview" / "notices_test_vectors.json"
scores_of = st.lists(st.integers(0, 10_000).map(lambda n: D(n).scaleb(-2)), min_size=3, max_size=9)


def decimals(*texts):
    return [D(text) for text in texts]


# rounding


@pytest.mark.parametrize("text", ["0", "65", "65.00", "0.5", "999999.999999"])
def test_numbers_are_read_exactly(text) -> None:
    assert to_decimal(text) == D(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " 65", "65 ", "65\n", "+1", "-1", "1e2", ".5", "5.", "065", "6５", "NaN", "1_0"),
        *("1,5", "1000000", "0.0000001", "absent", None, 65, 65.0),
    ],
)
def test_anything_else_is_refused(text) -> None:
    with pytest.raises(BadScore, match="is not a number like"):
        to_decimal(text)


@pytest.mark.parametrize(
    ("value", "half_up", "truncated"),
    [
        ("81.665", "81.67", "81.66"),
        ("81.664999", "81.66", "81.66"),
        ("0.005", "0.01", "0.00"),
        ("99.999", "100.00", "99.99"),
        ("2.675", "2.68", "2.67"),
        ("60", "60.00", "60.00"),
    ],
)
def test_half_up_and_truncation_differ_where_they_should(value, half_up, truncated) -> None:
    assert str(round_to(D(value), 2, "half_up")) == half_up
    assert str(round_to(D(value), 2, "truncate")) == truncated


def test_an_unknown_rounding_rule_is_refused() -> None:
    with pytest.raises(BadScore, match='"half_even" is not known'):
        round_to(D(1), 2, "half_even")


def test_showing_never_rounds() -> None:
    assert (show(D("65"), 2), show(D("0"), 6), show(D("65.10"), 1)) == ("65.00", "0.000000", "65.1")
    with pytest.raises(BadScore, match=r"65\.125 has more than 2 decimals"):
        show(D("65.125"), 2)


def test_the_callers_decimal_context_does_not_matter() -> None:
    marks = {"a": D("123.45"), "b": D("67.89")}
    subjects = [{"code": code, "full_marks": "150", "weight": "0.333333"} for code in "ab"]
    with localcontext(prec=3):
        assert show(written(marks, subjects, 4, "truncate"), 4) == "63.7799"
        assert trimmed_mean(decimals("80.01", "80.02", "80.03"), 0, 0, 2, "half_up").result == D(
            "80.02"
        )
    assert getcontext().prec == 28


# trimmed mean


def test_seven_examiners_lose_one_highest_and_one_lowest() -> None:
    found = trimmed_mean(decimals("85", "92", "78", "88", "92", "78", "84.5"), 1, 1, 2, "half_up")
    assert found == Trimmed(D("85.50"), (1, 2), D("427.5"))


def test_all_equal_scores_lose_two_different_examiners() -> None:
    assert trimmed_mean(decimals("80", "80", "80"), 1, 1, 2, "half_up").dropped == (0, 1)


def test_pixian_rounds_and_qujing_truncates_the_same_seven_scores() -> None:
    """Both drop one highest and one lowest of 7 ("one only when tied"): 413.03 / 5 = 82.606."""
    scores = decimals("90.00", "82.01", "82.51", "83.00", "82.51", "83.00", "70.00")
    half_up = trimmed_mean(scores, 1, 1, 2, "half_up")
    truncated = trimmed_mean(scores, 1, 1, 2, "truncate")
    assert half_up.kept_sum == truncated.kept_sum == D("413.03")
    assert (half_up.result, truncated.result) == (D("82.61"), D("82.60"))


@pytest.mark.parametrize(
    ("kept", "kept_sum", "removed", "mean"),
    [
        (22, "1620.66", ["76.59", "76.32", "68.64", "70.16"], "73.6664"),
        (20, "1452.89", ["77.94", "79.24", "64.22", "68.72"], "72.6445"),
        (46, "3365.34", ["79.24", "77.94", "68.64", "64.22"], "73.1596"),
    ],
)
def test_gaoan_two_highest_and_two_lowest_of_a_panel(kept, kept_sum, removed, mean) -> None:
    """The notice gives the sum of the kept scores, not each; any split in the bounds will do."""
    check_gaoan(kept, D(kept_sum), [D(score) for score in removed], D(mean))


def check_gaoan(kept, kept_sum, removed, mean) -> None:
    base = round_to(kept_sum / kept, 2, "truncate")
    scores = [*removed[:3], *[base] * (kept - 1), kept_sum - base * (kept - 1), removed[3]]
    found = trimmed_mean(scores, 2, 2, 4, "half_up")
    assert (found.result, found.kept_sum) == (mean, kept_sum)
    assert sorted(scores[at] for at in found.dropped) == sorted(removed)


@pytest.mark.skipif(not NOTICES.exists(), reason="the shared notices are not here")
def test_gaoan_as_the_shared_notice_file_has_it() -> None:
    text = NOTICES.read_text(encoding="utf-8")
    case = json.loads(text, parse_float=Decimal)["gaoan_trimmed_2_2"]
    for group in [*case["panels"], case["overall"]]:
        check_gaoan(group["kept"], group["sum_kept"], group["removed"], group["mean"])


@given(scores_of)
def test_the_mean_is_that_of_the_sorted_middle_and_forgets_who_scored_what(scores) -> None:
    found = trimmed_mean(scores, 1, 1, 2, "half_up")
    middle = sorted(scores)[1:-1]
    exact = sum(map(Fraction, middle)) / len(middle)
    assert Fraction(found.result) == Fraction((exact * 200 + 1) // 2, 100)
    assert found.result == trimmed_mean(scores[::-1], 1, 1, 2, "half_up").result
    high, low = found.dropped
    assert (scores.index(max(scores)), min(scores)) == (high, scores[low])


@pytest.mark.parametrize(("count", "high", "low"), [(2, 1, 1), (0, 0, 0), (5, -1, 1), (3, 3, 0)])
def test_nobody_left_is_refused(count, high, low) -> None:
    with pytest.raises(BadScore, match="at least one must be left"):
        trimmed_mean([D(80)] * count, high, low, 2, "half_up")


# written score and total

COURTS = [
    {"code": "xc", "name": "行测", "full_marks": "100", "weight": "0.4"},
    {"code": "sl", "name": "申论", "full_marks": "100", "weight": "0.3"},
    {"code": "zy", "name": "专业", "full_marks": "100", "weight": "0.3"},
]


def test_the_written_score_of_the_courts_is_40_30_30() -> None:
    marks = {"xc": D("63.5"), "sl": D("60"), "zy": D("71.15")}
    assert show(written(marks, COURTS, 2, "half_up"), 2) == "64.75"
    assert show(written(marks, COURTS, 2, "truncate"), 2) == "64.74"


def test_a_missed_subject_is_absence_and_a_zero_is_not() -> None:
    assert written({"xc": D("63.5"), "sl": D("60")}, COURTS, 2, "half_up") is None
    zero = written({"xc": D(0), "sl": D(0), "zy": D(0)}, COURTS, 2, "half_up")
    assert zero == 0
    assert zero is not None


def test_marks_of_a_strange_subject_or_above_full_are_refused() -> None:
    with pytest.raises(BadScore, match=r"marks for \['ga'\]"):
        written({"ga": D(1)}, COURTS, 2, "half_up")
    with pytest.raises(BadScore, match=r'100\.5 in subject "sl" is above its full marks, 100'):
        written({"xc": D(1), "sl": D("100.5"), "zy": D(1)}, COURTS, 2, "half_up")


def test_the_total_of_2012_with_hidden_columns() -> None:
    """RULES 2.12: 67.9*0.4 + 70*0.6 = 69.16."""
    assert total(D("67.9"), D("70"), (D("0.4"), D("0.6")), 2, "half_up") == D("69.16")


# rank, shortlist, appointment


def test_ranks_are_1_2_2_2_5() -> None:
    rows = [{"total": D(score)} for score in (70, 90, 80, 80, "80.00")]
    assert rank(rows, []) == [5, 1, 2, 2, 2]


def test_the_tie_order_decides_key_by_key() -> None:
    rows = [
        {"total": D(80), "written": D(70), "xc": D(60)},
        {"total": D(80), "written": D(75), "xc": D(50)},
        {"total": D(80), "written": D(70), "xc": D(61)},
        {"total": D(80), "written": D(70), "xc": D(60)},
        {"total": D(81), "written": D(10), "xc": D(10)},
    ]
    assert rank(rows, ["written", "xc"]) == [4, 2, 3, 4, 1]
    assert rank(rows, ["written"]) == [3, 2, 3, 3, 1]
    assert rank(rows, []) == [2, 2, 2, 2, 1]
    with pytest.raises(BadScore, match=r"has no \['interview'\]"):
        rank(rows, ["interview"])


@given(st.lists(st.tuples(*[st.integers(60, 64).map(D)] * 3), max_size=12))
def test_a_rank_is_one_more_than_the_number_of_better_rows(values) -> None:
    rows = [dict(zip(("total", "written", "xc"), one, strict=True)) for one in values]
    assert rank(rows, ["written", "xc"]) == [1 + sum(b > a for b in values) for a in values]


@pytest.mark.parametrize(
    ("scores", "ties_enter", "entered"),
    [
        ("70 69 68 67", True, {0, 1, 2}),
        ("67 68 70 68 68", True, {1, 2, 3, 4}),
        ("67 68 70 68 68", False, {2}),
        ("70 69 69 67", False, {0, 1, 2}),
        ("70 69", False, {0, 1}),
        ("68 68 68", False, {0, 1, 2}),
        ("68 68 68 68", False, set()),
        ("", True, set()),
    ],
)
def test_one_vacancy_at_one_to_three(scores, ties_enter, entered) -> None:
    assert shortlist(decimals(*scores.split()), 1, 3, ties_enter) == entered


def test_a_post_without_vacancies_invites_nobody() -> None:
    assert shortlist(decimals("70", "60"), 0, 3, True) == set()


@pytest.mark.parametrize(
    ("ranks", "vacancies", "chosen", "tied"),
    [
        ([1, 2, 3], 2, {0, 1}, set()),
        ([2, 1, 2], 2, {1}, {0, 2}),
        ([2, 1, 2], 3, {0, 1, 2}, set()),
        ([1, 1], 1, set(), {0, 1}),
        ([None, 1, None], 2, {1}, set()),
        ([3, 1, 1], 2, {1, 2}, set()),
        ([1], 0, set(), set()),
    ],
)
def test_a_tie_across_the_last_vacancy_is_nobodys(ranks, vacancies, chosen, tied) -> None:
    assert appoint(ranks, vacancies) == (chosen, tied)
