"""Pages of marking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

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
    preview_written_scores,
    wanted_correction,
)
from exam_system.registration.models import Application
from exam_system.sheets import SheetError
from exam_system.sheets.preview import Preview
from exam_system.web import acting, looking, say
from exam_system.web_forms import check_form
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
    form = CorrectionForm() if _marked(looking().session, exam) else MarksForm()
    try:
        if request.method == "POST" and isinstance(form, CorrectionForm):
            check_form(form)
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
    rules, marks = rules_of(exam), _counts(ctx.session, exam)
    verb, subject = "marking.correct_written_scores", f"exam:{exam.code}"
    approval = open_approval(ctx.session, verb, subject)
    return render_template(
        "marking/scores.html",
        exam=exam,
        form=form,
        rules=rules,
        problems=problems,
        seated=_seated(ctx.session, exam),
        marked=_marked(ctx.session, exam),
        approval=approval,
        approved=[say(line) for line in summary_of(approval)] if approval else [],
        figures=[_figures(one.name, marks.get(one.code, {})) for one in rules.subjects]
        if marks
        else [],
    )


def _seated(session: Session, exam: Exam) -> int:
    """How many have a seat."""
    seated = Application.exam_id == exam.id, Application.number.is_not(None)
    return session.scalar(select(func.count(Application.id)).where(*seated)) or 0


def _marked(session: Session, exam: Exam) -> int:
    """How many have marks."""
    marked = exists().where(WrittenMark.application_id == Application.id)
    query = select(func.count(Application.id)).where(Application.exam_id == exam.id, marked)
    return session.scalar(query) or 0


def _counts(session: Session, exam: Exam) -> dict[str, dict[str, int]]:
    """By subject how many have each mark: there are few marks, however many candidates."""
    query = (
        select(WrittenMark.subject, WrittenMark.mark, func.count())
        .join(Application, Application.id == WrittenMark.application_id)
        .where(Application.exam_id == exam.id)
        .group_by(WrittenMark.subject, WrittenMark.mark)
    )
    found: dict[str, dict[str, int]] = {}
    for subject, mark, count in session.execute(query):
        found.setdefault(subject, {})[mark] = count
    return found


def _figures(name: str, marks: Mapping[str, int]) -> SubjectFigures:
    numbers = [(Decimal(mark), count) for mark, count in marks.items() if mark != ABSENT]
    present, absent = sum(count for _mark, count in numbers), marks.get(ABSENT, 0)
    if not numbers:
        return SubjectFigures(name, 0, absent, "", "", "", "")
    total = sum((mark * count for mark, count in numbers), Decimal(0))
    mean = round_to(total / Decimal(present), DECIMALS, "half_up")
    lowest, highest = min(numbers)[0], max(numbers)[0]
    shown = (f"{number:f}" for number in (total, mean, lowest, highest))
    return SubjectFigures(name, present, absent, *shown)
