"""Tables of waivers: who asked not to pay, on what ground, with which documents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime

LIVE = "state IN ('asked','granted')"


class Waiver(Base):
    """One request; an application has one that waits or was granted, and any that were refused.

    `fen` is what need not be paid, once it is granted; `looked_at` when somebody of the office
    had opened every document of it.
    """

    __tablename__ = "waiver"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    ground: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    fen: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    looked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("state IN ('asked','granted','refused','withdrawn')", name="state"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'refused') = (reason <> '')", name="reason"),
        CheckConstraint("(state = 'granted') = (fen IS NOT NULL)", name="granted"),
        CheckConstraint("fen > 0", name="fen"),
        Index(
            "uq_waiver_live",
            "application_id",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
    )


class WaiverDocument(Base):
    """A document of a request; its bytes lie sealed in a file that is named by `ref`.

    `sha256` is of the bytes as they were taken in. The row stays when the file is deleted.
    """

    __tablename__ = "waiver_document"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    waiver_id: Mapped[int] = mapped_column(ForeignKey("waiver.id"), index=True)
    kind: Mapped[str] = mapped_column(String(4))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    looked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("kind IN ('pdf','jpg')", name="kind"),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )
