"""The reserve of a published plan: seats that the draw left free, and who may have which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.draws.models import Attempt
from exam_system.examday.crowds import Candidate, candidates
from exam_system.examday.models import Seat, SeatChange
from exam_system.examday.seats import Place, places_of
from exam_system.exams.models import District, Exam
from exam_system.registration.models import Application
from exam_system.trust import tickets
from exam_system.trust.canonical import parse_jcs
from seating.neighbours import forms, plain

PURPOSE = "reserve"
SEATED = ("paid", "approved")
"""States of applications that may have a seat."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A free seat of a room in use, and the paper form that lies there."""

    place: Place
    seat: int
    form: int | None

    @property
    def name(self) -> str:
        """Its name in tickets, e.g. 01/03-12/28."""
        return f"{self.place.group}/{self.place.slot}/{self.seat}"


@dataclass(frozen=True, slots=True)
class _District:
    """One district of the plan as it stands: `group` and `slots` as drawn, who sits where now.

    `alone` has, by kind, the groups of which the draw had too many to keep them apart.
    """

    group: Mapping[str, Any]
    slots: Mapping[str, Mapping[str, Any]]
    people: Mapping[str, Candidate]
    seats: Mapping[int, Mapping[int, str]]
    alone: Mapping[str, frozenset[str]]

    @property
    def caps(self) -> Mapping[str, int]:
        """The most of one group in a room, by the kinds that are kept apart."""
        return cast(Mapping[str, int], self.group["rules"].get("caps", {}))


def free_spots(session: Session, exam: Exam, attempt: Attempt, who: Application) -> list[Spot]:
    """The reserve seats of the candidate's district that keep the rules, in canonical order.

    A seat that somebody left is no reserve, nor is one that was given before.
    """
    district = session.get_one(District, who.district_id)
    plan = _read(session, exam, attempt, district)
    one = plan.people[who.label]
    given = set(session.execute(select(SeatChange.room_id, SeatChange.number)).all())
    return [
        spot
        for place in places_of(session, exam)
        if place.district == district.code and place.slot in plan.slots
        for spot in _free(plan, place)
        if (place.room_id, spot.seat) not in given and _keeps(plan, one, spot)
    ]


def next_spot(spots: list[Spot], seed: str, label: str) -> Spot:
    """The one whose ticket is lowest: SHA-256("<seed>:reserve:<label> <name of the seat>").

    The seed is the draw's, so nobody chooses the seat and everybody can check it.
    """
    return min(spots, key=lambda spot: tickets.ticket(seed, PURPOSE, f"{label} {spot.name}"))


def _read(session: Session, exam: Exam, attempt: Attempt, district: District) -> _District:
    name = f"{district.code:02}"
    group = _named(parse_jcs(attempt.manifest.encode()), name)
    drawn = _named(parse_jcs(attempt.result.encode()), name)
    people = candidates(session, exam, states=SEATED)[district.code]
    used = {slot["id"]: slot for slot in drawn["slots"] if slot["labels"]}
    return _District(group, used, people, _seats(session, district), _alone(group, people))


def _named(document: Any, group: str) -> Mapping[str, Any]:
    empty: dict[str, Any] = {"labels": [], "slots": [], "rules": {}}
    return next((one for one in document["groups"] if one["id"] == group), empty)


def _seats(session: Session, district: District) -> dict[int, dict[int, str]]:
    query = (
        select(Seat.room_id, Seat.number, Application.label)
        .join(Application, Application.id == Seat.application_id)
        .where(Application.district_id == district.id)
    )
    found: dict[int, dict[int, str]] = {}
    for room, number, label in session.execute(query):
        found.setdefault(room, {})[number] = label
    return found


def _alone(group: Mapping[str, Any], people: Mapping[str, Candidate]) -> dict[str, frozenset[str]]:
    """A group that somebody has, but not in the list of the draw, was taken out of it."""
    found = {}
    for kind, column in group.get("apart", {}).items():
        pairs = zip(group["labels"], column, strict=True)
        names = {people[label].kin[kind] for label, said in pairs if said is None}
        found[kind] = frozenset(name for name in names if name is not None)
    return found


def _free(plan: _District, place: Place) -> Iterator[Spot]:
    slot = plan.slots[place.slot]
    taken = len(slot["labels"])
    kinds = plan.group["rules"].get("forms", 1)
    pattern = forms(place.layout, place.capacity, kinds)
    offset = slot["forms"][0] - 1 - int(pattern[0]) if kinds > 1 else 0
    for seat in range(taken + 1, place.capacity + 1):
        form = (int(pattern[seat - 1]) + offset) % kinds + 1 if kinds > 1 else None
        yield Spot(place, seat, form)


def _keeps(plan: _District, who: Candidate, spot: Spot) -> bool:
    """Whether the seat serves the need, and neither a neighbour nor a cap is in the way."""
    if who.need > spot.place.access:
        return False
    seats = plan.seats.get(spot.place.room_id, {})
    others = {seat: plan.people[label] for seat, label in seats.items() if label != who.label}
    near = plain(spot.place.layout, spot.place.capacity)[spot.seat - 1]
    for kind, cap in plan.caps.items():
        name = who.kin[kind]
        if name is None or name in plan.alone.get(kind, ()):
            continue
        same = [seat for seat, other in others.items() if other.kin[kind] == name]
        if len(same) >= cap or any(near[seat - 1] for seat in same):
            return False
    return True
