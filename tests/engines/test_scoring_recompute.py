"""recompute.check: agrees with the package's own results, notices every changed cell."""

import ast
import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import recompute, recompute_interviews
from scoring.interview import trimmed_mean
from scoring.recompute import Problem, check
from scoring.rounding import show, to_decimal
from scoring.totals import appoint, rank, shortlist, total, written

GOLDEN = json.loads((Path(__file__).parent / "golden_lists.json").read_bytes())
COMPUTED = ("written", "interview", "total", "rank", "outcome")


def rules(**changes):
    values = {
        "interview_ratio": 3,
        "ties_enter": True,
        "subjects": [
            {"code": "xc", "name": "行测", "full_marks": "100", "weight": "0.5"},
            {"code": "sl", "name": "申论", "full_marks": "100", "weight": "0.5"},
        ],
        "written_pass": "",
        "written_weight": "0.5",
        "interview_weight": "0.5",
        "interviewers": 7,
        "drop_high": 1,
        "drop_low": 1,
        "interview_pass": "60",
        "rounding": "half_up",
        "decimals": 2,
        "tie_order": ["written", "interview", "xc"],
    } | changes
    return {key: {"value": value, "basis": "announcement, item 3"} for key, value in values.items()}


# The results as a feature would make them, from the other functions of the package.


def produce(ruled, stage, rows, vacancies):
    rule = {key: one["value"] for key, one in ruled.items()}
    made = [_numbers(rule, stage, row) for row in rows]
    for post in vacancies:
        _places(rule, stage, [row for row in made if row["post"] == post], vacancies[post])
    return [{key: value for key, value in row.items() if key != "n"} for row in made]


def _numbers(rule, stage, row):
    digits, mode = rule["decimals"], rule["rounding"]
    marks = {code: to_decimal(m) for code, m in row["subjects"].items() if m != "absent"}
    score = written(marks, rule["subjects"], digits, mode)
    made = row | {"written": "", "interview": "", "total": "", "rank": None, "outcome": "absent"}
    made["n"] = None
    if score is None:
        return made
    made["written"] = show(score, digits)
    numbers = marks | {"written": score, "total": score}
    passed = not rule["written_pass"] or score >= to_decimal(rule["written_pass"])
    if stage == "final":
        if not row["interview_scores"]:
            return made
        panel = [to_decimal(text) for text in row["interview_scores"]]
        trimmed = trimmed_mean(panel, rule["drop_high"], rule["drop_low"], digits, mode)
        weights = (to_decimal(rule["written_weight"]), to_decimal(rule["interview_weight"]))
        numbers["interview"] = trimmed.result
        numbers["total"] = total(score, trimmed.result, weights, digits, mode)
        made |= {key: show(numbers[key], digits) for key in ("interview", "total")}
        lowest = rule["interview_pass"]
        passed = passed and (not lowest or trimmed.result >= to_decimal(lowest))
    return made | {"n": numbers if passed else None, "outcome": "scored" if passed else "below"}


def _places(rule, stage, post, vacancies):
    ranked = [row for row in post if row["n"]]
    ranks = rank([row["n"] for row in ranked], rule["tie_order"] if stage == "final" else [])
    for row, place in zip(ranked, ranks, strict=True):
        row["rank"] = place
    if stage == "shortlist":
        scores = [row["n"]["written"] for row in ranked]
        chosen = shortlist(scores, vacancies, rule["interview_ratio"], rule["ties_enter"])
    elif stage == "final":
        chosen, _ = appoint(ranks, vacancies)
    else:
        return
    for at, row in enumerate(ranked):
        yes = "shortlisted" if stage == "shortlist" else "proposed"
        row["outcome"] = yes if at in chosen else "not"


mark = st.integers(118, 123).map(lambda n: f"{Decimal(n) / 2:.2f}")
panel_score = st.integers(5_500, 6_500).map(lambda n: f"{Decimal(n) / 100:.2f}")


@st.composite
def lists(draw):
    stage = draw(st.sampled_from(["written", "shortlist", "final"]))
    ruled = rules(
        rounding=draw(st.sampled_from(["half_up", "truncate"])),
        ties_enter=draw(st.booleans()),
        interview_ratio=draw(st.sampled_from([1, 2, 3])),
        written_pass=draw(st.sampled_from(["", "60"])),
        interview_pass=draw(st.sampled_from(["", "60"])),
        interviewers=draw(st.sampled_from([5, 7, 9])),
        decimals=draw(st.sampled_from([1, 2, 4])),
        tie_order=draw(st.sampled_from([[], ["written"], ["interview", "sl"]])),
    )
    size = ruled["interviewers"]["value"]
    panels = st.one_of(st.lists(panel_score, min_size=size, max_size=size), st.just([]))
    rows = []
    for n in range(draw(st.integers(0, 14))):
        missed = draw(st.integers(0, 9)) == 9
        marks = {"xc": "absent" if missed else draw(mark), "sl": draw(mark)}
        row = {"admission": f"A{n:02}", "post": draw(st.sampled_from("PQ")), "subjects": marks}
        rows.append(row | {"interview_scores": draw(panels) if stage == "final" else []})
    vacancies = {"P": draw(st.integers(0, 3)), "Q": 1}
    return ruled, stage, produce(ruled, stage, rows, vacancies), vacancies


def as_published(rows, stage):
    """The shortlist holds the scored only."""
    return [row for row in rows if stage != "shortlist" or row["rank"] is not None]


@settings(max_examples=500, deadline=None)
@given(lists())
def test_two_implementations_agree_on_every_list(made) -> None:
    ruled, stage, rows, vacancies = made
    assert check(ruled, stage, as_published(rows, stage), vacancies) == []


@settings(max_examples=300, deadline=None)
@given(lists().filter(lambda made: made[2]), st.data())
def test_any_changed_cell_is_named(made, data) -> None:
    ruled, stage, rows, vacancies = made
    wrong = copy.deepcopy(rows)
    row = data.draw(st.sampled_from(wrong))
    column = data.draw(st.sampled_from(COMPUTED))
    changes = {"rank": [None, 1, 2, 99, "1", True], "outcome": ["scored", "not", "proposed", ""]}
    old = row[column]
    others = [new for new in changes.get(column, ["", "61.23", "60"]) if repr(new) != repr(old)]
    row[column] = data.draw(st.sampled_from(others))
    found = check(ruled, stage, wrong, vacancies)
    assert Problem(row["admission"], column, row[column], old) in found
    assert found == [Problem(row["admission"], column, row[column], old)]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["stage"])
def test_the_golden_lists_are_right_and_also_what_the_package_makes(case) -> None:
    assert check(case["rules"], case["stage"], case["rows"], case["vacancies"]) == []
    bare = [{k: v for k, v in row.items() if k not in COMPUTED} for row in case["rows"]]
    assert produce(case["rules"], case["stage"], bare, case["vacancies"]) == case["rows"]


def final_rows():
    (case,) = [case for case in GOLDEN if case["stage"] == "final"]
    return case["rules"], copy.deepcopy(case["rows"]), case["vacancies"]


def test_shenzhen_2012_four_of_five_elements_summed() -> None:
    """Each examiner scored five elements; the published score left the fifth out (RULES 2.12)."""
    elements = [[20, 18, 17, 16, 14 + n % 3] for n in range(7)]
    row = {
        "admission": "SZ0001",
        "post": "P",
        "subjects": {"xc": "65.00", "sl": "65.00"},
        "interview_scores": [f"{sum(sheet)}.00" for sheet in elements],
    }
    (right,) = produce(rules(interview_pass=""), "final", [row], {"P": 1})
    assert right["interview"] == "85.80"
    four = [Decimal(sum(sheet[:4])) for sheet in elements]
    short = show(trimmed_mean(four, 1, 1, 2, "half_up").result, 2)
    assert short == "71.00"
    found = check(rules(interview_pass=""), "final", [right | {"interview": short}], {"P": 1})
    assert found == [Problem("SZ0001", "interview", "71.00", "85.80")]
    assert str(found[0]) == "SZ0001: interview is '71.00', should be '85.80'"


def test_a_dropped_examiner_is_noticed() -> None:
    ruled, rows, vacancies = final_rows()
    rows[0]["interview_scores"] = rows[0]["interview_scores"][:-1]
    found = check(ruled, "final", rows, vacancies)
    assert (found[0].row, found[0].column) == (rows[0]["admission"], "interview_scores")


def test_zhanjiang_2010_two_swapped_scores_are_noticed_on_both_rows() -> None:
    ruled, rows, vacancies = final_rows()
    a, b = rows[0], rows[1]
    a["interview"], b["interview"] = b["interview"], a["interview"]
    found = check(ruled, "final", rows, vacancies)
    assert {(p.row, p.column) for p in found} == {
        (a["admission"], "interview"),
        (b["admission"], "interview"),
    }


def test_harbin_2025_people_below_the_line_do_not_pass() -> None:
    ruled = rules(written_pass="60")
    row = {"admission": "H1", "post": "P", "subjects": {"xc": "38.40", "sl": "38.40"}}
    row |= {"written": "38.40", "interview": "", "total": "", "rank": 1, "outcome": "shortlisted"}
    found = check(ruled, "shortlist", [row], {"P": 1})
    assert [(p.column, p.expected) for p in found] == [("rank", None), ("outcome", "below")]


def test_an_interview_score_before_the_interview_is_noticed() -> None:
    """2012: hidden columns held interview scores before anybody was interviewed (RULES 2.12)."""
    row = {"admission": "Z1", "post": "P", "subjects": {"xc": "67.90", "sl": "67.90"}}
    row |= {"written": "67.90", "interview": "70.00", "total": "69.16", "rank": 1}
    found = check(rules(), "shortlist", [row | {"outcome": "shortlisted"}], {"P": 1})
    assert [(p.column, p.found) for p in found] == [("interview", "70.00"), ("total", "69.16")]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"subjects": {"xc": "65.00"}}, "subjects"),
        ({"subjects": {"xc": "65.00", "sl": "1e1"}}, "subjects"),
        ({"subjects": {"xc": "65.00", "sl": "100.01"}}, "subjects"),
        ({"subjects": {"xc": "65.00", "sl": 65}}, "subjects"),
        ({"subjects": None}, "subjects"),
        ({"interview_scores": ["101.00"] * 7}, "interview_scores"),
        ({"interview_scores": "none"}, "interview_scores"),
        ({"post": "no such post"}, "post"),
        ({"post": []}, "post"),
    ],
)
def test_given_values_that_cannot_be_read_are_problems_not_crashes(change, column) -> None:
    ruled, rows, vacancies = final_rows()
    rows[-1] |= change
    found = check(ruled, "final", rows, vacancies)
    assert (rows[-1]["admission"], column) in [(p.row, p.column) for p in found]


def test_a_row_that_stands_twice_is_a_problem() -> None:
    ruled, rows, vacancies = final_rows()
    found = check(ruled, "final", [*rows, rows[-1]], vacancies)
    assert Problem(rows[-1]["admission"], "admission", 2, 1) in found


@pytest.mark.parametrize(("ties_enter", "outcome"), [(True, "shortlisted"), (False, "not")])
def test_a_tie_across_the_last_place_follows_the_rule(ties_enter, outcome) -> None:
    (case,) = [case for case in GOLDEN if case["stage"] == "shortlist"]
    rows = copy.deepcopy(case["rows"])
    rows[2]["outcome"] = rows[3]["outcome"] = outcome
    ruled = case["rules"] | {"ties_enter": {"value": ties_enter, "basis": ""}}
    assert check(ruled, "shortlist", rows, case["vacancies"]) == []


@pytest.mark.parametrize("rank_text", [True, "1", None])
def test_a_rank_is_a_number_and_nothing_that_looks_like_one(rank_text) -> None:
    ruled, rows, vacancies = final_rows()
    rows[0]["rank"] = rank_text
    assert check(ruled, "final", rows, vacancies) == [Problem("A01", "rank", rank_text, 1)]


def test_a_stage_without_scores_is_refused() -> None:
    with pytest.raises(ValueError, match='"announcement" has no scores'):
        check(rules(), "announcement", [], {})


def test_the_second_routine_is_second_and_short() -> None:
    allowed = {"collections", "collections.abc", "dataclasses", "decimal", "fractions", "typing"}
    for module, most in ((recompute, 130), (recompute_interviews, 160)):
        text = Path(module.__file__).read_text(encoding="utf-8")
        assert len(text.splitlines()) <= most
        found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)]
        assert {n.module for n in found} - {"scoring"} <= allowed
        ours = {name.name for n in found if n.module == "scoring" for name in n.names}
        assert ours <= {"recompute_interviews"}
