"""Tables of an exam: rule set, places, sessions, fee items, posts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_system.database import Base, UtcTime


class Exam(Base):
    """One recruitment or qualification exam, from announcement to appointment."""

    __tablename__ = "exam"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(160))
    area_code: Mapped[str] = mapped_column(String(6))
    state: Mapped[str] = mapped_column(String(16))
    rules: Mapped[str] = mapped_column(Text)
    rules_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    announced_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft','announced','closed','seated','written','shortlisted',"
            "'interviewing','final')",
            name="state",
        ),
    )


class District(Base):
    """An exam district: candidates choose one, seats are drawn within it."""

    __tablename__ = "district"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    code: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(80))
    __table_args__ = (UniqueConstraint("exam_id", "code"),)


class Site(Base):
    """A school or other building; `school` is what invigilators must not belong to."""

    __tablename__ = "site"
    id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("district.id"), index=True)
    code: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200))
    school: Mapped[str] = mapped_column(String(120))
    __table_args__ = (UniqueConstraint("district_id", "code"),)


class Room(Base):
    """A room of a site, for the written exam or for interviews."""

    __tablename__ = "room"
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    code: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(80))
    layout: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[int] = mapped_column(Integer)
    use: Mapped[str] = mapped_column(String(10))
    access: Mapped[int | None] = mapped_column(Integer)
    """1 where somebody in a wheelchair can sit the exam, None elsewhere."""
    __table_args__ = (
        UniqueConstraint("site_id", "code"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("access > 0", name="access"),
        CheckConstraint("use IN ('written','interview')", name="use"),
    )


class ExamSession(Base):
    """A session: one subject, one paper, one time."""

    __tablename__ = "exam_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("exam_id", "subject"),
        CheckConstraint("ends_at > starts_at", name="times"),
    )


class FeeItem(Base):
    """What is asked for, with its posted basis; without a basis no order can be made."""

    __tablename__ = "fee_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    fen: Mapped[int] = mapped_column(Integer)
    licence: Mapped[str] = mapped_column(String(120))
    standard: Mapped[str] = mapped_column(String(200))
    authority: Mapped[str] = mapped_column(String(120))
    hotline: Mapped[str] = mapped_column(String(40))
    __table_args__ = (
        UniqueConstraint("exam_id", "name"),
        CheckConstraint("fen >= 0", name="fen"),
        CheckConstraint("licence <> '' AND standard <> '' AND authority <> ''", name="basis"),
    )


class Post(Base):
    """A post with its vacancies and conditions as announced.

    The texts are the words that bind; ages, `education_min`, `major_codes` and `sex` are what the
    program could read out of them, None where a reviewer must judge the words.
    """

    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(120))
    vacancies: Mapped[int] = mapped_column(Integer)
    age_min: Mapped[int | None] = mapped_column(Integer)
    age_max: Mapped[int | None] = mapped_column(Integer)
    education_min: Mapped[str | None] = mapped_column(String(10))
    age: Mapped[str] = mapped_column(Text, default="")
    education: Mapped[str] = mapped_column(Text, default="")
    degree: Mapped[str] = mapped_column(Text, default="")
    majors: Mapped[str] = mapped_column(Text, default="")
    major_codes: Mapped[str] = mapped_column(Text, default="")
    sex: Mapped[str | None] = mapped_column(String(6))
    experience: Mapped[str] = mapped_column(Text, default="")
    other: Mapped[str] = mapped_column(Text, default="")
    medical: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    area: Mapped[str | None] = mapped_column(String(60))
    """Where the work is, in the table's words; None where it does not say."""
    category: Mapped[str | None] = mapped_column(String(20))
    """The class of posts that the table names, for rules that differ by class."""
    cancelled: Mapped[int | None] = mapped_column(Integer)
    """The version of the announcement that cancelled the post."""
    __table_args__ = (
        UniqueConstraint("exam_id", "code"),
        CheckConstraint("vacancies > 0", name="vacancies"),
        Index("uq_post_vacancies", "id", "vacancies", unique=True),
    )


class ChangeNotice(Base):
    """What a later version of the announcement changes; `document` is the JCS of `changes.Notice`.

    It is applied to the exam when its release is published.
    """

    __tablename__ = "change_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    document: Mapped[str] = mapped_column(Text)
    __table_args__ = (CheckConstraint("kind IN ('change','opening')", name="kind"),)


class DayFigures(Base):
    """The figures of a day as they were published: `note` holds the bytes of the signed file,
    `totals` its totals in their order."""

    __tablename__ = "figures"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    day: Mapped[date] = mapped_column(Date)
    totals: Mapped[str] = mapped_column(String(120))
    note: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("exam_id", "day"),)
