"""groups/v1: golden vectors, a second implementation, every assignment alike, Hall sets."""

import hashlib
import json
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
import slow_seating
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from slow_engines import canonical

from seating import groups as engine
from seating.findings import CannotWork
from seating.groups import check_v1, groups_v1, shortage_v1
from seating.reading import BadGroups

GOLDEN = json.loads((Path(__file__).parent / "golden_groups.json").read_bytes())


def hearing(marks, panels, *, capacities=None, name="g"):
    """`marks` of the groups "0", "1", …; `panels`: marks of each."""
    labels = [f"{at:02}" for at in range(len(marks))]
    capacities = capacities or [1] * len(panels)
    slots = [
        {"id": f"P{at}", "capacity": capacity, "marks": list(own)}
        for at, (own, capacity) in enumerate(zip(panels, capacities, strict=True))
    ]
    own = {label: list(mark) for label, mark in zip(labels, marks, strict=True) if mark}
    return {"id": name, "labels": labels, "marks": own, "slots": slots}


@st.composite
def hearings(draw):
    marks = st.lists(st.sets(st.sampled_from("abcde"), max_size=3).map(sorted), max_size=7)
    panels = draw(st.lists(st.sets(st.sampled_from("abcde"), max_size=2).map(sorted), max_size=7))
    capacities = [draw(st.integers(1, 2)) for _ in panels]
    return hearing(draw(marks), panels, capacities=capacities)


def possible(group) -> bool:
    """By trying every assignment."""
    places = [slot for slot in group["slots"] for _ in range(slot["capacity"])]
    marks = [set(group["marks"].get(label, [])) for label in group["labels"]]
    barred = [set(slot["marks"]) for slot in places]

    def place(at, free):
        return at == len(marks) or any(
            not marks[at] & barred[one] and place(at + 1, free - {one}) for one in free
        )

    return place(0, frozenset(range(len(places))))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_golden_vectors_hold(case) -> None:
    result = groups_v1(case["groups"], case["seed"], case["purpose"])
    assert canonical(result) == canonical(case["result"])
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]
    assert check_v1(case["groups"], result) == []


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(hearings(), st.binary(max_size=4))
def test_a_slow_second_implementation_agrees_and_no_assignment_is_missed(group, seed) -> None:
    short = shortage_v1([group])
    assert bool(short) == (not possible(group))
    assume(not short)
    seed = hashlib.sha256(seed).hexdigest()
    result = groups_v1([group], seed)
    slow = slow_seating.slow_groups([group], slow_seating.Chance(seed, "group"))
    assert canonical(result) == canonical(slow)
    assert check_v1([group], result) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(hearings(), st.binary(max_size=4))
def test_augmenting_paths_alone_find_an_assignment_too(group, seed) -> None:
    assume(not shortage_v1([group]))
    (read,) = engine._read([group])
    place_of = engine._match(read.may, range(len(read.labels)))
    assert sorted(place_of) == list(range(len(read.labels)))
    assert len(set(place_of.values())) == len(place_of)
    assert all(read.may[label, place] for label, place in place_of.items())


def test_every_assignment_that_keeps_the_rules_is_equally_likely() -> None:
    stats = pytest.importorskip("scipy.stats")
    group = hearing(["a", "", "b", "c"], ["a", "ab", "", "c"])
    marks = [set(group["marks"].get(label, [])) for label in group["labels"]]
    valid = [
        order
        for order in permutations(range(4))
        if not any(
            marks[at] & set(group["slots"][panel]["marks"]) for at, panel in enumerate(order)
        )
    ]
    seen, seed = Counter(), b"running seed"
    for _ in range(6000):
        seed = hashlib.sha256(seed).digest()
        slots = groups_v1([group], seed.hex())[0]["slots"]
        by_label = {slot["labels"][0]: at for at, slot in enumerate(slots)}
        seen[tuple(by_label[label] for label in group["labels"])] += 1
    assert set(seen) == set(valid)
    assert 3 <= len(valid) < 24
    assert stats.chisquare([seen[order] for order in valid]).pvalue > 1e-3


def test_one_group_alone_is_its_part_of_the_whole() -> None:
    one = hearing(["a", ""], ["a", "", ""], name="1")
    two = hearing([""], [""], name="2")
    two["labels"] = ["x"]
    seed = "12" * 32
    assert groups_v1([one, two], seed) == groups_v1([one], seed) + groups_v1([two], seed)


def test_a_result_that_breaks_a_rule_is_found_from_the_input_alone() -> None:
    group = hearing(["a", ""], ["a", ""])
    (result,) = groups_v1([group], "12" * 32)
    assert [slot["labels"] for slot in result["slots"]] == [["01"], ["00"]]
    first, second = result["slots"]
    first["labels"], second["labels"] = second["labels"], first["labels"]
    assert [str(one) for one in check_v1([group], [result])] == [
        "group g: panel P0 hears 00 in spite of a relation"
    ]
    first["labels"], second["labels"] = [], ["01", "00"]
    assert "hears 2 groups, 1 are allowed" in str(check_v1([group], [result])[0])
    second["labels"] = ["01", "01"]
    assert "each once" in str(check_v1([group], [result])[0])
    result["slots"] = result["slots"][:1]
    assert "listed order" in str(check_v1([group], [result])[0])
    assert check_v1([group], [])


def test_what_cannot_work_is_refused_before_the_seed_is_read() -> None:
    with pytest.raises(CannotWork, match="short by 1"):
        groups_v1([hearing(["a"], ["a"])], "no seed is read")


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"rules": {}}, "must have the keys"),
        ({"labels": ["b", "a"]}, "not sorted"),
        ({"marks": {"z": []}}, "not among its labels"),
        ({"marks": []}, "not an object"),
        ({"slots": [{"id": "P", "capacity": 0}]}, "from 1 to"),
        ({"slots": [{"id": "P", "capacity": 1}] * 2}, "stands twice"),
        ({"slots": "P"}, "not a list"),
    ],
)
def test_a_wrong_shape_is_refused_with_a_sentence(broken, sentence) -> None:
    with pytest.raises(BadGroups, match=sentence):
        groups_v1([hearing([""], [""]) | broken], "no seed is read")
