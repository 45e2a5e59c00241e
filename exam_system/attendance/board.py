"""The live board: what rooms, sites and districts have come to, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from exam_system.attendance.models import Attendance, RoomStep, Statement
from exam_system.attendance.staff import Place
from exam_system.custody.models import Bag
from exam_system.examday.models import Seat
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.violations.models import Incident

RECEIVED = ("room", "opened", "packed", "returned", "centre", "destroyed")
OPENED, PACKED = RECEIVED[1:], RECEIVED[2:]
"""States of a bag of papers in which it has come into its room, was opened, was packed."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Rooms that have come so far, people, and incidents. `unmarked` has no mark that counts."""

    rooms: int = 0
    people: int = 0
    received: int = 0
    opened: int = 0
    present: int = 0
    absent: int = 0
    late: int = 0
    disputed: int = 0
    incidents: int = 0
    packed: int = 0
    closed: int = 0

    @property
    def unmarked(self) -> int:
        return self.people - self.present - self.absent - self.late

    def __add__(self, other: Figures) -> Figures:
        names = [field.name for field in fields(self)]
        return Figures(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(frozen=True, slots=True)
class Line:
    """One room with its figures."""

    district: District
    site: Site
    room: Room
    figures: Figures


@dataclass(frozen=True, slots=True)
class Part:
    """What a level of the board shows in one row: a district, a site or a room."""

    district: District
    site: Site | None
    room: Room | None
    figures: Figures


def lines_of(session: Session, place: Place, sitting: ExamSession) -> list[Line]:
    """Every room in use that somebody may see, by its codes."""
    counted = _counted(session, place.exam, sitting)
    return [
        Line(district, site, room, _figures(room.id, people, counted))
        for district, site, room, people in session.execute(_rooms(place))
    ]


def _rooms(place: Place) -> Select[District, Site, Room, int]:
    taken = select(Seat.room_id, func.count().label("people")).group_by(Seat.room_id).subquery()
    query = (
        select(District, Site, Room, taken.c.people)
        .join(Site, Site.district_id == District.id)
        .join(Room, Room.site_id == Site.id)
        .join(taken, taken.c.room_id == Room.id)
        .where(District.exam_id == place.exam.id, Room.use == "written")
        .order_by(District.code, Site.code, Room.code)
    )
    if place.room is not None:
        return query.where(Room.id == place.room.id)
    if place.site is not None:
        return query.where(Site.id == place.site.id)
    if place.district is not None:
        return query.where(District.id == place.district.id)
    return query


Counted = Mapping[str, Mapping[int, int]]


def _counted(session: Session, exam: Exam, sitting: ExamSession) -> Counted:
    """By the name of a figure, what there is of it in each room (by id)."""
    found: dict[str, dict[int, int]] = {}

    def add(name: str, room: int, count: int) -> None:
        found.setdefault(name, {})[room] = found.get(name, {}).get(room, 0) + count

    marks = select(Attendance.room_id, Attendance.state, Attendance.disputed, func.count())
    marks = marks.group_by(Attendance.room_id, Attendance.state, Attendance.disputed)
    for room, state, disputed, count in session.execute(
        marks.where(Attendance.session_id == sitting.id)
    ):
        add(state, room, count)
        if disputed:
            add("disputed", room, count)
    for name, room in _steps(session, sitting):
        found.setdefault(name, {})[room] = 1
    closed = select(Statement.room_id).where(Statement.second_id.is_not(None))
    for room in session.scalars(closed.where(Statement.session_id == sitting.id)):
        add("closed", room, 1)
    _add_incidents(session, exam, sitting, add)
    return found


def _steps(session: Session, sitting: ExamSession) -> Iterable[tuple[str, int]]:
    """Steps by the custody of the bags and by the rooms' own notes: whoever knows it tells it."""
    own = select(RoomStep.step, RoomStep.room_id).where(RoomStep.session_id == sitting.id)
    yield from session.execute(own)
    bags = select(Bag.state, Bag.room_id).where(Bag.session_id == sitting.id, Bag.kind == "paper")
    for state, where in session.execute(bags):
        for name, states in (("received", RECEIVED), ("opened", OPENED), ("packed", PACKED)):
            if state in states and where is not None:
                yield name, where


def _add_incidents(
    session: Session, exam: Exam, sitting: ExamSession, add: Callable[[str, int, int], None]
) -> None:
    query = (
        select(Incident.room_id, func.count())
        .where(Incident.exam_id == exam.id, Incident.session_id == sitting.id)
        .group_by(Incident.room_id)
    )
    for room, count in session.execute(query):
        if room is not None:
            add("incidents", room, count)


def _figures(room: int, people: int, counted: Counted) -> Figures:
    names = [field.name for field in fields(Figures)][2:]
    values: dict[str, Any] = {name: counted.get(name, {}).get(room, 0) for name in names}
    return Figures(rooms=1, people=people, **values)


def total(lines: Iterable[Line]) -> Figures:
    """The figures of rooms together."""
    return sum((one.figures for one in lines), Figures())


def by_district(lines: Sequence[Line]) -> list[Part]:
    """The board of the headquarters."""
    found: dict[int, Part] = {}
    for one in lines:
        known = found.get(one.district.id, Part(one.district, None, None, Figures()))
        found[one.district.id] = Part(one.district, None, None, known.figures + one.figures)
    return list(found.values())


def by_site(lines: Sequence[Line]) -> list[Part]:
    """The board of a district."""
    found: dict[int, Part] = {}
    for one in lines:
        known = found.get(one.site.id, Part(one.district, one.site, None, Figures()))
        found[one.site.id] = Part(one.district, one.site, None, known.figures + one.figures)
    return list(found.values())


def by_room(lines: Sequence[Line]) -> list[Part]:
    """The board of a site."""
    return [Part(one.district, one.site, one.room, one.figures) for one in lines]
