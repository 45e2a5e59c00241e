"""Tables of the log, of signed notes and of releases."""

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


class Act(Base):
    """One act; `entry` holds the very bytes that become the leaf. Never changed, never deleted."""

    __tablename__ = "act"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80), index=True)
    exam: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    actor: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    entry: Mapped[bytes] = mapped_column(LargeBinary)


class ActDetail(Base):
    """Salt and details behind an act's payload digest; may be erased without touching the log."""

    __tablename__ = "act_detail"
    act_id: Mapped[int] = mapped_column(ForeignKey("act.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    details: Mapped[str] = mapped_column(Text)


class ActRows(Base):
    """What one transaction did to the rows of one table, under its last act (records/rows.py).

    `lines` name each row by its key and give the digest that `exam log audit` compares.
    """

    __tablename__ = "act_rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("act.id"))
    table_name: Mapped[str] = mapped_column(String(40), index=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    lines: Mapped[str] = mapped_column(Text)
    __table_args__ = (UniqueConstraint("act_id", "table_name"),)


class Leaf(Base):
    """The place of an act in the tree, given by the sequencer. Never changed, never deleted."""

    __tablename__ = "leaf"
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    act_id: Mapped[int] = mapped_column(ForeignKey("act.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Head(Base):
    """A signed head of the log (its checkpoint is a note)."""

    __tablename__ = "head"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"), unique=True)


class Note(Base):
    """A signed text: checkpoint, draw result, publication, root of results."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(160))
    exam: Mapped[str] = mapped_column(String(40), index=True)
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('checkpoint','draw','publication','root','interview','statement')",
            name="purpose",
        ),
    )


class NoteSignature(Base):
    """One signature line under a note; a key that replaced another may add its own."""

    __tablename__ = "note_signature"
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"), index=True)
    key_name: Mapped[str] = mapped_column(String(160))
    line: Mapped[str] = mapped_column(Text)
    __table_args__ = (UniqueConstraint("note_id", "line"),)


class RoleKey(Base):
    """A public key that signs for a role, or did until it was retired.

    `retired_size` is the size of the log then, `retired_line` the line of keys.txt that says so.
    """

    __tablename__ = "role_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(160))
    vkey: Mapped[str] = mapped_column(Text, unique=True)
    retired_at: Mapped[datetime | None] = mapped_column(UtcTime)
    retired_size: Mapped[int | None] = mapped_column(Integer)
    retired_line: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (
        CheckConstraint("role IN ('log','publisher','officer','inspector')", name="role"),
    )


class Release(Base):
    """A numbered, signed publication of one exam's chain."""

    __tablename__ = "release"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    chain: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    rules_digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    root_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    prepared_at: Mapped[datetime] = mapped_column(UtcTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    inputs: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what the list was computed from; None where nothing was computed."""
    publish_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """The announced minute: never published before it."""
    armed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """Whose act the publication at that minute is."""
    late: Mapped[int | None] = mapped_column(Integer)
    """Whole seconds after the announced minute at which it was published."""
    __table_args__ = (
        UniqueConstraint("exam_id", "chain", "version"),
        CheckConstraint("state IN ('draft','published')", name="state"),
        Index("uq_release_as_published", "id", "exam_id", "stage", "state", unique=True),
        Index(
            "uq_release_draft",
            "exam_id",
            "chain",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )


class ReleaseFile(Base):
    """The exact bytes of one file of a release, kept so that the folder can be written again."""

    __tablename__ = "release_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (UniqueConstraint("release_id", "name"),)


class ReleaseRecord(Base):
    """One candidate's line of records.jsonl, so that a slip can be handed out."""

    __tablename__ = "release_record"
    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    line: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("release_id", "position"),
        UniqueConstraint("release_id", "application_id"),
    )
