"""Tables of what happened to the places of a post: losses, offers, corrected lists."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class PlaceFollow(Base):
    """The places were brought in line with a corrected final list, by two people, and why.

    What happened before was written anew under the ranks of that list: the events that count are
    those of the newest row here.
    """

    __tablename__ = "place_follow"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    release_id: Mapped[int] = mapped_column(Integer, unique=True)
    release_stage: Mapped[str] = mapped_column(String(20), default="final")
    release_state: Mapped[str] = mapped_column(String(10), default="published")
    why: Mapped[str] = mapped_column(Text)
    told: Mapped[str] = mapped_column(Text)
    """JSON: [admission number, what became of it, rank before, rank after] of whom it changed."""
    by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_place_follow_list",
        ),
        CheckConstraint(
            "release_stage = 'final' AND release_state = 'published'", name="published"
        ),
    )


class PlaceEvent(Base):
    """What happened to the places of a post, in the order of `id`; offers follow from it.

    `follow_id` None: under the first final list.
    """

    __tablename__ = "place_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    kind: Mapped[str] = mapped_column(String(10))
    stage: Mapped[str] = mapped_column(String(12))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)
    follow_id: Mapped[int | None] = mapped_column(ForeignKey("place_follow.id"))
    __table_args__ = (
        CheckConstraint("kind IN ('lost','accepted','declined','expired')", name="kind"),
        CheckConstraint(
            "stage IN ('','medical','background','giving_up','notice','appointment')", name="stage"
        ),
    )


class PlaceOffer(Base):
    """An offer of a lost place to the next rank; `due` is the last day of its answer.

    `withdrawn`: by the corrected final list the place is not theirs to be offered.
    """

    __tablename__ = "place_offer"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    instead_of: Mapped[int] = mapped_column(ForeignKey("application.id"))
    stage: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    due: Mapped[date] = mapped_column(Date)
    answer: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("id", "application_id", "answer"),
        CheckConstraint("answer IN ('accepted','declined','expired','withdrawn')", name="answer"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    )
