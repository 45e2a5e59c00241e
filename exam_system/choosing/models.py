"""Tables of choosing places in order of score (选岗).

A session is held over one post of one published final list. Its state is nowhere but in its
events, which `scoring.post_choice` replays; the database itself refuses a place that is chosen
more often than it is free, a second choice of one person, and two events at one time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
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

_OPEN = text("state = 'open'")
_VALID = text("standing <> 'void'")


class ChoiceSession(Base):
    """A session in which the people of a post choose.

    `version` counts those of the exam that were closed; `document` and `note` are what was
    published then. One that a corrected final list overtook is `void`.
    """

    __tablename__ = "choice_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    version: Mapped[int | None] = mapped_column(Integer)
    release_id: Mapped[int] = mapped_column(Integer)
    release_stage: Mapped[str] = mapped_column(String(20), default="final")
    release_state: Mapped[str] = mapped_column(String(10), default="published")
    state: Mapped[str] = mapped_column(String(6))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    seconds: Mapped[int] = mapped_column(Integer)
    late_seconds: Mapped[int] = mapped_column(Integer)
    missed: Mapped[str] = mapped_column(String(8))
    left_out: Mapped[str] = mapped_column(Text)
    """JSON: [admission number, why, place] of each proposed person who does not choose here."""
    opened_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    document: Mapped[str | None] = mapped_column(Text)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("exam_id", "version"),
        Index(
            "uq_choice_session_open",
            "post_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        ForeignKeyConstraint(
            ["release_id", "exam_id", "release_stage", "release_state"],
            ["release.id", "release.exam_id", "release.stage", "release.state"],
            name="fk_choice_session_list",
        ),
        CheckConstraint(
            "release_stage = 'final' AND release_state = 'published'", name="published"
        ),
        CheckConstraint("state IN ('open','closed','void')", name="state"),
        CheckConstraint("missed IN ('gives_up','last')", name="missed"),
        CheckConstraint("seconds > 0 AND late_seconds >= 0", name="times"),
        CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL) AND (state = 'closed') = (note IS NOT "
            "NULL) AND (state = 'closed') = (document IS NOT NULL) AND (state = 'closed') = "
            "(version IS NOT NULL)",
            name="closed",
        ),
    )


class ChoicePlace(Base):
    """A place that is chosen in a session: announced for `announced` people, `free` for so many
    when the session was opened."""

    __tablename__ = "choice_place"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("choice_session.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    announced: Mapped[int] = mapped_column(Integer)
    free: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("session_id", "code"),
        UniqueConstraint("id", "session_id", "free"),
        CheckConstraint("free BETWEEN 0 AND announced", name="free"),
    )


class ChoiceTurn(Base):
    """Whose turn is where in the queue of a session; `lot`: the lot drawn among equal ranks."""

    __tablename__ = "choice_turn"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("choice_session.id"))
    position: Mapped[int] = mapped_column(Integer)
    application_id: Mapped[int] = mapped_column(Integer, index=True)
    proposed_id: Mapped[int] = mapped_column(Integer)
    rank: Mapped[int] = mapped_column(Integer)
    lot: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        UniqueConstraint("session_id", "application_id"),
        UniqueConstraint("id", "session_id", "application_id"),
        ForeignKeyConstraint(
            ["proposed_id", "application_id"],
            ["proposed.id", "proposed.application_id"],
            name="fk_choice_turn_proposed",
        ),
    )


class ChoiceProxy(Base):
    """Who may choose for somebody, with the sealed authorisation; named before the session."""

    __tablename__ = "choice_proxy"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(String(3))
    sha256: Mapped[str] = mapped_column(String(64))
    noted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        Index(
            "uq_choice_proxy_valid",
            "application_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("kind IN ('pdf','jpg')", name="kind"),
    )


class ChoiceEvent(Base):
    """What happened in a session, in the order of `seq`; `at` in whole seconds."""

    __tablename__ = "choice_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("choice_session.id"))
    seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcTime)
    turn_id: Mapped[int] = mapped_column(ForeignKey("choice_turn.id"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("choice_place.id"))
    proxy_id: Mapped[int | None] = mapped_column(ForeignKey("choice_proxy.id"))
    signature: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int | None] = mapped_column(Integer)
    """Of a correction: how many turns had ended before the one that is held anew."""
    present: Mapped[int | None] = mapped_column(Integer)
    why: Mapped[str | None] = mapped_column(Text)
    by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    __table_args__ = (
        UniqueConstraint("session_id", "seq"),
        CheckConstraint(
            "kind IN ('arrive','call','choose','withdraw','sign','confirm','absent','give_up',"
            "'overtime','reopen')",
            name="kind",
        ),
        CheckConstraint("(kind = 'choose') = (place_id IS NOT NULL)", name="place"),
        CheckConstraint("(kind = 'sign') = (signature IS NOT NULL)", name="signature"),
        CheckConstraint(
            "(kind = 'reopen') = (why IS NOT NULL) AND (kind = 'reopen') = (position IS NOT NULL)",
            name="why",
        ),
    )


class ChoicePick(Base):
    """A witnessed choice: `slot` is one of the free ones of its place, and nobody else's.

    `made` until the session is closed, then `closed`; `void` when a correction took it back.
    """

    __tablename__ = "choice_pick"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(Integer)
    turn_id: Mapped[int] = mapped_column(Integer)
    application_id: Mapped[int] = mapped_column(Integer)
    place_id: Mapped[int] = mapped_column(Integer)
    free: Mapped[int] = mapped_column(Integer)
    slot: Mapped[int] = mapped_column(Integer)
    standing: Mapped[str] = mapped_column(String(6))
    chosen_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("id", "application_id", "standing"),
        ForeignKeyConstraint(
            ["turn_id", "session_id", "application_id"],
            ["choice_turn.id", "choice_turn.session_id", "choice_turn.application_id"],
            name="fk_choice_pick_turn",
        ),
        ForeignKeyConstraint(
            ["place_id", "session_id", "free"],
            ["choice_place.id", "choice_place.session_id", "choice_place.free"],
            name="fk_choice_pick_place",
        ),
        *(
            Index(
                f"uq_choice_pick_{name}",
                *columns,
                unique=True,
                sqlite_where=_VALID,
                postgresql_where=_VALID,
            )
            for name, columns in (
                ("slot", ("place_id", "slot")),
                ("person", ("application_id",)),
            )
        ),
        CheckConstraint("slot BETWEEN 1 AND free", name="slot"),
        CheckConstraint("standing IN ('made','closed','void')", name="standing"),
    )
