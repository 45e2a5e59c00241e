"""Tables of cases: letters with their answers and documents, public questions and answers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
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


class Letter(Base):
    """One case: a letter, consultation, complaint, petition … under its service number.

    `sealed` is the JSON [name, phone, title, text] of who wrote. `marks` are the engine's bits of
    what was done since `due` was set: the last day of what the case waits for.
    """

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(10))
    exam_id: Mapped[int | None] = mapped_column(ForeignKey("exam.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    code_blind: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    day: Mapped[date] = mapped_column(Date)
    due: Mapped[date] = mapped_column(Date)
    marks: Mapped[int] = mapped_column(Integer, default=0)
    extension_why: Mapped[str | None] = mapped_column(Text)
    extended: Mapped[bool] = mapped_column(Boolean, default=False)
    registered_at: Mapped[datetime] = mapped_column(UtcTime)
    assigned_at: Mapped[datetime | None] = mapped_column(UtcTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finding: Mapped[bytes | None] = mapped_column(LargeBinary)
    replied_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    satisfaction: Mapped[int | None] = mapped_column(Integer)
    remark: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint(
            "state IN ('registered','assigned','handled','replied','closed')", name="state"
        ),
        CheckConstraint("channel IN ('web','counter','phone','post','passed')", name="channel"),
        CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("due >= day", name="due"),
    )


class LetterAnswer(Base):
    """A version of the answer; a later one stands beside it and overwrites nothing."""

    __tablename__ = "letter_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("letter_id", "version"),)


class LetterDocument(Base):
    """A document handed in with a letter; the file lies sealed under `ref`."""

    __tablename__ = "letter_document"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    kind: Mapped[str] = mapped_column(String(4))
    sha256: Mapped[str] = mapped_column(String(64))


class LetterTask(Base):
    """A part of a case that the owner asks somebody of another section to do.

    `asked` and `done` are sealed texts; one that is not needed any more is dropped
    with a reason.
    """

    __tablename__ = "letter_task"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    due: Mapped[date] = mapped_column(Date)
    done: Mapped[bytes | None] = mapped_column(LargeBinary)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    dropped_why: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("(done IS NULL) = (done_at IS NULL)", name="done"),
        CheckConstraint("done IS NULL OR dropped_why IS NULL", name="dropped"),
    )


class Question(Base):
    """A question with its answer as the public reads it; `grams` are the words of its search."""

    __tablename__ = "question"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), unique=True)
    topic: Mapped[str] = mapped_column(String(16))
    asked: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    grams: Mapped[str] = mapped_column(Text)
    by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)
    why: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (CheckConstraint("(withdrawn_at IS NULL) = (why IS NULL)", name="withdrawn"),)
