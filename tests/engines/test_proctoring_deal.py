"""deal/v1: golden vectors, a second implementation, an outside matching, refusals, speed."""

import hashlib
import json
import time
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_engines import canonical, may_serve, slow_deal, tickets

from proctoring.deal import BadGroups, Shortage, TooFewPeople, deal_v1, shortage

HERE = Path(__file__).parent


def group(labels, slots, marks=None, name="lead"):
    return {"id": name, "labels": sorted(labels), "marks": marks or {}, "slots": slots}


def slot(name, capacity, *marks):
    return {"id": name, "capacity": capacity, "marks": list(marks)}


@st.composite
def groups_of_any_kind(draw):
    """Small and tight: many instances need moves, many cannot be filled."""
    schools = st.lists(st.sampled_from("ABCD"), max_size=3, unique=True)
    groups = []
    for name in draw(st.sampled_from([["one"], ["one", "two"]])):
        people = [f"{name}-{n:02}" for n in range(draw(st.integers(0, 12)))]
        marks = {label: found for label in people if (found := draw(schools))}
        slots = [
            slot(f"R{n}", draw(st.integers(1, 3)), *draw(schools))
            for n in range(draw(st.integers(1, 5)))
        ]
        groups.append(group(people, slots, marks, name))
    return groups


@st.composite
def groups_with_long_ways(draw):
    """As many people as places, few rooms for each, often one way only: moves upon moves."""
    size = draw(st.integers(4, 14))
    names, rooms = [f"P{n:02}" for n in range(size)], draw(st.permutations(range(size)))
    marks = {}
    for name, own in zip(names, rooms, strict=True):
        may = {own} | draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=3))
        marks[name] = [f"not {at}" for at in range(size) if at not in may]
    return [group(names, [slot(f"R{at}", 1, f"not {at}") for at in range(size)], marks)]


any_groups = st.one_of(groups_of_any_kind(), groups_with_long_ways())


def missing(one) -> int:
    """Places of a group that no assignment can fill, by scipy on a matrix of single places."""
    sparse = pytest.importorskip("scipy.sparse")
    csgraph = pytest.importorskip("scipy.sparse.csgraph")
    places = [at for at, room in enumerate(one["slots"]) for _ in range(room["capacity"])]
    if not one["labels"]:
        return len(places)
    rows = [[may_serve(one, label, at) for label in one["labels"]] for at in places]
    found = csgraph.maximum_bipartite_matching(sparse.csr_matrix(rows), perm_type="column")
    return int((found < 0).sum())


@pytest.mark.parametrize("case", json.loads((HERE / "golden_deal.json").read_bytes()))
def test_golden_vectors_hold(case) -> None:
    result = deal_v1(case["groups"], tickets(case["seed"], case["purpose"]))
    assert result == case["result"]
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]


@settings(max_examples=600, deadline=None)
@given(any_groups, st.binary(max_size=8))
def test_a_slow_second_implementation_agrees_byte_for_byte(groups, seed) -> None:
    ticket = tickets(hashlib.sha256(seed).hexdigest(), "invigilator")
    expected = slow_deal(groups, ticket)
    if expected is None:
        with pytest.raises(TooFewPeople):
            deal_v1(groups, ticket)
    else:
        assert canonical(deal_v1(groups, ticket)) == canonical(expected)


@settings(max_examples=600, deadline=None)
@given(any_groups, st.binary(max_size=8))
def test_it_succeeds_exactly_when_a_full_matching_exists(groups, seed) -> None:
    lacking = {one["id"]: missing(one) for one in groups}
    found = Counter()
    for problem in shortage(groups):
        found[problem.group] += problem.short
    assert found == Counter({name: n for name, n in lacking.items() if n})
    ticket = tickets(hashlib.sha256(seed).hexdigest(), "invigilator")
    if any(lacking.values()):
        with pytest.raises(TooFewPeople):
            deal_v1(groups, ticket)
        return
    for one, dealt in zip(groups, deal_v1(groups, ticket), strict=True):
        check_dealt(one, dealt, ticket)


def check_dealt(one, dealt, ticket) -> None:
    """Full, nobody twice or lost, no shared mark, the reserve in ticket order."""
    used = [label for room in dealt["slots"] for label in room["labels"]]
    assert sorted(used + dealt["reserve"]) == one["labels"]
    assert dealt["reserve"] == sorted(dealt["reserve"], key=ticket)
    for at, (room, filled) in enumerate(zip(one["slots"], dealt["slots"], strict=True)):
        assert filled["id"] == room["id"]
        assert len(filled["labels"]) == room["capacity"]
        assert all(may_serve(one, label, at) for label in filled["labels"])


@settings(max_examples=300, deadline=None)
@given(groups_of_any_kind())
def test_every_shortage_can_be_counted_by_hand(groups) -> None:
    by_name = {one["id"]: one for one in groups}
    for problem in shortage(groups):
        one = by_name[problem.group]
        named = [at for at, room in enumerate(one["slots"]) if room["id"] in problem.slots]
        who = {x for x in one["labels"] for at in named if may_serve(one, x, at)}
        assert problem.available == len(who)
        assert problem.needed == sum(one["slots"][at]["capacity"] for at in named)
        assert problem.short > 0


def test_the_shortage_names_slots_and_numbers_and_keeps_apart_what_is_apart() -> None:
    marks = {"a": ["N1"], "b": ["N1"], "c": ["N1"], "d": ["N2"]}
    rooms = [slot("R1", 2, "N1"), slot("R2", 1), slot("R3", 1, "N1")]
    problems = shortage([group("abcd", rooms, marks)])
    assert problems == [Shortage("lead", ("R1", "R3"), 3, 1)]
    assert str(problems[0]) == (
        'group "lead": R1, R3: needs 3 people, at most 1 can serve there: short by 2'
    )
    apart = [slot("X", 2, "N1"), slot("Y", 2, "N2")]
    problems = shortage([group("ab", apart, {"a": ["N1"], "b": ["N2"]})])
    assert [(p.slots, p.needed, p.available) for p in problems] == [(("X",), 2, 1), (("Y",), 2, 1)]


def test_a_long_list_of_slots_is_cut_in_the_sentence_only() -> None:
    (problem,) = shortage([group("a", [slot(f"R{n}", 1) for n in range(11)])])
    assert len(problem.slots) == 11
    assert "R7 and 3 more: needs 11 people, at most 1" in str(problem)


def test_an_absurd_capacity_is_answered_at_once() -> None:
    (problem,) = shortage([group("ab", [slot("R", 10**12)])])
    assert problem == Shortage("lead", ("R",), 10**12, 2)


def test_too_few_people_carries_the_shortages() -> None:
    groups = [group("ab", [slot("R", 3)])]
    with pytest.raises(TooFewPeople, match="needs 3 people, at most 2 can serve") as caught:
        deal_v1(groups, tickets("00" * 32, "invigilator"))
    assert list(caught.value.shortages) == shortage(groups)


def test_a_move_is_made_where_the_first_choice_blocks_the_last_room() -> None:
    """a is first and takes R1; only a may serve in R2, so a moves and b comes in."""
    groups = [group("ab", [slot("R1", 1), slot("R2", 1, "N")], {"b": ["N"]})]
    (result,) = deal_v1(groups, lambda label: label.encode())
    assert [room["labels"] for room in result["slots"]] == [["b"], ["a"]]


def test_the_order_of_rows_and_of_marks_cannot_matter() -> None:
    ticket = tickets("02" * 32, "invigilator")
    rooms = [slot("R1", 1, "M", "N"), slot("R2", 2, "N")]
    results = set()
    for rows in permutations("abcd"):
        marks = {label: ["N", "O"] if label == "a" else ["M"] for label in rows if label in "ab"}
        results.add(canonical(deal_v1([group(rows, rooms, marks)], ticket)))
    rooms = [slot("R1", 1, "N", "M"), slot("R2", 2, "N")]
    results.add(canonical(deal_v1([group("abcd", rooms, {"b": ["M"], "a": ["O", "N"]})], ticket)))
    assert len(results) == 1


def test_people_alike_have_equal_chances() -> None:
    """Six teachers of three schools, a room in each school: 15 ways, all symmetric by school."""
    stats = pytest.importorskip("scipy.stats")
    marks = {f"{school}{n}": [school] for school in "ABC" for n in "12"}
    groups = [group(marks, [slot(school, 1, school) for school in "ABC"], marks)]
    seen, seed = Counter(), b"running seed"
    for _ in range(12_000):
        seed = hashlib.sha256(seed).digest()
        (result,) = deal_v1(groups, tickets(seed.hex(), "invigilator"))
        seen[result["slots"][2]["labels"][0]] += 1
    for pair in ("A1 A2", "B1 B2"):
        assert stats.chisquare([seen[label] for label in pair.split()]).pvalue > 1e-3


def big(tight: bool):
    """5,000 people of 50 schools, 200 rooms of 25 (or 2) in 50 schools, nobody in their own."""
    marks = {f"T{n:04}": [f"school {n % 50}", f"city {n % 7}"] for n in range(5_000)}
    rooms = [
        slot(f"R{n:03}", 25 if tight else 2, f"school {n % 50}", f"city {n % 3}")
        for n in range(200)
    ]
    return [group(marks, rooms, marks)]


@pytest.mark.parametrize("tight", [False, True])
def test_five_thousand_people_and_two_hundred_rooms_take_under_two_seconds(tight) -> None:
    groups, ticket = big(tight), tickets("03" * 32, "invigilator")
    assert shortage(groups) == []
    started = time.process_time()
    (dealt,) = deal_v1(groups, ticket)
    assert time.process_time() - started < 2
    check_dealt(groups[0], dealt, ticket)


def test_a_chain_through_every_room_is_no_matter_of_recursion() -> None:
    """Person n may serve in rooms n and n + 1 only, and everybody first sits one room too low."""
    rooms = [slot(f"R{n:04}", 1, *(f"not {n}",)) for n in range(1_500)]
    names = [f"P{n:04}" for n in range(1_500)]
    barred = [room["marks"][0] for room in rooms]
    marks = {
        name: [mark for at, mark in enumerate(barred) if at not in (n - 1, n)]
        for n, name in enumerate(names)
    }
    marks[names[0]] = barred[1:]
    order = {name: (n - 1) % 1_500 for n, name in enumerate(names)}
    (dealt,) = deal_v1([group(names, rooms, marks)], lambda x: order[x].to_bytes(2, "big"))
    assert [room["labels"] for room in dealt["slots"]] == [[name] for name in names]


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"seed": 1}, "must have the keys"),
        ({"labels": ["a", "a"]}, '"a" stands twice'),
        ({"labels": ["b", "a"]}, "not sorted"),
        ({"marks": {"x": ["N"]}}, r"marks \['x'\], who are not among its labels"),
        ({"marks": {"a": "N"}}, "are not a list"),
        ({"marks": {"a": [1]}}, "non-empty text"),
        ({"marks": ["a"]}, "are not an object"),
        ({"slots": [{"id": "R", "capacity": -2}]}, "at least 1, not -2"),
        ({"slots": [{"id": "R", "capacity": "2"}]}, "at least 1, not '2'"),
        ({"slots": [{"id": "R"}]}, "must have the keys"),
        ({"slots": [{"id": "R", "capacity": 1}] * 2}, '"R" stands twice'),
    ],
)
def test_a_wrong_shape_is_refused_by_both(broken, sentence) -> None:
    bad = [group("ab", [slot("R1", 1)]) | broken]
    for refuse in (shortage, lambda groups: deal_v1(groups, lambda label: b"")):
        with pytest.raises(BadGroups, match=sentence):
            refuse(bad)
