"""Table of results: the numbers of one candidate at one stage, as released."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base


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
        CheckConstraint("stage IN ('written','shortlist','final')", name="stage"),
    )
