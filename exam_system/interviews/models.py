"""Tables of interviews: the pool, avoidance, panels, groups, places in the order, scores."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Interviewer(Base):
    """A certified interviewer of the pool (the pool belongs to no exam)."""

    __tablename__ = "interviewer"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(40), unique=True)
    certificate: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str] = mapped_column(String(6))
    area_code: Mapped[str] = mapped_column(String(6))
    employer: Mapped[str] = mapped_column(String(120))
    chief: Mapped[bool] = mapped_column(Boolean)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), unique=True)
    __table_args__ = (CheckConstraint("sex IN ('male','female')", name="sex"),)


class Avoidance(Base):
    """A declared relation between an interviewer and a candidate of an exam."""

    __tablename__ = "avoidance"
    id: Mapped[int] = mapped_column(primary_key=True)
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
    __table_args__ = (
        UniqueConstraint("interviewer_id", "application_id"),
        CheckConstraint("relation IN ('kinship','employer','school','interest')", name="relation"),
    )


class Panel(Base):
    """The interviewers of one interview room."""

    __tablename__ = "panel"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    code: Mapped[str] = mapped_column(String(10))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("exam_id", "code"),
        UniqueConstraint("exam_id", "room_id"),
        CheckConstraint("state IN ('waiting','open','closed')", name="state"),
    )


class PanelSeat(Base):
    """A drawn interviewer's place in a panel; place 1 is the chief interviewer."""

    __tablename__ = "panel_seat"
    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"))
    place: Mapped[int] = mapped_column(Integer)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("panel_id", "place"),
        UniqueConstraint("panel_id", "interviewer_id"),
    )


class InterviewGroup(Base):
    """Candidates who are heard by one panel: all of a post, or of several posts."""

    __tablename__ = "interview_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    code: Mapped[str] = mapped_column(String(10))
    panel_id: Mapped[int | None] = mapped_column(ForeignKey("panel.id"))
    __table_args__ = (UniqueConstraint("exam_id", "code"),)


class Interview(Base):
    """One candidate's interview: group, place in the drawn order, state, result."""

    __tablename__ = "interview"
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("interview_group.id"), index=True)
    place: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    result: Mapped[str] = mapped_column(String(12), default="")
    dropped: Mapped[str] = mapped_column(Text, default="")
    shown_at: Mapped[datetime | None] = mapped_column(UtcTime)
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    __table_args__ = (
        UniqueConstraint("group_id", "place"),
        CheckConstraint("state IN ('waiting','called','scored','absent')", name="state"),
    )


class InterviewScore(Base):
    """One interviewer's score of one candidate, a decimal number as text."""

    __tablename__ = "interview_score"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("interview.application_id"))
    panel_seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    score: Mapped[str] = mapped_column(String(12))
    entered_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("application_id", "panel_seat_id"),)
