"""Tables of the exam day: drawn seats, invigilators and their duties."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base


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
    __table_args__ = (
        UniqueConstraint("exam_id", "staff_no"),
        CheckConstraint("sex IN ('male','female')", name="sex"),
    )


class Duty(Base):
    """An invigilator's drawn room; place 1 is the lead invigilator."""

    __tablename__ = "duty"
    invigilator_id: Mapped[int] = mapped_column(ForeignKey("invigilator.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    place: Mapped[int] = mapped_column(Integer)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("room_id", "place"),
        CheckConstraint("place > 0", name="place"),
    )
