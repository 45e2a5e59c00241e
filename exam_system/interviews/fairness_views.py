"""Pages of the fairness report: the whole exam, and the many-facet model of one panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.interviews.lookup import panel_of, panels_of
from exam_system.interviews.views import bp
from exam_system.web import looking, say

_FIRST, _LAST = 56, 344  # the field of a picture, in its own units


@dataclass(frozen=True, slots=True)
class Bar:
    """One interval of a picture: its ends and its point, from the left; `odd` ones stand out."""

    name: str
    low: float
    point: float
    high: float
    odd: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Intervals below one another over one scale; `ticks` are (place, number)."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]


def picture(rows: Sequence[tuple[str, float, float, bool]]) -> Picture:
    """Of (name, value, half the interval, whether it stands out); 0 is always on the scale."""
    most = max([0.5, *(abs(value) + half for _, value, half, _ in rows)])

    def at(value: float) -> float:
        return round(_FIRST + (value + most) / (2 * most) * (_LAST - _FIRST), 1)

    bars = tuple(
        Bar(name, at(value - half), at(value), at(value + half), odd)
        for name, value, half, odd in rows
    )
    ticks = tuple((at(most * n / 2), f"{most * n / 2:+.2f}") for n in (-2, -1, 0, 1, 2))
    return Picture(bars, ticks)


@bp.get("/office/exams/<code>/interviews/fairness")
def fairness(code: str) -> ResponseReturnValue:
    """What the announced correction does to the ranking, and how interviewers scored."""
    from exam_system.interviews.fairness import report  # numpy is loaded for whoever looks

    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    rules = rules_of(exam)
    found = report(ctx.session, exam, rules)
    pictures = {
        one.panel: picture(
            [
                (str(row.place), float(row.severity), 1.96 * float(row.error), row.far)
                for row in one.scorers
            ]
        )
        for one in found.panels
        if one.scorers
    }
    return render_template(
        "interviews/fairness.html",
        exam=exam,
        rules=rules,
        report=found,
        pictures=pictures,
        say=say,
    )


@bp.get("/office/exams/<code>/interviews/fairness/<panel>")
def severity(code: str, panel: str) -> ResponseReturnValue:
    """The many-facet model of a panel, with severity in a picture."""
    from exam_system.interviews.facet_report import report  # numpy is loaded for whoever looks

    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    chosen = panel_of(ctx.session, exam, panel)
    found = report(ctx.session, exam, rules_of(exam), chosen.code)
    rows = [(one.name, one.value, 1.96 * one.error, one.erratic) for one in found.interviewers]
    return render_template(
        "interviews/severity.html",
        exam=exam,
        panel=chosen,
        panels=panels_of(ctx.session, exam),
        report=found,
        picture=picture(rows),
    )
