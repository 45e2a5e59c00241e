"""What an announcement makes public: the table of posts, and the words of its notice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.exams import words
from exam_system.exams.models import Exam, FeeItem, Post
from exam_system.exams.rules import RuleSet
from exam_system.language import yuan
from exam_system.printing.notice import Heading
from exam_system.records.paper import Table
from exam_system.sheets import Cell, write_csv
from exam_system.trust.canonical import JSON, jcs

COLUMNS = ("code", "unit", "title", "vacancies", "age", "education", "degree", "majors")
COLUMNS_AFTER = ("experience", "other", "medical", "area", "category", "note")


def posts_of(session: Session, exam: Exam) -> Sequence[Post]:
    """All posts of the exam by code but those that a later version cancelled."""
    query = select(Post).where(Post.exam_id == exam.id, Post.cancelled.is_(None))
    return session.scalars(query.order_by(Post.code)).all()


def announcement_files(posts: Sequence[Post]) -> dict[str, bytes]:
    """posts.csv for people, posts.json (JCS) for programs."""
    keys = (*COLUMNS, *COLUMNS_AFTER)
    rows: list[list[Cell]] = [[getattr(post, key) or "" for key in keys] for post in posts]
    return {
        "posts.csv": write_csv([words.POST_COLUMNS[key] for key in keys], rows),
        "posts.json": jcs([_post(post) for post in posts]),
    }


def _post(post: Post) -> dict[str, JSON]:
    texts: dict[str, JSON] = {key: getattr(post, key) or "" for key in (*COLUMNS, *COLUMNS_AFTER)}
    return {
        **texts,
        "age_min": post.age_min,
        "age_max": post.age_max,
        "education_min": post.education_min,
        "major_codes": post.major_codes.split(),
        "sex": post.sex,
    }


def notice_table(posts: Sequence[Post]) -> Table:
    """The table of the notice: code, unit, title, vacancies, and the shortest conditions."""
    shares = (("code", 1.3), ("unit", 2.6), ("title", 1.6), ("vacancies", 0.8))
    columns = [Heading(words.POST_COLUMNS[key], share) for key, share in shares]
    columns.append(Heading(words.CONDITIONS, 4.0))
    rows = tuple(
        (post.code, post.unit, post.title, str(post.vacancies), _conditions(post)) for post in posts
    )
    return Table(tuple(columns), rows)


def _conditions(post: Post) -> str:
    parts = (post.age, post.education, post.degree, post.majors, post.experience, post.other)
    return words.JOIN.join(" ".join(part.split()) for part in parts if part.strip())


def notice_body(
    exam: Exam, rules: RuleSet, posts: Sequence[Post], fees: Sequence[FeeItem], zone: ZoneInfo
) -> list[str]:
    """The paragraphs above the table: posts, dates, fees with their basis, how scores are made."""

    def day(at: datetime) -> str:
        return at.astimezone(zone).strftime(words.TIME)

    lines = [
        words.POSTS.format(
            name=exam.name, posts=len(posts), vacancies=sum(post.vacancies for post in posts)
        ),
        words.DATES.format(
            opens=day(rules.registration_opens),
            closes=day(rules.registration_closes),
            payment=day(rules.payment_closes),
        ),
    ]
    if rules.age_day is not None:
        lines.append(words.AGE_DAY.format(day=rules.age_day.strftime(words.DAY)))
    lines += [
        words.FEE.format(
            name=fee.name,
            amount=yuan(fee.fen),
            licence=fee.licence,
            standard=fee.standard,
            authority=fee.authority,
            hotline=fee.hotline,
        )
        for fee in fees
    ]
    return [*lines, words.RULES]
