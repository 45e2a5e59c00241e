"""The draw of seats: who sits where, and with that the admission numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import Groups, Recipe, register
from exam_system.errors import Conflict, Invalid, Sentence
from exam_system.examday.models import Seat
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.exams.rules import RuleSet
from exam_system.registration.models import Application


@dataclass(frozen=True, slots=True)
class Place:
    """A room for the written exam under its codes; `group` and `slot` name it in manifests."""

    room_id: int
    district: int
    site: int
    room: int
    capacity: int

    @property
    def group(self) -> str:
        """The district's name in a manifest, e.g. 01."""
        return f"{self.district:02}"

    @property
    def slot(self) -> str:
        """The room's name within its district, e.g. 03-12 for site 3, room 12."""
        return f"{self.site:02}-{self.room:02}"


def places_of(session: Session, exam: Exam) -> list[Place]:
    """The rooms for the written exam in canonical order: district, site, room code."""
    query = (
        select(Room.id, District.code, Site.code, Room.code, Room.capacity)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, Room.use == "written")
        .order_by(District.code, Site.code, Room.code)
    )
    return [Place(*row) for row in session.execute(query)]


def open_rooms(capacities: Sequence[int], people: int) -> list[int]:
    """How many people each opened room gets; rooms are opened in order until all have a seat.

    The opened rooms are filled evenly: sizes differ by at most one, but where a small room is
    full, so no room is left with a handful. There must be seats enough.
    """
    totals = list(accumulate(capacities))
    opened = capacities[: next(n for n, total in enumerate(totals, 1) if total >= people)]
    level = max(n for n in range(max(opened) + 1) if _held(opened, n) <= people)
    rest = people - _held(opened, level)
    sizes = []
    for capacity in opened:
        one_more = capacity > level and rest > 0
        sizes.append(min(capacity, level) + one_more)
        rest -= one_more
    return sizes


def _held(capacities: Sequence[int], level: int) -> int:
    return sum(min(capacity, level) for capacity in capacities)


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """A group a district: labels of its paid applications, its opened rooms as slots.

    Raises Conflict unless registration is closed, Invalid naming every district that has too few
    seats and for a code that is too long for the admission number.
    """
    if exam.state != "closed":
        raise Conflict("Seats are drawn after registration is closed and before anything else")
    labels = _labels(ctx.session, exam)
    places = _by_district(places_of(ctx.session, exam))
    _require_seats(ctx.session, exam, labels, places)
    groups = [_group(labels[district], places[district]) for district in sorted(labels)]
    _check_numbers(rules_of(exam), groups, places)
    return groups, _rules(rules_of(exam), places)


def _labels(session: Session, exam: Exam) -> dict[int, list[str]]:
    query = (
        select(District.code, Application.label)
        .join(District, District.id == Application.district_id)
        .where(Application.exam_id == exam.id, Application.state == "paid")
    )
    found: dict[int, list[str]] = {}
    for code, label in session.execute(query):
        found.setdefault(code, []).append(label)
    return {code: sorted(labels, key=str.encode) for code, labels in found.items()}


def _by_district(places: Sequence[Place]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for place in places:
        found.setdefault(place.district, []).append(place)
    return found


def _require_seats(
    session: Session,
    exam: Exam,
    labels: Mapping[int, Sequence[str]],
    places: Mapping[int, Sequence[Place]],
) -> None:
    names = select(District.code, District.name).where(District.exam_id == exam.id)
    short: Sentence | None = None
    for code, name in session.execute(names.order_by(District.code)):
        people = len(labels.get(code, ()))
        seats = sum(place.capacity for place in places.get(code, ()))
        if people > seats:
            found = Sentence(
                "district %(district)s has %(people)s candidates and %(seats)s seats",
                district=name,
                people=people,
                seats=seats,
            )
            short = found if short is None else _and(short, found)
    if short is not None:
        raise Invalid("There are too few seats: %(where)s", where=short)


def _and(first: Sentence, second: Sentence) -> Sentence:
    return Sentence("%(first)s; %(second)s", first=first, second=second)


def _group(labels: list[str], places: Sequence[Place]) -> dict[str, Any]:
    sizes = open_rooms([place.capacity for place in places], len(labels))
    slots = [
        {"id": place.slot, "capacity": size} for place, size in zip(places, sizes, strict=False)
    ]
    return {"id": places[0].group, "labels": labels, "slots": slots}


def _check_numbers(rules: RuleSet, groups: Groups, places: Mapping[int, Sequence[Place]]) -> None:
    """Make the last admission number of every room, so that none fails once the draw is frozen.

    A code with too many digits is refused; numbers cannot repeat, since the rule set takes only
    forms that give district, site, room and seat a place of fixed width each.
    """
    known = {(place.group, place.slot): place for of in places.values() for place in of}
    for group in groups:
        for slot in group["slots"]:
            _number(rules, known[group["id"], slot["id"]], slot["capacity"])


def _number(rules: RuleSet, place: Place, seat: int) -> str:
    return rules.admission_number(
        district=place.district, site=place.site, room=place.room, seat=seat
    )


def _rules(rules: RuleSet, places: Mapping[int, Sequence[Place]]) -> dict[str, Any]:
    return {
        "labels": "applications whose fee is paid, by the district that the candidate chose",
        "rooms": "opened in order of site and room code until they hold the district's "
        "candidates, then filled evenly and never above the published capacity",
        "published_capacity": {
            of[0].group: {place.slot: place.capacity for place in of} for of in places.values()
        },
        "admission_number": rules.admission_template,
    }


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write every drawn seat and the admission number that goes with it."""
    db, rules = ctx.session, rules_of(exam)
    places = {(place.group, place.slot): place for place in places_of(db, exam)}
    query = select(Application.label, Application.id).where(Application.exam_id == exam.id)
    ids = {row.label: row.id for row in db.execute(query)}
    drawn = [
        (ids[label], places[group["id"], slot["id"]], number)
        for group in groups
        for slot in group["slots"]
        for number, label in enumerate(slot["labels"], 1)
    ]
    seats = [
        {
            "application_id": application,
            "room_id": place.room_id,
            "number": number,
            "attempt_id": attempt.id,
        }
        for application, place, number in drawn
    ]
    db.execute(insert(Seat), seats)
    numbers = [{"id": one, "number": _number(rules, place, seat)} for one, place, seat in drawn]
    db.execute(update(Application), numbers)


register(Recipe("seats", "order/v1", "seat", build, apply))
