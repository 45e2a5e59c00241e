"""Tables of re-checks of scores and of the office's own table of holidays."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class HolidayYear(Base):
    """A year whose holidays the office has entered; it takes the place of the built-in table."""

    __tablename__ = "holiday_year"
    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(Integer, unique=True)
    basis: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcTime)


class HolidayDay(Base):
    """A day that is off though no weekend, or worked though one."""

    __tablename__ = "holiday_day"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, unique=True)
    kind: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(String(40))
    __table_args__ = (CheckConstraint("kind IN ('off','work')", name="kind"),)


class Recheck(Base):
    """A candidate's request to look at a mark again; `what` is a subject or "interview".

    `before` and `after` are the marks of the system when it was asked for and when it was answered:
    nobody types them.
    """

    __tablename__ = "recheck"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    what: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    due: Mapped[date | None] = mapped_column(Date)
    after: Mapped[str | None] = mapped_column(String(12))
    outcome: Mapped[str | None] = mapped_column(String(4))
    found: Mapped[str | None] = mapped_column(Text)
    looked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("application_id", "what"),
        CheckConstraint("outcome IN ('same','up','down')", name="outcome"),
        CheckConstraint("(answered_at IS NULL) = (outcome IS NULL)", name="answered"),
        CheckConstraint("(answered_at IS NULL) = (looked_by IS NULL)", name="looked"),
    )
