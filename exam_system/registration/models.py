"""Tables of registration: one application a person and exam."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
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
    __table_args__ = (
        UniqueConstraint("exam_id", "person_id"),
        UniqueConstraint("exam_id", "number"),
        Index("ix_application_exam_state", "exam_id", "state"),
        CheckConstraint(
            "state IN ('draft','submitted','approved','refused','paid','withdrawn','choosing')",
            name="state",
        ),
    )
