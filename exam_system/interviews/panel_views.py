"""Pages of panels: absences and substitutes, sheets on paper, the look before the hour."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased

from exam_system.approvals.views import Asked, ask, asked
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.interviews.forms import AbsenceForm, LookForm
from exam_system.interviews.models import Interviewer, Panel, PanelAbsence, PanelSeat
from exam_system.interviews.papers import group_lists, panel_sheets
from exam_system.interviews.sealed import PanelSheet, look_at_panels, sealed_until
from exam_system.interviews.substitutes import (
    CAUSES,
    Vacancy,
    next_reserve,
    record_interviewer_absence,
    replace_interviewer,
    vacancies,
    waiting,
    wanted_replacement,
)
from exam_system.web import acting, download, flash_refusal, looking, say, trying
from exam_system.web_forms import check_form

bp = Blueprint("panels", __name__)
INTERVIEWS = "/office/exams/<code>/interviews"
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Line:
    """One vacant seat: who is next and how far the approval is, or what is in the way."""

    vacancy: Vacancy
    substitute: Interviewer | None = None
    asked: Asked | None = None
    problem: str = ""


@bp.route(f"{INTERVIEWS}/substitutes", methods=["GET", "POST"])
def substitutes(code: str) -> ResponseReturnValue:
    """Put an absence on record; who comes instead, and who came."""
    exam, form = exam_by_code(looking().session, code), AbsenceForm()
    if request.method == "GET":
        return _substitutes(exam, form)
    try:
        check_form(form)
        with acting() as ctx:
            record_interviewer_absence(
                ctx, code=code, certificate=form.certificate.data, reason=form.reason.data
            )
    except Sentence as error:
        flash_refusal(error)
        return _substitutes(exam, form), error.status
    flash(_("The absence is on record"), "success")
    return redirect(url_for("panels.substitutes", code=code))


def _substitutes(exam: Exam, form: AbsenceForm) -> str:
    ctx = looking()
    sealed = sealed_until(ctx, exam)
    return render_template(
        "interviews/substitutes.html",
        exam=exam,
        form=form,
        sealed=sealed,
        causes=CAUSES,
        lines=[_line(ctx, one) for one in ([] if sealed else vacancies(ctx.session, exam))],
        reserves=[] if sealed else waiting(ctx.session, exam),
        history=[] if sealed else _history(ctx, exam),
    )


def _line(ctx: Context, vacancy: Vacancy) -> Line:
    try:
        substitute = next_reserve(ctx, vacancy)
    except Sentence as error:
        return Line(vacancy, problem=say(error))
    code, panel, place = vacancy.exam.code, vacancy.panel.code, vacancy.seat.place
    wanted = wanted_replacement(ctx, code=code, panel=panel, place=place)
    return Line(vacancy, substitute, asked(wanted))


@dataclass(frozen=True, slots=True)
class Past:
    """An absence that needs nobody any more; `panel` is empty for a reserve."""

    absence: PanelAbsence
    left: str
    came: str
    panel: str
    place: int


def _history(ctx: Context, exam: Exam) -> list[Past]:
    left, came = aliased(Interviewer), aliased(Interviewer)
    query = (
        select(PanelAbsence, left.name, came.name, Panel.code, PanelSeat.place)
        .join(left, left.id == PanelAbsence.interviewer_id)
        .outerjoin(came, came.id == PanelAbsence.substitute_id)
        .outerjoin(PanelSeat, PanelSeat.id == PanelAbsence.panel_seat_id)
        .outerjoin(Panel, Panel.id == PanelSeat.panel_id)
        .where(PanelAbsence.exam_id == exam.id)
        .order_by(PanelAbsence.id)
    )
    rows = [
        Past(row[0], row[1], row[2] or "", row[3] or "", row[4] or 0)
        for row in ctx.session.execute(query)
    ]
    return [one for one in rows if one.came or not one.panel]


@bp.post(f"{INTERVIEWS}/panels/<panel>/replace/<int(min=1, max=99):place>")
def replace(code: str, panel: str, place: int) -> ResponseReturnValue:
    """Ask for the approval of a substitution; once it is given carry it out."""
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, wanted_replacement(ctx, code=code, panel=panel, place=place))
        else:
            came = replace_interviewer(ctx, code=code, panel=panel, place=place)
            flash(
                _("%(name)s takes the place; issue an account for them", name=came.name),
                "success",
            )
    return redirect(url_for("panels.substitutes", code=code))


@bp.get(f"{INTERVIEWS}/panels.pdf")
def sheets(code: str) -> ResponseReturnValue:
    """The panel sheets; refused before their hour."""
    ctx = looking()
    return download(panel_sheets(ctx, exam_by_code(ctx.session, code)), f"panels-{code}.pdf", PDF)


@bp.get(f"{INTERVIEWS}/groups.pdf")
def groups(code: str) -> ResponseReturnValue:
    """The lists of the groups in the drawn order."""
    ctx = looking()
    return download(group_lists(ctx, exam_by_code(ctx.session, code)), f"groups-{code}.pdf", PDF)


@bp.route(f"{INTERVIEWS}/sealed", methods=["GET", "POST"])
def sealed(code: str) -> ResponseReturnValue:
    """The inspector looks at sealed panels; the answer is the only place where they stand."""
    exam, form = exam_by_code(looking().session, code), LookForm()
    if request.method == "GET":
        return _sealed(exam, form, [])
    try:
        check_form(form)
        with acting() as ctx:
            found = look_at_panels(ctx, code=code, reason=form.reason.data)
    except Sentence as error:
        flash_refusal(error)
        return _sealed(exam, form, []), error.status
    return _sealed(exam, form, found)


def _sealed(exam: Exam, form: LookForm, found: list[PanelSheet]) -> str:
    until = sealed_until(looking(), exam)
    return render_template(
        "interviews/sealed.html", exam=exam, form=form, sheets=found, until=until
    )
