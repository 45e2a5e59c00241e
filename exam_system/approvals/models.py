"""The table of approvals: what one person asked for and another, from another office, decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime

OPEN = "state IN ('asked','approved')"


class Approval(Base):
    """One request to do `verb` to `subject`, bound to `digest` of what will be done.

    `summary` is JSON: sentences with their parameters, told in the reader's language. `nonce` goes
    into the challenge of a passkey. `answer` says why it was refused.
    """

    __tablename__ = "approval"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    verb: Mapped[str] = mapped_column(String(80))
    exam: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    summary: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    nonce: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    factor: Mapped[str | None] = mapped_column(String(8))
    answer: Mapped[str] = mapped_column(Text, default="")
    used_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        Index(
            "uq_approval_open",
            "verb",
            "subject",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        CheckConstraint("state IN ('asked','approved','refused','withdrawn','used')", name="state"),
        Index("uq_approval_as_used", "ref", "verb", "state", unique=True),
        CheckConstraint("factor IN ('totp','passkey')", name="factor"),
        CheckConstraint("length(digest) = 64", name="digest"),
        CheckConstraint("decided_by <> asked_by", name="not_the_asker"),
        CheckConstraint("used_by <> decided_by", name="not_the_user"),
        CheckConstraint(
            "state NOT IN ('approved','used') OR "
            "(decided_by IS NOT NULL AND decided_at IS NOT NULL AND factor IS NOT NULL)",
            name="decided",
        ),
        CheckConstraint("(state = 'used') = (used_by IS NOT NULL)", name="used"),
    )
