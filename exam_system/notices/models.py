"""Tables of notices, of closed exams, and of the service catalogue."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Notice(Base):
    """A notice under its public number; what it says stands in its versions.

    `owner_id` is who answers for it, `place` the number of the public list of the exam that it is.
    """

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    exam_id: Mapped[int | None] = mapped_column(ForeignKey("exam.id"), index=True)
    category: Mapped[str] = mapped_column(String(10))
    place: Mapped[int | None] = mapped_column(Integer)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("category IN ('exam','press','answer','other')", name="category"),
        CheckConstraint("place IS NULL OR exam_id IS NOT NULL", name="place"),
    )


class NoticeVersion(Base):
    """One version of a notice; `document` is the text (JCS) that every level passes.

    `level` counts the levels that have passed it, `late` is whole seconds after the event.
    """

    __tablename__ = "notice_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    level: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(120))
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    event_at: Mapped[datetime | None] = mapped_column(UtcTime)
    review_on: Mapped[date] = mapped_column(Date, index=True)
    drafted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    drafted_at: Mapped[datetime] = mapped_column(UtcTime)
    withheld_reason: Mapped[str | None] = mapped_column(Text)
    withheld_until: Mapped[date | None] = mapped_column(Date)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    late: Mapped[int | None] = mapped_column(Integer)
    late_reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("notice_id", "version"),
        CheckConstraint(
            "state IN ('draft','checking','cleared','published','withheld')", name="state"
        ),
        CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published"),
        CheckConstraint("(published_at IS NULL) = (note IS NULL)", name="note"),
        CheckConstraint(
            "state <> 'withheld' OR (withheld_reason IS NOT NULL AND withheld_until IS NOT NULL)",
            name="withheld",
        ),
        CheckConstraint("late IS NULL OR late_reason IS NOT NULL", name="late"),
    )


class NoticeFile(Base):
    """A file that a version brings along."""

    __tablename__ = "notice_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("notice_version.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (UniqueConstraint("version_id", "name"),)


class NoticeStep(Base):
    """What somebody did with a version: whose hand, at which level, under which digest."""

    __tablename__ = "notice_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("notice_version.id"), index=True)
    level: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    digest: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('drafted','passed','returned','published','withheld','lifted','reviewed')",
            name="outcome",
        ),
    )


class ExamClosing(Base):
    """An exam is closed once each of its public lists is posted; `lists` says where (JCS)."""

    __tablename__ = "exam_closing"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), unique=True)
    lists: Mapped[str] = mapped_column(Text)
    closed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime] = mapped_column(UtcTime)


class ServiceMatter(Base):
    """A version of one matter of the service catalogue; `document` is what it says (JCS)."""

    __tablename__ = "service_matter"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), index=True)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    document: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    drafted_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("code", "version"),
        CheckConstraint("state IN ('draft','published','refused')", name="state"),
        CheckConstraint("(state = 'draft') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("decided_by <> drafted_by", name="another"),
    )
