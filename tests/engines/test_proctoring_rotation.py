"""rotation/v1: golden vectors, a second implementation, an outside checker, substitutes."""

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
from slow_proctoring import slow_rotation
from slow_proctoring_cases import rotation_part

from proctoring.reading import BadInput
from proctoring.rotation import rotation_v1
from proctoring.rotation_check import check_district, check_rotation, loads
from proctoring.rotation_reserves import Substitute, check_substitutes, next_reserve, replaced
from proctoring.shortfall import Infeasible, NotFound

HERE = Path(__file__).parent
SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"
ALL = ["partner", "room", "site"]
FEW = 6  # epochs for instances that may have no outcome at all


def city(name="0", sites=4, rooms=8, people=40, sexes="require", sessions=2):
    """A district with enough people: five schools, the first ones of which are sites."""
    return {
        "rules": {"sexes": sexes, "reserves": [3, 100], "never_again": ALL},
        "schools": [f"school {n}" for n in range(5)],
        "districts": [
            {
                "id": name,
                "people": {
                    "label": [f"p{name}-{n:03}" for n in range(people)],
                    "school": [n % 5 for n in range(people)],
                    "woman": [n // 5 % 2 for n in range(people)],
                    "lead": [int(n % 3 < 2) for n in range(people)],
                },
                "sites": {"id": [f"s{name}-{n}" for n in range(sites)], "school": [*range(sites)]},
                "rooms": {
                    "id": [f"r{name}-{n}" for n in range(rooms)],
                    "site": [n % sites for n in range(rooms)],
                },
                "past": {"site": [[0, 1]], "room": [[1, 2]], "partner": [[2, 3]]},
                "sessions": [
                    {"id": f"k{k}", "rooms": [*range(rooms)], "barred": [[4, 0], [5, 1]]}
                    for k in range(sessions)
                ],
            }
        ],
    }


@st.composite
def parts(draw):
    return rotation_part(draw(st.randoms(use_true_random=False)))


def outcome(part, seed=SEED, epochs=64):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proctoring.rotation.EPOCHS", epochs)
        return rotation_v1(part, seed, purpose="invigilator")


@pytest.mark.parametrize("case", json.loads((HERE / "golden_rotation.json").read_bytes()))
def test_golden_vectors_hold(case) -> None:
    result = rotation_v1(case["part"], case["seed"], purpose=case["purpose"])
    assert result == case["result"]
    assert hashlib.sha256(canonical(result)).hexdigest() == case["sha256"]
    assert slow_rotation(case["part"], case["seed"], case["purpose"]) == case["result"]


@settings(max_examples=120, deadline=None)
@given(parts(), st.binary(max_size=8))
def test_a_slow_second_implementation_agrees_byte_for_byte(part, seed) -> None:
    seed = hashlib.sha256(seed).hexdigest()
    try:
        result = outcome(part, seed, FEW)
    except Infeasible:
        return
    except NotFound:
        assert slow_rotation(part, seed, "invigilator", FEW) is None
        return
    assert canonical(slow_rotation(part, seed, "invigilator", FEW)) == canonical(result)
    assert check_rotation(part, result) == []


def test_a_district_alone_is_its_part_of_the_whole() -> None:
    alone = [city(name) for name in "abc"]
    whole = copy.deepcopy(alone[0])
    whole["districts"] = [one["districts"][0] for one in alone]
    result = outcome(whole)
    assert result["districts"] == [outcome(one)["districts"][0] for one in alone]
    assert check_rotation(whole, result) == []


def test_duties_differ_by_one_at_most_where_nothing_forces_more() -> None:
    part = city(people=50, sessions=3, sexes="ignore", sites=5, rooms=10)
    part["rules"]["never_again"] = []
    part["districts"][0]["people"]["lead"] = [1] * 50
    assert loads(part["districts"][0], outcome(part)["districts"][0]) == (1, 2)


def test_preferring_a_mix_gives_it_as_long_as_it_lasts() -> None:
    part = city(sexes="prefer", sessions=1)
    people, got = part["districts"][0]["people"], outcome(part)["districts"][0]["sessions"][0]
    woman = dict(zip(people["label"], people["woman"], strict=True))
    mixed = sum(woman[a] != woman[b] for a, b in zip(got["lead"], got["other"], strict=True))
    leads, others = (sum(woman[one] for one in got[role]) for role in ("lead", "other"))
    assert mixed == min(others, 8 - leads) + min(8 - others, leads)


def _planted(part, result):
    """(what, a part or result in which one rule is broken, a word of the sentence)."""
    district, got = part["districts"][0], result["districts"][0]["sessions"][0]
    people, at = district["people"], {p: n for n, p in enumerate(district["people"]["label"])}
    lead, other = at[got["lead"][0]], at[got["other"][0]]

    def changed(change):
        new = copy.deepcopy((part, result))
        change(new[0]["districts"][0], new[1]["districts"][0]["sessions"][0], new[0]["rules"])
        return new

    def put(column, person, value):
        return lambda d, g, r: d["people"][column].__setitem__(person, value)

    def past(name, pair):
        return lambda d, g, r: d["past"][name].append(pair)

    return [
        (changed(put("lead", lead, 0)), "not qualified"),
        (changed(put("school", other, 0)), "own school"),
        (changed(put("school", other, people["school"][lead])), "same school as"),
        (changed(put("woman", other, people["woman"][lead])), "same sex"),
        (changed(lambda d, g, r: d["sessions"][0]["barred"].append([other, 0])), "has a relation"),
        (changed(past("site", [lead, 0])), "same site again"),
        (changed(past("room", [other, 0])), "same room again"),
        (changed(past("partner", [other, lead])), "same partner again"),
        (changed(lambda d, g, r: r.update(reserves=[50, 100])), "reserves stand by"),
        (changed(lambda d, g, r: g["lead"].__setitem__(0, g["other"][1])), "twice in the session"),
        (changed(lambda d, g, r: g["other"].__setitem__(0, "nobody")), "not on the list: nobody"),
        (changed(lambda d, g, r: g["other"].pop()), "two people"),
        (changed(lambda d, g, r: g["reserve_site"].pop()), "not every reserve has a site"),
        (changed(lambda d, g, r: d.update(id="other")), "lists the districts"),
    ]


def test_the_checker_finds_every_planted_violation() -> None:
    part = city()
    result = outcome(part)
    assert check_rotation(part, result) == []
    for (changed, got), word in _planted(part, result):
        assert any(word in one for one in check_rotation(changed, got)), word


def test_the_checker_finds_what_two_sessions_repeat() -> None:
    part = city()
    result = outcome(part)
    sessions = result["districts"][0]["sessions"]
    sessions[1] = {**sessions[0], "id": "k1"}
    found = " ".join(check_rotation(part, result))
    assert all(f"meets the same {name} again" in found for name in ALL)
    assert "stands by at the same site again" in found


def test_a_site_is_rechecked_alone_in_milliseconds() -> None:
    part = city(sites=5, rooms=100, people=250)
    part["rules"]["never_again"] = ["partner"]
    result = outcome(part)
    rules, district, got = part["rules"], part["districts"][0], result["districts"][0]
    got["sessions"][0]["lead"][0], got["sessions"][0]["lead"][1] = (
        got["sessions"][0]["lead"][1],
        got["sessions"][0]["lead"][0],
    )
    start = time.process_time()
    found = {site: check_district(rules, district, got, site=f"s0-{site}") for site in range(5)}
    assert (time.process_time() - start) / 5 < 0.05
    everything = check_district(rules, district, got)
    assert sorted(one for some in found.values() for one in some) == sorted(everything)


def test_the_next_reserve_keeps_the_rules_and_the_checker_agrees() -> None:
    part = city(people=60, sites=4, rooms=8)
    part["rules"]["reserves"] = [1, 2]
    result = outcome(part)
    rules, district, drawn = part["rules"], part["districts"][0], result["districts"][0]
    now, changes = drawn, []
    for session in ("k0", "k1"):
        for absent in now["sessions"][int(session[1])]["lead"][:3]:
            label = next_reserve(rules, district, now, session=session, absent=absent)
            if label is not None:
                changes.append(Substitute(session, absent, label))
                now = replaced(district, now, changes[-1])
    assert len(changes) >= 4
    assert check_substitutes(rules, district, drawn, changes) == []
    for change in changes:
        line = drawn["sessions"][int(change.session[1])]["reserve"]
        for label in line:
            if label == change.substitute:
                continue
            wrong = Substitute(change.session, change.absent, label)
            assert label in str(check_substitutes(rules, district, drawn, [wrong])) or (
                next_reserve(rules, district, drawn, session=change.session, absent=change.absent)
                == label
            )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_next_reserve_is_the_first_whom_the_checker_lets_pass(number) -> None:
    rng = Random(number)
    part = rotation_part(rng, districts=1)
    part["rules"]["reserves"] = [1, 2]
    try:
        drawn = outcome(part, epochs=FEW)["districts"][0]
    except (Infeasible, NotFound):
        return
    rules, district = part["rules"], part["districts"][0]
    session = rng.choice(drawn["sessions"])
    absent = rng.choice(session[rng.choice(["lead", "other"])])
    label = next_reserve(rules, district, drawn, session=session["id"], absent=absent)
    if label is not None:
        change = Substitute(session["id"], absent, label)
        assert check_substitutes(rules, district, drawn, [change]) == []
        return
    for one in session["reserve"]:
        changed = replaced(district, drawn, Substitute(session["id"], absent, one))
        assert check_district(rules, district, changed, drawn=False)


def test_who_has_no_room_cannot_be_replaced() -> None:
    part = city()
    district, got = part["districts"][0], outcome(part)["districts"][0]
    absent = got["sessions"][0]["reserve"][0]
    with pytest.raises(ValueError, match="has no room in session k0 of district 0"):
        next_reserve(part["rules"], district, got, session="k0", absent=absent)


BAD = [
    (lambda p: p.pop("schools"), "must have the keys"),
    (lambda p: p["rules"].update(sexes="mixed"), "The rule sexes must be one of"),
    (lambda p: p["rules"].update(reserves=[3, 0]), "at least 1, not 0"),
    (lambda p: p["rules"].update(never_again=["site", "room"]), "sorted"),
    (lambda p: p["districts"].append(p["districts"][0]), '"0" stands there twice'),
    (lambda p: p["districts"][0]["people"]["label"].reverse(), "sorted by their UTF-8 bytes"),
    (lambda p: p["districts"][0]["people"]["school"].pop(), "39 entries where 40 belong"),
    (lambda p: p["districts"][0]["people"]["woman"].__setitem__(0, 2), "from 0 to 1"),
    (lambda p: p["districts"][0]["people"]["lead"].__setitem__(0, True), "whole numbers"),
    (lambda p: p["districts"][0]["rooms"]["site"].__setitem__(0, 9), "from 0 to 3"),
    (lambda p: p["districts"][0]["sessions"][0]["rooms"].reverse(), "must rise"),
    (lambda p: p["districts"][0]["sessions"][0]["barred"].append([1]), "must hold pairs"),
    (lambda p: p["districts"][0]["past"]["partner"].append([0, 40]), "from 0 to 39"),
    (lambda p: p["districts"][0]["sites"]["id"].__setitem__(0, "\ud800"), "written as UTF-8"),
]


@pytest.mark.parametrize(("change", "says"), BAD, ids=[says for _, says in BAD])
def test_a_wrong_shape_is_refused_before_anything_is_drawn(change, says) -> None:
    part = city()
    change(part)
    with pytest.raises(BadInput, match=says):
        rotation_v1(part, "no seed at all", purpose="invigilator")
