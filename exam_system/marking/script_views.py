"""Pages of what is drawn about papers and scripts: sets, codes, sample, marking groups."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.draws.confidential import hidden
from exam_system.draws.models import Attempt, Draw
from exam_system.errors import Invalid, Sentence
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exports import files
from exam_system.marking.destinations import (
    Markers,
    drawn_bundles,
    enter_marking_groups,
    groups_of,
)
from exam_system.marking.papers import Sets, enter_paper_sets, sets_of
from exam_system.marking.scripts import export_codes, picked
from exam_system.web import acting, flash_refusal, looking

bp = Blueprint("scripts", __name__)
OFFICE = "/office/exams/<code>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _drawn(exam: Exam, kind: str) -> tuple[Draw, Attempt] | None:
    return newest_attempt(looking().session, exam, kind)


@bp.route(f"{OFFICE}/papers", methods=["GET", "POST"])
def papers(code: str) -> ResponseReturnValue:
    """The sealed paper sets of every subject: naming them, and which one was drawn."""
    exam = exam_by_code(looking().session, code)
    subjects = rules_of(exam).subjects
    if request.method == "POST":
        typed: Sets = {one.code: _sets(request.form.get(one.code, "")) for one in subjects}
        try:
            with acting() as ctx:
                count = enter_paper_sets(ctx, code=code, sets=typed)
        except Sentence as error:
            flash_refusal(error)
            return _papers(exam, {one.code: request.form.get(one.code, "") for one in subjects})
        flash(_("%(count)s sealed sets are named", count=count), "success")
        return redirect(url_for("scripts.papers", code=code))
    known = sets_of(looking().session, exam)
    by_subject = {
        one.code: "\n".join(f"{row.label} {row.seal}" for row in known if row.subject == one.code)
        for one in subjects
    }
    return _papers(exam, by_subject)


def _papers(exam: Exam, typed: dict[str, str]) -> str:
    found = _drawn(exam, "papers")
    shut = found is not None and hidden(found[1])
    return render_template(
        "marking/papers.html",
        exam=exam,
        subjects=rules_of(exam).subjects,
        typed=typed,
        drawn=found,
        hidden=shut,
        rows=[] if shut else sets_of(looking().session, exam),
    )


def _sets(text: str) -> list[tuple[str, str]]:
    """A set a line: its name and what its seal says."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return [(words[0], "".join(words[1:])) for words in lines]


@bp.route(f"{OFFICE}/markers", methods=["GET", "POST"])
def markers(code: str) -> ResponseReturnValue:
    """The marking groups: naming them, and which bundles were drawn to each."""
    db = looking().session
    exam = exam_by_code(db, code)
    known = groups_of(db, exam)
    typed = "\n".join(f"{g.name}，{d.code if d else '-'}，{g.most}" for g, d in known)
    if request.method == "POST":
        typed = request.form.get("groups", "")
        try:
            with acting() as ctx:
                count = enter_marking_groups(ctx, code=code, groups=_markers(typed))
            flash(_("%(count)s marking groups are named", count=count), "success")
            return redirect(url_for("scripts.markers", code=code))
        except Sentence as error:
            flash_refusal(error)
    return render_template(
        "marking/markers.html",
        exam=exam,
        typed=typed,
        known=known,
        drawn=_drawn(exam, "markers"),
        bundles=drawn_bundles(db, exam),
    )


def _markers(text: str) -> list[Markers]:
    """A group a line: name, code of its own district or a hyphen, most bundles."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        words = [word.strip() for word in re.split("[,，]", line)]
        if len(words) != 3 or not re.fullmatch("-|[0-9]{1,4}", words[1]) or not _whole(words[2]):
            raise Invalid(
                "Write a group in each line: name, code of its own district or a hyphen, most "
                "bundles. This line is none: %(line)s",
                line=line[:80],
            ).about("groups")
        own = None if words[1] == "-" else int(words[1])
        found.append(Markers(words[0], own, int(words[2])))
    return found


def _whole(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None


@bp.route(f"{OFFICE}/codes", methods=["GET", "POST"])
def codes(code: str) -> ResponseReturnValue:
    """How far the script codes are; taking them out, with a reason that stays on record."""
    exam = exam_by_code(looking().session, code)
    if request.method == "POST":
        try:
            with acting() as ctx:
                rows = export_codes(ctx, code=code, reason=request.form.get("reason", ""))
        except Sentence as error:
            flash_refusal(error)
            return redirect(url_for("scripts.codes", code=code))
        names = {one.code: one.name for one in rules_of(exam).subjects}
        cells = [(one, number, names[subject]) for one, number, subject in rows]
        columns = [_("Script code"), _("Admission number"), _("Subject")]
        kind = "csv" if request.form.get("format") == "csv" else "xlsx"
        name, verb = f"codes-{code}", "marking.export_codes"
        return files.table(kind, name, _("Script codes"), columns, cells, verb=verb)
    found = _drawn(exam, "codes")
    shut = found is not None and hidden(found[1])
    return render_template("marking/codes.html", exam=exam, drawn=found, hidden=shut)


@bp.get(f"{OFFICE}/recount")
def recount(code: str) -> ResponseReturnValue:
    """The drawn sample of scripts to recount by hand."""
    db = looking().session
    exam = exam_by_code(db, code)
    return render_template(
        "marking/recount.html",
        exam=exam,
        percent=rules_of(exam).recount_percent,
        names={one.code: one.name for one in rules_of(exam).subjects},
        drawn=_drawn(exam, "recount"),
        rows=picked(db, exam),
    )
