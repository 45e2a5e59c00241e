"""The integer arrays give what the Decimal engines give, to the last unit and every tie."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.arrays import exact_totals, shortlisted, standings, totals, written_scores
from scoring.choosing import decide
from scoring.policy import Candidate, Comparator, Policy, Subject
from scoring.rounding import BadScore
from scoring.totals import shortlist

D = Decimal


def policy(
    weights: tuple[str, ...], divisor: str, parts: tuple[str, str], decimals: int, rounding: str
) -> Policy:
    return Policy(
        subjects=tuple(Subject(f"s{at}", D(150), D(w)) for at, w in enumerate(weights)),
        divisor=D(divisor),
        written_weight=D(parts[0]),
        interview_weight=D(parts[1]),
        decimals=decimals,
        rounding=rounding,
        written_pass=None,
        interview_pass=None,
        total_pass=None,
        competition=None,
        shrink_ratio=0,
        preferences=(),
        preferences_add_up=False,
        ties=(Comparator("exact"), Comparator("score", "written"), Comparator("score", "s0")),
    )


policies = st.builds(
    policy,
    st.sampled_from([("1", "1"), ("0.4", "0.3", "0.3"), ("1",), ("0.6", "0.4")]),
    st.sampled_from(["1", "2", "3", "1.5"]),
    st.sampled_from([("0.5", "0.5"), ("0.4", "0.6"), ("0.35", "0.65")]),
    st.integers(0, 4),
    st.sampled_from(["half_up", "truncate"]),
)


@settings(deadline=None)
@given(policies, st.integers(0, 2**32), st.integers(1, 40))
def test_whole_exams_as_arrays_are_what_decimals_decide_post_by_post(ruled, seed, people) -> None:
    rng = Random(seed)
    posts = np.array([rng.randrange(4) for _ in range(people)])
    marks = np.array(
        [
            [
                -1 if rng.random() < 0.05 else rng.choice([6025, 6050, 7000, 7005])
                for _ in ruled.subjects
            ]
            for _ in range(people)
        ]
    )
    unit = 10**ruled.decimals
    spoken = np.array([rng.choice([-1, 70, 70, 71]) * unit for _ in range(people)])
    spoken[spoken < 0] = -1
    written = written_scores(ruled, marks, 2)
    total = totals(ruled, written, spoken)
    exact = exact_totals(ruled, marks, 2, spoken)
    found = standings(posts, [total, exact, written, marks[:, 0]], total >= 0)
    places = np.array([1, 2, 3, 0])
    chosen = shortlisted(posts, found, places, ties_enter=False)
    for post in range(4):
        who = np.flatnonzero(posts == post)
        decided = decide(
            ruled, int(places[post]), [_candidate(ruled, marks, spoken, at) for at in who]
        )
        for at, row in zip(who, decided.rows, strict=True):
            assert written[at] == (-1 if row.written is None else row.written * unit)
            assert total[at] == (-1 if row.total is None else row.total * unit)
            assert (found.rank[at], found.shares[at]) == (row.rank or 0, row.shares)
            assert chosen[at] == (row.outcome == "proposed")


def _candidate(ruled: Policy, marks, spoken, at: int) -> Candidate:
    given_ = zip(ruled.subjects, marks[at], strict=True)
    interview = None if spoken[at] < 0 else D(int(spoken[at])).scaleb(-ruled.decimals)
    return Candidate(
        str(at), {one.code: D(int(m)).scaleb(-2) for one, m in given_ if m >= 0}, interview
    )


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300), st.booleans())
def test_ranks_are_those_of_a_plain_lexsort(seed, people, wide) -> None:
    """`wide`: posts and scores too wide to be packed with a position take the other way."""
    rng = np.random.default_rng(seed)
    posts = rng.integers(0, 5, people)
    keys = [rng.integers(0, 4, people) * (2**56 if wide and at == 0 else 1) for at in range(3)]
    found = standings(posts, keys)
    for at in range(people):
        same = posts == posts[at]
        mine = tuple(key[at] for key in keys)
        others = list(zip(*(key[same] for key in keys), strict=True))
        assert found.rank[at] == 1 + sum(other > mine for other in others)
        assert found.shares[at] == others.count(mine)


@settings(deadline=None)
@given(st.lists(st.integers(60, 66), min_size=1, max_size=20), st.integers(0, 8), st.booleans())
def test_the_shortlist_is_that_of_the_decimal_engine(scores, places, ties_enter) -> None:
    posts = np.zeros(len(scores), dtype=np.int32)
    found = standings(posts, [np.array(scores)])
    chosen = shortlisted(posts, found, np.array([places]), ties_enter)
    assert set(np.flatnonzero(chosen)) == shortlist(list(map(D, scores)), places, 1, ties_enter)


def test_nobody_is_an_exam_too() -> None:
    found = standings(np.zeros(2, dtype=int), [np.zeros(2, dtype=int)], np.zeros(2, dtype=bool))
    assert (found.rank.tolist(), found.shares.tolist()) == ([0, 0], [0, 0])


def test_marks_out_of_range_and_numbers_beyond_64_bits_are_refused() -> None:
    ruled = policy(("1",), "1", ("0.5", "0.5"), 2, "half_up")
    with pytest.raises(BadScore, match='"s0" is not from 0 to 150'):
        written_scores(ruled, np.array([[15001]]), 2)
    with pytest.raises(BadScore, match='"s0" is not from 0 to 150'):
        written_scores(ruled, np.array([[-2]]), 2)
    fine = replace(ruled, divisor=D("0.00000000000001"), decimals=6)
    with pytest.raises(BadScore, match="beyond 64 bits"):
        written_scores(fine, np.array([[15000]]), 2)
    with pytest.raises(BadScore, match="more than 64 bits"):
        standings(np.array([0, 2**20]), [np.array([0, 2**50])])
