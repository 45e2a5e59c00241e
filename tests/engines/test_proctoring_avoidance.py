"""Avoidance: every ground, its law, nothing for "none", and the pairs that a manifest carries."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctoring.avoidance import (
    BASIS,
    KINDS,
    Bar,
    Columns,
    Declared,
    Ground,
    Reason,
    apart,
    bars,
    marks,
    positions,
)
from proctoring.deal import deal_v1
from proctoring.reading import BadInput

EVERY = frozenset(Ground)
PEOPLE = Columns(
    label=["p1", "p2", "p3"],
    employer=["bureau", "", "mill"],
    school=["S1", "S2", ""],
    area=["410105", "410300", ""],
)
CANDIDATES = Columns(
    label=["k1", "k2", "k3"],
    employer=["mill", "", "bureau"],
    school=["", "S2", "S2"],
    area=["", "410102", ""],
)
PLACES = ["room A", "room B", "room B"]


def found(declared=(), grounds=EVERY):
    return bars(PEOPLE, CANDIDATES, PLACES, declared, grounds)


def test_every_ground_is_found_with_its_reason() -> None:
    declared = [Declared("p2", "k1", "in-law"), Declared("p1", "k1", "interest")]
    assert [
        (bar.person, bar.place, {r.ground for r in bar.reasons}) for bar in found(declared)
    ] == [
        ("p1", "room A", {Ground.INTEREST}),
        ("p1", "room B", {Ground.EMPLOYER, Ground.AREA}),
        ("p2", "room A", {Ground.KINSHIP}),
        ("p2", "room B", {Ground.SCHOOL}),
        ("p3", "room A", {Ground.EMPLOYER}),
    ]


def test_a_bar_explains_itself_with_the_law() -> None:
    (bar,) = found([Declared("p2", "k1", "in-law")], frozenset({Ground.KINSHIP}))
    assert str(bar) == (
        "p2 is kept from room A: kinship (in-law, candidate k1; Civil Servants Law Art. 74: "
        "spouse, direct blood line, collateral within three generations, close in-laws)"
    )
    assert set(BASIS) == EVERY
    assert set(KINDS.values()) == {Ground.KINSHIP, Ground.INTEREST}


def test_only_the_grounds_of_the_rule_count_and_none_is_never_a_group() -> None:
    assert found(grounds=frozenset()) == []
    assert [bar.person for bar in found(grounds=frozenset({Ground.SCHOOL}))] == ["p2"]
    empty = Columns(label=["a"], employer=[""], school=[""], area=[""])
    assert bars(empty, empty, ["room"], [], EVERY) == []


def test_a_manifest_gets_bare_pairs() -> None:
    some = found([Declared("p2", "k1", "spouse")])
    pairs = positions(some, PEOPLE.label, ["room A", "room B"])
    assert pairs == [[0, 1], [1, 0], [1, 1], [2, 0]]
    assert marks(some) == {"p1": ["room B"], "p2": ["room A", "room B"], "p3": ["room A"]}


def test_the_marks_keep_people_out_of_a_deal() -> None:
    some = found([Declared("p2", "k1", "spouse")])
    group = {
        "id": "lead",
        "labels": PEOPLE.label,
        "marks": marks(some),
        "slots": [{"id": name, "capacity": 1, "marks": [name]} for name in ("room A", "room B")],
    }
    (dealt,) = deal_v1([group], lambda label: label.encode())
    assert [one["labels"] for one in dealt["slots"]] == [["p1"], ["p3"]]
    assert dealt["reserve"] == ["p2"]


def test_interviewers_who_declared_one_another_stay_apart() -> None:
    declared = [Declared("b", "a", "spouse"), Declared("a", "b", "spouse")]
    assert apart(["a", "b", "c"], [*declared, Declared("c", "a", "interest")]) == [[0, 1], [0, 2]]


values = st.sampled_from(["", "X", "Y", "Z"])


@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_a_join_finds_the_pairs_that_comparing_each_with_each_finds(own, theirs) -> None:
    none = [""] * 6
    people = Columns([f"p{n}" for n in range(len(own))], own, none[: len(own)], none[: len(own)])
    labels = [f"k{n}" for n in range(len(theirs))]
    others = Columns(labels, theirs, none[: len(theirs)], none[: len(theirs)])
    places = [f"room {n % 2}" for n in range(len(theirs))]
    expected = {
        (f"p{n}", places[k])
        for n, k in product(range(len(own)), range(len(theirs)))
        if own[n] and own[n] == theirs[k]
    }
    joined = bars(people, others, places, [], EVERY)
    assert {(bar.person, bar.place) for bar in joined} == expected
    assert len(joined) == len(expected)
    assert all(bar == Bar(bar.person, bar.place, bar.reasons) for bar in joined)
    assert all(
        reason == Reason(Ground.EMPLOYER, reason.because) for b in joined for reason in b.reasons
    )


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: found([Declared("nobody", "k1", "spouse")]), "names somebody who is not listed"),
        (lambda: found([Declared("p1", "k1", "cousin?")]), 'the unknown kind "cousin\\?"'),
        (
            lambda: bars(PEOPLE, CANDIDATES, ["room A"], [], EVERY),
            "Not every candidate has a place",
        ),
        (
            lambda: bars(Columns(["a"], [], [], []), CANDIDATES, PLACES, [], EVERY),
            "differ in length",
        ),
        (
            lambda: bars(Columns(["a", "a"], *[["", ""]] * 3), CANDIDATES, PLACES, [], EVERY),
            "stands twice among the people",
        ),
    ],
)
def test_wrong_columns_and_declarations_are_refused(call, says) -> None:
    with pytest.raises(BadInput, match=says):
        call()
