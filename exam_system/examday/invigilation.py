"""The draw of invigilators: two for every room in use, nobody at their own school."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.draws.models import Attempt
from exam_system.draws.recipes import PLACES, Groups, Recipe, register
from exam_system.errors import Conflict
from exam_system.examday.models import Duty, Invigilator, Seat
from exam_system.exams.models import District, Exam, Room, Site

PER_ROOM = 2
GROUP = "invigilators"


def school_mark(school: str) -> str:
    """The mark that a person and a room share: spaces, width and case of letters do not matter."""
    plain = "".join(unicodedata.normalize("NFKC", school).split()).casefold()
    return f"school:{unicodedata.normalize('NFC', plain)}"


def rooms_in_use(session: Session, exam: Exam) -> list[tuple[int, str, str]]:
    """(room id, slot, school of the site) of every room with a seat taken, in canonical order.

    A slot is district, site and room code, e.g. 01-03-12.
    """
    query = (
        select(Room.id, District.code, Site.code, Room.code, Site.school)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(District.exam_id == exam.id, Room.id.in_(select(Seat.room_id)))
        .order_by(District.code, Site.code, Room.code)
    )
    return [
        (room_id, f"{district:02}-{site:02}-{room:02}", school)
        for room_id, district, site, room, school in session.execute(query)
    ]


def build(ctx: Context, exam: Exam) -> tuple[Groups, dict[str, Any]]:
    """One group of all invigilators; every room in use is a slot for two.

    Raises Conflict while seats are not published. Whether there are enough people is told by
    deal/v1 before the draw is frozen.
    """
    if exam.state != "seated":
        raise Conflict("Invigilators are drawn after the seats are published and before the exam")
    query = select(Invigilator.label, Invigilator.school).where(Invigilator.exam_id == exam.id)
    people = sorted(ctx.session.execute(query), key=lambda row: row.label.encode())
    slots = [
        {"id": slot, "capacity": PER_ROOM, "marks": [school_mark(school)]}
        for _, slot, school in rooms_in_use(ctx.session, exam)
    ]
    group = {
        "id": GROUP,
        "labels": [row.label for row in people],
        "marks": {row.label: [school_mark(row.school)] for row in people},
        "slots": slots,
    }
    return [group], {
        "people": "all invigilators imported for this exam",
        "marks": "nobody watches a room of their own school",
        "lead": "the first of a room is its lead invigilator",
    }


def apply(ctx: Context, exam: Exam, attempt: Attempt, groups: Groups) -> None:
    """Write every drawn duty; place 1 is the lead invigilator."""
    rooms = {slot: room_id for room_id, slot, _ in rooms_in_use(ctx.session, exam)}
    query = select(Invigilator.label, Invigilator.id).where(Invigilator.exam_id == exam.id)
    ids = {row.label: row.id for row in ctx.session.execute(query)}
    rows = [
        {
            "invigilator_id": ids[label],
            "room_id": rooms[slot["id"]],
            "place": place,
            "attempt_id": attempt.id,
        }
        for group in groups
        for slot in group["slots"]
        for place, label in enumerate(slot["labels"], 1)
    ]
    ctx.session.execute(insert(Duty), rows)


register(
    Recipe(
        *("invigilators", "deal/v1", "invigilator", build, apply),
        relies_on=(*PLACES, "seat", "invigilator"),
    )
)
