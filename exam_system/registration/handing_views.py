"""The officer's page on which candidates are handed over as a table."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system import imports, running
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.registration import handing_in
from exam_system.registration.blueprint import bp
from exam_system.registration.candidate_table import HEADERS
from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.office import XLSX
from exam_system.sheets import SheetError, write_xlsx
from exam_system.sheets.preview import Line, Preview
from exam_system.web import download, looking, say


@bp.route("/exams/<code>/applicants/import", methods=["GET", "POST"])
def import_candidates(code: str) -> ResponseReturnValue:
    """A table of candidates: its form, what it would add, and then the act."""
    if request.args.get("format") == "xlsx":
        return download(write_xlsx(code, HEADERS, []), f"candidates-{code}.xlsx", XLSX)
    exam = exam_by_code(looking().session, code)
    if request.method == "GET":
        return _page(exam)
    try:
        return imports.step(_import(exam))
    except SheetError as error:
        return _page(exam, error.lines(gettext)), 422
    except Sentence as error:
        return _page(exam, [say(error)]), error.status


def _import(exam: Exam) -> imports.Import:
    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return _in_words(handing_in.preview_candidates(ctx, exam.code, name, data))

    def act(ctx: Context, name: str, data: bytes) -> str:
        number = handing_in.import_candidates(
            ctx, code=exam.code, name=name, data=data, tell=running.tell
        )
        return str(gettext("%(number)s candidates were taken in", number=number))

    back = url_for("registration.import_candidates", code=exam.code)
    return imports.Import(gettext("Candidates handed over"), back, read, act)


def _in_words(preview: Preview) -> Preview:
    levels = {level: str(gettext(words)) for level, words in LEVEL_NAMES.items()}
    lines = tuple(
        Line("added", one.key, after=(*one.after[:4], levels[one.after[4]], *one.after[5:]))
        for one in preview.lines
    )
    names = tuple(str(gettext(name)) for name in preview.columns)
    note = gettext(
        "Nobody can log in with these accounts yet: whoever registers with the same ID number, "
        "name and telephone number has the account and the draft."
    )
    return Preview(names, lines, 0, (note,))


def _page(exam: Exam, problems: Sequence[str] = ()) -> str:
    return render_template(
        "registration/hand_in.html", exam=exam, columns=HEADERS, problems=problems
    )
