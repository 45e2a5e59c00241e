"""Post choice in order of score by the stopwatch: the whole table of (state, act)."""

from functools import reduce

import pytest

from scoring import post_choice
from scoring.post_choice import (
    Absent,
    Arrive,
    Call,
    ChoiceRules,
    ChoiceState,
    Choose,
    Chosen,
    Confirm,
    GiveUp,
    Overtime,
    Withdraw,
    open_choice,
    step,
)
from scoring.rounding import BadScore

START = 9 * 3600
RULES = ChoiceRules("选岗公告")
HERE = [Arrive("a", START - 600), Arrive("b", START - 60), Arrive("c", START, "王某", "委托书1")]


def after(*acts, places=None) -> ChoiceState:
    opened = open_choice(RULES, "abcd", places or {"P1": 1, "P2": 2}, START)
    return reduce(step, [*HERE, *acts], opened)


CALLED = [Call(START)]
NAMED = [*CALLED, Choose("P1", START + 299)]
SIGNED = [*NAMED, Confirm(START + 400, "slip-1")]


def test_a_whole_session() -> None:
    acts = [*SIGNED, Call(START + 410), GiveUp(START + 420), Call(START + 500)]
    acts += [Choose("P2", START + 510), Withdraw(START + 511), Choose("P2", START + 512)]
    acts += [Confirm(START + 520, "slip-3"), Absent(START + 1800)]
    state = after(*acts)
    assert state.results == (
        Chosen("a", "P1", "chosen", START + 400, signature="slip-1"),
        Chosen("b", "", "gave_up", START + 420),
        Chosen("c", "P2", "chosen", START + 520, "王某", "委托书1", "slip-3"),
        Chosen("d", "", "absent", START + 1800),
    )
    assert (state.finished, state.current, state.places) == (True, None, {"P1": 0, "P2": 1})


def test_five_minutes_each_by_the_stopwatch() -> None:
    assert after(*CALLED).ends_at == START + 300
    assert after(*NAMED).chosen == "P1"
    with pytest.raises(BadScore, match="a's 300 seconds are over"):
        after(*CALLED, Choose("P1", START + 300))
    state = after(*CALLED, Overtime(START + 300))
    assert (state.results[0].outcome, state.current) == ("overtime", "b")


def test_the_last_place_ends_the_turns_still_to_come() -> None:
    state = after(*SIGNED, places={"P1": 1})
    assert [(one.ref, one.outcome) for one in state.results] == [
        *(("a", "chosen"), ("b", "none_left"), ("c", "none_left"), ("d", "none_left")),
    ]
    assert open_choice(RULES, "ab", {"P1": 0}, START).finished


# Which acts are allowed in which state; every other pair must raise.
THREE = [*SIGNED, *(act(START + 410 + at) for at in range(2) for act in (Call, GiveUp))]
STATES = {
    "waiting": [],
    "called": CALLED,
    "named": NAMED,
    "awaited": THREE,
    "over": [*THREE, Absent(START + 1800)],
}
LATE = START + 2000
ACTS = {
    "call": Call(LATE),
    "choose": Choose("P2", START + 299),
    "withdraw": Withdraw(LATE),
    "confirm": Confirm(LATE, "slip"),
    "absent": Absent(LATE),
    "give up": GiveUp(LATE),
    "overtime": Overtime(LATE),
    "arrive": Arrive("d", START + 1799),
    "arrive late": Arrive("d", START + 1800),
}
ALLOWED = {
    ("waiting", "call"),
    ("called", "choose"),
    ("called", "give up"),
    ("called", "overtime"),
    ("named", "withdraw"),
    ("named", "confirm"),
    ("awaited", "absent"),
    *((state, "arrive") for state in ("waiting", "called", "named", "awaited")),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_every_act_in_every_state(state, act) -> None:
    before = after(*STATES[state])
    if (state, act) in ALLOWED:
        assert step(before, ACTS[act]) != before
    else:
        with pytest.raises(BadScore):
            step(before, ACTS[act])


@pytest.mark.parametrize(
    ("acts", "why"),
    [
        ([Arrive("a", START)], "has arrived already"),
        ([Arrive("z", START)], "not expected"),
        ([Arrive("d", START, proxy="李某")], "needs an authorisation"),
        ([Call(START - 1)], "earlier|not begun"),
        ([*CALLED, Choose("P9", START + 1)], '"P9" has no place left'),
        ([*SIGNED, Call(START + 410), Choose("P1", START + 411)], '"P1" has no place left'),
        ([*NAMED, Choose("P2", START + 299)], "is named; confirm or withdraw"),
        ([*NAMED, Confirm(START + 300, "")], "a signature"),
        ([*NAMED, Confirm(START + 298, "slip")], "earlier than the one before"),
    ],
)
def test_what_is_not_allowed_says_why(acts, why) -> None:
    with pytest.raises(BadScore, match=why):
        after(*acts)


def test_an_order_with_somebody_twice_is_refused() -> None:
    with pytest.raises(BadScore, match="twice"):
        open_choice(RULES, "aba", {"P1": 1}, START)


LAST = post_choice.ChoiceRules("公告", missed="last")


def ended(state: post_choice.ChoiceState) -> list[tuple[str, str, str]]:
    return [(one.ref, one.outcome, one.post) for one in state.results]


def taken(at: int, post: str) -> list[post_choice.Act]:
    """A turn of one minute in which a post is chosen."""
    return [
        post_choice.Call(at),
        post_choice.Choose(post, at + 60),
        post_choice.Confirm(at + 60, "slip"),
    ]


def test_who_misses_the_turn_comes_last_once_and_may_still_arrive() -> None:
    arrivals = [post_choice.Arrive(ref, 0) for ref in "ac"]
    acts = [
        *arrivals,
        *taken(0, "x"),
        post_choice.Absent(100),  # b, at once: nobody is waited for
        post_choice.Call(100),
        post_choice.Overtime(400),  # c
        post_choice.Arrive("b", 5000),  # far beyond the limit of the other rule
        *taken(5000, "y"),
        post_choice.Call(5100),
        post_choice.Overtime(5400),  # c for the second time
    ]
    *_before, state = post_choice.trail(LAST, "abc", {"x": 1, "y": 2}, 0, acts)
    assert ended(state) == [("a", "chosen", "x"), ("b", "chosen", "y"), ("c", "overtime", "")]
    assert state.order == ("a", "b", "c")


def test_a_turn_taken_back_makes_all_later_ones_void() -> None:
    acts = [
        *(post_choice.Arrive(ref, 0) for ref in "ac"),
        *taken(0, "x"),
        post_choice.Absent(1800),  # b
        *taken(1800, "y"),
    ]
    rules = post_choice.ChoiceRules("公告")
    *_before, state = post_choice.trail(rules, "abc", {"x": 1, "y": 1}, 0, acts)
    assert state.finished
    again = [*acts, post_choice.Reopen(1, 2000, present=True)]
    *_before, state = post_choice.trail(rules, "abc", {"x": 1, "y": 1}, 0, again)
    assert (state.current, dict(state.places)) == ("b", {"x": 0, "y": 1})
    *_before, state = post_choice.trail(
        rules, "abc", {"x": 1, "y": 1}, 0, [*again, *taken(2000, "y")]
    )
    assert ended(state)[1:] == [("b", "chosen", "y"), ("c", "none_left", "")]
    for wrong in (post_choice.Reopen(3, 2000), post_choice.Reopen(1, 10)):
        with pytest.raises(BadScore):
            list(post_choice.trail(rules, "abc", {"x": 1, "y": 1}, 0, [*acts, wrong]))
