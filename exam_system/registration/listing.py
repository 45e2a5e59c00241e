"""Lists of applications for officers; ID numbers leave the vault masked only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.context import Context
from exam_system.exams.models import District, Exam, Post
from exam_system.people import mask_id
from exam_system.registration.models import Application

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One applicant in a list; `id_number` is masked."""

    ref: str
    number: str
    name: str
    sex: str
    id_number: str
    post: str
    unit: str
    title: str
    district: str
    education: str
    major: str
    school: str
    employer: str
    state: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the officer looks for; empty strings mean everything."""

    state: str = ""
    post: str = ""
    words: str = ""


def list_applicants(
    ctx: Context, exam: Exam, filters: Filters | None = None, page: int | None = None
) -> list[Listed]:
    """All rows, or one page (from 1) of PAGE rows; one statement."""
    query = _listed(exam, filters or Filters()).order_by(Post.code, Application.ref)
    if page is not None:
        query = query.limit(PAGE).offset((page - 1) * PAGE)
    return [_row(ctx, row) for row in ctx.session.execute(query)]


def count_applicants(session: Session, exam: Exam, filters: Filters) -> int:
    """How many rows all pages together have."""
    query = _listed(exam, filters).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalars(query).one()


def _listed(exam: Exam, filters: Filters) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Application.ref,
            Application.number,
            Person.name,
            Person.sex,
            Person.id_sealed,
            Post.code.label("post"),
            Post.unit,
            Post.title,
            District.name.label("district"),
            Application.education,
            Application.major,
            Application.school,
            Application.employer,
            Application.state,
            Application.submitted_at,
        )
        .join(Person, Person.id == Application.person_id)
        .join(Post, Post.id == Application.post_id)
        .join(District, District.id == Application.district_id)
    )
    return query.where(Application.exam_id == exam.id, *_conditions(filters))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.state:
        found.append(Application.state == filters.state)
    if filters.post:
        found.append(Post.code == filters.post)
    if filters.words:
        named = Person.name.contains(filters.words, autoescape=True)
        found.append(or_(named, Application.number == filters.words))
    return found


def _row(ctx: Context, row: Any) -> Listed:
    values = dict(row._mapping)
    number = ctx.keys.vault.open(values.pop("id_sealed"))
    return Listed(**{**values, "number": row.number or "", "id_number": mask_id(number)})


def count_by_state(session: Session, exam: Exam) -> dict[str, int]:
    """How many applications of the exam are in each state."""
    query = (
        select(Application.state, func.count())
        .where(Application.exam_id == exam.id)
        .group_by(Application.state)
    )
    return dict(session.execute(query).all())
