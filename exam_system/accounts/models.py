"""Tables of accounts and login sessions."""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Account(Base):
    """Somebody who can log in; exactly one role each."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint(
            "role IN ('candidate','officer','reviewer','marker','interviewer','inspector','admin')",
            name="role",
        ),
    )


class Person(Base):
    """Who a candidate is; ID number and phone are sealed, the former found by its blind value."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str] = mapped_column(String(6))
    birth: Mapped[date] = mapped_column(Date)
    id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_blind: Mapped[str] = mapped_column(String(64), unique=True)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (CheckConstraint("sex IN ('male','female')", name="sex"),)


class LoginSession(Base):
    """One login; the cookie carries a token whose digest stands here."""

    __tablename__ = "login_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class LoginFailure(Base):
    """How often a login name failed lately; slows guessing down without locking anybody out."""

    __tablename__ = "login_failure"
    name_blind: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    wait_until: Mapped[datetime] = mapped_column(UtcTime)
