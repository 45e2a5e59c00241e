"""Pages of marking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.marking.forms import CorrectionForm, MarksForm
from exam_system.marking.models import WrittenMark
from exam_system.marking.service import (
    ABSENT,
    DECIMALS,
    WRITTEN_STATES,
    import_written_scores,
    marks_of,
    seated_numbers,
)
from exam_system.records import releases
from exam_system.registration.models import Application
from exam_system.sheets import SheetError
from exam_system.web import acting, looking, say
from scoring.rounding import round_to

bp = Blueprint("marking", __name__)


@dataclass(frozen=True, slots=True)
class SubjectFigures:
    """What a marker compares with the marking sheets: counts, sum, mean, lowest, highest."""

    name: str
    present: int
    absent: int
    total: str
    mean: str
    lowest: str
    highest: str


@bp.get("/marking")
def index() -> ResponseReturnValue:
    """Exams whose written part has been held."""
    db = looking().session
    exams = db.scalars(
        select(Exam).where(Exam.state.in_(WRITTEN_STATES)).order_by(Exam.id.desc()).limit(100)
    ).all()
    counts = (
        select(Application.exam_id, func.count(func.distinct(WrittenMark.application_id)))
        .join(WrittenMark, WrittenMark.application_id == Application.id)
        .group_by(Application.exam_id)
    )
    marked = {row[0]: row[1] for row in db.execute(counts)}
    return render_template("marking/index.html", exams=exams, marked=marked)


@bp.route("/marking/<code>", methods=["GET", "POST"])
def scores(code: str) -> ResponseReturnValue:
    """Take a table of marks in; below it the figures to compare with the marking sheets."""
    exam = exam_by_code(looking().session, code)
    published = releases.newest(
        looking().session, exam.id, "results", stage="written", state="published"
    )
    form = CorrectionForm() if published else MarksForm()
    if not form.validate_on_submit():
        return _page(looking(), exam, form, [])
    file = form.file.data
    try:
        with acting() as ctx:
            rows = import_written_scores(
                ctx,
                code=code,
                name=file.filename or "",
                data=file.read(),
                reason=form.reason.data or "" if published else "",
            )
    except SheetError as error:
        return _page(looking(), exam, form, error.lines(_)), 422
    except Sentence as error:
        return _page(looking(), exam, form, [say(error)]), error.status
    flash(_("The marks of %(rows)s candidates were taken in", rows=rows), "success")
    return redirect(url_for("marking.scores", code=code))


def _page(ctx: Context, exam: Exam, form: MarksForm, problems: list[str]) -> str:
    marks = marks_of(ctx.session, exam.id)
    rules = rules_of(exam)
    return render_template(
        "marking/scores.html",
        exam=exam,
        form=form,
        rules=rules,
        problems=problems,
        seated=len(seated_numbers(ctx.session, exam.id)),
        marked=len(marks),
        figures=[_figures(one.code, one.name, marks) for one in rules.subjects] if marks else [],
    )


def _figures(code: str, name: str, marks: Mapping[int, Mapping[str, str]]) -> SubjectFigures:
    given = [own[code] for own in marks.values() if code in own]
    numbers = [Decimal(mark) for mark in given if mark != ABSENT]
    absent = len(given) - len(numbers)
    if not numbers:
        return SubjectFigures(name, 0, absent, "", "", "", "")
    total = sum(numbers)
    mean = round_to(total / Decimal(len(numbers)), DECIMALS, "half_up")
    shown = (f"{number:f}" for number in (total, mean, min(numbers), max(numbers)))
    return SubjectFigures(name, len(numbers), absent, *shown)
