"""Tables of accounts and login sessions."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Account(Base):
    """Somebody who can log in; exactly one role each. Staff belong to an office."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    office: Mapped[str | None] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint(
            "role IN ('candidate','officer','reviewer','marker','interviewer','inspector','admin',"
            "'auditor')",
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


class SecondFactor(Base):
    """Something a member of staff has besides the password; counts once it is confirmed.

    `sealed`: of a TOTP its secret, of a passkey the random of its registration. `last_step` is the
    30-second step of the newest code that was used: none counts twice.
    """

    __tablename__ = "second_factor"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(60))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(Integer)
    credential: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sign_count: Mapped[int | None] = mapped_column(Integer)
    added_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        Index(
            "uq_second_factor_totp",
            "account_id",
            unique=True,
            sqlite_where=text("kind = 'totp'"),
            postgresql_where=text("kind = 'totp'"),
        ),
        CheckConstraint("kind IN ('totp','passkey')", name="kind"),
        CheckConstraint(
            "kind <> 'passkey' OR confirmed_at IS NULL OR "
            "(credential IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL)",
            name="passkey",
        ),
    )
