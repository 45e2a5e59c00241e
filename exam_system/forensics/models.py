"""Tables of forensics: papers and answers as columns, screenings, case files, experts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class AnswerPaper(Base):
    """The objective items of a subject: options, keys, and how other forms print them.

    `document` is the JCS of `paper.Paper`.
    """

    __tablename__ = "answer_paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    document: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("exam_id", "subject"),)


class AnswerBlock(Base):
    """All answers of one paper form as columns, sealed: who, and the options as printed."""

    __tablename__ = "answer_block"
    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("answer_paper.id"), index=True)
    form: Mapped[int] = mapped_column(Integer)
    people: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("paper_id", "form"),
        CheckConstraint("form > 0", name="form"),
    )


class Screening(Base):
    """One run over the answers of a subject; everything that shapes it is frozen first.

    `frozen` and `screened` are signed notes, `parameters` and `flags` the files they name; `salt`
    (sealed) hides who is who in them. `fit` (sealed) is the office's list of odd sheets.
    """

    __tablename__ = "screening"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("answer_paper.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    parameters: Mapped[str] = mapped_column(Text)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    frozen: Mapped[bytes] = mapped_column(LargeBinary)
    frozen_at: Mapped[datetime] = mapped_column(UtcTime)
    compared: Mapped[int | None] = mapped_column(BigInteger)
    flags: Mapped[str | None] = mapped_column(Text)
    fit: Mapped[bytes | None] = mapped_column(LargeBinary)
    screened: Mapped[bytes | None] = mapped_column(LargeBinary)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("paper_id", "number"),
        CheckConstraint("state IN ('frozen','done')", name="state"),
        CheckConstraint("(state = 'done') = (screened IS NOT NULL)", name="done"),
    )


class ScreeningPart(Base):
    """A part of a run that is done, as `kept` of the search: an array in numpy's own format.

    `done` of `steps` parts of `step` were ready with it.
    """

    __tablename__ = "screening_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    screening_id: Mapped[int] = mapped_column(ForeignKey("screening.id"))
    name: Mapped[str] = mapped_column(String(200))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    step: Mapped[str] = mapped_column(String(40))
    done: Mapped[int] = mapped_column(Integer)
    steps: Mapped[int] = mapped_column(Integer)
    done_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("screening_id", "name"),)


class CaseFile(Base):
    """Flagged pairs that hang together, for the experts: evidence until they have decided."""

    __tablename__ = "case_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    screening_id: Mapped[int] = mapped_column(ForeignKey("screening.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("screening_id", "number"),
        CheckConstraint("state IN ('open','confirmed','dismissed')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    )


class FlaggedPair(Base):
    """Two candidates whose answers agree too well for honest work; `statistics` is JSON of texts.

    `tier` is how near they could have been: room, site or everywhere.
    """

    __tablename__ = "flagged_pair"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    tier: Mapped[str] = mapped_column(String(10))
    statistics: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("case_id", "first_id", "second_id"),
        CheckConstraint("tier IN ('room','site','everywhere')", name="tier"),
    )


class Expert(Base):
    """A member of an exam's group of marking experts, from another area, with an account."""

    __tablename__ = "expert"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    unit: Mapped[str] = mapped_column(String(120))
    area_code: Mapped[str] = mapped_column(String(6))
    appointed_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("exam_id", "account_id"),)


class ExpertOpinion(Base):
    """What one expert holds of a case file; nobody else reads it before all have given theirs."""

    __tablename__ = "expert_opinion"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"))
    finding: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("case_id", "expert_id"),
        CheckConstraint("finding IN ('confirm','dismiss')", name="finding"),
    )
