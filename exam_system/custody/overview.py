"""What pages tell of bags: what is missing or late, and the timeline of a bag."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.attendance.staff import Place, place_of
from exam_system.context import Context
from exam_system.custody.handing import signers_of
from exam_system.custody.lookup import bags_within
from exam_system.custody.models import (
    Bag,
    Deed,
    HandedBag,
    HandOver,
    HandSigner,
    Permission,
    UsedSpare,
)
from exam_system.custody.spares import CAUSES, WHAT
from exam_system.custody.states import MOVES, STATES
from exam_system.errors import Forbidden
from exam_system.examday.duties import sessions_of
from exam_system.exams.lookup import exam_by_code, places_of, rules_of
from exam_system.exams.models import Exam, ExamSession


@dataclass(frozen=True, slots=True)
class Scene:
    """What somebody sees of an exam's custody: their places, sessions and bags."""

    exam: Exam
    places: Sequence[Place]
    sessions: Sequence[ExamSession]
    bags: Sequence[Bag]

    @property
    def whole(self) -> bool:
        """Whether they see more than one room."""
        return any(place.room is None for place in self.places)


def scene(ctx: Context, code: str) -> Scene:
    """The actor's scene; Forbidden without a duty in the exam.

    Invigilators have a room in each of their sessions, all others one place for all of them.
    """
    exam = exam_by_code(ctx.session, code)
    rows = sessions_of(ctx.session, exam)
    mine, db = ctx.actor.account_id, ctx.session
    if ctx.actor.role is not Role.INVIGILATOR:
        place = place_of(ctx, mine, code)
        return Scene(exam, [place], rows, bags_within(db, place))
    places, bags = [place_of(ctx, mine, code)], []
    for row in rows:
        try:
            place = place_of(ctx, mine, code, row.subject)
        except Forbidden:
            continue
        places.append(place)
        bags += [bag for bag in bags_within(db, place) if bag.session_id == row.id]
    return Scene(exam, places[1:], rows, bags)


@dataclass(frozen=True, slots=True)
class Late:
    """A bag that has not come to `to` (a state) by `due`."""

    bag: Bag
    session: ExamSession
    to: str
    due: datetime


def deadlines(exam: Exam, row: ExamSession) -> list[tuple[str, datetime]]:
    """By when a bag of a room has come where, by the exam's rules."""
    rules = rules_of(exam)
    minutes = (
        ("site", -rules.bag_at_site_minutes),
        ("room", -rules.bag_in_room_minutes),
        ("opened", 0),
    )
    before = [(to, row.starts_at + timedelta(minutes=count)) for to, count in minutes]
    return [*before, ("packed", row.ends_at + timedelta(minutes=rules.bag_packed_minutes))]


def missing(
    exam: Exam, rows: Sequence[ExamSession], bags: Sequence[Bag], now: datetime
) -> list[Late]:
    """The bags that are late at `now`, each with the first place it has not come to."""
    sessions = {row.id: row for row in rows}
    found = [_late(exam, sessions[bag.session_id], bag, now) for bag in bags]
    return [one for one in found if one is not None]


def _late(exam: Exam, row: ExamSession, bag: Bag, now: datetime) -> Late | None:
    wanted = deadlines(exam, row)
    # A duty paper waits at its site: only that it comes there has a time.
    for to, due in wanted[:1] if bag.kind == "duty" else wanted:
        if due <= now and to in ahead(bag):
            return Late(bag, row, to, due)
    return None


def ahead(bag: Bag) -> frozenset[str]:
    """The states that the bag can still come to."""
    found: set[str] = set()
    waiting = [bag.state]
    while waiting:
        fresh = MOVES[bag.kind][waiting.pop()] - found
        found |= fresh
        waiting.extend(fresh)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline; `tone` as the state macro has it, `photo` a digest or "".

    `title` and `words` are message ids; `text` and `people` are shown as they are.
    """

    at: datetime
    title: str
    people: tuple[str, ...] = ()
    words: str = ""
    text: str = ""
    tone: str = "good"
    photo: str = ""
    handover: str = ""


def timeline(session: Session, bag: Bag) -> list[Step]:
    """Everything that was done with a bag, in time."""
    parts = (*_handed(session, bag), *_deeds(session, bag), *_others(session, bag))
    return sorted(parts, key=lambda step: step.at)


def _handed(session: Session, bag: Bag) -> Iterator[Step]:
    query = select(HandOver).join(HandedBag, HandedBag.handover_id == HandOver.id)
    for over in session.scalars(query.where(HandedBag.bag_id == bag.id).order_by(HandOver.id)):
        people = tuple(_signature(one) for one in signers_of(session, over))
        title, state = "Hand-over", STATES[over.step]
        if over.done_at is not None:
            yield Step(
                over.done_at, title, people, state, photo=over.sheet or "", handover=over.ref
            )
        elif over.dropped_at is not None:
            yield Step(over.dropped_at, "Hand-over dropped", (), state, over.why or "", "neutral")
        else:
            title = "Hand-over waits for signatures"
            yield Step(over.begun_at, title, people, state, tone="wait", handover=over.ref)


def _signature(one: HandSigner) -> str:
    return f"{one.name}（{one.office}）{'✓' if one.signed_at else '…'}"


_DEEDS = {"opened": "Opened", "packed": "Counted and packed", "destroyed": "Destroyed"}


def _deeds(session: Session, bag: Bag) -> Iterator[Step]:
    query = select(Deed).where(Deed.bag_id == bag.id).order_by(Deed.id)
    for deed in session.scalars(query):
        ids = [who for who in (deed.first_by, deed.second_by) if who is not None]
        names = tuple(session.get_one(Account, who).name for who in ids)
        text = " · ".join(str(value) for value in json.loads(deed.said).values())
        tone = "good" if deed.second_at else "wait"
        words = "" if deed.second_at else "the second person is missing"
        yield Step(deed.second_at or deed.first_at, _DEEDS[deed.kind], names, words, text, tone)


def _others(session: Session, bag: Bag) -> Iterator[Step]:
    if bag.broken_at is not None:
        yield Step(bag.broken_at, "Seal reported", text=bag.broken_why or "", tone="bad")
    given = select(Permission).where(Permission.bag_id == bag.id).order_by(Permission.id)
    for one in session.scalars(given):
        yield Step(one.given_at, "Leave given by the office", (), WHAT[one.what], one.reason)
    used = select(UsedSpare, Account.name).join(Account, Account.id == UsedSpare.used_by)
    for spare, name in session.execute(used.where(UsedSpare.bag_id == bag.id)):
        text, title = f"{spare.seat} · {spare.reason}", "Spare paper opened"
        yield Step(
            spare.used_at, title, (name,), CAUSES[spare.cause], text, photo=spare.photo or ""
        )


def place_names(session: Session, exam: Exam) -> dict[int, str]:
    """The rooms of an exam as people call them, by id."""
    return {
        room.id: f"{site.name} {room.code:02}" for _district, site, room in places_of(session, exam)
    }


def counts(rows: Sequence[ExamSession], bags: Sequence[Bag]) -> dict[int, dict[str, int]]:
    """How many bags of each session are in each state."""
    found = {row.id: dict.fromkeys(STATES, 0) for row in rows}
    for bag in bags:
        found[bag.session_id][bag.state] += 1
    return found


def waiting(session: Session, exam: Exam, account_id: int | None) -> Sequence[HandOver]:
    """The hand-overs of an exam that wait for somebody's signature, oldest first."""
    query = (
        select(HandOver)
        .join(HandSigner, HandSigner.handover_id == HandOver.id)
        .where(HandOver.exam_id == exam.id, HandSigner.account_id == account_id)
        .where(HandSigner.signed_at.is_(None), HandOver.dropped_at.is_(None))
        .order_by(HandOver.id)
    )
    return session.scalars(query).all()
