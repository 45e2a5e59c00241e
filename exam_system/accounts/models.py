"""Tables of accounts and login sessions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
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

from exam_system.access import PLEDGED
from exam_system.database import Base, UtcTime


class Account(Base):
    """Somebody who can log in; exactly one role each. Staff belong to an office.

    `pledge` is the digest of the integrity pledge that a member of staff has signed; without it
    the role is not active (see `duties`), and a new text empties it.
    """

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16), index=True)
    office: Mapped[str | None] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(Text)
    pledge: Mapped[str | None] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint(
            "role IN ('candidate','officer','reviewer','marker','interviewer','inspector','admin',"
            "'auditor','invigilator','site','grader','observer')",
            name="role",
        ),
    )


def is_staff() -> ColumnElement[bool]:
    """Accounts of staff, by name of their roles: an index finds few among very many candidates."""
    return Account.role.in_(sorted(role.value for role in PLEDGED))


class Person(Base):
    """Who a candidate is; ID number and phone are sealed, and found by their blind values.

    `phone_blind` is None in rows from before it was kept (see finding.index_phones).
    """

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    sex: Mapped[str] = mapped_column(String(6))
    birth: Mapped[date] = mapped_column(Date)
    id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_blind: Mapped[str] = mapped_column(String(64), unique=True)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    __table_args__ = (CheckConstraint("sex IN ('male','female')", name="sex"),)


class LoginSession(Base):
    """One login; the cookie carries a token whose digest stands here.

    `waits` says what is still to come before it lets in: "factor", "consent"; None when it does.
    """

    __tablename__ = "login_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    waits: Mapped[str | None] = mapped_column(String(8))
    __table_args__ = (CheckConstraint("waits IN ('factor','consent')", name="waits"),)


class LoginFailure(Base):
    """What is counted under a keyed digest for a while: failures of a login name or from a part of
    the network, requests from there, a proof of work that is spent. Slows down, locks nobody out.
    """

    __tablename__ = "login_failure"
    name_blind: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    wait_until: Mapped[datetime] = mapped_column(UtcTime, index=True)


class SecondFactor(Base):
    """Something somebody has besides the password; counts once it is confirmed.

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


class Signup(Base):
    """Somebody asked to be registered; the first login with the password makes the account.

    Stored alike whether the number is free or not. `sealed` is JSON: name, ID number, phone;
    `agreed` the digests of the texts that were agreed to, by blanks.
    """

    __tablename__ = "signup"
    id_blind: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    password_hash: Mapped[str] = mapped_column(Text)
    agreed: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class ConsentText(Base):
    """A text on personal data that candidates agree to; the first version of each is in a file."""

    __tablename__ = "consent_text"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("kind", "version"),
        CheckConstraint("kind IN ('registration','sensitive')", name="kind"),
        CheckConstraint("version > 1", name="version"),
    )


class Consent(Base):
    """A candidate agreed to texts, each ticked by itself; `texts` are their digests by blanks."""

    __tablename__ = "consent"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    texts: Mapped[str] = mapped_column(Text)
    agreed_at: Mapped[datetime] = mapped_column(UtcTime)


class Takeover(Base):
    """Somebody says that an ID number is theirs whose account is not, or is lost to them.

    `claim`: "stranger" (somebody else registered it) or "lost" (password or second factor).
    `sealed` is JSON: ID number, name, phone; `files` the SHA-256 of the sealed pictures by blanks.
    `code_blind` is of the pick-up code. `before` (sealed JSON) keeps what a grant replaced.
    """

    __tablename__ = "takeover"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    claim: Mapped[str] = mapped_column(String(8))
    id_blind: Mapped[str] = mapped_column(String(64), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    files: Mapped[str] = mapped_column(Text)
    agreed: Mapped[str] = mapped_column(Text)
    code_blind: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    before: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint("claim IN ('stranger','lost')", name="claim"),
        CheckConstraint("state IN ('waiting','granted','refused','done')", name="state"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(state = 'refused') = (reason <> '')", name="reason"),
        CheckConstraint(
            "(state IN ('granted','done')) = (account_id IS NOT NULL)", name="account_id"
        ),
    )
