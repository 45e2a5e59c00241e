"""Tables of messages: where people can be reached, what they are told, what was sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import Integer as Whole
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Contact(Base):
    """A candidate's e-mail address, sealed; it is written to once its owner has confirmed it.

    `tries`: wrong codes since the address was given.
    """

    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    tries: Mapped[int] = mapped_column(Whole, default=0)
    __table_args__ = (CheckConstraint("tries >= 0", name="tries"),)


class Message(Base):
    """Something a person is told, and why: `cause` is the place of an act in the log (act:17), a
    reminder with its deadline, or the address that is to be confirmed.

    The words follow from `kind` and `params` (JSON) in the reader's language.
    """

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    exam: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(80))
    params: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "cause"),
        Index("ix_message_exam", "exam"),
    )


class Delivery(Base):
    """One message on one channel. What is being sent when the program dies is `uncertain`: it is
    never sent a second time by itself.

    `why`: what the server said where it was not sent. `after`: not to be tried again before.
    """

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    channel: Mapped[str] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(9))
    tries: Mapped[int] = mapped_column(Whole, default=0)
    after: Mapped[datetime | None] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    why: Mapped[str] = mapped_column(String(200), default="")
    __table_args__ = (
        UniqueConstraint("message_id", "channel"),
        Index("ix_delivery_state", "state"),
        CheckConstraint("channel IN ('mail','sms')", name="channel"),
        CheckConstraint(
            "state IN ('waiting','sending','sent','uncertain','given_up')", name="state"
        ),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
    )


class MessageMark(Base):
    """How far the log has been read for messages: the place of the next act; one row."""

    __tablename__ = "message_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Whole)
    __table_args__ = (CheckConstraint("id = 1", name="one"),)
