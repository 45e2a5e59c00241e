"""Tables of draws: every attempt stays for ever."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Draw(Base):
    """One thing to be decided by lot, e.g. the seats of an exam."""

    __tablename__ = "draw"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    __table_args__ = (
        UniqueConstraint("exam_id", "kind"),
        CheckConstraint(
            "kind IN ('seats','invigilators','interviewers','groups','order',"
            "'codes','papers','recount','markers','turns')",
            name="kind",
        ),
    )


class Attempt(Base):
    """One run of the ceremony. At most one attempt of a draw is not void."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    manifest: Mapped[str] = mapped_column(Text)
    manifest_digest: Mapped[str] = mapped_column(String(64))
    dice: Mapped[str] = mapped_column(String(64), default="")
    drand: Mapped[str | None] = mapped_column(String(96))
    """The signature of the round that the manifest names, hex."""
    seed: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[str] = mapped_column(Text, default="")
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    redraw_reason: Mapped[str] = mapped_column(Text, default="")
    redraw_approved: Mapped[bool] = mapped_column(default=False)
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    frozen_at: Mapped[datetime] = mapped_column(UtcTime)
    opens_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """Until when list and result stay confidential; None where they never were."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("draw_id", "number"),
        Index(
            "uq_attempt_open",
            "draw_id",
            unique=True,
            sqlite_where=text("state <> 'void'"),
            postgresql_where=text("state <> 'void'"),
        ),
        CheckConstraint(
            "state IN ('frozen','committed','rolled','confirmed','revealed','finished',"
            "'published','void')",
            name="state",
        ),
    )


class Contribution(Base):
    """A role's commitment and, once revealed, its secret."""

    __tablename__ = "contribution"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    role: Mapped[str] = mapped_column(String(12))
    commitment: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str | None] = mapped_column(String(64))
    committed_at: Mapped[datetime] = mapped_column(UtcTime)
    revealed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("attempt_id", "role"),
        CheckConstraint(
            "role IN ('officer','inspector','candidate','candidate-2','journalist','notary',"
            "'guest')",
            name="role",
        ),
    )


class Invitation(Base):
    """The link by which a further contributor takes part; only the digest of its token stands here.

    A new link takes the place of the one before.
    """

    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    role: Mapped[str] = mapped_column(String(12))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("attempt_id", "role"),)


class SourceChoice(Base):
    """What the next attempt of a draw will have beside officer, inspector and dice.

    `contributors` are roles divided by blanks; `drand_at` the time from which on the first round of
    drand counts.
    """

    __tablename__ = "source_choice"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    kind: Mapped[str] = mapped_column(String(20))
    contributors: Mapped[str] = mapped_column(String(80), default="")
    drand_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("exam_id", "kind"),)
