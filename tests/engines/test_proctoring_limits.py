"""When it cannot work: sentences, and an integer programme as an outside judge of yes and no."""

import hashlib
from random import Random

import pytest
from slow_proctoring_cases import match_part, rotation_part
from slow_proctoring_oracle import match_feasible, rotation_feasible
from test_proctoring_panels import province
from test_proctoring_rotation import city

from proctoring.panels import match_v1
from proctoring.panels_input import read_panels
from proctoring.panels_limits import group_shortfalls
from proctoring.panels_limits import shortfalls as panel_shortfalls
from proctoring.rotation import rotation_v1
from proctoring.rotation_input import read_rotation
from proctoring.rotation_limits import shortfalls as rotation_shortfalls
from proctoring.shortfall import Infeasible, NotFound

SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"


def _city(change, **size):
    part = city(sessions=1, **size)
    change(part["districts"][0])
    return part


def _people(**columns):
    return lambda district: district["people"].update(columns)


def _one_site():
    part = city(sites=1, people=50, sessions=3, sexes="ignore")
    part["districts"][0]["past"]["site"] = []
    return part


ROTATIONS = {
    "too few people": (
        _city(lambda d: None, people=15),
        "district 0, session k0: needs 20 people for its rooms and reserves, 15 are listed: short "
        "by 5; cure: list 5 more people, or use fewer rooms or reserves",
    ),
    "too few leads": (
        _city(_people(lead=[1] * 6 + [0] * 34)),
        "district 0, session k0: needs 8 lead invigilators, 6 people are qualified: short by 2; "
        "cure: qualify or list 2 more leads, or use 2 rooms fewer",
    ),
    "too few women": (
        _city(_people(woman=[1] * 5 + [0] * 35)),
        "district 0, session k0: needs 8 women, one for each room, 5 are listed: short by 3; cure: "
        "list 3 more women, or let the rule prefer a mix where it now requires one",
    ),
    "own schools": (
        _city(_people(school=[0] * 20 + [1] * 20), sexes="ignore"),
        "district 0, session k0: the sites s0-0, s0-1 need 10 people, at most 6 can serve there "
        "(not in the own school, not where they were, one per school and room): short by 4; cure: "
        "list 4 more people of other schools, or move rooms to other sites",
    ),
    "leads of one school": (
        _city(_people(school=[0] * 8 + [4] * 32, lead=[1] * 8 + [0] * 32), sexes="ignore"),
        "district 0, session k0: the sites s0-0 need 2 lead invigilators, at most 0 qualified "
        "people can serve there (not in the own school, not where they were): short by 2; cure: "
        "qualify 2 more people of other schools, or move rooms to other sites",
    ),
    "where they were": (
        _city(lambda d: d["past"].update(site=[[n, 3] for n in range(37)]), sexes="ignore"),
        "district 0, session k0: the sites s0-3 need 5 people, at most 2 can serve there (not in "
        "the own school, not where they were, one per school and room): short by 3; cure: list 3 "
        "more people of other schools, or move rooms to other sites",
    ),
    "one site, three sessions": (
        _one_site(),
        "district 0: over all sessions the sites s0-0 need 51 people, at most 40 can serve there, "
        "since nobody comes to a site twice: short by 11; cure: list 11 more people, or allow the "
        "same site again in another room",
    ),
}


def _province(change, **size):
    part = province(**size)
    change(part)
    return part


MATCHES = {
    "few employers": (
        _province(lambda p: p["people"].update(employer=[0] * 80)),
        "panels: the roles leader need 10 interviewers from elsewhere, at most 5 can be seated in "
        "them (limits per employer, city and sex): short by 5; cure: invite 5 more people of other "
        "employers or cities for these roles, or fewer panels",
    ),
    "chiefs and their reserves": (
        _province(lambda p: p["rules"].update(reserves=[14, 5])),
        "panels: the roles chief need 19 interviewers with their reserves, 17 are eligible: short "
        "by 2; cure: invite 2 more people for these roles, or lower the ratio of reserves",
    ),
    "few women": (
        _province(lambda p: p["people"].update(woman=[1] * 9 + [0] * 71)),
        "panels: the panels need 10 women, at most 8 can be seated: short by 2; cure: invite 2 "
        "more women of other employers or cities",
    ),
    "a group that all chiefs know": (
        _province(
            lambda p: p["groups"].update(
                barred=[[n, 3] for n, own in enumerate(p["people"]["roles"]) if 0 in own]
            )
        ),
        "group group 3: the roles chief need 1 interviewers, 0 of the eligible have no relation "
        "with its candidates: short by 1; cure: invite 1 more people without a relation, or move "
        "the related candidates",
    ),
}


@pytest.mark.parametrize(("part", "sentence"), ROTATIONS.values(), ids=ROTATIONS)
def test_a_rotation_that_cannot_work_says_what_is_short(part, sentence) -> None:
    assert sentence in [str(one) for one in rotation_shortfalls(read_rotation(part))]
    with pytest.raises(Infeasible) as caught:
        rotation_v1(part, SEED, purpose="x")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("part", "sentence"), MATCHES.values(), ids=MATCHES)
def test_panels_that_cannot_work_say_what_is_short(part, sentence) -> None:
    assert sentence in [str(one) for one in panel_shortfalls(read_panels(part))]
    with pytest.raises(Infeasible) as caught:
        match_v1(part, SEED, purpose="x")
    assert sentence in str(caught.value)


def test_groups_that_few_panels_may_hear_are_a_hall_set() -> None:
    part = province()
    panels = [[n] for n in range(5)]
    part["groups"]["barred"] = [[n, group] for group in (0, 1) for n in range(5) if n != 3]
    (found,) = group_shortfalls(read_panels(part), panels)
    assert (found.who, found.needed, found.available) == (("group 0", "group 1"), 2, 1)
    assert str(found) == (
        "panels panel 3: the groups group 0, group 1 may only be heard by 1 panels because of "
        "relations, they need 2: short by 1; cure: move the related candidates, or replace a "
        "related interviewer by a reserve"
    )


def test_what_is_not_found_is_never_called_impossible() -> None:
    """One room and two people who served together before: no flow of schools to sites sees it."""
    part = city(sites=2, rooms=1, people=2, sexes="ignore", sessions=1)
    part["rules"]["reserves"] = [0, 1]
    part["districts"][0]["people"].update(school=[3, 4], lead=[1, 1])
    part["districts"][0]["past"] = {"site": [], "room": [], "partner": [[0, 1]]}
    part["districts"][0]["sessions"][0]["barred"] = []
    with pytest.raises(NotFound, match="Not found after 64 epochs of exchanges: district 0"):
        rotation_v1(part, SEED, purpose="x")


def test_a_min_cut_names_only_the_sites_that_are_short() -> None:
    (found,) = rotation_shortfalls(read_rotation(ROTATIONS["own schools"][0]))
    assert (found.rule, found.who, found.short) == ("sites", ("s0-0", "s0-1"), 4)


def _answers(make, engine, judge, numbers):
    """(the engine's answer, whether it is possible) of every instance."""
    answers = []
    for number in numbers:
        part = make(Random(number))
        try:
            engine(part, hashlib.sha256(b"%d" % number).hexdigest(), purpose="x")
            answer = "drawn"
        except Infeasible:
            answer = "impossible"
        except NotFound:
            answer = "not found"
        answers.append((answer, judge(part)))
    return answers


def test_rotation_misses_nothing_that_an_integer_programme_finds() -> None:
    """Near-critical: as many people as places or a few more, relations and history of each kind."""
    answers = _answers(
        lambda rng: rotation_part(rng, districts=1), rotation_v1, rotation_feasible, range(60)
    )
    assert ("impossible", True) not in answers
    assert ("drawn", False) not in answers
    assert ("not found", True) not in answers
    assert answers.count(("drawn", True)) > 20


def test_match_misses_nothing_that_an_integer_programme_finds() -> None:
    answers = _answers(match_part, match_v1, match_feasible, range(150))
    assert ("impossible", True) not in answers
    assert ("drawn", False) not in answers
    assert ("not found", True) not in answers
    assert answers.count(("drawn", True)) > 60
