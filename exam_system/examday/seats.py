"""The draw of seats: who sits where, and with that the admission numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.draws.computing import cannot
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import PLACES, Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.examday.crowds import Candidate, candidates, caps_of, columns
from exam_system.examday.models import Seat
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.exams.opening import require_settled
from exam_system.exams.rules import RuleSet
from exam_system.registration.models import Application
from exam_system.results.codes import give
from seating.findings import APART, APART_ACCESS, CAP, CAP_ACCESS, Finding
from seating.manifest import read_districts
from seating.seats import shortage_v1
from seating.shortage import sizes_of

KINDS = ("post", "school", "employer")
Crowded = dict[str, dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Place:
    """A room for the written exam under its codes; `group` and `slot` name it in manifests."""

    room_id: int
    district: int
    site: int
    room: int
    name: str
    layout: str
    capacity: int
    access: int

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
    access = func.coalesce(Room.access, 0)
    codes = (District.code, Site.code, Room.code)
    query = (
        select(Room.id, *codes, Room.name, Room.layout, Room.capacity, access)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, Room.use == "written")
        .order_by(District.code, Site.code, Room.code)
    )
    return [Place(*row) for row in session.execute(query)]


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """A group a district: labels of its paid applications, what keeps them apart, who needs an
    accessible room, all its rooms as slots.

    Raises Conflict unless registration is closed, Invalid naming every district that has too few
    seats and for a code that is too long for the admission number.
    """
    if exam.state != "closed":
        raise Conflict("Seats are drawn after registration is closed and before anything else")
    require_settled(ctx.session, exam)
    rules, people = rules_of(exam), candidates(ctx.session, exam)
    places = _by_district(places_of(ctx.session, exam))
    groups = [_group(rules, code, people[code], places.get(code, [])) for code in sorted(people)]
    too_many = _require_room(ctx.session, exam, groups)
    for group in groups:
        _stand_alone(group, too_many)
    _check_numbers(rules, groups, places)
    return groups, _rules(rules, too_many)


def _by_district(places: Sequence[Place]) -> dict[int, list[Place]]:
    """The rooms of every district in the draw's order: accessible ones first, then by the bytes
    of their names."""
    found: dict[int, list[Place]] = {}
    for place in sorted(places, key=lambda place: (-place.access, place.slot.encode())):
        found.setdefault(place.district, []).append(place)
    return found


def _group(
    rules: RuleSet, district: int, people: Mapping[str, Candidate], places: Sequence[Place]
) -> dict[str, Any]:
    labels = sorted(people, key=str.encode)
    group: dict[str, Any] = {
        "id": f"{district:02}",
        "labels": labels,
        "slots": [_slot(rules, place) for place in places],
    }
    if need := {label: people[label].need for label in labels if people[label].need}:
        group["need"] = need
    caps = caps_of(rules)
    if not caps:
        return {**group, "rules": {"forms": rules.paper_forms}}
    limits = {"spread": min(caps, key=KINDS.index), "caps": caps, "forms": rules.paper_forms}
    apart = columns([people[label] for label in labels], list(caps))
    return {**group, "apart": apart, "rules": limits}


def _slot(rules: RuleSet, place: Place) -> dict[str, Any]:
    reserve = min(rules.reserve_seats, place.capacity)
    slot = {"id": place.slot, "layout": place.layout, "capacity": place.capacity}
    return {**slot, "reserve": reserve} | ({"access": place.access} if place.access else {})


def _require_room(session: Session, exam: Exam, groups: Groups) -> Crowded:
    """Which posts, schools and employers have too many candidates to keep them apart, by kind and
    district.

    They are known before the draw and stand in its list; anything else that is short is refused.
    """
    query = select(District.code, District.name).where(District.exam_id == exam.id)
    names = {f"{code:02}": name for code, name in session.execute(query)}
    too_many: Crowded = {kind: {group["id"]: [] for group in groups} for kind in KINDS}
    short = []
    for found in shortage_v1(groups):
        group = str(found.params["district"])
        if found.msgid in (CAP, APART, CAP_ACCESS, APART_ACCESS):
            crowd, own = str(found.params["group"]), too_many[str(found.params["kind"])][group]
            own += [crowd] if crowd not in own else []
        else:
            short.append(Finding(found.msgid, {**found.params, "district": names[group]}))
    if short:
        raise cannot(short)
    return too_many


def _stand_alone(group: dict[str, Any], too_many: Crowded) -> None:
    """Take what cannot be kept apart out of the group's `apart`."""
    for kind, column in group.get("apart", {}).items():
        crowds = too_many[kind][group["id"]]
        group["apart"][kind] = [None if name in crowds else name for name in column]


def _check_numbers(rules: RuleSet, groups: Groups, places: Mapping[int, Sequence[Place]]) -> None:
    """Make the last admission number of every room, so that none fails once the draw is frozen.

    A code with too many digits is refused; numbers cannot repeat, since the rule set takes only
    forms that give district, site, room and seat a place of fixed width each.
    """
    for plan in read_districts(groups):
        sizes = sizes_of(plan, 0).tolist()
        for place, size in zip(places[int(plan.districts[0])], sizes, strict=True):
            if size:
                _number(rules, place, size)


def _number(rules: RuleSet, place: Place, seat: int) -> str:
    return rules.admission_number(
        district=place.district, site=place.site, room=place.room, seat=seat
    )


def _rules(rules: RuleSet, too_many: Crowded) -> dict[str, Any]:
    said = {
        "labels": "applications whose fee is paid, by the district that the candidate chose",
        "rooms": "opened in order of the list until they hold the district's candidates, then "
        "filled evenly; the reserve of every room stays free",
        "posts": "spread over the rooms, never more than the cap in a room, never side by side; "
        "post_cap 0: not kept apart",
        "post_cap": rules.post_cap,
        "posts_with_too_many_candidates_to_keep_apart": too_many["post"],
        "need": "an accessible room, where the reviewer approved the application with this need",
        "admission_number": rules.admission_template,
    }
    for kind in ("school", "employer"):
        if cap := caps_of(rules).get(kind):
            said[f"{kind}_cap"] = cap
            said[f"{kind}s_with_too_many_candidates_to_keep_apart"] = too_many[kind]
    return said


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write every drawn seat and the admission number that goes with it."""
    db, rules = ctx.session, rules_of(exam)
    places = {(place.group, place.slot): place for place in places_of(db, exam)}
    query = select(Application.label, Application.id).where(Application.exam_id == exam.id)
    ids = {row.label: row.id for row in db.execute(query)}
    drawn = [
        (ids[label], places[group["id"], slot["id"]], number, form)
        for group in groups
        for slot in group["slots"]
        for number, (label, form) in enumerate(_with_forms(slot), 1)
    ]
    seats = [
        {
            "application_id": application,
            "room_id": place.room_id,
            "number": number,
            "form": form,
            "attempt_id": attempt.id,
        }
        for application, place, number, form in drawn
    ]
    db.execute(insert(Seat), seats)
    numbers = [{"id": one, "number": _number(rules, place, seat)} for one, place, seat, _ in drawn]
    db.execute(update(Application), numbers)
    give(ctx, exam)


def _with_forms(slot: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """The labels of a room by seat, each with its paper form where there are several."""
    labels: list[str] = slot["labels"]
    return zip(labels, slot.get("forms", [None] * len(labels)), strict=True)


register(
    Recipe(
        *("seats", "seats/v1", "seat", build, apply),
        relies_on=(*PLACES, "application", "post"),
    )
)
