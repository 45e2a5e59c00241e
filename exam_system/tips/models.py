"""Tables of anonymous reports: ciphertext, digests and days, nothing about who and when."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base


class SealingKey(Base):
    """The X25519 key of an inspector; `note` is the inspector's signature over it."""

    __tablename__ = "sealing_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160), unique=True)
    key: Mapped[str] = mapped_column(String(44))
    note: Mapped[str] = mapped_column(Text)


class ArrivedTip(Base):
    """A report of today, waiting for its place in the log.

    Entered on a later day among all reports of its day: an act written at once would stand between
    two acts with exact times, and tell when it came.
    """

    __tablename__ = "tip_arrived"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    lookup: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(Integer)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Tip(Base):
    """A report that the log knows; `number` counts all of them without a gap."""

    __tablename__ = "tip"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    lookup: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(Integer)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class TipAnswer(Base):
    """An inspector's answer, sealed to the key that follows from the receipt."""

    __tablename__ = "tip_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    lookup: Mapped[str] = mapped_column(String(64), index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
