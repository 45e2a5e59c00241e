"""The page of a day's figures: three lists, the days before, and the signed file itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import select

from exam_system.errors import NotFound
from exam_system.exams import daily
from exam_system.exams.blueprint import bp, now
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, Post
from exam_system.exams.public import public_exam, table_file
from exam_system.exams.words import FIGURES_COLUMNS, REACHED
from exam_system.pictures import MOST, Bar, bars
from exam_system.sheets import Cell
from exam_system.trust.figures import Figures, PostFigures
from exam_system.web import looking, office

SHOWN = 100
"""So many posts of a list stand on the page; all of them are in the files."""
CHART = 30
_HIGH, _STEP = 100, 20  # of the picture: a bar's greatest height, a day's width


@dataclass(frozen=True, slots=True)
class Bars:
    """A day of the chart: where it stands, and the tops of its two bars."""

    day: date
    left: int
    applied: int
    paid: int


@bp.get("/exams/<code>/figures", endpoint="daily", defaults={"day": ""})
@bp.get("/exams/<code>/figures/<day>", endpoint="daily")
def daily_figures(code: str, day: str) -> ResponseReturnValue:
    """The figures of a day, else of the newest one; as a page or a table."""
    db = looking().session
    exam = public_exam(code)
    days = daily.history(db, exam)
    wanted = _day(day) if day else (days[0].day if days else None)
    said = daily.of_day(db, exam, wanted) if wanted else None
    kind = request.args.get("format", "")
    if said and kind in ("csv", "xlsx"):
        return _table(exam, said, kind)
    zone = office().config.zone
    return render_template(
        "exams/daily.html",
        exam=exam,
        said=said,
        days=days,
        missed=daily.missed(db, exam, now(), zone),
        until=daily.last_day(rules_of(exam), zone),
        lists=_lists(said) if said else {},
        posts=_posts(exam) if said else {},
        file=daily.file_name(code, wanted) if wanted else "",
        bars=chart(days),
        picture=_most(said) if said else "",
        shown=SHOWN,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("There are no figures of this day") from None


def _lists(said: Figures) -> dict[str, Sequence[PostFigures]]:
    return {
        "most": daily.most_applied(said),
        "idle": daily.idle(said),
        "below": daily.below(said),
    }


def _most(said: Figures) -> Markup:
    """Candidates for each vacancy of the posts that most apply for."""
    rows = [
        Bar(one.code, one.applied / one.vacancies, f"{one.applied} / {one.vacancies}")
        for one in daily.most_applied(said)[:MOST]
        if one.applied
    ]
    return bars(rows, gettext("Candidates for each vacancy; the table below has the numbers"))


def _posts(exam: Exam) -> dict[str, Post]:
    """Every post by its code, cancelled ones as well: earlier days name them."""
    query = select(Post).where(Post.exam_id == exam.id)
    return {post.code: post for post in looking().session.scalars(query)}


def chart(days: Sequence[daily.Day]) -> list[Bars]:
    """The newest days from left to right; the highest bar has the height of the picture."""
    shown = list(reversed(days[:CHART]))
    most = max((one.totals.applied for one in shown), default=0) or 1
    return [
        Bars(
            one.day,
            place * _STEP,
            one.totals.applied * _HIGH // most,
            one.totals.paid * _HIGH // most,
        )
        for place, one in enumerate(shown)
    ]


def _table(exam: Exam, said: Figures, kind: str) -> ResponseReturnValue:
    posts = _posts(exam)
    rows: list[list[Cell]] = [
        [
            *(one.code, posts[one.code].unit, posts[one.code].title, one.vacancies),
            *(one.applied, one.approved, one.paid),
            *(f"{one.ratio}∶1", REACHED[one.is_below(said.counted)]),
        ]
        for one in said.posts
    ]
    return table_file(kind, f"figures-{exam.code}-{said.day}", exam.name, FIGURES_COLUMNS, rows)
