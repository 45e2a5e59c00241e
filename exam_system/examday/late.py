"""Who the page of late changes shows: found by name or number, without a seat, asked for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.approvals.models import Approval
from exam_system.examday.changes import ADD, MOVE
from exam_system.examday.reserves import SEATED
from exam_system.exams.models import District, Exam, Post
from exam_system.registration.models import Application

MOST = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody in a list; `asked` is the state of an open approval, else None."""

    ref: str
    name: str
    number: str | None
    post: str
    district: str
    state: str
    asked: str | None


def found(session: Session, exam: Exam, words: str) -> list[Entry]:
    """Up to MOST people whose name has these words in it, or of this number or reference."""
    named = Person.name.contains(words, autoescape=True)
    wanted = or_(named, Application.number == words, Application.ref == words)
    return _entries(session, exam, wanted)


def without_seat(session: Session, exam: Exam) -> list[Entry]:
    """Up to MOST people who could be added."""
    return _entries(session, exam, Application.number.is_(None))


def waiting(session: Session, exam: Exam) -> list[Entry]:
    """Those for whom a change is asked for, or approved and not carried out."""
    return _entries(session, exam, Approval.id.is_not(None))


def _entries(session: Session, exam: Exam, *where: ColumnElement[bool]) -> list[Entry]:
    own = and_(
        Approval.subject == "application:" + Application.ref,
        Approval.verb.in_((ADD, MOVE)),
        Approval.state.in_(("asked", "approved")),
    )
    columns = (Application.ref, Person.name, Application.number, Post.code, District.name)
    query = (
        select(*columns, Application.state, Approval.state)
        .join(Person, Person.id == Application.person_id)
        .join(Post, Post.id == Application.post_id)
        .join(District, District.id == Application.district_id)
        .outerjoin(Approval, own)
        .where(Application.exam_id == exam.id, Application.state.in_(SEATED), *where)
        .order_by(Application.number, Application.ref)
        .limit(MOST)
    )
    return [Entry(*row) for row in session.execute(query)]
