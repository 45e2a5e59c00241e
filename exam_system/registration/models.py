"""Tables of registration: applications, absent reviewers, the register of barred people."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Application(Base):
    """A candidate's application for one post.

    `label` is the opaque name under which it takes part in draws; `number` the admission number,
    given by the draw of seats.
    """

    __tablename__ = "application"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    label: Mapped[str] = mapped_column(String(40), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"))
    education: Mapped[str] = mapped_column(String(10))
    major: Mapped[str] = mapped_column(String(80))
    school: Mapped[str] = mapped_column(String(120))
    employer: Mapped[str] = mapped_column(String(120))
    need: Mapped[str | None] = mapped_column(Text)
    """Why an accessible room is needed, None where it is not; an approval accepts it."""
    photo: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    checks: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    number: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    chosen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When another post was chosen because the first one was cancelled."""
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    """The reviewer whose case it is; None before it is submitted."""
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    review_due: Mapped[date | None] = mapped_column(Date)
    """The last day of the review; None while the holidays of its year are not announced."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ground: Mapped[str | None] = mapped_column(String(40))
    """The ground of the refusal, a code of the rule `refusal_grounds`."""
    batch: Mapped[str | None] = mapped_column(String(32))
    """What was decided in one go has one of these; None when it was decided by itself."""
    proposal: Mapped[str | None] = mapped_column(Text)
    """A first decision that waits for a second reviewer (JCS, see `reviewing.Proposal`)."""
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    refused_posts: Mapped[str | None] = mapped_column(Text)
    """Codes of posts, with spaces between, that were refused for more than something missing."""
    __table_args__ = (
        UniqueConstraint("exam_id", "person_id"),
        UniqueConstraint("exam_id", "number"),
        Index("ix_application_exam_state", "exam_id", "state"),
        Index("ix_application_exam_submitted", "exam_id", "submitted_at"),
        CheckConstraint(
            "state IN ('draft','submitted','second','approved','refused','paid','withdrawn',"
            "'choosing')",
            name="state",
        ),
        CheckConstraint("(state = 'second') = (proposal IS NOT NULL)", name="proposal"),
        CheckConstraint("proposed_by <> decided_by", name="two_reviewers"),
    )


class ReviewerAbsence(Base):
    """Days, both included, on which a reviewer does not work; the deputies act meanwhile."""

    __tablename__ = "reviewer_absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date] = mapped_column(Date)
    declared_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (CheckConstraint("begins <= ends", name="days"),)


class Barred(Base):
    """Somebody who may not take part in exams of a regime, and by which document.

    `id_blind` finds the person's accounts, before and after they exist. `ends` is None for life.
    `source` is how the entry came in: imported, or a decision of this office on a violation.
    """

    __tablename__ = "barred"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    id_blind: Mapped[str] = mapped_column(String(64), index=True)
    id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(64))
    regime: Mapped[str] = mapped_column(String(20))
    basis: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(10))
    approval: Mapped[str] = mapped_column(String(32))
    entered_at: Mapped[datetime] = mapped_column(UtcTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lifted_why: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint(
            "regime IN ('all','civil_service','police','health','institution','professional')",
            name="regime",
        ),
        CheckConstraint("source IN ('import','case')", name="source"),
        CheckConstraint("ends IS NULL OR begins <= ends", name="days"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_why IS NULL)", name="lifted"),
    )
