"""Replacement (递补): who is offered a place that fell vacant, strictly by rank.

A pure function of the announced policy and of what happened, in order: whoever replays the events
gets the same offers. Policies differ (RULES 2.1): Chongqing 2022 has none after the interview,
others none after the public notice began, some one a vacancy only.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from scoring.rounding import BadScore

ANSWERS = ("accepted", "declined", "expired")


@dataclass(frozen=True, slots=True)
class ReplacementPolicy:
    """`stages` in which a lost place is offered on; `limit`: offers a vacancy, None: any number."""

    stages: frozenset[str]
    limit: int | None
    basis: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate who passed every line, with the rank in the post."""

    ref: str
    rank: int


@dataclass(frozen=True, slots=True)
class Event:
    """ "lost": a holder loses the place in a stage (medical, background check, giving up …).

    "accepted", "declined" and "expired" answer an open offer; the caller's clock says "expired".
    """

    kind: str
    ref: str
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer to `ref` of the place that `instead_of` lost in `stage`; `answer` "" while open."""

    ref: str
    instead_of: str
    stage: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A place that stays vacant, and `why`.

    "policy": not in this stage; "limit": offered often enough; "nobody": no rank is left; "tied":
    the next rank is shared by `tied`, which people must decide (an extra test), not a list.
    """

    instead_of: str
    stage: str
    why: str
    tied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacements:
    """Who holds a place, which offers are open, all offers made, and what stays vacant."""

    holders: tuple[str, ...]
    offers: tuple[Offer, ...]
    history: tuple[Offer, ...]
    unfilled: tuple[Unfilled, ...]


@dataclass(slots=True)
class _Place:
    """One vacancy while the events are replayed."""

    holder: str = ""
    lost_by: str = ""
    stage: str = ""
    offers: list[Offer] = field(default_factory=list)
    unfilled: Unfilled | None = None

    @property
    def open_offer(self) -> Offer | None:
        return self.offers[-1] if self.offers and not self.offers[-1].answer else None

    @property
    def waits(self) -> bool:
        """Whether the next rank can have it: vacant, not offered, at most held up by a tie."""
        tied = self.unfilled is not None and self.unfilled.why == "tied"
        return not self.holder and not self.open_offer and (tied or self.unfilled is None)


def replaced(
    policy: ReplacementPolicy, vacancies: int, ranked: Sequence[Ranked], events: Iterable[Event]
) -> Replacements:
    """Where the places of a post are after `events`, in order.

    The first holders are the best `vacancies` ranks; a rank shared across the last vacancy leaves
    the places it would need open as "tied". Nobody is offered a place twice. Raises BadScore for
    an event that cannot happen then: an answer without an offer, a loss of a place not held.
    """
    queue = _by_rank(ranked)
    places = [_Place() for _ in range(vacancies)]
    for place, ref in _next(queue, places):
        place.holder = ref
    for event in events:
        if event.kind == "lost":
            _lose(policy, places, event)
        elif event.kind in ANSWERS:
            _answer(policy, places, event)
        else:
            raise BadScore(f'"{event.kind}" is not an event of a replacement.')
        for place, ref in _next(queue, places):
            place.offers.append(Offer(ref, place.lost_by, place.stage))
    return _as_they_are(places)


def _as_they_are(places: Sequence[_Place]) -> Replacements:
    offers = [offer for place in places for offer in place.offers]
    return Replacements(
        tuple(place.holder for place in places if place.holder),
        tuple(offer for offer in offers if not offer.answer),
        tuple(offers),
        tuple(place.unfilled for place in places if place.unfilled),
    )


def _by_rank(ranked: Sequence[Ranked]) -> list[list[str]]:
    """Who is still to come, in groups of one rank, the best first."""
    if len({one.ref for one in ranked}) < len(ranked):
        raise BadScore("A candidate is ranked twice in one post.")
    groups: dict[int, list[str]] = {}
    for one in sorted(ranked, key=lambda one: (one.rank, one.ref)):
        groups.setdefault(one.rank, []).append(one.ref)
    return list(groups.values())


def _next(queue: list[list[str]], places: Sequence[_Place]) -> Iterator[tuple[_Place, str]]:
    """Give waiting places to the next ranks; a rank goes as a whole or not at all."""
    waiting = [place for place in places if place.waits]
    while waiting and queue and len(queue[0]) <= len(waiting):
        group = queue.pop(0)
        for place, ref in zip(waiting, group, strict=False):
            place.unfilled = None
            yield place, ref
        waiting = waiting[len(group) :]
    for place in waiting:
        why, tied = ("tied", tuple(queue[0])) if queue else ("nobody", ())
        place.unfilled = Unfilled(place.lost_by, place.stage, why, tied)


def _lose(policy: ReplacementPolicy, places: Sequence[_Place], event: Event) -> None:
    held = [place for place in places if place.holder and place.holder == event.ref]
    if not held:
        raise BadScore(f"{event.ref} holds no place of this post that could be lost.")
    (place,) = held
    place.holder, place.lost_by, place.stage = "", event.ref, event.stage
    _close(policy, place)


def _answer(policy: ReplacementPolicy, places: Sequence[_Place], event: Event) -> None:
    offered = [place for place in places if (o := place.open_offer) and o.ref == event.ref]
    if not offered:
        raise BadScore(f"{event.ref} has no open offer to answer.")
    (place,) = offered
    place.offers[-1] = replace(place.offers[-1], answer=event.kind)
    if event.kind == "accepted":
        place.holder = event.ref
    else:
        _close(policy, place)


def _close(policy: ReplacementPolicy, place: _Place) -> None:
    """Say at once that a place stays vacant where the policy gives it to nobody else."""
    if place.stage not in policy.stages:
        place.unfilled = Unfilled(place.lost_by, place.stage, "policy")
    elif policy.limit is not None and len(place.offers) >= policy.limit:
        place.unfilled = Unfilled(place.lost_by, place.stage, "limit")
