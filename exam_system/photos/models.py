"""Tables of likeness: prints of photos, pairs of people whose photos look alike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class PhotoPrint(Base):
    """The print of a photo, by the photo's digest."""

    __tablename__ = "photo_print"
    id: Mapped[int] = mapped_column(primary_key=True)
    photo: Mapped[str] = mapped_column(String(64), unique=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary)


class PhotoPair(Base):
    """Photos of two people that look alike, and what a person found who looked at both.

    `exam` is that of the newer application; `bits` of 256 differ.
    """

    __tablename__ = "photo_pair"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    photo: Mapped[str] = mapped_column(String(64))
    other_photo: Mapped[str] = mapped_column(String(64))
    bits: Mapped[int] = mapped_column(Integer)
    finding: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    found_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    found_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("photo", "other_photo", "application_id", "other_id"),
        CheckConstraint("finding IN ('same','different')", name="finding"),
        CheckConstraint("(finding IS NULL) = (found_at IS NULL)", name="found"),
    )
