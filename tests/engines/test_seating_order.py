"""order/v1: golden vectors, a second implementation, row order, uniformity, refusals."""

import hashlib
import json
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_engines import canonical, slow_order, tickets

from seating.order import BadGroups, TooFewLabels, order_v1

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "vectors" / "draw" / "draw-v1.json"


def group(labels, *capacities, name="g"):
    slots = [{"id": f"s{at}", "capacity": count} for at, count in enumerate(capacities)]
    return {"id": name, "labels": sorted(labels), "slots": slots}


@st.composite
def draws(draw):
    labels = sorted(draw(st.sets(st.text("ab考官𬭎-01", min_size=1, max_size=4), max_size=25)))
    cut = draw(st.integers(0, len(labels)))
    groups = []
    for name, mine in (("east", labels[:cut]), ("west", labels[cut:])):
        slots, left = [], len(mine)
        while left and draw(st.booleans()):
            slots.append(draw(st.integers(1, left)))
            left -= slots[-1]
        groups.append(group(mine, *slots, name=name))
    return groups


@pytest.mark.parametrize("case", json.loads((HERE / "golden_order.json").read_bytes()))
def test_golden_vectors_hold(case) -> None:
    result = order_v1(case["groups"], tickets(case["seed"], case["purpose"]))
    assert result == case["result"]
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared draw/v1 vectors are not here")
def test_the_shared_draw_vector_gives_its_order() -> None:
    vector = json.loads(SHARED.read_bytes())
    labels = json.loads(vector["manifest_jcs"])["labels"]
    table = {label: bytes.fromhex(ticket) for label, ticket in vector["tickets"].items()}
    (result,) = order_v1([group(labels, 5)], table.__getitem__)
    assert result["slots"][0]["labels"] + result["reserve"] == vector["order"]


@settings(max_examples=150, deadline=None)
@given(draws(), st.binary(max_size=8))
def test_a_slow_second_implementation_agrees_byte_for_byte(groups, seed) -> None:
    ticket = tickets(hashlib.sha256(seed).hexdigest(), "seat")
    assert canonical(order_v1(groups, ticket)) == canonical(slow_order(groups, ticket))


def test_equal_tickets_are_ordered_by_label_bytes() -> None:
    (result,) = order_v1([group(["é", "z", "𬭎", "官"], 2)], lambda label: b"same")
    assert result["slots"][0]["labels"] == ["z", "é"]
    assert result["reserve"] == ["官", "𬭎"]


def test_one_group_alone_is_its_part_of_the_whole() -> None:
    ticket = tickets("00" * 32, "seat")
    groups = [group(["a", "b", "c"], 2, name="1"), group(["d", "e"], 1, 1, name="2")]
    assert order_v1(groups, ticket) == order_v1(groups[:1], ticket) + order_v1(groups[1:], ticket)


def test_the_order_in_which_people_were_listed_cannot_matter() -> None:
    ticket = tickets("01" * 32, "seat")
    results = {canonical(order_v1([group(rows, 2, 1)], ticket)) for rows in permutations("abcd")}
    assert len(results) == 1


def chi_square_p(draw, times=20_000) -> float:
    """p of `times` draws of four people being uniform over their 24 orders."""
    stats = pytest.importorskip("scipy.stats")
    seen, seed = Counter(), b"running seed"
    for _ in range(times):
        seed = hashlib.sha256(seed).digest()
        (result,) = draw(seed)
        seen[tuple(result["slots"][0]["labels"])] += 1
    return float(stats.chisquare([seen[order] for order in permutations("abcd")]).pvalue)


def test_every_order_is_equally_likely() -> None:
    people = [group("abcd", 4)]
    assert chi_square_p(lambda seed: order_v1(people, tickets(seed.hex(), "order"))) > 1e-3


def test_the_uniformity_test_notices_tickets_that_collide() -> None:
    people = [group("abcd", 4)]

    def coarse(seed):
        ticket = tickets(seed.hex(), "order")
        return order_v1(people, lambda label: bytes([ticket(label)[0] & 15]))

    assert chi_square_p(coarse) < 1e-6


def no_ticket(label):
    raise AssertionError("asked for a ticket before the groups were checked")


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"marks": {}}, "exactly the keys"),
        ({"labels": ["a", "b", "b"]}, '"b" stands twice'),
        ({"labels": ["b", "a"]}, "not sorted by their UTF-8 bytes"),
        ({"labels": "ab"}, "are not a list"),
        ({"labels": ["", "a"]}, "non-empty text"),
        ({"labels": ["\ud800"]}, "cannot be written as UTF-8"),
        ({"id": 7}, "non-empty text"),
        ({"slots": [{"id": "s", "capacity": 0}]}, "at least 1, not 0"),
        ({"slots": [{"id": "s", "capacity": True}]}, "at least 1, not True"),
        ({"slots": [{"id": "s", "capacity": 1.0}]}, "at least 1, not 1.0"),
        ({"slots": [{"id": "s", "capacity": 1, "floor": 2}]}, "exactly the keys"),
        ({"slots": [{"id": "s", "capacity": 1}] * 2}, '"s" stands twice in group "g"'),
        ({"slots": ["s"]}, "is not an object"),
    ],
)
def test_a_wrong_shape_is_refused_with_a_sentence(broken, sentence) -> None:
    with pytest.raises(BadGroups, match=sentence):
        order_v1([group("ab", 1) | broken], no_ticket)


def test_too_few_people_are_refused_before_any_ticket() -> None:
    with pytest.raises(TooFewLabels, match=r'"g" has 3 people for 5 places: name 2 more'):
        order_v1([group("abc", 3, 2)], no_ticket)


def test_nobody_stands_in_two_groups() -> None:
    with pytest.raises(BadGroups, match='label "b" stands twice in the draw'):
        order_v1([group("ab", 1, name="1"), group("bc", 1, name="2")], no_ticket)
    with pytest.raises(BadGroups, match='group "1" stands twice'):
        order_v1([group("a", 1, name="1"), group("b", 1, name="1")], no_ticket)
