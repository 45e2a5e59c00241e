"""A room in a session, its candidates, and what is known of them: what sign-in pages begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.attendance.models import Attendance, RoomStep, Statement
from exam_system.errors import NotFound
from exam_system.examday.models import Seat
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.exams.rules import RuleSet
from exam_system.registration.models import Application


@dataclass(frozen=True, slots=True)
class Codes:
    """A room by the codes of district, site and room."""

    district: int
    site: int
    room: int

    @property
    def text(self) -> str:
        """As in admission tickets: 01-03-12."""
        return f"{self.district:02}-{self.site:02}-{self.room:02}"


@dataclass(frozen=True, slots=True)
class Hall:
    """One room in one session of an exam."""

    exam: Exam
    session: ExamSession
    district: District
    site: Site
    room: Room
    rules: RuleSet

    @property
    def codes(self) -> Codes:
        return Codes(self.district.code, self.site.code, self.room.code)

    @property
    def subject(self) -> str:
        """The name of the room in this session in the log."""
        return f"room:{self.exam.code}:{self.session.subject}:{self.codes.text}"

    @property
    def entry_ends(self) -> datetime:
        """Until when candidates are let in; from then on they can be marked absent."""
        return self.session.starts_at + timedelta(minutes=self.rules.entry_minutes)

    @property
    def opens_at(self) -> datetime:
        """From when on the bags of papers may be opened."""
        return self.session.starts_at - timedelta(minutes=self.rules.bag_opening_minutes)


def session_of(session: Session, code: str, subject: str) -> tuple[Exam, ExamSession]:
    """An exam and one of its sessions by its subject; raises NotFound."""
    query = (
        select(Exam, ExamSession)
        .join(ExamSession, ExamSession.exam_id == Exam.id)
        .where(Exam.code == code, ExamSession.subject == subject)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This exam has no such session")
    return row[0], row[1]


def hall_of(session: Session, code: str, subject: str, codes: Codes, *, lock: bool = False) -> Hall:
    """The room; `lock`: nobody else marks in it until the transaction ends. Raises NotFound."""
    query = (
        select(Exam, ExamSession, District, Site, Room)
        .join(ExamSession, ExamSession.exam_id == Exam.id)
        .join(District, District.exam_id == Exam.id)
        .join(Site, Site.district_id == District.id)
        .join(Room, Room.site_id == Site.id)
        .where(Exam.code == code, ExamSession.subject == subject, Room.use == "written")
        .where(District.code == codes.district, Site.code == codes.site, Room.code == codes.room)
    )
    row = session.execute(query.with_for_update(of=Room) if lock else query).one_or_none()
    if row is None:
        raise NotFound("There is no such room in this exam")
    return Hall(*row, rules_of(row[0]))


@dataclass(frozen=True, slots=True)
class Sitting:
    """A candidate of a room: the ID number is sealed; `state` is None before any mark."""

    application_id: int
    number: str
    seat: int
    name: str
    id_sealed: bytes
    photo: str | None
    state: str | None
    disputed: bool


def sitting_in(session: Session, hall: Hall) -> list[Sitting]:
    """The candidates of a room by seat, with what the marks of the session come to."""
    query = (
        select(
            *(Application.id, Application.number, Seat.number, Person.name, Person.id_sealed),
            *(Application.photo, Attendance.state, Attendance.disputed),
        )
        .join(Seat, Seat.application_id == Application.id)
        .join(Person, Person.id == Application.person_id)
        .outerjoin(
            Attendance,
            (Attendance.application_id == Application.id)
            & (Attendance.session_id == hall.session.id),
        )
        .where(Seat.room_id == hall.room.id, Application.exam_id == hall.exam.id)
        .order_by(Seat.number)
    )
    return [
        Sitting(row[0], row[1] or "", *row[2:7], bool(row[7])) for row in session.execute(query)
    ]


def neighbours_of(session: Session, hall: Hall) -> dict[str, list[str]]:
    """By the code of every other room of the site, the admission numbers of its candidates."""
    query = (
        select(Room.code, Application.number)
        .join(Seat, Seat.room_id == Room.id)
        .join(Application, Application.id == Seat.application_id)
        .where(Room.site_id == hall.site.id, Room.id != hall.room.id)
        .order_by(Room.code, Seat.number)
    )
    found: dict[str, list[str]] = {}
    for room, number in session.execute(query):
        found.setdefault(f"{room:02}", []).append(number or "")
    return found


def steps_of(session: Session, hall: Hall) -> dict[str, RoomStep]:
    """The steps that a room has taken, by their names."""
    query = select(RoomStep).where(
        RoomStep.session_id == hall.session.id, RoomStep.room_id == hall.room.id
    )
    return {one.step: one for one in session.scalars(query)}


def statement_of(session: Session, hall: Hall) -> Statement | None:
    """The room's statement of attendance, signed by one or by both."""
    query = select(Statement).where(
        Statement.session_id == hall.session.id, Statement.room_id == hall.room.id
    )
    return session.scalar(query)
