"""The drawn plan as pages, tables and tickets show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.draws.lookup import attempts_of
from exam_system.draws.models import Attempt, Draw
from exam_system.errors import NotFound
from exam_system.examday.models import Seat
from exam_system.exams.models import District, Exam, Post, Room, Site
from exam_system.registration.models import Application
from seating.layouts import positions


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room for the written exam and how many sit in it."""

    district: District
    site: Site
    room: Room
    people: int


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody with a seat; the ID number is still sealed."""

    district: str
    site: str
    room_code: int
    room: str
    seat: int
    number: str
    name: str
    sex: str
    post: str
    id_sealed: bytes
    form: int | None

    @property
    def paper(self) -> str:
        """The paper form as a letter, A for 1; empty where there is one only."""
        return chr(ord("A") + self.form - 1) if self.form else ""


def newest_attempt(session: Session, exam: Exam, kind: str) -> tuple[Draw, Attempt] | None:
    """The attempt of a draw that counts, void ones passed over."""
    for draw, attempts in attempts_of(session, exam):
        if draw.kind == kind and attempts[-1].state != "void":
            return draw, attempts[-1]
    return None


def _rooms(exam: Exam) -> Select[District, Site, Room, int]:
    taken = select(func.count()).where(Seat.room_id == Room.id).correlate(Room).scalar_subquery()
    return (
        select(District, Site, Room, taken.label("people"))
        .join(Site, Site.district_id == District.id)
        .join(Room, Room.site_id == Site.id)
        .where(District.exam_id == exam.id, Room.use == "written")
        .order_by(District.code, Site.code, Room.code)
    )


def room_lines(session: Session, exam: Exam, *, first: int, most: int) -> list[RoomLine]:
    """At most `most` rooms from number `first` (from 0) on, in canonical order."""
    rows = session.execute(_rooms(exam).offset(first).limit(most))
    return [RoomLine(*row) for row in rows]


def room_line(session: Session, exam: Exam, *, district: int, site: int, room: int) -> RoomLine:
    """One room by its codes; raises NotFound."""
    query = _rooms(exam).where(District.code == district, Site.code == site, Room.code == room)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such room in this exam")
    return RoomLine(*row)


@dataclass(frozen=True, slots=True)
class Totals:
    """Rooms for the written exam, those in use, their seats, and people seated."""

    rooms: int
    used: int
    seats: int
    people: int


def totals(session: Session, exam: Exam) -> Totals:
    """The exam's figures."""
    rooms = _rooms(exam).order_by(None).subquery()
    people = rooms.c.people
    query = select(
        func.count(),
        func.count().filter(people > 0),
        func.coalesce(func.sum(rooms.c.capacity), 0),
        func.coalesce(func.sum(people), 0),
    ).select_from(rooms)
    return Totals(*(int(value) for value in session.execute(query).one()))


def sitters(
    session: Session, exam: Exam, *, room_id: int | None = None, site_id: int | None = None
) -> list[Sitter]:
    """Everybody with a seat, by district, site, room and seat; of one room or one site where it is
    named."""
    query: Select[*tuple[Any, ...]] = (
        select(
            District.name,
            Site.name,
            Room.code,
            Room.name,
            Seat.number,
            Application.number,
            Person.name,
            Person.sex,
            Post.code,
            Person.id_sealed,
            Seat.form,
        )
        .join(Application, Application.id == Seat.application_id)
        .join(Person, Person.id == Application.person_id)
        .join(Post, Post.id == Application.post_id)
        .join(Room, Room.id == Seat.room_id)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .where(Application.exam_id == exam.id)
        .order_by(District.code, Site.code, Room.code, Seat.number)
    )
    if room_id is not None:
        query = query.where(Seat.room_id == room_id)
    if site_id is not None:
        query = query.where(Room.site_id == site_id)
    return [Sitter(*row) for row in session.execute(query)]


def seat_grid(
    layout: str, capacity: int, people: Sequence[Sitter]
) -> list[list[tuple[int, Sitter | None] | None]]:
    """Rows from the lectern back; a cell is None (no desk) or seat number and who sits there."""
    by_seat = {person.seat: person for person in people}
    places = positions(layout, capacity)
    rows, columns = (max(place[axis] for place in places) for axis in (0, 1))
    grid: list[list[tuple[int, Sitter | None] | None]] = [[None] * columns for _ in range(rows)]
    for number, (row, column) in enumerate(places, 1):
        grid[row - 1][column - 1] = (number, by_seat.get(number))
    return grid
