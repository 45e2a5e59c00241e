"""Finding observers, what they are invited to, and who looked at what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from exam_system.cases.models import Letter
from exam_system.context import Context
from exam_system.database import one_row
from exam_system.errors import NotFound
from exam_system.exams.models import Exam
from exam_system.observing.models import (
    Observer,
    ObserverInvitation,
    ObserverLook,
    ObserverRemark,
)

NOT_INVITED = "You are not invited to watch this exam, or the invitation is over"
Row = tuple[ObserverInvitation, Observer, Exam]


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as the office sees it; `looks` counts them, `last` is the newest."""

    invitation: ObserverInvitation
    observer: Observer
    looks: int
    last: datetime | None
    remarks: tuple[str, ...]
    """Service numbers of what they wrote."""

    def in_force(self, day: date) -> bool:
        """Whether they may look on this day."""
        return self.invitation.state == "open" and day <= self.invitation.until


@dataclass(frozen=True, slots=True)
class Seen:
    """One look as the office sees it."""

    at: datetime
    kind: str
    name: str
    body: str
    section: str


def today(ctx: Context) -> date:
    """The day of the office's clock where the office is."""
    return ctx.clock.now().astimezone(ctx.config.zone).date()


def _mine(ctx: Context) -> Select[ObserverInvitation, Observer, Exam]:
    return (
        select(ObserverInvitation, Observer, Exam)
        .join(Observer, Observer.id == ObserverInvitation.observer_id)
        .join(Exam, Exam.id == ObserverInvitation.exam_id)
        .where(
            Observer.account_id == ctx.actor.account_id,
            ObserverInvitation.state == "open",
            ObserverInvitation.until >= today(ctx),
        )
        .order_by(ObserverInvitation.id.desc())
    )


def invitations_of(ctx: Context) -> list[Row]:
    """The exams that the actor may watch today, the newest invitation first."""
    return [(one, who, exam) for one, who, exam in ctx.session.execute(_mine(ctx))]


def require_invited(ctx: Context, code: str) -> Row:
    """The actor's invitation to an exam; NotFound without one, after its day, when withdrawn."""
    row = ctx.session.execute(_mine(ctx).where(Exam.code == code)).first()
    if row is None or ctx.actor.account_id is None:
        raise NotFound(NOT_INVITED)
    return row[0], row[1], row[2]


def last_look(session: Session, invitation: ObserverInvitation, section: str) -> datetime | None:
    """When this view was opened last under an invitation."""
    query = select(func.max(ObserverLook.at)).where(
        ObserverLook.invitation_id == invitation.id, ObserverLook.section == section
    )
    return session.scalar(query)


def by_ref(session: Session, ref: str) -> ObserverInvitation:
    """An invitation, locked; raises NotFound."""
    query = select(ObserverInvitation).where(ObserverInvitation.ref == ref)
    return one_row(session, query, NotFound("There is no such invitation"), lock=True)


def proposed(session: Session, exam: Exam, upto: int | None = None) -> list[Row]:
    """Who is put up for an invitation, none newer than `upto`."""
    query = (
        select(ObserverInvitation, Observer)
        .join(Observer, Observer.id == ObserverInvitation.observer_id)
        .where(ObserverInvitation.exam_id == exam.id, ObserverInvitation.state == "proposed")
        .order_by(ObserverInvitation.id)
    )
    if upto is not None:
        query = query.where(ObserverInvitation.id <= upto)
    return [(one, who, exam) for one, who in session.execute(query)]


def invited_to(session: Session, exam: Exam) -> list[Invited]:
    """Every invitation to an exam with how often they looked; dropped ones not."""
    query = (
        select(ObserverInvitation, Observer, func.count(ObserverLook.id), func.max(ObserverLook.at))
        .join(Observer, Observer.id == ObserverInvitation.observer_id)
        .outerjoin(ObserverLook, ObserverLook.invitation_id == ObserverInvitation.id)
        .where(ObserverInvitation.exam_id == exam.id, ObserverInvitation.state != "dropped")
        .group_by(ObserverInvitation.id, Observer.id)
        .order_by(ObserverInvitation.id)
    )
    written = _remarks(session, exam)
    return [
        Invited(one, who, looks, last, tuple(written.get(one.id, ())))
        for one, who, looks, last in session.execute(query)
    ]


def _remarks(session: Session, exam: Exam) -> dict[int, list[str]]:
    query = (
        select(ObserverRemark.invitation_id, Letter.number)
        .join(Letter, Letter.id == ObserverRemark.letter_id)
        .join(ObserverInvitation, ObserverInvitation.id == ObserverRemark.invitation_id)
        .where(ObserverInvitation.exam_id == exam.id)
        .order_by(ObserverRemark.id)
    )
    found: dict[int, list[str]] = {}
    for invitation, number in session.execute(query):
        found.setdefault(invitation, []).append(number)
    return found


def looks_at(session: Session, exam: Exam, limit: int | None = None) -> list[Seen]:
    """Who looked at what of an exam, the newest first."""
    query = (
        select(ObserverLook.at, Observer.kind, Observer.name, Observer.body, ObserverLook.section)
        .join(ObserverInvitation, ObserverInvitation.id == ObserverLook.invitation_id)
        .join(Observer, Observer.id == ObserverInvitation.observer_id)
        .where(ObserverInvitation.exam_id == exam.id)
        .order_by(ObserverLook.id.desc())
        .limit(limit)
    )
    return [Seen(*row) for row in session.execute(query)]


def remarks_of(session: Session, invitation: ObserverInvitation) -> list[Letter]:
    """The cases that came of an invitation's remarks, the newest first."""
    query = (
        select(Letter)
        .join(ObserverRemark, ObserverRemark.letter_id == Letter.id)
        .where(ObserverRemark.invitation_id == invitation.id)
        .order_by(ObserverRemark.id.desc())
    )
    return list(session.scalars(query))
