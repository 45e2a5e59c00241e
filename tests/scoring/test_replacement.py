"""Replacement strictly by rank, as the policy of the exam has it."""

from random import Random

import pytest

from scoring.replacement import (
    Event,
    Offer,
    Ranked,
    ReplacementPolicy,
    Unfilled,
    replaced,
)
from scoring.rounding import BadScore

ANY = ReplacementPolicy(frozenset({"medical", "background", "notice"}), None, "公告")
NONE = ReplacementPolicy(frozenset(), None, "重庆2022：面试后不再递补")
ONCE = ReplacementPolicy(frozenset({"medical"}), 1, "公告：只递补一次")
FIVE = [Ranked(ref, rank) for rank, ref in enumerate("abcde", 1)]


def lost(ref: str, stage: str = "medical") -> Event:
    return Event("lost", ref, stage)


def test_the_next_rank_is_offered_the_place_and_then_the_next() -> None:
    found = replaced(ANY, 2, FIVE, [lost("a"), Event("declined", "c"), Event("expired", "d")])
    assert found.holders == ("b",)
    assert found.offers == (Offer("e", "a", "medical"),)
    assert [(offer.ref, offer.answer) for offer in found.history] == [
        *(("c", "declined"), ("d", "expired"), ("e", "")),
    ]
    after = replaced(
        ANY, 2, FIVE, [lost("a"), *(Event("declined", r) for r in "cd"), Event("accepted", "e")]
    )
    assert (after.holders, after.offers, after.unfilled) == (("e", "b"), (), ())


def test_who_came_in_can_lose_the_place_too_until_nobody_is_left() -> None:
    events = [lost("a"), Event("accepted", "b"), lost("b", "background")]
    assert replaced(ANY, 1, FIVE[:2], events).unfilled == (Unfilled("b", "background", "nobody"),)


def test_chongqing_2022_has_no_replacement_after_the_interview() -> None:
    found = replaced(NONE, 2, FIVE, [lost("b")])
    assert (found.holders, found.offers) == (("a",), ())
    assert found.unfilled == (Unfilled("b", "medical", "policy"),)


def test_a_stage_outside_the_policy_and_a_limit_leave_the_place_vacant() -> None:
    assert replaced(ONCE, 1, FIVE, [lost("a", "notice")]).unfilled[0].why == "policy"
    once = replaced(ONCE, 1, FIVE, [lost("a"), Event("declined", "b")])
    assert once.unfilled == (Unfilled("a", "medical", "limit"),)
    again = replaced(ONCE, 1, FIVE, [lost("a"), Event("accepted", "b"), lost("b")])
    assert again.unfilled == (Unfilled("b", "medical", "limit"),)


def test_people_decide_a_shared_rank_not_a_list() -> None:
    ranked = [Ranked("a", 1), Ranked("b", 2), Ranked("y", 3), Ranked("x", 3)]
    one = replaced(ANY, 2, ranked, [lost("a")])
    assert one.unfilled == (Unfilled("a", "medical", "tied", ("x", "y")),)
    assert one.offers == ()
    two = replaced(ANY, 2, ranked, [lost("a"), lost("b")])
    assert ([offer.ref for offer in two.offers], two.unfilled) == (["x", "y"], ())
    first = replaced(ANY, 3, ranked, [])
    assert (first.holders, first.unfilled) == (
        ("a", "b"),
        (Unfilled("", "", "tied", ("x", "y")),),
    )


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([lost("c")], "c holds no place"),
        ([lost("a"), lost("a")], "a holds no place"),
        ([Event("accepted", "c")], "c has no open offer"),
        ([lost("a"), Event("accepted", "d")], "d has no open offer"),
        ([lost("a"), Event("declined", "c"), Event("accepted", "c")], "c has no open offer"),
        ([Event("skipped", "a")], '"skipped" is not an event'),
    ],
)
def test_events_that_cannot_happen_are_refused(events, why) -> None:
    with pytest.raises(BadScore, match=why):
        replaced(ANY, 2, FIVE, events)


def test_a_candidate_ranked_twice_is_refused() -> None:
    with pytest.raises(BadScore, match="ranked twice"):
        replaced(ANY, 1, [*FIVE, FIVE[0]], [])


def test_offers_go_strictly_by_rank_in_any_history() -> None:
    rng = Random(5)
    for _ in range(300):
        vacancies = rng.randint(1, 3)
        ranked = [Ranked(f"r{at:02}", at + 1) for at in range(rng.randint(1, 9))]
        events: list[Event] = []
        for _ in range(rng.randint(0, 9)):
            now = replaced(ANY, vacancies, ranked, events)
            may = [lost(ref) for ref in now.holders]
            may += [
                Event(k, o.ref) for o in now.offers for k in ("accepted", "declined", "expired")
            ]
            if not may:
                break
            events.append(rng.choice(may))
        found = replaced(ANY, vacancies, ranked, events)
        asked = [one.ref for one in ranked[:vacancies]] + sorted(o.ref for o in found.history)
        assert asked == [one.ref for one in ranked[: len(asked)]]
        filled = len(found.holders) + len(found.offers) + len(found.unfilled)
        assert filled == vacancies
