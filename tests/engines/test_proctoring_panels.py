"""match/v1 and lottery/v1: golden vectors, a second implementation, an outside checker."""

import copy
import hashlib
import json
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_engines import canonical
from slow_proctoring_cases import match_part
from slow_proctoring_panels import slow_lottery, slow_match

from proctoring.lottery import check_list, frequencies, list_allocations, lottery_v1
from proctoring.panels import match_v1
from proctoring.panels_check import (
    PanelSubstitute,
    check_panel,
    check_panel_substitutes,
    check_panels,
    next_interviewer,
    with_substitute,
)
from proctoring.reading import BadInput
from proctoring.shortfall import Infeasible, NotFound

HERE = Path(__file__).parent
SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"


def province(panels=5, people=80):
    """Seven seats a panel, people of nine cities; city 4101 holds the exam."""
    units = people // 4
    return {
        "rules": {
            "areas": ["4101"],
            "roles": [{"id": "chief", "seats": 1}]
            + [{"id": name, "seats": 2} for name in ("leader", "scholar", "personnel")],
            "per_employer": 1,
            "per_city": 2,
            "per_sex": 2,
            "reserves": [1, 5],
        },
        "employers": [f"unit {n}" for n in range(units)],
        "people": {
            "label": [f"i{n:03}" for n in range(people)],
            "roles": [[0, 1 + n % 3] if n % 4 == 0 else [1 + n % 3] for n in range(people)],
            "employer": [n % units for n in range(people)],
            "area": [f"41{1 + n % 9:02}02" for n in range(people)],
            "woman": [n // 2 % 2 for n in range(people)],
        },
        "apart": [[1, 2], [10, 31]],
        "panels": [f"panel {n}" for n in range(panels)],
        "groups": {
            "id": [f"group {n}" for n in range(panels)],
            "barred": [[1, 0], [2, 0], [3, 1], [40, 2]],
        },
    }


@st.composite
def parts(draw):
    return match_part(draw(st.randoms(use_true_random=False)))


@pytest.mark.parametrize("case", json.loads((HERE / "golden_match.json").read_bytes()))
def test_golden_vectors_of_match_hold(case) -> None:
    result = match_v1(case["part"], case["seed"], purpose=case["purpose"])
    assert result == case["result"]
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]
    assert slow_match(case["part"], case["seed"], case["purpose"]) == case["result"]


@pytest.mark.parametrize("case", json.loads((HERE / "golden_lottery.json").read_bytes()))
def test_golden_vectors_of_lottery_hold(case) -> None:
    result = lottery_v1(case["part"], case["seed"], purpose=case["purpose"])
    assert result == case["result"]
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]
    assert slow_lottery(case["part"], case["seed"], case["purpose"]) == case["result"]


@settings(max_examples=200, deadline=None)
@given(parts(), st.binary(max_size=8))
def test_a_slow_second_implementation_agrees_byte_for_byte(part, seed) -> None:
    seed = hashlib.sha256(seed).hexdigest()
    try:
        result = match_v1(part, seed, purpose="interviewer")
    except Infeasible:
        return
    except NotFound:
        assert slow_match(part, seed, "interviewer") is None
        return
    assert canonical(slow_match(part, seed, "interviewer")) == canonical(result)
    assert check_panels(part, result) == []


def test_groups_beyond_the_orders_are_matched_by_augmenting_paths(monkeypatch) -> None:
    """With 0 orders to try, the paths alone must find the one way there is."""
    part = province()
    seats = match_v1(part, SEED, purpose="x")["panels"]
    at = {label: n for n, label in enumerate(part["people"]["label"])}
    part["groups"]["barred"] = [
        [at[seats[panel]["labels"][0]], group] for panel in range(5) for group in range(panel)
    ]
    result = match_v1(part, SEED, purpose="x")
    assert [one["panel"] for one in result["groups"]] == part["panels"]
    monkeypatch.setattr("proctoring.panels.ORDERS", 0)
    assert match_v1(part, SEED, purpose="x") == result


def _planted(part, result):
    people, at = part["people"], {p: n for n, p in enumerate(part["people"]["label"])}
    members = [at[label] for label in result["panels"][0]["labels"]]
    heard = {one["panel"]: one["id"] for one in result["groups"]}["panel 0"]
    group = part["groups"]["id"].index(heard)

    def changed(change):
        new = copy.deepcopy((part, result))
        change(*new)
        return new

    def put(column, value):
        return changed(lambda p, r: p["people"][column].__setitem__(members[0], value))

    employer = people["employer"][members[1]]
    return [
        (put("roles", [1]), "may not sit as chief"),
        (put("area", "410105"), "is from the area of the exam"),
        (put("employer", employer), "2 people of unit"),
        (changed(lambda p, r: p["rules"].update(per_city=1)), "2 people of city"),
        (changed(lambda p, r: p["rules"].update(per_sex=4)), "women and"),
        (changed(lambda p, r: p["apart"].append(members[:2])), "may not sit together"),
        (changed(lambda p, r: p["groups"]["barred"].append([members[0], group])), "a relation"),
        (changed(lambda p, r: r["panels"][0]["labels"].pop()), "6 people for 7 seats"),
        (changed(lambda p, r: r["panels"][0]["labels"].__setitem__(0, "nobody")), "nobody"),
        (changed(lambda p, r: r["panels"].reverse()), "the result lists the panels"),
        (changed(lambda p, r: r["reserve"].pop()), "1 are needed"),
        (changed(lambda p, r: r["groups"].pop()), "other groups"),
        (
            changed(lambda p, r: r["groups"][0].update(panel=r["groups"][1]["panel"])),
            "not every panel hears one group",
        ),
        (
            changed(lambda p, r: r["panels"][1].update(labels=r["panels"][0]["labels"])),
            "is drawn 2 times",
        ),
    ]


def test_the_checker_finds_every_planted_violation() -> None:
    part = province()
    result = match_v1(part, SEED, purpose="interviewer")
    assert check_panels(part, result) == []
    for (changed, got), word in _planted(part, result):
        assert any(word in one for one in check_panels(changed, got)), word


def test_a_panel_is_rechecked_alone_in_milliseconds() -> None:
    part = province(panels=40, people=600)
    part["groups"] = {"id": [], "barred": []}
    panel = match_v1(part, SEED, purpose="interviewer")["panels"][7]
    start = time.process_time()
    assert check_panel(part, panel["id"], panel["labels"], None) == []
    assert time.process_time() - start < 0.05


def test_nobody_from_the_area_of_the_exam_is_called() -> None:
    part = province()
    result = match_v1(part, SEED, purpose="interviewer")
    called = [one["label"] for one in result["reserve"]]
    called += [label for one in result["panels"] for label in one["labels"]]
    at = [part["people"]["label"].index(label) for label in called]
    assert not any(part["people"]["area"][n].startswith("4101") for n in at)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
def test_the_next_interviewer_is_the_first_whom_the_checker_lets_pass(number) -> None:
    rng = Random(number)
    part = match_part(rng)
    part["rules"]["reserves"] = [1, 1]
    try:
        drawn = match_v1(part, SEED, purpose="interviewer")
    except (Infeasible, NotFound):
        return
    panel = rng.choice(drawn["panels"])
    absent = rng.choice(panel["labels"])
    label = next_interviewer(part, drawn, absent)
    if label is not None:
        assert check_panel_substitutes(part, drawn, [PanelSubstitute(absent, label)]) == []
    heard = {one["panel"]: one["id"] for one in drawn["groups"]}.get(panel["id"])
    for one in drawn["reserve"]:
        if one["label"] == label:
            break
        changed = with_substitute(drawn, PanelSubstitute(absent, one["label"]))
        labels = changed["panels"][part["panels"].index(panel["id"])]["labels"]
        assert check_panel(part, panel["id"], labels, heard)


def test_the_lottery_lists_are_fair_public_and_checked() -> None:
    part = province(panels=2, people=80)
    part["groups"] = {"id": [], "barred": []}
    listing = list_allocations(part, 40, salt=SEED)
    lottery = {"match": part, "allocations": listing}
    assert check_list(lottery) == []
    count = frequencies(lottery)
    assert {one["of"] for one in count} == {40}
    assert sum(one["seated"] for one in count) == 40 * 14
    home = [
        one["seated"]
        for one, area in zip(count, part["people"]["area"], strict=True)
        if area.startswith("4101")
    ]
    assert set(home) == {0}
    result = lottery_v1(lottery, SEED, purpose="interviewer")
    assert check_panels(part, result) == []
    spread = [one["seated"] for one in count if one["seated"]]
    plain = {"match": part, "allocations": _plain_runs(part, 40)}
    loose = [one["seated"] for one in frequencies(plain) if one["seated"]]
    assert max(spread) - min(spread) < max(loose) - min(loose)


def _plain_runs(part, count):
    at = {label: n for n, label in enumerate(part["people"]["label"])}
    roles = [one["id"] for one in part["rules"]["roles"]]
    runs = [
        match_v1(part, hashlib.sha256(b"%d" % n).hexdigest(), purpose="x") for n in range(count)
    ]
    return [
        {
            "panels": [[at[label] for label in one["labels"]] for one in run["panels"]],
            "reserve": [[at[one["label"]], roles.index(one["role"])] for one in run["reserve"]],
            "groups": [],
        }
        for run in runs
    ]


def test_a_broken_allocation_is_named_by_its_number() -> None:
    part = province(panels=2)
    part["groups"] = {"id": [], "barred": []}
    listing = list_allocations(part, 3, salt=SEED)
    listing[1] = copy.deepcopy(listing[1])
    listing[1]["panels"][0][0] = listing[1]["panels"][0][1]
    found = check_list({"match": part, "allocations": listing})
    assert found
    assert all(one.startswith("allocation 1: ") for one in found)


BAD = [
    (lambda p: p["rules"].update(areas=["410100"]), "four digits"),
    (lambda p: p["rules"].update(roles=[]), "1 to 8 roles"),
    (lambda p: p["rules"]["roles"][0].update(seats=0), 'seats of role "chief"'),
    (lambda p: p["rules"].update(per_employer=0), "limit per employer"),
    (lambda p: p["people"]["area"].__setitem__(0, "4101"), "six digits"),
    (lambda p: p["people"]["roles"].__setitem__(0, [1, 0]), "must rise"),
    (lambda p: p["people"]["employer"].pop(), "79 entries where 80 belong"),
    (lambda p: p["apart"].append([3, 3]), "two people each"),
    (lambda p: p["groups"]["id"].pop(), "4 groups for 5 panels"),
    (lambda p: p["panels"].append("panel 0"), '"panel 0" stands there twice'),
]


@pytest.mark.parametrize(("change", "says"), BAD, ids=[says for _, says in BAD])
def test_a_wrong_shape_is_refused_before_anything_is_drawn(change, says) -> None:
    part = province()
    change(part)
    with pytest.raises(BadInput, match=says):
        match_v1(part, "no seed at all", purpose="interviewer")


def test_a_lottery_needs_a_list_of_its_own_people() -> None:
    part = province(panels=1)
    part["groups"]["barred"] = []
    with pytest.raises(BadInput, match="at least one allocation"):
        lottery_v1({"match": part, "allocations": []}, SEED, purpose="x")
    strange = {"panels": [[0, 1, 2, 3, 4, 5, 80]], "reserve": [], "groups": [0]}
    with pytest.raises(BadInput, match="from 0 to 79"):
        lottery_v1({"match": part, "allocations": [strange]}, SEED, purpose="x")
