"""Double marking with arbitration, objective keys, and the score as a function of the log."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.keys import Key, KeyCorrection, Rescored, corrected, objective_mark, rescore
from scoring.marks import Mark, Question, Settled, Unlike, paper_mark, settle, unlike
from scoring.rounding import BadScore

D = Decimal
ESSAY = Question("q1", D(40), D(6), "nearest", decimals=1)
SHORT = Question("q2", D(20), D(3), "arbiter", decimals=0)


def settled(question: Question, *marks: str | None) -> Settled:
    return settle(question, *(None if mark is None else D(mark) for mark in marks))


@pytest.mark.parametrize(
    ("question", "marks", "expected"),
    [
        (ESSAY, (None, None), Settled("waiting", None, "")),
        (ESSAY, ("30", None), Settled("waiting", None, "")),
        (ESSAY, ("30", "30.5"), Settled("settled", D("30.25"), "mean")),
        (ESSAY, ("30", "36"), Settled("settled", D(33), "mean")),
        (ESSAY, ("30", "36.1"), Settled("arbitration", None, "")),
        (ESSAY, ("30", "38", "32"), Settled("settled", D(31), "nearest")),
        (ESSAY, ("30", "38", "37"), Settled("settled", D("37.5"), "nearest")),
        (ESSAY, ("30", "38", "34"), Settled("settled", D(36), "nearest")),  # as near: the higher
        (SHORT, ("5", "9", "12"), Settled("settled", D(12), "arbiter")),
        (SHORT, ("9", "5", "0"), Settled("settled", D(0), "arbiter")),
    ],
)
def test_where_the_marking_of_a_question_stands(question, marks, expected) -> None:
    assert settled(question, *marks) == expected


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_the_order_of_the_two_markers_does_not_matter(first, second, third) -> None:
    marks = [D(mark) / 10 for mark in (first, second, third)]
    apart = abs(marks[0] - marks[1]) > ESSAY.threshold
    both = [settle(ESSAY, a, b, marks[2] if apart else None) for a, b in permutations(marks[:2])]
    assert both[0] == both[1]
    assert min(marks) <= both[0].mark <= max(marks)


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        (("30", "31", "30"), "third mark that nothing called for"),
        (("30", None, "30"), "third mark that nothing called for"),
        (("40.1", None), '40.1 for question "q1" is not from 0 to 40'),
        (("-1", "3"), "not from 0"),
        (("30.25", "30"), "more than 1 decimals"),
    ],
)
def test_marks_that_cannot_be_are_refused(marks, why) -> None:
    with pytest.raises(BadScore, match=why):
        settled(ESSAY, *marks)


def test_a_question_with_an_unknown_arbitration_is_refused() -> None:
    with pytest.raises(BadScore, match='Question "q1"'):
        Question("q1", D(40), D(6), "highest")


def log(script: str, *acts: tuple[str, int, str, str]) -> list[Mark]:
    return [
        Mark(script, q, turn, who, D(value), at) for at, (q, turn, who, value) in enumerate(acts)
    ]


WHOLE = (("q1", 1, "A", "30"), ("q1", 2, "B", "38"), ("q1", 3, "C", "37"))
WHOLE += (("q2", 1, "B", "10"), ("q2", 2, "A", "13"))


def test_the_written_mark_is_a_function_of_the_log_and_the_objective_part() -> None:
    assert paper_mark([ESSAY, SHORT], log("S1", *WHOLE)) == D("49.0")
    assert paper_mark([ESSAY, SHORT], log("S1", *WHOLE), D("21.5")) == D("70.5")
    assert paper_mark([], [], D(60)) == 60


def test_a_later_mark_of_the_same_turn_replaces_the_earlier_whatever_order_it_comes_in() -> None:
    changed = log("S1", *WHOLE, ("q2", 2, "A", "10"))
    assert paper_mark([ESSAY, SHORT], changed) == D("47.5")
    assert paper_mark([ESSAY, SHORT], changed[::-1]) == D("47.5")


@pytest.mark.parametrize(
    ("acts", "why"),
    [
        (WHOLE[:2] + WHOLE[3:], 'Script "S1", question "q1": arbitration'),
        (WHOLE[:-1], 'Script "S1", question "q2": waiting'),
        ((*WHOLE, ("q3", 1, "A", "1")), '"S1": question "q3" has no turn 1'),
        ((*WHOLE, ("q1", 4, "D", "1")), '"S1": question "q1" has no turn 4'),
        ((*WHOLE[:4], ("q2", 2, "B", "13")), "one marker marked the same question in two turns"),
    ],
)
def test_a_log_that_gives_no_mark_names_the_script(acts, why) -> None:
    with pytest.raises(BadScore, match=why):
        paper_mark([ESSAY, SHORT], log("S1", *acts))


def test_marks_of_two_scripts_are_not_added_up() -> None:
    with pytest.raises(BadScore, match="more than one script"):
        paper_mark([ESSAY, SHORT], [*log("S1", *WHOLE[:3]), *log("S2", *WHOLE[3:])])


def test_a_release_that_is_not_the_function_of_the_log_names_the_script() -> None:
    """Zhanjiang 2010 swapped two, Hunan 2016 typed 70.6 for 76.6 (RULES 2.12; THREATS S02)."""
    logged = [mark for name in ("S1", "S2", "S3") for mark in log(name, *WHOLE)]
    objective = {"S1": D("27.6"), "S2": D("10"), "S3": D(0)}
    right = {"S1": D("76.6"), "S2": D("59"), "S3": D("49")}
    assert unlike([ESSAY, SHORT], logged, objective, right) == ()
    typed = right | {"S1": D("70.6")}
    (found,) = unlike([ESSAY, SHORT], logged, objective, typed)
    assert found == Unlike("S1", D("70.6"), D("76.6"), "another mark")
    swapped = right | {"S1": right["S2"], "S2": right["S1"]}
    assert [one.script for one in unlike([ESSAY, SHORT], logged, objective, swapped)] == [
        "S1",
        "S2",
    ]
    del swapped["S3"]
    extra = swapped | {"S4": D(60)}
    (lost,) = unlike([ESSAY, SHORT], logged, {**objective, "S0": D(9)}, right)
    assert (lost.script, lost.released) == ("S0", None)
    assert [one.script for one in unlike([ESSAY, SHORT], logged, objective, extra)] == [
        *("S1", "S2", "S3", "S4")
    ]


KEY = Key({"1": {"A": D(1)}, "2": {"B": D(1)}, "3": {"AC": D(2), "A": D("0.5")}}, {})
SHEETS = {"S2": {"1": "A", "2": "C", "3": "A"}, "S1": {"1": "B", "2": "B"}, "S3": {}}


def test_an_objective_part_is_added_up_from_the_key() -> None:
    assert [objective_mark(KEY, SHEETS[name]) for name in ("S1", "S2", "S3")] == [1, D("1.5"), 0]


def test_a_key_correction_re_scores_everybody_visibly() -> None:
    two_right = KeyCorrection("2", {"B": D(1), "C": D(1)}, D(0), "两个选项均可")
    void = KeyCorrection("1", None, D(1), "试题有误，全体得分")
    found = rescore(KEY, corrected(KEY, [two_right, void]), SHEETS)
    assert found == (
        Rescored("S1", D(1), D(2)),
        Rescored("S2", D("1.5"), D("2.5")),
        Rescored("S3", D(0), D(1)),
    )


def test_the_last_correction_of_an_item_counts_and_the_first_key_stays() -> None:
    void = KeyCorrection("1", None, D(1), "试题有误")
    back = KeyCorrection("1", {"B": D(1)}, D(0), "经复核，答案为B")
    after = corrected(KEY, [void, back])
    assert (objective_mark(after, {"1": "B"}), objective_mark(after, {})) == (1, 0)
    assert objective_mark(KEY, {"1": "A"}) == 1


def test_corrections_and_sheets_that_do_not_fit_the_key_are_refused() -> None:
    with pytest.raises(BadScore, match='no item "9"'):
        corrected(KEY, [KeyCorrection("9", {}, D(0), "x")])
    with pytest.raises(BadScore, match='item "1" needs a reason'):
        corrected(KEY, [KeyCorrection("1", {}, D(0), " ")])
    with pytest.raises(BadScore, match=r"answers the items \['9'\]"):
        objective_mark(KEY, {"9": "A"})
