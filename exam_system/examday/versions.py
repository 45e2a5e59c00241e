"""Every published state of the plan: version 1 is the draw, each late change makes the next.

Nothing of this is stored: an earlier version is today's seats with the later changes taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from exam_system.accounts.models import Account, Person
from exam_system.approvals.models import Approval
from exam_system.errors import NotFound
from exam_system.examday.models import Seat, SeatChange
from exam_system.examday.plan import newest_attempt
from exam_system.examday.seats import Place, places_of
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, sha256_hex

DRAW, ADDED, MOVED = "draw", "added", "moved"


@dataclass(frozen=True, slots=True)
class Where:
    """A seat and the paper form on it."""

    room: int
    seat: int
    form: int | None


Plan = Mapping[int, Where]
"""Seats by application."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state: `what` made it (draw, added, moved), who and why, and its digest (hex)."""

    number: int
    what: str
    at: datetime | None
    by: str
    approved_by: str
    reason: str
    people: int
    digest: str


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody whose seat differs between two versions; None: without a seat."""

    name: str
    label: str
    before: Where | None
    after: Where | None
    number_before: str
    number_after: str


@dataclass(frozen=True, slots=True)
class RoomDifference:
    """Who left a room and who came into it (somebody who changes seats in it does both)."""

    place: Place
    left: tuple[Line, ...]
    came: tuple[Line, ...]


def newest_version(session: Session, exam: Exam) -> int:
    """The number of the plan as it stands; 0 while the draw is not published."""
    drawn = newest_attempt(session, exam, "seats")
    if drawn is None or drawn[1].state != "published":
        return 0
    newest = select(func.max(SeatChange.version)).where(SeatChange.exam_id == exam.id)
    return session.scalar(newest) or 1


def plan_at(session: Session, exam: Exam, version: int) -> dict[int, Where]:
    """The seats of a version by application; raises NotFound when there is no such version."""
    if not 1 <= version <= newest_version(session, exam):
        raise NotFound("The seating plan has no version %(number)s", number=version)
    plan = _today(session, exam)
    for change in _changes(session, exam):
        if change.version > version:
            _take_back(plan, change)
    return plan


def _today(session: Session, exam: Exam) -> dict[int, Where]:
    query = (
        select(Seat.application_id, Seat.room_id, Seat.number, Seat.form)
        .join(Application, Application.id == Seat.application_id)
        .where(Application.exam_id == exam.id)
    )
    return {row[0]: Where(*row[1:]) for row in session.execute(query)}


def _changes(session: Session, exam: Exam) -> Sequence[SeatChange]:
    """The changes, newest first."""
    query = select(SeatChange).where(SeatChange.exam_id == exam.id)
    return session.scalars(query.order_by(SeatChange.version.desc())).all()


def _take_back(plan: dict[int, Where], change: SeatChange) -> None:
    if change.from_room_id is None or change.from_number is None:
        del plan[change.application_id]
    else:
        before = Where(change.from_room_id, change.from_number, change.from_form)
        plan[change.application_id] = before


def digest_of(session: Session, exam: Exam, version: int, plan: Plan) -> str:
    """SHA-256 (hex) of the canonical JSON of a version: exam, number, and every seat as label,
    district, room, seat and paper form, by label."""
    return _digest(exam, version, plan, _labels(session, exam), _places(session, exam))


def _digest(
    exam: Exam, version: int, plan: Plan, labels: Mapping[int, str], places: Mapping[int, Place]
) -> str:
    seats = sorted(
        (labels[who], places[at.room].group, places[at.room].slot, at.seat, at.form or 0)
        for who, at in plan.items()
    )
    return sha256_hex(jcs({"exam": exam.code, "version": version, "seats": seats}))


def _labels(session: Session, exam: Exam) -> dict[int, str]:
    query = select(Application.id, Application.label).where(Application.exam_id == exam.id)
    return {row.id: row.label for row in session.execute(query)}


def _places(session: Session, exam: Exam) -> dict[int, Place]:
    return {place.room_id: place for place in places_of(session, exam)}


def versions(session: Session, exam: Exam) -> list[Version]:
    """All versions, newest first; empty while the draw is not published."""
    drawn = newest_attempt(session, exam, "seats")
    if drawn is None or drawn[1].state != "published":
        return []
    plan, labels, places = _today(session, exam), _labels(session, exam), _places(session, exam)
    acts, found = _acts(session, exam), []
    for change in _changes(session, exam):
        digest = _digest(exam, change.version, plan, labels, places)
        what = ADDED if change.from_room_id is None else MOVED
        told = (*acts[change.approval], change.reason, len(plan), digest)
        found.append(Version(change.version, what, *told))
        _take_back(plan, change)
    digest = _digest(exam, 1, plan, labels, places)
    found.append(Version(1, DRAW, drawn[1].published_at, "", "", "", len(plan), digest))
    return found


def _acts(session: Session, exam: Exam) -> dict[str, tuple[datetime | None, str, str]]:
    """When, by whom and approved by whom, by the reference of the approval."""
    user, approver = aliased(Account), aliased(Account)
    query = (
        select(Approval.ref, Approval.used_at, user.name, approver.name)
        .join(SeatChange, SeatChange.approval == Approval.ref)
        .join(user, user.id == Approval.used_by)
        .join(approver, approver.id == Approval.decided_by)
        .where(SeatChange.exam_id == exam.id)
    )
    return {ref: (at, by, approved) for ref, at, by, approved in session.execute(query)}


def difference(session: Session, exam: Exam, first: int, second: int) -> list[RoomDifference]:
    """What the second version has otherwise than the first, room by room in canonical order."""
    before, after = (plan_at(session, exam, number) for number in (first, second))
    changed = sorted(who for who in {*before, *after} if before.get(who) != after.get(who))
    lines = list(_lines(session, exam, changed, before, after))
    found = []
    for place in places_of(session, exam):
        left = [one for one in lines if one.before and one.before.room == place.room_id]
        came = [one for one in lines if one.after and one.after.room == place.room_id]
        if left or came:
            found.append(RoomDifference(place, _by_seat(left, 0), _by_seat(came, 1)))
    return found


def _by_seat(lines: Sequence[Line], side: int) -> tuple[Line, ...]:
    def seat(line: Line) -> int:
        at = (line.before, line.after)[side]
        return at.seat if at else 0

    return tuple(sorted(lines, key=seat))


def _lines(
    session: Session, exam: Exam, who: Sequence[int], before: Plan, after: Plan
) -> Iterator[Line]:
    rules, places = rules_of(exam), _places(session, exam)

    def number(at: Where | None) -> str:
        if at is None:
            return ""
        place = places[at.room]
        codes = {"district": place.district, "site": place.site, "room": place.room}
        return rules.admission_number(**codes, seat=at.seat)

    query = (
        select(Application.id, Application.label, Person.name)
        .join(Person, Person.id == Application.person_id)
        .where(Application.id.in_(who))
    )
    for ident, label, name in session.execute(query):
        old, new = before.get(ident), after.get(ident)
        yield Line(name, label, old, new, number(old), number(new))


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the candidate is told it."""

    version: int
    at: datetime | None
    moved: bool


def told_to(session: Session, application: Application) -> list[Told]:
    """The changes of somebody's seat, oldest first."""
    query = (
        select(SeatChange.version, Approval.used_at, SeatChange.from_room_id.is_not(None))
        .join(Approval, Approval.ref == SeatChange.approval)
        .where(SeatChange.application_id == application.id)
        .order_by(SeatChange.version)
    )
    return [Told(*row) for row in session.execute(query)]
