"""What a case file shows of a pair: both sheets item by item, counts, the null, the seats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log1p, sqrt
from typing import Any

from exam_system.context import Context
from exam_system.examday.models import Seat
from exam_system.exams.models import Room, Site
from exam_system.forensics.flags import read_flags
from exam_system.forensics.lookup import pairs_of
from exam_system.forensics.models import CaseFile, FlaggedPair, Screening
from exam_system.forensics.paper import SIGNS
from seating.layouts import positions

WRONG, RIGHT, OTHER, NONE = "wrong", "right", "other", "none"
MARKS = {WRONG: "●", RIGHT: "○", OTHER: "", NONE: "–"}
"""Identical and wrong, identical and right, two answers, at least one sign: told by shape."""
ROW = 10  # items in a block of the strips
DOT = 10  # units of the room's picture from one seat to the next
TALL = 100.0  # height of the tallest bar of the null distribution


@dataclass(frozen=True, slots=True)
class Item:
    """One item of both sheets; `key` is the right option."""

    number: int
    key: str
    first: str
    second: str
    kind: str

    @property
    def mark(self) -> str:
        """The sign under the item."""
        return MARKS[self.kind]


@dataclass(frozen=True, slots=True)
class Bars:
    """The chance of every number of agreements in honest work, as heights of at most TALL.

    `first` is the number under the first bar; `mean` and `spread` of the distribution, `seen` what
    was observed.
    """

    first: int
    heights: tuple[float, ...]
    mean: float
    spread: float
    seen: int


@dataclass(frozen=True, slots=True)
class Dot:
    """A seat of the room's picture: its corner, and 1 or 2 where one of the pair sat."""

    x: int
    y: int
    who: int


@dataclass(frozen=True, slots=True)
class Where:
    """Where one of the pair sat, for those who may know."""

    site: str
    room: str
    seat: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A pair as the experts see it. `told` is its entry of flags.json; `weight` the decimal
    logarithm of the likelihood ratio of both directions; `dots` the seats of one room."""

    told: Mapping[str, Any]
    items: tuple[Item, ...]
    answered: int
    bars: Bars
    weight: tuple[float, float]
    dots: tuple[Dot, ...]
    places: tuple[Where, Where]
    people: tuple[int, int]

    @property
    def blocks(self) -> Sequence[Sequence[Item]]:
        """The items in groups of ten."""
        return [self.items[at : at + ROW] for at in range(0, len(self.items), ROW)]

    @property
    def rates(self) -> tuple[str, str]:
        """Identical wrong answers by own wrong answers, in per cent: 错同率 A and B."""
        return _percent(self.told, "first_wrong"), _percent(self.told, "second_wrong")


def _percent(told: Mapping[str, Any], of: str) -> str:
    return f"{100 * told['wrong'] / told[of]:.1f} %" if told[of] else "–"


def evidence_of(ctx: Context, screening: Screening, case: CaseFile) -> list[Evidence]:
    """Every pair of a case file."""
    assert screening.flags is not None
    flags = read_flags(screening.flags)
    people = {person["code"]: person for person in flags["people"]}
    copied = float(json.loads(screening.parameters)["copied"])
    return [_evidence(ctx, flags, people, pair, copied) for pair in pairs_of(ctx.session, case)]


def _evidence(
    ctx: Context,
    flags: Mapping[str, Any],
    people: Mapping[str, Any],
    pair: FlaggedPair,
    copied: float,
) -> Evidence:
    told = json.loads(pair.statistics)
    first, second = people[told["first"]], people[told["second"]]
    items = tuple(_items(flags["key"], first["answers"], second["answers"]))
    chances = [
        sum(float(p) * float(q) for p, q in zip(x, y, strict=True))
        for x, y, item in zip(first["chances"], second["chances"], items, strict=True)
        if item.kind != NONE
    ]
    weights = (float(one) + len(chances) * log1p(-copied) for one in told["ratio"])
    forward, backward = (one / log(10) for one in weights)
    seats = [_seat(ctx, who) for who in (pair.first_id, pair.second_id)]
    return Evidence(
        told,
        items,
        len(chances),
        bars_of(chances, told["matches"]),
        (forward, backward),
        _dots(seats) if told["tier"] == "room" else (),
        (_where(*seats[0]), _where(*seats[1])),
        (pair.first_id, pair.second_id),
    )


def _items(key: str, first: str, second: str) -> Sequence[Item]:
    return [
        Item(number, right, a, b, _kind(right, a, b))
        for number, (right, a, b) in enumerate(zip(key, first, second, strict=True), 1)
    ]


def _kind(right: str, first: str, second: str) -> str:
    if {first, second} & set(SIGNS.values()):
        return NONE
    if first != second:
        return OTHER
    return RIGHT if first == right else WRONG


def bars_of(chances: Sequence[float], seen: int) -> Bars:
    """The exact distribution of the number of agreements (Poisson binomial), tails cut off."""
    mass = [1.0]
    for p in chances:
        mass = [(1 - p) * a + p * b for a, b in zip([*mass, 0.0], [0.0, *mass], strict=True)]
    mean, spread = sum(chances), sqrt(sum(p * (1 - p) for p in chances))
    low = max(0, int(mean - 5 * spread))
    high = min(len(chances), max(seen + 2, int(mean + 5 * spread)))
    top = max(mass)
    heights = tuple(TALL * one / top for one in mass[low : high + 1])
    return Bars(low, heights, mean, spread, seen)


def _seat(ctx: Context, who: int) -> tuple[Seat, Room, Site]:
    seat = ctx.session.get_one(Seat, who)
    room = ctx.session.get_one(Room, seat.room_id)
    return seat, room, ctx.session.get_one(Site, room.site_id)


def _where(seat: Seat, room: Room, site: Site) -> Where:
    return Where(site.name, room.name, seat.number)


def _dots(seats: Sequence[tuple[Seat, Room, Site]]) -> tuple[Dot, ...]:
    """All seats of the room that both sat in."""
    room = seats[0][1]
    who = {seat.number: place for place, (seat, _room, _site) in enumerate(seats, 1)}
    return tuple(
        Dot((column - 1) * DOT, (row - 1) * DOT, who.get(number, 0))
        for number, (row, column) in enumerate(positions(room.layout, room.capacity), 1)
    )
