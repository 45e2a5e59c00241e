"""Pages of marking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from exam_system import imports
from exam_system.approvals.lookup import open_approval, summary_of
from exam_system.approvals.views import ask
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
    correct_written_scores,
    import_written_scores,
    marks_of,
    preview_written_scores,
    seated_numbers,
    wanted_correction,
)
from exam_system.registration.models import Application
from exam_system.sheets import SheetError
from exam_system.sheets.preview import Preview
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
    form = CorrectionForm() if marks_of(looking().session, exam.id) else MarksForm()
    try:
        if isinstance(form, CorrectionForm) and form.validate_on_submit():
            with acting() as ctx:
                _correct(ctx, code, form)
            return redirect(url_for("marking.scores", code=code))
        if request.method == "POST" and not isinstance(form, CorrectionForm):
            return _first_table(code)
    except SheetError as error:
        return _page(looking(), exam, form, error.lines(_)), 422
    except Sentence as error:
        return _page(looking(), exam, form, [say(error)]), error.status
    return _page(looking(), exam, form, [])


def _first_table(code: str) -> ResponseReturnValue:
    """Marks for people who have none yet: looked at, then taken in."""

    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return preview_written_scores(ctx, code, name, data)

    def act(ctx: Context, name: str, data: bytes) -> str:
        rows = import_written_scores(ctx, code=code, name=name, data=data)
        said: str = _("The marks of %(rows)s candidates were taken in", rows=rows)
        return said

    back = url_for("marking.scores", code=code)
    return imports.step(imports.Import(_("Written scores"), back, read, act))


def _correct(ctx: Context, code: str, form: CorrectionForm) -> None:
    """A correction is asked for, and once approved carried out."""
    file = form.file.data
    table = {"code": code, "name": file.filename or "", "data": file.read()}
    if form.ask.data:
        ask(ctx, wanted_correction(ctx, **table, reason=form.reason.data))
    else:
        count = correct_written_scores(ctx, **table, reason=form.reason.data)
        flash(_("%(count)s marks were corrected", count=count), "success")


def _page(ctx: Context, exam: Exam, form: MarksForm, problems: list[str]) -> str:
    marks = marks_of(ctx.session, exam.id)
    rules = rules_of(exam)
    verb, subject = "marking.correct_written_scores", f"exam:{exam.code}"
    approval = open_approval(ctx.session, verb, subject)
    return render_template(
        "marking/scores.html",
        exam=exam,
        form=form,
        rules=rules,
        problems=problems,
        seated=len(seated_numbers(ctx.session, exam.id)),
        marked=len(marks),
        approval=approval,
        approved=[say(line) for line in summary_of(approval)] if approval else [],
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
