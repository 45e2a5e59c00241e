"""Pages of the office: items, answers, screenings, the experts' group, published figures."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from exam_system import imports
from exam_system.accounts.models import Account
from exam_system.context import Context
from exam_system.errors import NotFound, Sentence
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.forensics import answers, paper_table
from exam_system.forensics.bundle import take_bundle
from exam_system.forensics.experts import FEWEST, appoint_expert
from exam_system.forensics.fit import fit_of
from exam_system.forensics.flags import read_flags
from exam_system.forensics.listing import SubjectLine, subject_lines
from exam_system.forensics.lookup import cases_of, experts_of, screening_by, screenings_of
from exam_system.forensics.models import ScreeningPart
from exam_system.forensics.parameters import Parameters
from exam_system.forensics.screening import freeze_screening, publish_figures
from exam_system.forensics.shown import scientific
from exam_system.marking.service import seated_numbers
from exam_system.sheets import SheetError
from exam_system.sheets.preview import Preview
from exam_system.web import acting, download, flash_refusal, looking, say, trying

bp = Blueprint("forensics", __name__)
HOME = "/office/exams/<code>/similarity"
RUN = f"{HOME}/runs/<ref>"
TIERS = {"room": "One room", "site": "One site, two rooms", "everywhere": "Two sites"}
STATES = {
    "open": ("The experts have not decided", "wait"),
    "confirmed": ("Confirmed by the experts", "bad"),
    "dismissed": ("Not confirmed by the experts", "good"),
}


@bp.get(HOME)
def index(code: str) -> ResponseReturnValue:
    """What is in of each subject, its screenings, and the group of experts."""
    return _index(code, [])


def _index(code: str, problems: list[str]) -> str:
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    names = select(Account.id, Account.name)
    group = experts_of(ctx.session, exam)
    rows = ctx.session.execute(names.where(Account.id.in_(one.account_id for one in group)))
    accounts = {row.id: row.name for row in rows}
    lines: list[SubjectLine] = subject_lines(ctx, exam)
    return render_template(
        "forensics/index.html",
        exam=exam,
        lines=lines,
        problems=problems,
        screenings=screenings_of(ctx.session, exam),
        subjects={one.code: one.name for one in rules_of(exam).subjects},
        experts=[(accounts[one.account_id], one) for one in group],
        fewest=FEWEST,
        given=Parameters(),
    )


@bp.post(f"{HOME}/<subject>/items")
def items(code: str, subject: str) -> ResponseReturnValue:
    """A table of items: looked at, then taken in."""

    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return paper_table.preview_paper(ctx, code, subject, name, data)

    def act(ctx: Context, name: str, data: bytes) -> str:
        paper = paper_table.set_paper(ctx, code=code, subject=subject, name=name, data=data)
        said: str = _("%(items)s items were taken in", items=len(paper.counts))
        return said

    return _take_in(code, _("Items and keys"), read, act)


@bp.post(f"{HOME}/<subject>/answers", endpoint="answers")
def answer_sheets(code: str, subject: str) -> ResponseReturnValue:
    """A table of the scanner: looked at, then taken in."""

    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return answers.preview_answers(ctx, code, subject, name, data)

    def act(ctx: Context, name: str, data: bytes) -> str:
        count = answers.import_answers(ctx, code=code, subject=subject, name=name, data=data)
        said: str = _("%(count)s answer sheets were taken in", count=count)
        return said

    return _take_in(code, _("Answer sheets"), read, act)


def _take_in(code: str, title: str, read: Any, act: Any) -> ResponseReturnValue:
    back = url_for("forensics.index", code=code)
    try:
        return imports.step(imports.Import(title, back, read, act))
    except SheetError as error:
        return _index(code, error.lines(_)), 422
    except Sentence as error:
        return _index(code, [say(error)]), error.status


@bp.post(f"{HOME}/<subject>/freeze")
def freeze(code: str, subject: str) -> ResponseReturnValue:
    """Fix parameters and inputs of a screening."""
    form = request.form
    try:
        with acting() as ctx:
            given = Parameters(
                room=form.get("room", ""),
                site=form.get("site", ""),
                everywhere=form.get("everywhere", ""),
                copied=form.get("copied", ""),
                least=form.get("least", 0, int),
                basis=form.get("basis", ""),
            )
            row = freeze_screening(ctx, code=code, subject=subject, parameters=given)
    except Sentence as error:
        return _index(code, [say(error)]), error.status
    return redirect(url_for("forensics.screening", code=code, ref=row.ref), 303)


@bp.get(RUN)
def screening(code: str, ref: str) -> ResponseReturnValue:
    """How far a screening is, or what it found."""
    ctx = looking()
    row, paper, exam = screening_by(ctx.session, ref)
    if exam.code != code:
        raise NotFound("There is no such screening")
    told = json.loads(row.parameters)
    flags = read_flags(row.flags) if row.flags else None
    last = select(ScreeningPart).where(ScreeningPart.screening_id == row.id)
    numbers = {who: number for number, who in seated_numbers(ctx.session, exam.id).items()}
    return render_template(
        "forensics/screening.html",
        exam=exam,
        row=row,
        subject=rules_of(exam).subject(paper.subject).name,
        told=told,
        flags=flags,
        last=ctx.session.scalars(last.order_by(ScreeningPart.id.desc())).first(),
        kept=ctx.session.scalars(
            select(func.count()).where(ScreeningPart.screening_id == row.id)
        ).one(),
        cases=cases_of(ctx.session, row),
        states=STATES,
        tiers=TIERS,
        scientific=scientific,
        odd=[(numbers.get(one.who, ""), one) for one in fit_of(ctx, row)],
    )


@bp.post(f"{RUN}/bundle.zip")
def bundle(code: str, ref: str) -> ResponseReturnValue:
    """The signed files of a screening; an act."""
    try:
        with acting() as ctx:
            data = take_bundle(ctx, ref=ref, answers="answers" in request.form)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("forensics.screening", code=code, ref=ref), 303)
    return download(data, f"similarity-{ref}.zip", "application/zip")


@bp.post(f"{RUN}/publish")
def publish(code: str, ref: str) -> ResponseReturnValue:
    """Publish the figures of a screening."""
    with trying() as ctx:
        publish_figures(ctx, ref=ref)
    return redirect(url_for("forensics.screening", code=code, ref=ref), 303)


@bp.post(f"{HOME}/experts")
def appoint(code: str) -> ResponseReturnValue:
    """Add a member to the group of experts."""
    form = request.form
    try:
        with acting() as ctx:
            appoint_expert(
                ctx,
                code=code,
                username=form.get("username", "").strip(),
                unit=form.get("unit", ""),
                area_code=form.get("area_code", "").strip(),
            )
    except Sentence as error:
        return _index(code, [say(error)]), error.status
    flash(_("The expert was appointed"), "success")
    return redirect(url_for("forensics.index", code=code), 303)


@bp.get("/exams/<code>/similarity")
def figures(code: str) -> ResponseReturnValue:
    """For everybody: how many pairs were compared, flagged and confirmed."""
    ctx = looking()
    exam: Exam = exam_by_code(ctx.session, code)
    subjects = {one.code: one.name for one in rules_of(exam).subjects}
    shown = []
    for row, paper in screenings_of(ctx.session, exam):
        if row.published_at is None or row.flags is None:
            continue
        states = [case.state for case in cases_of(ctx.session, row)]
        told, flags = json.loads(row.parameters), read_flags(row.flags)
        shown.append((row, subjects[paper.subject], told, len(flags["pairs"]), states))
    return render_template("forensics/figures.html", exam=exam, shown=shown)
