"""The one table of indicators: what no exam of this program can know itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Intake(Base):
    """How many people the bureau's units took in within a year in every way, as the office says.

    The share of those who came by an exam is worked out from it; `basis` names the source.
    """

    __tablename__ = "intake"
    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(Integer, unique=True)
    people: Mapped[int] = mapped_column(Integer)
    basis: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("people > 0", name="people"),
        CheckConstraint("year BETWEEN 1990 AND 2200", name="year"),
    )
