"""Tables of blind marking: scripts by number only, markers, marks, keys, sheets.

Nothing here joins a script's number with a candidate before marking closes: `script` knows neither
application nor seat. What does join them is sealed in `script_seal`.
"""

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


class ScriptSeal(Base):
    """The key behind the numbers of an exam's scripts: committed to, and sealed to the inspectors.

    `secret` (hex) stays empty until an inspector hands it in, which closes marking.
    """

    __tablename__ = "script_seal"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), unique=True)
    commitment: Mapped[str] = mapped_column(String(64))
    box: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[str] = mapped_column(String(64), default="")
    sealed_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint("(secret = '') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("secret = '' OR length(secret) = 64", name="secret"),
    )


class Script(Base):
    """One candidate's script of one subject, by its number; rows are made in order of numbers.

    `arrived_at`: when the scripts were counted in; None while (or where) there is none.
    """

    __tablename__ = "script"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    subject: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(12))
    arrived_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("exam_id", "number"),)


class Marker(Base):
    """Somebody who marks scripts of an exam; `label` is what pages and files call them.

    `marking_group_id`: the place to which bundles were drawn, None where none are. `out_at`: since
    when they mark no more; the marks that they gave stay.
    """

    __tablename__ = "marker"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    label: Mapped[str] = mapped_column(String(8))
    certificate: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(64))
    employer: Mapped[str] = mapped_column(String(120))
    area_code: Mapped[str] = mapped_column(String(6))
    marking_group_id: Mapped[int | None] = mapped_column(ForeignKey("marking_group.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    out_at: Mapped[datetime | None] = mapped_column(UtcTime)
    out_reason: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (
        UniqueConstraint("exam_id", "label"),
        UniqueConstraint("exam_id", "certificate"),
        UniqueConstraint("exam_id", "account_id"),
    )


class MarkerConflict(Base):
    """A declared relation between a marker and a candidate: never on one script."""

    __tablename__ = "marker_conflict"
    id: Mapped[int] = mapped_column(primary_key=True)
    marker_id: Mapped[int] = mapped_column(ForeignKey("marker.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    relation: Mapped[str] = mapped_column(String(120))
    __table_args__ = (UniqueConstraint("marker_id", "application_id"),)


class ScriptMark(Base):
    """One marker's mark of one question of one script; `mark` None until it is given.

    Turns 1 and 2 are open from the beginning, 3 (`opened_at`) once the two lie too far apart.
    """

    __tablename__ = "script_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("script.id"))
    question: Mapped[str] = mapped_column(String(10))
    turn: Mapped[int] = mapped_column(Integer)
    marker_id: Mapped[int] = mapped_column(ForeignKey("marker.id"), index=True)
    mark: Mapped[str | None] = mapped_column(String(12))
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    marked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("script_id", "question", "turn"),
        UniqueConstraint("script_id", "question", "marker_id"),
        CheckConstraint("turn IN (1,2,3)", name="turn"),
        CheckConstraint("(mark IS NULL) = (marked_at IS NULL)", name="marked"),
        CheckConstraint("mark IS NULL OR opened_at IS NOT NULL", name="opened"),
    )


class ScriptReserve(Base):
    """Who marks a question of a script when one of its markers drops out: by place, each once."""

    __tablename__ = "script_reserve"
    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("script.id"))
    question: Mapped[str] = mapped_column(String(10))
    place: Mapped[int] = mapped_column(Integer)
    marker_id: Mapped[int] = mapped_column(ForeignKey("marker.id"))
    __table_args__ = (
        UniqueConstraint("script_id", "question", "place"),
        UniqueConstraint("script_id", "question", "marker_id"),
    )


class AnswerKey(Base):
    """A version of the key of an objective question; `items` is the JCS of what each item earns.

    `form`: of which paper form it is the key, from 1; None: of all. `changed`: of how many sheets
    the mark became another one; `note_id` the signed note about it.
    """

    __tablename__ = "answer_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    question: Mapped[str] = mapped_column(String(10))
    form: Mapped[int | None] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    items: Mapped[str] = mapped_column(Text)
    changed: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    __table_args__ = (
        UniqueConstraint("exam_id", "question", "form", "version"),
        Index(
            "uq_answer_key_any_form",
            "exam_id",
            "question",
            "version",
            unique=True,
            sqlite_where=text("form IS NULL"),
            postgresql_where=text("form IS NULL"),
        ),
    )


class OpticalSheet(Base):
    """What the machine read of one sheet: answers by commas, as it gave them.

    `form`: the paper form that is on the sheet; None where the machine told none.
    """

    __tablename__ = "optical_sheet"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    question: Mapped[str] = mapped_column(String(10))
    form: Mapped[int | None] = mapped_column(Integer)
    answers: Mapped[str] = mapped_column(Text)
    __table_args__ = (UniqueConstraint("application_id", "question"),)


class SheetRemark(Base):
    """Why somebody who was there has no sheet, or somebody who was not has one."""

    __tablename__ = "sheet_remark"
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    subject: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    __table_args__ = (UniqueConstraint("application_id", "subject"),)


class TypedTable(Base):
    """The first typing of a table of marks, waiting for the second by somebody else."""

    __tablename__ = "typed_table"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    rows: Mapped[str] = mapped_column(Text)


class MarkingFile(Base):
    """A signed list of marking as it was published; `lists` is the JCS of its texts by name."""

    __tablename__ = "marking_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    kind: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(Integer)
    lists: Mapped[str] = mapped_column(Text)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    __table_args__ = (
        UniqueConstraint("exam_id", "kind", "version"),
        CheckConstraint("kind IN ('marks','recount')", name="kind"),
    )
