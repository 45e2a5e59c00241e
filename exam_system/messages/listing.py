"""Messages as pages and lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.messages.models import Contact, Delivery, Message
from exam_system.messages.words import CHANNELS, STATES, told
from exam_system.paging import page_count

PAGE = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """One message with how it went out; `place` is the act's place in the log, None for others."""

    at: datetime
    title: str
    text: str
    place: int | None
    sent: Sequence[tuple[str, str, datetime | None]]


def own_messages(ctx: Context, language: str, page: int) -> tuple[list[Shown], int]:
    """A page (from 1) of what the actor was told, newest first, and how many pages there are."""
    query = (
        select(Message, Exam)
        .outerjoin(Exam, Exam.code == Message.exam)
        .where(Message.account_id == ctx.actor.account_id)
        .order_by(Message.at.desc(), Message.id.desc())
    )
    rows = ctx.session.execute(query.offset((page - 1) * PAGE).limit(PAGE)).all()
    sent = _deliveries(ctx.session, [row.Message.id for row in rows])
    shown = [_shown(ctx, row, language, sent.get(row.Message.id, [])) for row in rows]
    own = select(func.count()).where(Message.account_id == ctx.actor.account_id)
    return shown, _pages(ctx.session.scalars(own).one())


def _pages(count: int) -> int:
    return page_count(count, PAGE)


def _deliveries(db: Session, ids: Sequence[int]) -> dict[int, list[Delivery]]:
    found: dict[int, list[Delivery]] = {}
    query = select(Delivery).where(Delivery.message_id.in_(ids)).order_by(Delivery.id)
    for row in db.scalars(query):
        found.setdefault(row.message_id, []).append(row)
    return found


def _shown(ctx: Context, row: Row[Message, Exam], language: str, sent: Sequence[Delivery]) -> Shown:
    message, exam = row
    name = "" if exam is None else exam.name if language == "zh" else exam.name_en
    title, text = told(message, name, ctx.config.zone, gettext)
    why, _, place = message.cause.partition(":")
    ways = [(str(CHANNELS[one.channel]), str(STATES[one.state]), one.sent_at) for one in sent]
    return Shown(message.at, title, text, int(place) if why == "act" else None, ways)


def own_contact(ctx: Context) -> Contact | None:
    """The actor's e-mail address as it is kept, None without one."""
    return ctx.session.scalar(select(Contact).where(Contact.account_id == ctx.actor.account_id))


def counts(db: Session) -> list[tuple[str, str, str, int]]:
    """(exam, channel, state, how many) of everything that was to be sent."""
    query = (
        select(Message.exam, Delivery.channel, Delivery.state, func.count())
        .join(Message, Message.id == Delivery.message_id)
        .group_by(Message.exam, Delivery.channel, Delivery.state)
        .order_by(Message.exam, Delivery.channel, Delivery.state)
    )
    return [tuple(row) for row in db.execute(query)]  # type: ignore[misc]


def unsent(db: Session, page: int) -> tuple[Sequence[Row[Delivery, Message]], int]:
    """A page (from 1) of what did not go out, oldest first, and how many pages there are."""
    failed = Delivery.state.in_(("given_up", "uncertain"))
    query = (
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(failed)
        .order_by(Delivery.id)
    )
    rows = db.execute(query.offset((page - 1) * PAGE).limit(PAGE)).all()
    return rows, _pages(db.scalars(select(func.count()).where(failed)).one())
