"""Table of written marks."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
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
