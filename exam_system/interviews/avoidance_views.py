"""Pages of the declared avoidances: one by one, or many from a table."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system import imports
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.forms import TableForm
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.interviews import day_views, desk_views, fairness_views
from exam_system.interviews.avoidance_table import (
    NAMES,
    import_avoidances,
    preview_avoidances,
)
from exam_system.interviews.forms import AvoidanceForm
from exam_system.interviews.listing import avoidances_of, count_avoidances
from exam_system.interviews.service import RELATIONS, declare_avoidance
from exam_system.interviews.views import PAGE, bp, page_of
from exam_system.sheets import SheetError
from exam_system.sheets.preview import Preview
from exam_system.web import acting, flash_refusal, looking, say
from exam_system.web_forms import check_form

__all__ = ["bp", "day_views", "desk_views", "fairness_views"]


@bp.route("/office/exams/<code>/interviews/avoidances", methods=["GET", "POST"])
def avoidances(code: str) -> ResponseReturnValue:
    """The declared avoidances of an exam, and declaring one for an interviewer."""
    exam, form = exam_by_code(looking().session, code), AvoidanceForm()
    if request.method == "GET":
        return _avoidances(exam, form)
    try:
        check_form(form)
        with acting() as ctx:
            declare_avoidance(
                ctx,
                code=code,
                certificate=form.certificate.data,
                number=form.number.data,
                relation=form.relation.data,
            )
    except Sentence as error:
        flash_refusal(error)
        return _avoidances(exam, form), error.status
    flash(_("The avoidance is declared"), "success")
    return redirect(url_for("interviews.avoidances", code=code))


@bp.post("/office/exams/<code>/interviews/avoidances/table")
def take_avoidances(code: str) -> ResponseReturnValue:
    """Avoidances from a table, looked at before they are declared."""
    exam = exam_by_code(looking().session, code)

    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return preview_avoidances(ctx, code, name, data)

    def act(ctx: Context, name: str, data: bytes) -> str:
        count = import_avoidances(ctx, code=code, name=name, data=data)
        said: str = _("%(count)s avoidances are declared", count=count)
        return said

    back = url_for("interviews.avoidances", code=code)
    try:
        return imports.step(imports.Import(_("Avoidances"), back, read, act))
    except SheetError as error:
        return _avoidances(exam, AvoidanceForm(formdata=None), error.lines(_)), 422
    except Sentence as error:
        return _avoidances(exam, AvoidanceForm(formdata=None), [say(error)]), error.status


def _avoidances(exam: Exam, form: AvoidanceForm, problems: Sequence[str] = ()) -> str:
    db = looking().session
    total = count_avoidances(db, exam)
    page, pages = page_of(total)
    return render_template(
        "interviews/avoidances.html",
        exam=exam,
        form=form,
        table=TableForm(formdata=None),
        columns=NAMES,
        problems=problems,
        rows=avoidances_of(db, exam, (page - 1) * PAGE, PAGE),
        relations=RELATIONS,
        page=page,
        pages=pages,
    )
