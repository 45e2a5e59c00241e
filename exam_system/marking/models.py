"""Tables of marking: written marks, and what is drawn about papers and scripts."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base


class WrittenMark(Base):
    """The mark of one subject: a decimal number as text, or `absent`."""

    __tablename__ = "written_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    subject: Mapped[str] = mapped_column(String(20))
    mark: Mapped[str] = mapped_column(String(12))
    __table_args__ = (UniqueConstraint("application_id", "subject"),)


class PaperSet(Base):
    """A sealed set of papers of one subject; `seal` is the number or digest on its envelope.

    Drawn place 1 is the set that is used, the others stand in reserve in this order.
    """

    __tablename__ = "paper_set"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    subject: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(20))
    seal: Mapped[str] = mapped_column(String(64))
    place: Mapped[int | None] = mapped_column(Integer)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("exam_id", "subject", "label"),
        UniqueConstraint("exam_id", "subject", "place"),
    )


class ScriptCode(Base):
    """The drawn number under which the script of one subject is marked."""

    __tablename__ = "script_code"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    subject: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(12))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("application_id", "subject"),
        UniqueConstraint("attempt_id", "code"),
    )


class RecountPick(Base):
    """A script that was drawn to be recounted by hand; `place` is its place in the sample."""

    __tablename__ = "recount_pick"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    subject: Mapped[str] = mapped_column(String(20))
    place: Mapped[int] = mapped_column(Integer)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("application_id", "subject"),
        UniqueConstraint("attempt_id", "subject", "place"),
    )


class MarkingGroup(Base):
    """Markers at one place; `district_id` is their own area, `most` how many bundles they take."""

    __tablename__ = "marking_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    code: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    district_id: Mapped[int | None] = mapped_column(ForeignKey("district.id"))
    most: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("exam_id", "code"),
        CheckConstraint("most > 0", name="most"),
    )


class ScriptBundle(Base):
    """The scripts of one room and subject, and the marking group they were drawn to."""

    __tablename__ = "script_bundle"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    subject: Mapped[str] = mapped_column(String(20))
    marking_group_id: Mapped[int] = mapped_column(ForeignKey("marking_group.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (UniqueConstraint("room_id", "subject"),)
