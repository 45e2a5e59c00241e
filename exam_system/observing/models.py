"""Tables of observers: who they are, what they are invited to, every look, every remark; and the
hours that the office has planned."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Observer(Base):
    """Somebody who watches over exams from outside the office; `kind` is a code of kinds.json and
    `body` who sends them. The account is made when it is handed over."""

    __tablename__ = "observer"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(String(60))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), unique=True)
    __table_args__ = (UniqueConstraint("kind", "name", "body"),)


class ObserverInvitation(Base):
    """An observer is invited to an exam until the end of a day; put up first, then approved."""

    __tablename__ = "observer_invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    observer_id: Mapped[int] = mapped_column(ForeignKey("observer.id"), index=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    until: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcTime)
    approval: Mapped[str | None] = mapped_column(ForeignKey("approval.ref"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)
    why: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("state IN ('proposed','open','ended','withdrawn','dropped')", name="state"),
        CheckConstraint("(approval IS NULL) = (state IN ('proposed','dropped'))", name="approval"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        CheckConstraint("(state = 'withdrawn') = (why IS NOT NULL)", name="why"),
        Index(
            "uq_observer_invitation_open",
            "observer_id",
            "exam_id",
            unique=True,
            sqlite_where=text("state IN ('proposed','open')"),
            postgresql_where=text("state IN ('proposed','open')"),
        ),
    )


class ObserverLook(Base):
    """An observer opened a view of an exam."""

    __tablename__ = "observer_look"
    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("observer_invitation.id"), index=True)
    section: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcTime)


class ObserverRemark(Base):
    """What an observer wrote about an exam: a case like any other letter."""

    __tablename__ = "observer_remark"
    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("observer_invitation.id"), index=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), unique=True)
    at: Mapped[datetime] = mapped_column(UtcTime)


class PlannedDate(Base):
    """When something of an exam is going to be, as the office has announced it; `kind` is a key of
    planning.KINDS. One row for each kind: the log keeps what it said before."""

    __tablename__ = "planned_date"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    kind: Mapped[str] = mapped_column(String(16))
    begins_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    set_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    set_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("exam_id", "kind"),
        CheckConstraint("ends_at IS NULL OR ends_at > begins_at", name="times"),
    )
