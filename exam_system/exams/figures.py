"""Numbers that pages show: competition for posts, applications by state, the office at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from exam_system.draws.models import Attempt
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import EDUCATION
from exam_system.records.models import Release
from exam_system.registration.models import Application

PAGE = 50
_IN_PROGRESS = ("submitted", "approved", "paid")


@dataclass(frozen=True, slots=True)
class Competition:
    """A post with the number of candidates who applied, and of those who have paid."""

    post: Post
    applied: int
    paid: int

    @property
    def ratio(self) -> str:
        """Paid candidates to one vacancy, one decimal."""
        return ratio(self.paid, self.post.vacancies)


def ratio(paid: int, vacancies: int) -> str:
    """`paid` to one of `vacancies`, one decimal: 27.9."""
    if not vacancies:
        return "0.0"
    return str((Decimal(paid) / vacancies).quantize(Decimal("0.1"), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor looks for among the posts; "" is anything."""

    text: str = ""
    education: str = ""

    def conditions(self, exam: Exam) -> list[ColumnElement[bool]]:
        """As conditions on Post: the words anywhere, and posts open to this education."""
        found: list[ColumnElement[bool]] = [Post.exam_id == exam.id, Post.cancelled.is_(None)]
        if self.text:
            columns = (Post.code, Post.unit, Post.title, Post.majors)
            found.append(or_(*(c.icontains(self.text, autoescape=True) for c in columns)))
        if self.education in EDUCATION:
            reached = EDUCATION[: EDUCATION.index(self.education) + 1]
            found.append(or_(Post.education_min.is_(None), Post.education_min.in_(reached)))
        return found


def number_of_posts(session: Session, exam: Exam, choice: Choice) -> int:
    """How many posts a choice finds."""
    query = select(func.count()).select_from(Post).where(*choice.conditions(exam))
    return session.scalars(query).one()


def competition(
    session: Session, exam: Exam, choice: Choice, page: int | None = None
) -> list[Competition]:
    """The chosen posts by code with their candidates; one page (from 1), or all for a download."""
    query = _competition(exam).where(*choice.conditions(exam)).order_by(Post.code)
    if page is not None:
        query = query.limit(PAGE).offset((page - 1) * PAGE)
    return [Competition(post, applied, paid) for post, applied, paid in session.execute(query)]


def _competition(exam: Exam) -> Select[Any, Any, Any]:
    applied = func.count()
    counts = (
        select(
            Application.post_id.label("post_id"),
            applied.filter(Application.state.in_(_IN_PROGRESS)).label("applied"),
            applied.filter(Application.state == "paid").label("paid"),
        )
        .where(Application.exam_id == exam.id)
        .group_by(Application.post_id)
        .subquery()
    )
    return select(
        Post, func.coalesce(counts.c.applied, 0), func.coalesce(counts.c.paid, 0)
    ).outerjoin(counts, counts.c.post_id == Post.id)


def applications(session: Session, exam: Exam) -> dict[str, int]:
    """Number of applications of the exam by state."""
    query = (
        select(Application.state, func.count())
        .where(Application.exam_id == exam.id)
        .group_by(Application.state)
    )
    return {state: number for state, number in session.execute(query).all()}  # noqa: C416


def announced(session: Session) -> Sequence[Exam]:
    """Every announced exam, the newest first."""
    query = select(Exam).where(Exam.state != "draft").order_by(Exam.announced_at.desc(), Exam.id)
    return session.scalars(query).all()


def vacancies(session: Session, exams: Sequence[Exam]) -> dict[int, tuple[int, int]]:
    """Posts and vacancies by exam id."""
    query = (
        select(Post.exam_id, func.count(), func.sum(Post.vacancies))
        .where(Post.exam_id.in_([exam.id for exam in exams]), Post.cancelled.is_(None))
        .group_by(Post.exam_id)
    )
    return {exam_id: (posts, number) for exam_id, posts, number in session.execute(query)}


def published(session: Session) -> tuple[int, int]:
    """Number of published draws, and of published releases."""
    draws = select(func.count()).select_from(Attempt).where(Attempt.state == "published")
    releases = select(func.count()).select_from(Release).where(Release.state == "published")
    return session.scalars(draws).one(), session.scalars(releases).one()


def paid_in(session: Session, exams: Sequence[Exam]) -> int:
    """Candidates of these exams who have paid, and so take part."""
    query = select(func.count()).where(
        Application.exam_id.in_([exam.id for exam in exams]), Application.state == "paid"
    )
    return session.scalars(query).one()
