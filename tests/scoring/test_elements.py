"""Interview elements: weights per class of posts, trimming per element or on totals, no gaps."""

import re
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.elements import Element, InterviewScore, Scheme, interview_score, scheme_for
from scoring.interview import trimmed_mean
from scoring.rounding import BadScore

D = Decimal
FIVE = ("分析", "组织", "应变", "表达", "仪表")


def scheme(**changes) -> Scheme:
    made = {
        "post_class": "general",
        "elements": tuple(Element(f"e{at}", name, D(20), D(1)) for at, name in enumerate(FIVE)),
        "interviewers": 7,
        "trimming": "element",
        "drop_high": 1,
        "drop_low": 1,
        "decimals": 2,
        "rounding": "half_up",
        "basis": "面试评分办法",
    }
    return Scheme(**{**made, **changes})


def sheets(*rows: str) -> list[dict[str, Decimal]]:
    return [{f"e{at}": D(mark) for at, mark in enumerate(row.split())} for row in rows]


SHENZHEN = sheets(
    *("18 17 16 15 14", "17 17 15 16 13", "19 18 17 15 15", "16 15 16 14 14"),
    *("18 16 17 16 12", "15 17 14 13 16", "18 18 16 15 14"),
)


def test_per_element_and_on_totals_are_two_different_published_methods() -> None:
    """RULES 2.5 (a) and (b); by hand: 87/5 + 85/5 + 80/5 + 75/5 + 70/5, and 393/5."""
    per_element = interview_score(scheme(), SHENZHEN)
    assert [(part.kept_sum, part.kept) for part in per_element.parts] == [
        (D(87), 5),
        (D(85), 5),
        (D(80), 5),
        (D(75), 5),
        (D(70), 5),
    ]
    assert per_element.result == D("79.40")
    on_totals = interview_score(scheme(trimming="total"), SHENZHEN)
    assert on_totals.totals == (D(80), D(78), D(84), D(75), D(79), D(75), D(81))
    assert on_totals.parts[0].dropped == (2, 3)  # of the two 75 only one
    assert on_totals.result == D("78.60")


def test_shenzhen_2012_a_sheet_without_its_fifth_element_raises() -> None:
    """685 candidates were published with four of five elements added up (RULES 2.12)."""
    short = [dict(sheet) for sheet in SHENZHEN]
    del short[4]["e4"]
    with pytest.raises(BadScore, match=r"no mark for \['e4'\]; every element counts"):
        interview_score(scheme(), short)
    with pytest.raises(BadScore, match="weighted full marks add up to 80, not to 100"):
        scheme(elements=scheme().elements[:4])


@settings(deadline=None)
@given(st.data())
def test_every_element_of_every_kept_sheet_moves_the_score(data) -> None:
    """Raising an element on all sheets raises the score by that much: none is left out."""
    at = data.draw(st.sampled_from([f"e{n}" for n in range(5)]))
    trimming = data.draw(st.sampled_from(["element", "total"]))
    raised = [{**sheet, at: sheet[at] + 1} for sheet in SHENZHEN]
    ruled = scheme(trimming=trimming)
    before, after = interview_score(ruled, SHENZHEN), interview_score(ruled, raised)
    assert after.result - before.result == 1


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=5, max_size=5),
    st.sampled_from(["half_up", "truncate"]),
    st.integers(0, 3),
)
def test_thirds_are_rounded_once_from_their_exact_sum(marks, rounding, decimals) -> None:
    """Five interviewers lose one each way: thirds, of which three make a whole."""
    ruled = scheme(
        interviewers=5,
        elements=tuple(Element(f"e{n}", "", D(20), D(w)) for n, w in enumerate(("2", "2", "1"))),
        rounding=rounding,
        decimals=decimals,
    )
    given_ = [{f"e{n}": D(mark) / 2 for n, mark in enumerate(row)} for row in marks]
    exact = sum(
        w * Fraction(sum(sorted(row[n] for row in marks)[1:4]), 6) for n, w in enumerate((2, 2, 1))
    )
    shift = exact * 10**decimals + (Fraction(1, 2) if rounding == "half_up" else 0)
    assert Fraction(interview_score(ruled, given_).result) == Fraction(int(shift), 10**decimals)


def test_truncation_never_loses_a_whole_mark_that_thirds_add_up_to() -> None:
    parts = tuple(Element(f"e{n}", "", D(100), D("0.5")) for n in range(2))
    ruled = scheme(interviewers=5, elements=parts, rounding="truncate", decimals=0)
    marks = sheets("0 0", "70 80", "70 80", "71 81", "99 99")
    assert 211 % 3, 241 % 3  # neither element's mean is whole, half their sum nearly is
    assert interview_score(ruled, marks).result == D(75)  # (211 / 3 + 241 / 3) / 2 = 75.33…
    marks[3] = {"e0": D(70), "e1": D(80)}
    assert interview_score(ruled, marks).result == D(75)


def test_the_order_of_interviewers_and_the_callers_context_do_not_matter() -> None:
    for order in list(permutations(SHENZHEN))[::500]:
        with localcontext(prec=3):
            assert interview_score(scheme(), order).result == D("79.40")


def test_ties_drop_one_only() -> None:
    same = sheets(*["18 17 16 15 14"] * 9)
    found = interview_score(scheme(interviewers=9), same)
    assert [part.kept for part in found.parts] == [7] * 5
    assert [part.dropped for part in found.parts] == [(0, 1)] * 5
    assert found.result == D("80.00")


def test_totals_are_trimmed_as_the_published_trimmed_mean_does() -> None:
    found: InterviewScore = interview_score(scheme(trimming="total", rounding="truncate"), SHENZHEN)
    assert found.result == trimmed_mean(found.totals, 1, 1, 2, "truncate").result


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"interviewers": 6}, "5, 7 or 9 interviewers"),
        ({"trimming": "both"}, 'per "element" or on the "total"'),
        ({"drop_high": 4, "drop_low": 3}, "at least one score must be left"),
        ({"drop_high": -1}, "cannot be negative"),
        ({"elements": scheme().elements[:4] + scheme().elements[:1]}, "stands twice"),
    ],
)
def test_a_scheme_that_cannot_score_is_refused(change, why) -> None:
    with pytest.raises(BadScore, match=f'"general": .*{why}'):
        scheme(**change)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"e0": D("20.5")}, '20.5 for "e0" is not from 0 to 20'),
        ({"e0": D(-1)}, "not from 0 to 20"),
        ({"e9": D(1)}, r"marks for \['e9'\]"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(change, why) -> None:
    with pytest.raises(BadScore, match=why):
        interview_score(scheme(), [SHENZHEN[0] | change, *SHENZHEN[1:]])


def test_a_missing_interviewer_is_refused() -> None:
    with pytest.raises(BadScore, match="6 sheets are there, but 7 interviewers"):
        interview_score(scheme(), SHENZHEN[1:])


def test_each_class_of_posts_has_its_one_scheme() -> None:
    general, police = scheme(), scheme(post_class="police", trimming="total")
    assert scheme_for([general, police], "police") is police
    with pytest.raises(BadScore, match='0 interview schemes are for "court"'):
        scheme_for([general, police], "court")
    with pytest.raises(BadScore, match='2 interview schemes are for "general"'):
        scheme_for([general, general], "general")


def test_the_example_of_the_documentation_gives_what_it_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "SCORING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert interview_score(names["scheme"], names["sheets"]).result == D("81.67")
    assert "# Decimal('81.67')" in code
