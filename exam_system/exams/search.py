"""The posts as candidates look for them, with how many compete for each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, UnaryExpression, func, literal, or_, select
from sqlalchemy.orm import Session

from exam_system.exams.figures import ratio
from exam_system.exams.models import Exam, Post
from exam_system.exams.rules import EDUCATION
from exam_system.registration.models import Application

PAGE = 50
LONGEST = 60
SEXES = ("male", "female")
EXPERIENCE = ("none", "some")
SORTS = ("code", "unit", "-vacancies", "applied", "-applied", "ratio", "-ratio")
"""What posts are sorted by; with a minus the highest first."""
_IN_PROGRESS = ("submitted", "second", "approved", "paid")
_ANY_MAJOR = ("不限", "无限制")
_NO_EXPERIENCE = ("", "无", "无要求", "不限")
# 0301, 030101 and 030101K name the same class of the catalogue by their first four digits.
_CATALOGUE_CODE = re.compile("(?<![0-9A-Za-z])([0-9]{4})([0-9]{2}[A-Z]{0,2})?(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Competition:
    """A post with the number of candidates who applied, who were approved, and who have paid.

    Whoever has paid is counted in all three.
    """

    post: Post
    applied: int
    approved: int
    paid: int

    @property
    def ratio(self) -> str:
        """Paid candidates to one vacancy, one decimal."""
        return ratio(self.paid, self.post.vacancies)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor looks for among the posts; "" is anything."""

    q: str = ""
    area: str = ""
    unit: str = ""
    education: str = ""
    major: str = ""
    sex: str = ""
    experience: str = ""
    sort: str = "code"

    def conditions(self, exam: Exam) -> list[ColumnElement[bool]]:
        """As conditions on Post: the words anywhere, and posts open to such a candidate."""
        found: list[ColumnElement[bool]] = [Post.exam_id == exam.id, Post.cancelled.is_(None)]
        if self.q:
            columns = (Post.code, Post.unit, Post.title, Post.majors, Post.other, Post.note)
            found.append(or_(*(_has(column, self.q) for column in columns)))
        if self.area:
            found.append(Post.area == self.area)
        if self.unit:
            found.append(_has(Post.unit, self.unit))
        if self.education:
            reached = EDUCATION[: EDUCATION.index(self.education) + 1]
            found.append(or_(Post.education_min.is_(None), Post.education_min.in_(reached)))
        if self.major:
            found.append(or_(*_majors(self.major)))
        if self.sex:
            found.append(or_(Post.sex.is_(None), Post.sex == self.sex))
        if self.experience:
            free = Post.experience.in_(_NO_EXPERIENCE)
            found.append(free if self.experience == "none" else ~free)
        return found

    def asked(self) -> dict[str, str]:
        """What of it an address must say: everything but the usual."""
        usual = asdict(EVERY)
        return {key: value for key, value in asdict(self).items() if value != usual[key]}


EVERY = Choice()
_ONE_OF = {"education": EDUCATION, "sex": SEXES, "experience": EXPERIENCE, "sort": SORTS}


def chosen(args: Mapping[str, str]) -> Choice:
    """The choice of an address; what is not offered is passed over."""
    values = {
        key: " ".join(args.get(key, "").replace("\0", " ").split())[:LONGEST]
        for key in asdict(EVERY)
    }
    known = {key: value for key, value in values.items() if value in _ONE_OF.get(key, (value,))}
    return Choice(**{key: value for key, value in known.items() if value})


def _has(column: Any, text: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.icontains(text, autoescape=True)
    return found


def _majors(text: str) -> list[ColumnElement[bool]]:
    """Posts open to a major: those that take any, and those that name its words or its code."""
    found = [Post.majors == "", *(Post.majors.contains(words) for words in _ANY_MAJOR)]
    code = _CATALOGUE_CODE.search(text)
    if code is None:
        return [*found, _has(Post.majors, text)]
    whole = code[1] + (code[2] or "")
    listed = literal(" ").concat(Post.major_codes).concat(" ")
    return [*found, listed.contains(f" {code[1]} "), _has(Post.majors, whole)]


def areas(session: Session, exam: Exam) -> Sequence[str]:
    """The areas that the posts of the exam name."""
    query = select(Post.area).where(
        Post.exam_id == exam.id, Post.cancelled.is_(None), Post.area.is_not(None)
    )
    return [area for area in session.scalars(query.distinct().order_by(Post.area)) if area]


def number_of_posts(session: Session, exam: Exam, choice: Choice) -> int:
    """How many posts a choice finds."""
    query = select(func.count()).select_from(Post).where(*choice.conditions(exam))
    return session.scalars(query).one()


def competition(
    session: Session, exam: Exam, choice: Choice, page: int | None = None, size: int = PAGE
) -> list[Competition]:
    """The chosen posts in their order with their candidates; one page (from 1), or all of them."""
    query = _competition(exam, choice.sort).where(*choice.conditions(exam))
    if page is not None:
        query = query.limit(size).offset((page - 1) * size)
    return [Competition(*row) for row in session.execute(query)]


def one_post(session: Session, exam: Exam, code: str) -> Competition | None:
    """One post that is not cancelled; None when there is none of this code."""
    query = _competition(exam, EVERY.sort).where(*EVERY.conditions(exam), Post.code == code)
    row = session.execute(query).one_or_none()
    return Competition(*row) if row else None


def candidates(session: Session, exam: Exam) -> dict[str, int]:
    """How many candidates applied in the exam, were approved, and have paid."""
    counts = _counts(exam).subquery()
    names = ("applied", "approved", "paid")
    sums = (func.coalesce(func.sum(counts.c[name]), 0) for name in names)
    return dict(zip(names, map(int, session.execute(select(*sums)).one()), strict=True))


def _competition(exam: Exam, sort: str) -> Select[Any, Any, Any, Any]:
    counts = _counts(exam).subquery()
    applied, approved, paid = (
        func.coalesce(counts.c[name], 0) for name in ("applied", "approved", "paid")
    )
    keys: dict[str, Any] = {
        "code": Post.code,
        "unit": Post.unit,
        "vacancies": Post.vacancies,
        "applied": applied,
        "ratio": paid * 1.0 / Post.vacancies,
    }
    key = keys[sort.removeprefix("-")]
    first: UnaryExpression[Any] = key.desc() if sort.startswith("-") else key.asc()
    joined = select(Post, applied, approved, paid).outerjoin(counts, counts.c.post_id == Post.id)
    return joined.order_by(first, Post.code)


def _counts(exam: Exam) -> Select[Any, Any, Any, Any]:
    def of(name: str, *states: str) -> ColumnElement[int]:
        return func.count().filter(Application.state.in_(states)).label(name)

    return (
        select(
            Application.post_id.label("post_id"),
            of("applied", *_IN_PROGRESS),
            of("approved", "approved", "paid"),
            of("paid", "paid"),
        )
        .where(Application.exam_id == exam.id)
        .group_by(Application.post_id)
    )
