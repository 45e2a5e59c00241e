"""Tables of results: what was released, what was frozen, and the codes that open the look-up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Result(Base):
    """What the newest release of a stage says of an application; numbers as text."""

    __tablename__ = "result"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    stage: Mapped[str] = mapped_column(String(12))
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    written: Mapped[str] = mapped_column(String(12))
    interview: Mapped[str] = mapped_column(String(12))
    total: Mapped[str] = mapped_column(String(12))
    rank: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(12))
    __table_args__ = (
        UniqueConstraint("application_id", "stage"),
        CheckConstraint(
            "stage IN ('written','shortlist','final','medical','appointment')", name="stage"
        ),
    )


class ResultFreeze(Base):
    """What a stage's list is computed from stands still: `digest` of everybody's marks and scores.

    A list is only signed from, and published over, exactly these.
    """

    __tablename__ = "result_freeze"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    stage: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str] = mapped_column(String(64))
    people: Mapped[int] = mapped_column(Integer)
    frozen_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("exam_id", "stage"),
        CheckConstraint("stage IN ('written','shortlist','final')", name="stage"),
    )


class PickUpCode(Base):
    """The sealed random code with which a candidate opens the own record of a look-up tree.

    It stands on the admission ticket; who lost it signs in and is given another one.
    """

    __tablename__ = "pick_up_code"
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[datetime] = mapped_column(UtcTime)
