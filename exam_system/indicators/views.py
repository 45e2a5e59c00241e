"""Pages of indicators: what everybody may see, and the whole for office and inspectors."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import func, select

from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.indicators.columns import COLUMNS, TARGETS
from exam_system.indicators.figures import Board, Indicators, board
from exam_system.indicators.models import Intake
from exam_system.indicators.service import enter_intake
from exam_system.language import choose_language
from exam_system.notices.keeping import kept
from exam_system.people import narrow
from exam_system.pictures import MOST, Bar, bars
from exam_system.records.models import Act
from exam_system.web import acting, flash_refusal, looking

bp = Blueprint("indicators", __name__)


def _stamp() -> tuple[object, ...]:
    """What a page depends on: any act may change a figure, and some change with the day."""
    ctx = looking()
    last = ctx.session.scalar(select(func.max(Act.id)))
    return last, ctx.clock.now().replace(second=0, microsecond=0)


def _board(*, public: bool) -> Board:
    ctx = looking()
    return board(ctx.session, ctx.clock.now(), ctx.config.zone, public=public)


def _charts(rows: Sequence[Indicators], *, years: bool) -> list[str]:
    """The indicators that have something to draw: at least one number above 0, or a target."""
    return [
        key
        for key, column in COLUMNS.items()
        if (years or not column.years)
        and (key in TARGETS or any(column.value(one) for one in rows))
    ]


def _page(found: Board, *, whole: bool) -> str:
    return render_template(
        "indicators/index.html",
        groups=[
            ("exams", found.exams, _charts(found.exams, years=False)),
            ("years", found.years, _charts(found.years, years=True)),
        ],
        columns=COLUMNS,
        whole=whole,
        named=_named,
        drawn=_drawn,
        intake=_intake() if whole else [],
    )


def _intake() -> Sequence[Intake]:
    return looking().session.scalars(select(Intake).order_by(Intake.year.desc())).all()


def _named(one: Indicators) -> str:
    return one.name_en if choose_language() == "en" else one.name


@bp.get("/indicators")
def index() -> ResponseReturnValue:
    """Every exam and every year, as everybody may see them."""
    return kept(_stamp(), lambda: _page(_board(public=True), whole=False))


def _drawn(rows: Sequence[Indicators], key: str) -> Markup:
    column = COLUMNS[key]
    found = [
        Bar(
            one.code,
            value := column.value(one),
            column.shown(value),
            key in TARGETS and (value or 0) > TARGETS[key],
        )
        for one in rows[:MOST]
    ]
    told = "; ".join(f"{one.name} {one.shown}" for one in found)
    return bars(found, f"{gettext(column.label)}: {told}")


@bp.get("/indicators/<code>")
def exam(code: str) -> ResponseReturnValue:
    """One exam beside the others of its year and all others."""

    def page() -> str:
        found = _board(public=True)
        one = found.of(code)
        if one is None:
            raise NotFound("There is no exam %(code)s", code=code[:40])
        year = next(row for row in found.years if row.year == one.year)
        return render_template(
            "indicators/exam.html", one=one, year=year, columns=COLUMNS, named=_named
        )

    return kept(_stamp(), page)


@bp.get("/office/indicators")
def office() -> ResponseReturnValue:
    """Every number, for office and inspectors; where the office enters the intake of a year."""
    return make_response(_page(_board(public=False), whole=True))


@bp.post("/office/indicators")
def enter() -> ResponseReturnValue:
    """Enter, or correct, how many people were taken in within a year."""
    try:
        _enter()
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("indicators.office"), 303)


def _whole(name: str) -> int | None:
    text = narrow(request.form.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _enter() -> None:
    year, people = (_whole(name) for name in ("year", "people"))
    if year is None or people is None:
        wanting = "year" if year is None else "people"
        raise Invalid("Enter a year and how many people were taken in").about(wanting)
    with acting() as ctx:
        enter_intake(ctx, year=year, people=people, basis=request.form.get("basis", ""))
