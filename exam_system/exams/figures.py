"""Numbers that pages show: applications by state, the office at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from exam_system.draws.models import Attempt, Draw
from exam_system.exams.models import Exam, Post
from exam_system.records.models import Release
from exam_system.registration.models import Application


def ratio(paid: int, vacancies: int) -> str:
    """`paid` to one of `vacancies`, one decimal: 27.9."""
    if not vacancies:
        return "0.0"
    return str((Decimal(paid) / vacancies).quantize(Decimal("0.1"), ROUND_HALF_UP))


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


def draws_under_way(session: Session) -> Sequence[Row[Draw, Attempt, Exam]]:
    """Draws whose list is frozen and whose result is not published yet, the newest first."""
    query = (
        select(Draw, Attempt, Exam)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .join(Exam, Exam.id == Draw.exam_id)
        .where(Attempt.state.not_in(("published", "void")))
    )
    return session.execute(query.order_by(Attempt.id.desc()).limit(10)).all()
