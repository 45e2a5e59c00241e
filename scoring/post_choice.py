"""Post choice (选岗): one after the other in order of score, by the stopwatch.

A pure state machine: `step` takes a state and an act and returns the next state, or raises. Times
are whole seconds that the caller read from its clock. Nanchang 2015 (RULES 2.6): high to low, 5
minutes each, half an hour late or absent gives up, proxies with an authorisation, a signature.
`trail` takes all acts of a session and knows one more: a turn that is taken back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scoring.rounding import BadScore


@dataclass(frozen=True, slots=True)
class ChoiceRules:
    """`seconds` to choose once called; from `late_seconds` after the start nobody can arrive.

    `missed`: what becomes of who is absent or lets the time run out: "gives_up", or "last": once,
    the turn comes after all others; then nobody is waited for and one may arrive until that turn.
    """

    basis: str
    seconds: int = 300
    late_seconds: int = 1800
    missed: str = "gives_up"

    def __post_init__(self) -> None:
        if self.missed not in ("gives_up", "last"):
            raise BadScore("Who misses the turn gives up, or comes last.")


@dataclass(frozen=True, slots=True)
class Arrive:
    """`ref` is there at `at`, in person or by a proxy with the reference of an authorisation."""

    ref: str
    at: int
    proxy: str = ""
    authorisation: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """The current candidate is called and the stopwatch starts."""

    at: int


@dataclass(frozen=True, slots=True)
class Choose:
    """The current candidate names a post; it is held until confirmed or withdrawn."""

    post: str
    at: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The post named is taken back before it is confirmed; the stopwatch runs on."""

    at: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """The choice is signed; `signature` is the reference of the signed slip."""

    at: int
    signature: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The current candidate is not there, half an hour after the start or when called."""

    at: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The current candidate, called, wants none of the posts left."""

    at: int


@dataclass(frozen=True, slots=True)
class Overtime:
    """The stopwatch has run out without a post named."""

    at: int


Act = Arrive | Call | Choose | Withdraw | Confirm | Absent | GiveUp | Overtime


@dataclass(frozen=True, slots=True)
class Reopen:
    """A correction: the turn at position `turn` (from 0) and every later one are void and held
    anew; `present`: whose turn it was had been there in time after all."""

    turn: int
    at: int
    present: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """How one candidate's turn ended; `post` is "" unless the outcome is "chosen".

    Other outcomes: "absent", "gave_up", "overtime", "none_left".
    """

    ref: str
    post: str
    outcome: str
    at: int
    proxy: str = ""
    authorisation: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceState:
    """Where the choice stands: places left by post, whose turn, and the turns that ended."""

    rules: ChoiceRules
    order: tuple[str, ...]
    places: Mapping[str, int]
    starts_at: int
    now: int
    arrived: Mapping[str, Arrive]
    called_at: int | None
    chosen: str
    results: tuple[Chosen, ...]
    deferred: frozenset[str] = frozenset()

    @property
    def turn(self) -> int:
        """The position in the order of who is to choose."""
        return len(self.results)

    @property
    def finished(self) -> bool:
        """Whether everybody had a turn."""
        return self.turn == len(self.order)

    @property
    def current(self) -> str | None:
        """Whose turn it is."""
        return None if self.finished else self.order[self.turn]

    @property
    def ends_at(self) -> int | None:
        """When the stopwatch runs out, once it runs."""
        return None if self.called_at is None else self.called_at + self.rules.seconds


def open_choice(
    rules: ChoiceRules, order: Sequence[str], places: Mapping[str, int], starts_at: int
) -> ChoiceState:
    """The state before anybody chose; `order` is by score, ties decided before.

    Raises BadScore for a candidate who stands twice and for negative places.
    """
    if len(set(order)) < len(order) or any(count < 0 for count in places.values()):
        raise BadScore("The order names somebody twice, or a post has fewer than 0 places.")
    left = dict(places)
    return _none_left(
        ChoiceState(rules, tuple(order), left, starts_at, starts_at, {}, None, "", ())
    )


def step(state: ChoiceState, act: Act) -> ChoiceState:
    """The state after an act; raises BadScore, saying why, for what is not allowed now."""
    if isinstance(act, Arrive):
        return _arrive(state, act)
    if state.finished:
        raise BadScore("Everybody has chosen; the session is over.")
    if act.at < state.now:
        raise BadScore("An act cannot be earlier than the one before it.")
    return _none_left(replace(_STEPS[type(act)](state, act), now=act.at))


def trail(
    rules: ChoiceRules,
    order: Sequence[str],
    places: Mapping[str, int],
    starts_at: int,
    acts: Iterable[Act | Reopen],
) -> Iterator[ChoiceState]:
    """The state at the opening and after each act, corrections among them; raises as `step`."""
    state = open_choice(rules, order, places, starts_at)
    before = {state.turn: state}
    yield state
    for act in acts:
        if isinstance(act, Reopen):
            state = _reopened(state, before, act)
            before = {turn: then for turn, then in before.items() if turn < act.turn}
        else:
            state = step(state, act)
        before.setdefault(state.turn, state)
        yield state


def _reopened(state: ChoiceState, before: Mapping[int, ChoiceState], act: Reopen) -> ChoiceState:
    """The state when the turn began; who has arrived since is there still."""
    if act.turn >= state.turn or act.turn not in before:
        raise BadScore("Only a turn that has ended is taken back.")
    if act.at < state.now:
        raise BadScore("An act cannot be earlier than the one before it.")
    then = before[act.turn]
    ref, arrived = then.order[act.turn], dict(state.arrived)
    if act.present:
        arrived.setdefault(ref, Arrive(ref, act.at))
    return replace(then, now=act.at, arrived=arrived, called_at=None, chosen="")


def _arrive(state: ChoiceState, act: Arrive) -> ChoiceState:
    if act.ref not in state.order or act.ref in state.arrived:
        raise BadScore(f"{act.ref} is not expected, or has arrived already.")
    if act.ref in {result.ref for result in state.results}:
        raise BadScore(f"{act.ref}'s turn is over.")
    if _too_late(state, act.at):
        raise BadScore(f"{act.ref} comes too late and has given up the choice.")
    if bool(act.proxy) != bool(act.authorisation):
        raise BadScore("A proxy needs an authorisation, and an authorisation a proxy.")
    return replace(state, arrived={**state.arrived, act.ref: act})


def _too_late(state: ChoiceState, at: int) -> bool:
    waits = state.rules.missed == "gives_up"
    return waits and at >= state.starts_at + state.rules.late_seconds


def _call(state: ChoiceState, act: Call) -> ChoiceState:
    if state.called_at is not None:
        raise BadScore(f"{state.current} has been called already.")
    if state.current not in state.arrived:
        raise BadScore(f"{state.current} has not arrived; wait, or record the absence.")
    if act.at < state.starts_at:
        raise BadScore("The choice has not begun.")
    return replace(state, called_at=act.at)


def _choose(state: ChoiceState, act: Choose) -> ChoiceState:
    _in_time(state, act.at)
    if state.chosen:
        raise BadScore(f'"{state.chosen}" is named; confirm or withdraw it first.')
    if state.places.get(act.post, 0) < 1:
        raise BadScore(f'"{act.post}" has no place left.')
    return replace(state, chosen=act.post)


def _withdraw(state: ChoiceState, act: Withdraw) -> ChoiceState:
    if not state.chosen:
        raise BadScore("No post has been named.")
    return replace(state, chosen="")


def _confirm(state: ChoiceState, act: Confirm) -> ChoiceState:
    if not state.chosen or not act.signature:
        raise BadScore("A named post and a signature are needed to confirm.")
    left = {**state.places, state.chosen: state.places[state.chosen] - 1}
    return _end(replace(state, places=left), "chosen", act.at, act.signature)


def _absent(state: ChoiceState, act: Absent) -> ChoiceState:
    if state.current in state.arrived:
        raise BadScore(f"{state.current} has arrived and is not absent.")
    if state.rules.missed == "gives_up" and not _too_late(state, act.at):
        raise BadScore(f"{state.current} may still arrive until the limit for lateness.")
    if act.at < state.starts_at:
        raise BadScore("The choice has not begun.")
    return _missed(state, "absent", act.at)


def _give_up(state: ChoiceState, act: GiveUp) -> ChoiceState:
    if state.called_at is None or state.chosen:
        raise BadScore("Only who was called and has no post named can give up.")
    return _end(state, "gave_up", act.at)


def _overtime(state: ChoiceState, act: Overtime) -> ChoiceState:
    if state.ends_at is None or state.chosen or act.at < state.ends_at:
        raise BadScore("The time is not over, or a post has been named in time.")
    return _missed(state, "overtime", act.at)


def _missed(state: ChoiceState, outcome: str, at: int) -> ChoiceState:
    """The turn ends, or by the rule comes once more after all others."""
    ref = state.order[state.turn]
    if state.rules.missed == "gives_up" or ref in state.deferred:
        return _end(state, outcome, at)
    order = (*(one for one in state.order if one != ref), ref)
    return replace(state, order=order, called_at=None, deferred=state.deferred | {ref})


def _in_time(state: ChoiceState, at: int) -> None:
    if state.ends_at is None:
        raise BadScore(f"{state.current} has not been called.")
    if at >= state.ends_at:
        raise BadScore(f"{state.current}'s {state.rules.seconds} seconds are over.")


def _end(state: ChoiceState, outcome: str, at: int, signature: str = "") -> ChoiceState:
    ref = state.order[state.turn]
    by = state.arrived.get(ref, Arrive(ref, at))
    post = state.chosen if outcome == "chosen" else ""
    result = Chosen(ref, post, outcome, at, by.proxy, by.authorisation, signature)
    return replace(state, results=(*state.results, result), called_at=None, chosen="")


def _none_left(state: ChoiceState) -> ChoiceState:
    """With the last place gone, every turn still to come has ended."""
    if any(state.places.values()):
        return state
    rest = tuple(Chosen(ref, "", "none_left", state.now) for ref in state.order[state.turn :])
    return replace(state, results=(*state.results, *rest))


_STEPS: Mapping[type, Callable[[ChoiceState, Any], ChoiceState]] = {
    Call: _call,
    Choose: _choose,
    Withdraw: _withdraw,
    Confirm: _confirm,
    Absent: _absent,
    GiveUp: _give_up,
    Overtime: _overtime,
}
