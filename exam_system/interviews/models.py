"""Tables of interviews: the pool, avoidance, panels, groups, places in the order, scores."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
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


class Interviewer(Base):
    """A certified interviewer of the pool (the pool belongs to no exam).

    `bureau` is the name of the key of another bureau from whose pool the row comes; `last_served`
    is what was told about service elsewhere, see `lookup.last_service`.
    """

    __tablename__ = "interviewer"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(40), unique=True)
    certificate: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str] = mapped_column(String(6))
    area_code: Mapped[str] = mapped_column(String(6))
    employer: Mapped[str] = mapped_column(String(120))
    chief: Mapped[bool] = mapped_column(Boolean)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), unique=True)
    trained_on: Mapped[date | None] = mapped_column(Date)
    last_served: Mapped[date | None] = mapped_column(Date)
    bureau: Mapped[str | None] = mapped_column(String(200), index=True)
    __table_args__ = (CheckConstraint("sex IN ('male','female')", name="sex"),)


class Incompatibility(Base):
    """Two interviewers who declared a relation to one another: never in one panel."""

    __tablename__ = "incompatibility"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="order"),
        CheckConstraint("relation IN ('kinship','employer','school','interest')", name="relation"),
    )


class Bureau(Base):
    """Another bureau whose signed pool may be taken in; `exported_at` of the newest one taken."""

    __tablename__ = "bureau"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    vkey: Mapped[str] = mapped_column(String(400))
    exported_at: Mapped[datetime | None] = mapped_column(UtcTime)
    digest: Mapped[str | None] = mapped_column(String(64))


class Avoidance(Base):
    """A declared relation between an interviewer and a candidate of an exam."""

    __tablename__ = "avoidance"
    id: Mapped[int] = mapped_column(primary_key=True)
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
    __table_args__ = (
        UniqueConstraint("interviewer_id", "application_id"),
        CheckConstraint("relation IN ('kinship','employer','school','interest')", name="relation"),
    )


class Panel(Base):
    """The interviewers of one interview room."""

    __tablename__ = "panel"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    code: Mapped[str] = mapped_column(String(10))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    begins_at: Mapped[datetime | None] = mapped_column(UtcTime)
    locked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When the roll was called and the waiting room locked: whoever is not there is out."""
    __table_args__ = (
        UniqueConstraint("exam_id", "code"),
        UniqueConstraint("exam_id", "room_id"),
        CheckConstraint("state IN ('waiting','open','closed')", name="state"),
    )


class PanelSeat(Base):
    """A drawn interviewer's place in a panel; place 1 is the chief interviewer."""

    __tablename__ = "panel_seat"
    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"))
    place: Mapped[int] = mapped_column(Integer)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    __table_args__ = (
        UniqueConstraint("panel_id", "place"),
        UniqueConstraint("panel_id", "interviewer_id"),
    )


class PanelReserve(Base):
    """A drawn reserve: the role and the place in the line in which reserves are called."""

    __tablename__ = "panel_reserve"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"))
    role: Mapped[str] = mapped_column(String(20))
    place: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("exam_id", "interviewer_id"),
        UniqueConstraint("exam_id", "place"),
    )


class PanelAbsence(Base):
    """A drawn interviewer or reserve (`panel_seat_id` None) who cannot serve, and who came instead.

    The seat of a panel passes to the substitute; scores entered before `replaced_at` are those of
    the one who left.
    """

    __tablename__ = "panel_absence"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewer.id"))
    panel_seat_id: Mapped[int | None] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    cause: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("interviewer.id"))
    replaced_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("exam_id", "interviewer_id"),
        CheckConstraint("cause IN ('absent','avoidance')", name="cause"),
        CheckConstraint("(substitute_id IS NULL) = (replaced_at IS NULL)", name="replaced"),
    )


class InterviewGroup(Base):
    """Candidates who are heard by one panel: of one or several posts, or a part of a large one."""

    __tablename__ = "interview_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    code: Mapped[str] = mapped_column(String(10))
    panel_id: Mapped[int | None] = mapped_column(ForeignKey("panel.id"))
    __table_args__ = (UniqueConstraint("exam_id", "code"),)


class Interview(Base):
    """One candidate's interview: group, place in the drawn order, state, result."""

    __tablename__ = "interview"
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("interview_group.id"), index=True)
    turn: Mapped[int | None] = mapped_column(Integer)
    """In a double draw, who draws first."""
    place: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    result: Mapped[str] = mapped_column(String(12), default="")
    dropped: Mapped[str] = mapped_column(Text, default="")
    shown_at: Mapped[datetime | None] = mapped_column(UtcTime)
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    arrived_at: Mapped[datetime | None] = mapped_column(UtcTime)
    late: Mapped[bool | None] = mapped_column(Boolean)
    signature: Mapped[str | None] = mapped_column(Text)
    """Lines that the candidate drew on the device, or "paper"; of the note of `note_id`."""
    signed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("group_id", "place"),
        UniqueConstraint("group_id", "turn"),
        CheckConstraint("state IN ('waiting','called','scored','absent')", name="state"),
    )


class InterviewScore(Base):
    """One interviewer's score of one candidate, a decimal number as text.

    `sheet`: the marks of the elements, in their order, between spaces. `client`: the id that the
    interviewer's tablet gave the sheet, so that one sent twice is taken in once.
    """

    __tablename__ = "interview_score"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("interview.application_id"))
    panel_seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    score: Mapped[str] = mapped_column(String(12))
    entered_at: Mapped[datetime] = mapped_column(UtcTime)
    sheet: Mapped[str | None] = mapped_column(Text)
    client: Mapped[str | None] = mapped_column(String(36))
    __table_args__ = (
        UniqueConstraint("application_id", "panel_seat_id"),
        UniqueConstraint("client"),
    )


class ScoreCorrection(Base):
    """A score that two people put right after it was entered; what stood before stays readable."""

    __tablename__ = "score_correction"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("interview.application_id"), index=True)
    panel_seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(200))
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    """The note that was signed of the scores before."""
    corrected_at: Mapped[datetime] = mapped_column(UtcTime)


class Lots(Base):
    """The sealed envelopes of one group: the list, the commitment and, once opened, the secret.

    `secret` and `result` stay empty until then. At most one attempt of a group is not void.
    """

    __tablename__ = "lots"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("interview_group.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    listed: Mapped[str] = mapped_column(Text)
    list_digest: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[str] = mapped_column(Text, default="")
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    committed_at: Mapped[datetime] = mapped_column(UtcTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("group_id", "number"),
        Index(
            "uq_lots_open",
            "group_id",
            unique=True,
            sqlite_where=text("state <> 'void'"),
            postgresql_where=text("state <> 'void'"),
        ),
        CheckConstraint("state IN ('committed','opened','published','void')", name="state"),
    )


class LotPick(Base):
    """Somebody's turn: the number of the envelope they took, None when they were not there."""

    __tablename__ = "lot_pick"
    id: Mapped[int] = mapped_column(primary_key=True)
    lots_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    turn: Mapped[int] = mapped_column(Integer)
    application_id: Mapped[int] = mapped_column(ForeignKey("interview.application_id"))
    envelope: Mapped[int | None] = mapped_column(Integer)
    picked_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("lots_id", "turn"),
        UniqueConstraint("lots_id", "envelope"),
        UniqueConstraint("lots_id", "application_id"),
        CheckConstraint("envelope > 0", name="envelope"),
    )
