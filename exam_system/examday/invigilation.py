"""The draw of invigilators (rotation/v1): who leads, who helps, who stands by, in each session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert

from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import PLACES, Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.examday.duties import earlier_exams, people, sessions_of
from exam_system.examday.models import Duty, Invigilator
from exam_system.examday.past import past_of
from exam_system.examday.relations import Relations
from exam_system.examday.used import Place, plain, rooms_in_use
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.verify.rotating import PER_ROOM, Slot, slot_of


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """A group a district; where nobody is tied to a district, one group for all of them.

    Raises Conflict while seats are not published, Invalid for a declared relation to nobody of
    the exam. Whether there are enough people is told by rotation/v1 before the draw is frozen.
    """
    if exam.state != "seated":
        raise Conflict("Invigilators are drawn after the seats are published and before the exam")
    db, rules = ctx.session, rules_of(exam)
    earlier = earlier_exams(db, exam, rules.invigilator_memory)
    relations = Relations.read(db, exam)
    subjects = [one.subject for one in sessions_of(db, exam)]
    groups = []
    for name, some, places in _shares(people(db, exam), rooms_in_use(db, exam)):
        group = _group(rules, name, some, places, subjects)
        group["past"] = past_of(db, [one.id for one in earlier], some, places)
        group["barred"] = relations.barred(some, places)
        groups.append(group)
    return groups, _rules([one.code for one in earlier])


Share = tuple[str, list[Invigilator], list[Place]]


def _shares(listed: Sequence[Invigilator], places: Sequence[Place]) -> list[Share]:
    """The people and rooms that are drawn together, people by the bytes of their labels."""
    codes = sorted({place.district for place in places})
    by_label = sorted(listed, key=lambda one: one.label.encode())
    if len(codes) == 1 or not any(one.district is not None for one in listed):
        return [("+".join(f"{code:02}" for code in codes), by_label, list(places))]
    return [
        (
            f"{code:02}",
            [one for one in by_label if one.district == code],
            [place for place in places if place.district == code],
        )
        for code in codes
    ]


def _group(
    rules: RuleSet,
    name: str,
    some: Sequence[Invigilator],
    places: Sequence[Place],
    subjects: Sequence[str],
) -> dict[str, Any]:
    sites = {place.site: place.school for place in places}
    own = [plain(one.school) for one in some]
    schools = sorted({*own, *sites.values()} - {""})
    number = {school: at for at, school in enumerate(schools)} | {"": -1}
    return {
        "id": name,
        "labels": [one.label for one in some],
        "people": {
            "school": [number[school] for school in own],
            "woman": [int(one.sex == "female") for one in some],
            "lead": [int(bool(one.lead)) for one in some],
        },
        "schools": schools,
        "sites": {"id": list(sites), "school": [number[school] for school in sites.values()]},
        "slots": [
            {"id": f"{subject}/{place.name}", "capacity": PER_ROOM}
            for subject in subjects
            for place in places
        ],
        "rules": {
            "sexes": rules.invigilator_sexes,
            "reserves": [rules.invigilator_reserves, 100],
            "never_again": list(rules.invigilator_never_again),
        },
    }


def _rules(earlier: Sequence[str]) -> dict[str, Any]:
    return {
        "people": "all invigilators imported for this exam, by district; one group where nobody "
        "is tied to a district",
        "rooms": "every room with a seat taken, in every session",
        "school": "nobody serves at their own school, nor two of one school in a room",
        "barred": "relations declared to somebody in the room, and candidates of the own school",
        "past": "earlier exams of this office, by staff number and the names of sites and rooms",
        "earlier": list(earlier),
        "lead": "the first of a room is its lead invigilator",
    }


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write every drawn duty; place 1 of a room is its lead invigilator."""
    places = rooms_in_use(ctx.session, exam)
    rooms = {place.name: place.room_id for place in places}
    sites = {place.site: place.site_id for place in places}
    ids = {one.label: one.id for one in people(ctx.session, exam)}
    numbers = {one.subject: one.id for one in sessions_of(ctx.session, exam)}
    rows = [
        {
            "session_id": numbers[where.session],
            "invigilator_id": ids[label],
            "site_id": sites[where.site],
            "room_id": None if where.standby else rooms[where.room],
            "place": place,
            "attempt_id": attempt.id,
        }
        for group in groups
        for slot in group["slots"]
        for where in _sessions(slot["id"], numbers)
        for place, label in enumerate(slot["labels"], 1)
    ]
    ctx.session.execute(insert(Duty), rows)


def _sessions(slot: str, subjects: Iterable[str]) -> list[Slot]:
    """The slot, or in a list that was frozen under deal/v1 the room in every session."""
    return [slot_of(slot)] if "/" in slot else [Slot(subject, slot) for subject in subjects]


register(
    Recipe(
        *("invigilators", "rotation/v1", "invigilator", build, apply),
        relies_on=(
            *(*PLACES, "exam_session", "seat", "application", "person", "invigilator"),
            *("session_duty", "absence"),
        ),
    )
)
