"""Attendance and the staff of the exam day as tables; each sees what lies in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from exam_system.accounts.models import Person
from exam_system.attendance.models import Attendance
from exam_system.attendance.rooms import session_of
from exam_system.attendance.staff import place_of, rooms_of
from exam_system.attendance.staff_list import staff_rows
from exam_system.context import Context
from exam_system.examday.duties import sessions_of
from exam_system.examday.models import Seat
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import District, Exam, Room, Site
from exam_system.registration.models import Application
from exam_system.sheets import Cell

ATTENDANCE = (
    *("District", "Site", "Room number", "Room", "Seat", "Admission number", "Name", "State"),
    "Marks differ",
)


def attendance(ctx: Context, fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """Everybody with a seat in the rooms that the actor may see, with what counts of them."""
    exam = exam_by_code(ctx.session, fields["code"])
    sitting = session_of(ctx.session, exam.code, fields["session"] or _first(ctx, exam))[1]
    place = place_of(ctx, ctx.actor.account_id, exam.code, sitting.subject)
    counts = (Attendance.application_id == Application.id) & (Attendance.session_id == sitting.id)
    query = (
        select(
            *(District.name, Site.name, Room.code, Room.name, Seat.number, Application.number),
            *(Person.name, Attendance.state, Attendance.disputed),
        )
        .join(Seat, Seat.application_id == Application.id)
        .join(Person, Person.id == Application.person_id)
        .join(Room, Room.id == Seat.room_id)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .outerjoin(Attendance, counts)
        .where(Room.id.in_([room.id for room in rooms_of(ctx.session, place)]))
        .order_by(District.code, Site.code, Room.code, Seat.number)
    )
    for row in ctx.session.execute(query):
        yield (*row[:2], f"{row[2]:02}", *row[3:7], row[7] or "", "!" if row[8] else "")


def _first(ctx: Context, exam: Exam) -> str:
    return next((one.subject for one in sessions_of(ctx.session, exam)), "")


def staff(ctx: Context, fields: Mapping[str, str]) -> Iterable[Sequence[Cell]]:
    """The staff as the table in which it is brought in."""
    return staff_rows(ctx.session, exam_by_code(ctx.session, fields["code"]))
