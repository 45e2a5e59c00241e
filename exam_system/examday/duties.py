"""Who watches what, as drawn and with every substitute in place; and how often somebody served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from exam_system.draws.models import Attempt, Draw
from exam_system.examday.models import Absence, Duty, Invigilator
from exam_system.exams.models import District, Exam, ExamSession, Room, Site

Query = Select[Duty, Invigilator, ExamSession, District, Site, Room]


@dataclass(frozen=True, slots=True)
class Stand:
    """One person in one session: in `room`, or (None) standing by at `site`.

    `absence`: they do not come. `instead`: the person whose place they took as a substitute.
    """

    duty: Duty
    invigilator: Invigilator
    session: ExamSession
    district: District
    site: Site
    room: Room | None
    place: int
    absence: Absence | None = None
    instead: Invigilator | None = None

    @property
    def order(self) -> tuple[Any, ...]:
        """By session, district, site, room (the reserves last) and place."""
        room = (1, 0) if self.room is None else (0, self.room.code)
        where = (self.district.code, self.site.code, *room, self.place)
        return (self.session.starts_at, self.session.id, *where, self.duty.id)


def stands(session: Session, exam: Exam) -> list[Stand]:
    """Every duty of the exam as it stands now, in order; the absent beside their substitutes."""
    query = _all().where(Invigilator.exam_id == exam.id)
    return sorted(_now(session, query), key=lambda one: one.order)


def published_stands(session: Session, exams: Sequence[int]) -> list[Stand]:
    """The same for exams (by id) whose draw is published: who served, in no special order."""
    query = (
        _all()
        .join(Attempt, Attempt.id == Duty.attempt_id)
        .where(Invigilator.exam_id.in_(exams), Attempt.state == "published")
    )
    return [one for one in _now(session, query) if one.absence is None]


def _all() -> Query:
    return (
        select(Duty, Invigilator, ExamSession, District, Site, Room)
        .join(Invigilator, Invigilator.id == Duty.invigilator_id)
        .join(ExamSession, ExamSession.id == Duty.session_id)
        .join(Site, Site.id == Duty.site_id)
        .join(District, District.id == Site.district_id)
        .outerjoin(Room, Room.id == Duty.room_id)
    )


def _now(session: Session, query: Query) -> Iterable[Stand]:
    found = {row[0].id: Stand(*row, row[0].place) for row in session.execute(query)}
    exams = {one.invigilator.exam_id for one in found.values()}
    changes = (
        select(Absence)
        .join(Duty, Duty.id == Absence.duty_id)
        .join(Invigilator, Invigilator.id == Duty.invigilator_id)
        .where(Invigilator.exam_id.in_(exams))
        .order_by(Absence.id)
    )
    for absence in session.scalars(changes):
        absent = found[absence.duty_id]
        found[absent.duty.id] = replace(absent, absence=absence)
        if absence.substitute_id is not None:
            coming = found[absence.substitute_id]
            found[coming.duty.id] = replace(
                coming,
                site=absent.site,
                district=absent.district,
                room=absent.room,
                place=absent.place,
                instead=absent.invigilator,
            )
    return found.values()


def people(session: Session, exam: Exam) -> list[Invigilator]:
    """The invigilators of an exam by staff number."""
    query = select(Invigilator).where(Invigilator.exam_id == exam.id)
    return list(session.scalars(query.order_by(Invigilator.staff_no)))


def sessions_of(session: Session, exam: Exam) -> list[ExamSession]:
    """The sessions of an exam by time."""
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    return list(session.scalars(query.order_by(ExamSession.starts_at, ExamSession.id)))


def earlier_exams(session: Session, exam: Exam, most: int | None = None) -> list[Exam]:
    """The exams before this one whose invigilators' draw is published, the newest first."""
    begins = func.min(ExamSession.starts_at)
    first = select(ExamSession.exam_id, begins.label("begins")).group_by(ExamSession.exam_id)
    starts = first.subquery()
    own = select(begins).where(ExamSession.exam_id == exam.id).scalar_subquery()
    query = (
        select(Exam)
        .join(starts, starts.c.exam_id == Exam.id)
        .join(Draw, Draw.exam_id == Exam.id)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .where(Draw.kind == "invigilators", Attempt.state == "published", starts.c.begins < own)
        .order_by(starts.c.begins.desc(), Exam.id.desc())
        .limit(most)
    )
    return list(session.scalars(query))


@dataclass(frozen=True, slots=True)
class Served:
    """How many earlier exams somebody served in, and the sites, the newest first."""

    exams: int
    sites: tuple[str, ...]


def served_before(session: Session, exam: Exam) -> Mapping[str, Served]:
    """By staff number, what the earlier exams of this office know of them."""
    exams = earlier_exams(session, exam)
    rank = {one.id: at for at, one in enumerate(exams)}
    found: dict[str, dict[tuple[int, str], None]] = {}
    rows = published_stands(session, list(rank))
    for one in sorted(rows, key=lambda one: (rank[one.invigilator.exam_id], one.order)):
        seen = found.setdefault(one.invigilator.staff_no, {})
        seen[one.invigilator.exam_id, one.site.name] = None
    return {
        number: Served(len({at for at, _ in seen}), tuple(dict.fromkeys(name for _, name in seen)))
        for number, seen in found.items()
    }
