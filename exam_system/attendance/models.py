"""Tables of the exam day: staff of the sites, marks of the sign-in, rooms' steps and statements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class SiteStaff(Base):
    """Somebody on duty on the exam day who watches no room: at a site, a district, or (neither of
    both) the headquarters. `office` is the unit or group they belong to."""

    __tablename__ = "site_staff"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    district_id: Mapped[int | None] = mapped_column(ForeignKey("district.id"))
    staff_no: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(64))
    office: Mapped[str] = mapped_column(String(60))
    function: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    __table_args__ = (
        UniqueConstraint("exam_id", "staff_no"),
        CheckConstraint(
            "function IN ('head','staff','custodian','supervisor','expert')", name="function"
        ),
        CheckConstraint("site_id IS NULL OR district_id IS NOT NULL", name="place"),
    )


class Mark(Base):
    """What somebody noted of a candidate at the door or in the room; no mark is ever changed.

    `client` was made by the phone, so that what is sent twice is kept once. `kind`: "present",
    "absent", or "elsewhere" (came to this room but sits in another one, `found`: by themselves
    early, "told", or by the invigilator at the desk, "found"). `outcome`: "counts"; "late" and
    "early" where the rules forbid the mark; "after" where the room was closed already.
    `replaces` are the `client`s, by blanks, of the marks that it corrects; with `settles` it stands
    for all before it.
    `scanned_at` is when it was made, by this server's clock, `offline` whether it was sent later.
    """

    __tablename__ = "attendance_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    client: Mapped[str] = mapped_column(String(36), unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    kind: Mapped[str] = mapped_column(String(10))
    found: Mapped[str | None] = mapped_column(String(6))
    outcome: Mapped[str] = mapped_column(String(8))
    doubt: Mapped[str | None] = mapped_column(Text)
    replaces: Mapped[str | None] = mapped_column(Text)
    settles: Mapped[bool | None] = mapped_column(Boolean)
    offline: Mapped[bool] = mapped_column(Boolean)
    scanned_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    __table_args__ = (
        Index("ix_attendance_mark_session_id_application_id", "session_id", "application_id"),
        Index("ix_attendance_mark_session_id_room_id", "session_id", "room_id"),
        CheckConstraint("kind IN ('present','absent','elsewhere')", name="kind"),
        CheckConstraint("outcome IN ('counts','late','early','after')", name="outcome"),
        CheckConstraint("(kind = 'elsewhere') = (found IS NOT NULL)", name="found"),
    )


class Attendance(Base):
    """What the marks of a candidate in one session come to; written with every mark.

    `state` is "present", "absent", or "late" (came after the time of entry and was not let in).
    `disputed`: marks differ and the head of the site has not settled it.
    """

    __tablename__ = "attendance"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    state: Mapped[str] = mapped_column(String(8))
    disputed: Mapped[bool] = mapped_column(Boolean)
    __table_args__ = (
        UniqueConstraint("session_id", "application_id"),
        Index("ix_attendance_session_id_room_id", "session_id", "room_id"),
        CheckConstraint("state IN ('present','absent','late')", name="state"),
    )


class RoomStep(Base):
    """A step of a room in a session, in their order: papers received, opened, packed.

    `papers`: how many papers were received, or answer sheets packed; None when bags were opened.
    """

    __tablename__ = "room_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    step: Mapped[str] = mapped_column(String(8))
    papers: Mapped[int | None] = mapped_column(Integer)
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    __table_args__ = (
        UniqueConstraint("session_id", "room_id", "step"),
        CheckConstraint("step IN ('received','opened','packed')", name="step"),
        CheckConstraint("papers >= 0", name="papers"),
        CheckConstraint("(step = 'opened') = (papers IS NULL)", name="counted"),
    )


class Statement(Base):
    """The attendance of a room in a session as both of its invigilators sign it.

    The second signature is of the same `document` (JCS) and freezes it.
    """

    __tablename__ = "attendance_statement"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    first_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    first_at: Mapped[datetime] = mapped_column(UtcTime)
    second_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    second_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("session_id", "room_id"),
        CheckConstraint("(second_id IS NULL) = (second_at IS NULL)", name="second"),
        CheckConstraint("second_id <> first_id", name="people"),
    )
