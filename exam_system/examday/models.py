"""Tables of the exam day: drawn seats, invigilators, their duties and absences."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Seat(Base):
    """The drawn seat of an application."""

    __tablename__ = "seat"
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    number: Mapped[int] = mapped_column(Integer)
    form: Mapped[int | None] = mapped_column(Integer)
    """The paper form, from 1; None where the rules know one only."""
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("room_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("form > 0", name="form"),
    )


class SeatChange(Base):
    """A late change of the published plan: somebody gets a reserve seat, from another one or none.

    The plan's version 1 is the draw, every change makes the next one. Who changed it and when
    stands in the approval that was used. A reserve seat is given once, ever.
    """

    __tablename__ = "seat_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    version: Mapped[int] = mapped_column(Integer)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    from_room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    from_number: Mapped[int | None] = mapped_column(Integer)
    from_form: Mapped[int | None] = mapped_column(Integer)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    number: Mapped[int] = mapped_column(Integer)
    form: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    approval: Mapped[str] = mapped_column(ForeignKey("approval.ref"), unique=True)
    __table_args__ = (
        UniqueConstraint("exam_id", "version"),
        UniqueConstraint("room_id", "number"),
        CheckConstraint("version > 1", name="version"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("(from_room_id IS NULL) = (from_number IS NULL)", name="from"),
    )


class WithdrawnTicket(Base):
    """An admission ticket that admits nobody any more; the next one has the next serial.

    `number` is the admission number printed on it. `again`: whether its candidate may print
    another one. Why stands here and not in the published list.
    """

    __tablename__ = "withdrawn_ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    serial: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    again: Mapped[bool] = mapped_column(Boolean)
    withdrawn_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("application_id", "serial"),
        CheckConstraint("serial > 0", name="serial"),
    )


class TicketList(Base):
    """A version of an exam's signed list of withdrawn tickets; the newest one counts."""

    __tablename__ = "ticket_list"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    version: Mapped[int] = mapped_column(Integer)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("exam_id", "version"),
        CheckConstraint("version > 0", name="version"),
    )


class Invigilator(Base):
    """Somebody who may watch a room of one exam."""

    __tablename__ = "invigilator"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    label: Mapped[str] = mapped_column(String(40), unique=True)
    staff_no: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str] = mapped_column(String(6))
    school: Mapped[str] = mapped_column(String(120))
    district: Mapped[int | None] = mapped_column(Integer)
    """The code of the district; None where all districts share their invigilators."""
    lead: Mapped[bool | None] = mapped_column(Boolean)
    """Whether they may lead a room."""
    avoids: Mapped[str | None] = mapped_column(Text)
    """Whom they declared a relation to: admission numbers or names, with spaces between."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    """With which they sign in on the exam day; None until one is issued."""
    __table_args__ = (
        UniqueConstraint("exam_id", "staff_no"),
        CheckConstraint("sex IN ('male','female')", name="sex"),
    )


class Duty(Base):
    """What an invigilator was drawn for in one session: a room, or standing by at a site.

    Place 1 of a room is its lead invigilator; among the reserves of a site (no room) places count
    from 1 in ticket order. The rows stay as drawn, what came later stands in `Absence`.
    """

    __tablename__ = "session_duty"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"))
    invigilator_id: Mapped[int] = mapped_column(ForeignKey("invigilator.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), index=True)
    place: Mapped[int] = mapped_column(Integer)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("session_id", "invigilator_id"),
        UniqueConstraint("session_id", "room_id", "place"),
        Index(
            "uq_session_duty_reserve",
            *("session_id", "site_id", "place"),
            unique=True,
            sqlite_where=text("room_id IS NULL"),
            postgresql_where=text("room_id IS NULL"),
        ),
        CheckConstraint("place > 0", name="place"),
    )


class Absence(Base):
    """Somebody with a duty does not come; `substitute_id` is the reserve's duty who does instead.

    The absence is logged before anybody is named.
    """

    __tablename__ = "absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("session_duty.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("session_duty.id"), unique=True)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("(substitute_id IS NULL) = (replaced_at IS NULL)", name="substitute"),
    )
