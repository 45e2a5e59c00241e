"""Tables of duty sheets, integrity pledges, red lines and the register of accountability."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class DutySheet(Base):
    """A later version of a post's duty sheet; `document` is what it says (JCS). It holds from the
    day on which it was published. The first version of each comes with the program."""

    __tablename__ = "duty_sheet"
    id: Mapped[int] = mapped_column(primary_key=True)
    post: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    drafted_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    drafted_at: Mapped[datetime] = mapped_column(UtcTime)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("post", "version"),
        CheckConstraint("(published_by IS NULL) = (published_at IS NULL)", name="published"),
    )


class PledgeText(Base):
    """A later version of a role's integrity pledge; the first comes with the program."""

    __tablename__ = "pledge_text"
    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("role", "version"),)


class Pledge(Base):
    """Who signed which text, and with what they proved that it was them."""

    __tablename__ = "pledge"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    proof: Mapped[str] = mapped_column(String(10))
    signed_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("account_id", "digest"),
        CheckConstraint("proof IN ('password','totp','passkey')", name="proof"),
    )


class RedLineRules(Base):
    """A later version of the red lines; the first comes with the program (lines.json)."""

    __tablename__ = "red_line_rules"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, unique=True)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    set_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    set_at: Mapped[datetime] = mapped_column(UtcTime)


class RedLineMark(Base):
    """How far the log is checked: the one row has the number of its leaves that were looked at."""

    __tablename__ = "red_line_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    checked_at: Mapped[datetime] = mapped_column(UtcTime)


class RedLineCase(Base):
    """A finding on the inspector's desk, once for each key: `acts` (JSON) are the ids that prove
    it, `facts` (JSON) the values of its sentence, `account_id` whom it concerns."""

    __tablename__ = "red_line_case"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    key: Mapped[str] = mapped_column(String(16), unique=True)
    line: Mapped[str] = mapped_column(String(10))
    exam: Mapped[str] = mapped_column(String(40))
    post: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    acts: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(UtcTime)
    found_at: Mapped[datetime] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(10), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("line IN ('alone','relation','scores','sealed','export')", name="line"),
        CheckConstraint("state IN ('open','confirmed','unfounded')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("decided_by <> account_id", name="another"),
    )


class Accountability(Base):
    """A measure against a member of staff: for a confirmed finding or a letter answered late."""

    __tablename__ = "accountability"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    source: Mapped[str] = mapped_column(String(10))
    about: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    measure: Mapped[str] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("source", "about"),
        CheckConstraint("source IN ('line','letter')", name="source"),
        CheckConstraint(
            "measure IN ('education','talk','criticism','suspension','transfer','discipline')",
            name="measure",
        ),
        CheckConstraint("decided_by <> account_id", name="another"),
    )
