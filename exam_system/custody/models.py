"""Tables of custody: bags, hand-overs and their signers, deeds by two, spares, devices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
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


class Bag(Base):
    """A sealed bag of one session: papers or answer sheets of a room, or a district's duty paper.

    `papers` and `spares` are what it holds; `seal` the number of the seal that closes it now.
    `issued`, `blank` and `unused` (spares) are the counts with which it was packed.
    """

    __tablename__ = "custody_bag"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"), index=True)
    barcode: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), index=True)
    papers: Mapped[int] = mapped_column(Integer)
    spares: Mapped[int] = mapped_column(Integer)
    seal: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    packed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    issued: Mapped[int | None] = mapped_column(Integer)
    blank: Mapped[int | None] = mapped_column(Integer)
    unused: Mapped[int | None] = mapped_column(Integer)
    broken_at: Mapped[datetime | None] = mapped_column(UtcTime)
    broken_why: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("exam_id", "barcode"),
        CheckConstraint("kind IN ('paper','answer','duty')", name="kind"),
        CheckConstraint("(kind = 'duty') = (room_id IS NULL)", name="room"),
        CheckConstraint("papers > 0 AND spares >= 0", name="contents"),
        CheckConstraint(
            "state IN ('secrecy','escort','site','room','opened','packed','returned','centre',"
            "'destroyed')",
            name="state",
        ),
        CheckConstraint("issued + blank + unused <= papers + spares", name="counts"),
        CheckConstraint("packed_at >= opened_at", name="times"),
    )


class HandOver(Base):
    """Bags pass from one place to the next; it counts (`done_at`) once everybody has signed.

    `sheet` is the digest of the photo of the sheet that those without an account signed by hand.
    """

    __tablename__ = "custody_handover"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    begun_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    begun_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcTime)
    why: Mapped[str | None] = mapped_column(Text)
    sheet: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (
        CheckConstraint("step IN ('escort','site','room','returned','centre')", name="step"),
        CheckConstraint("done_at IS NULL OR dropped_at IS NULL", name="end"),
        CheckConstraint("(dropped_at IS NULL) = (why IS NULL)", name="why"),
    )


class HandedBag(Base):
    """A bag of a hand-over. The database lets a bag make each step once; dropped ones are void."""

    __tablename__ = "custody_handed"
    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("custody_handover.id"), index=True)
    bag_id: Mapped[int] = mapped_column(ForeignKey("custody_bag.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))
    void: Mapped[int | None] = mapped_column(Integer)
    """1 when its hand-over was dropped."""
    __table_args__ = (
        Index(
            "uq_custody_handed_step",
            *("bag_id", "step"),
            unique=True,
            sqlite_where=text("void IS NULL"),
            postgresql_where=text("void IS NULL"),
        ),
    )


class HandSigner(Base):
    """Somebody who must sign a hand-over; without an account they sign on the sheet."""

    __tablename__ = "custody_signer"
    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("custody_handover.id"), index=True)
    party: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(64))
    office: Mapped[str] = mapped_column(String(120))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    signed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("handover_id", "account_id"),
        Index(
            "uq_custody_signer_paper",
            *("handover_id", "name", "office"),
            unique=True,
            sqlite_where=text("account_id IS NULL"),
            postgresql_where=text("account_id IS NULL"),
        ),
        CheckConstraint("party IN ('giver','receiver','supervisor')", name="party"),
    )


class Deed(Base):
    """What two people do with a bag: each says the same (`said`, JCS), the second completes it."""

    __tablename__ = "custody_deed"
    id: Mapped[int] = mapped_column(primary_key=True)
    bag_id: Mapped[int] = mapped_column(ForeignKey("custody_bag.id"))
    kind: Mapped[str] = mapped_column(String(10))
    said: Mapped[str] = mapped_column(Text)
    first_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    first_at: Mapped[datetime] = mapped_column(UtcTime)
    second_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    second_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("bag_id", "kind"),
        CheckConstraint("kind IN ('opened','packed','destroyed')", name="kind"),
        CheckConstraint("first_by <> second_by", name="two"),
        CheckConstraint("(second_by IS NULL) = (second_at IS NULL)", name="second"),
    )


class Permission(Base):
    """Leave that the office gave for one bag: a spare, a duty paper, or a bag whose seal broke."""

    __tablename__ = "custody_permission"
    id: Mapped[int] = mapped_column(primary_key=True)
    bag_id: Mapped[int] = mapped_column(ForeignKey("custody_bag.id"), index=True)
    what: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcTime)
    approval: Mapped[str] = mapped_column(ForeignKey("approval.ref"), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (CheckConstraint("what IN ('spare','duty','broken')", name="what"),)


class UsedSpare(Base):
    """A spare paper that was opened: for a faulty one (with its photo), or for one too few."""

    __tablename__ = "custody_spare"
    id: Mapped[int] = mapped_column(primary_key=True)
    bag_id: Mapped[int] = mapped_column(ForeignKey("custody_bag.id"), index=True)
    permission_id: Mapped[int] = mapped_column(ForeignKey("custody_permission.id"), unique=True)
    seat: Mapped[int] = mapped_column(Integer)
    cause: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    photo: Mapped[str | None] = mapped_column(String(64))
    used_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    used_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("cause IN ('faulty','missing')", name="cause"),
        CheckConstraint("cause <> 'faulty' OR photo IS NOT NULL", name="photo"),
        CheckConstraint("seat > 0", name="seat"),
    )


class Statement(Base):
    """The signed counts of a session; `note` holds the bytes of the published file."""

    __tablename__ = "custody_statement"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"), unique=True)
    note: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime] = mapped_column(UtcTime)


class Specialist(Base):
    """Somebody who sets or marks papers, with the area they come from (GB/T 2260)."""

    __tablename__ = "custody_specialist"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    employer: Mapped[str] = mapped_column(String(120))
    area_code: Mapped[str] = mapped_column(String(6))


class Assignment(Base):
    """A specialist sets or marks a subject of an exam."""

    __tablename__ = "custody_assignment"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    specialist_id: Mapped[int] = mapped_column(ForeignKey("custody_specialist.id"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    task: Mapped[str] = mapped_column(String(10))
    __table_args__ = (
        UniqueConstraint("exam_id", "specialist_id", "subject", "task"),
        CheckConstraint("task IN ('sets','marks')", name="task"),
    )


class Device(Base):
    """A detector of phones or a jammer, and the room it stands in."""

    __tablename__ = "custody_device"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    serial: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    __table_args__ = (
        UniqueConstraint("exam_id", "serial"),
        CheckConstraint("kind IN ('detector','jammer')", name="kind"),
    )


class DeviceNote(Base):
    """What somebody noted of a device in a session."""

    __tablename__ = "custody_device_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("custody_device.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("exam_session.id"))
    what: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(Text)
    noted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (CheckConstraint("what IN ('works','fails','on','off','alarm')", name="what"),)
