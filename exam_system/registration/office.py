"""The officer's list of applicants, and what lists of the office share."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.exams.lookup import exam_by_code
from exam_system.exports import files
from exam_system.language import when
from exam_system.paging import page_count
from exam_system.registration import listing, service
from exam_system.registration.blueprint import bp
from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.listing import PAGE, Filters, Listed
from exam_system.registration.states import STATES
from exam_system.web import acting, looking

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAST_PAGE = 1_000_000


def page_asked() -> int:
    """The page parameter, from 1; anything else is the first page."""
    text = request.args.get("page", "1")
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() else 1


@bp.get("/exams/<code>/applicants")
def applicants(code: str) -> ResponseReturnValue:
    """Everybody who applied, by state, post or name; ID numbers masked."""
    ctx = looking()
    exam, page = exam_by_code(ctx.session, code), page_asked()
    given = {name: request.args.get(name, "").strip() for name in ("state", "post", "words")}
    filters = Filters(**given)
    total = listing.count_applicants(ctx.session, exam, filters)
    return render_template(
        "registration/applicants.html",
        exam=exam,
        rows=listing.list_applicants(ctx, exam, filters, page),
        states={state: gettext(name) for state, name in STATES.items()},
        counts=listing.count_by_state(ctx.session, exam),
        given=given,
        total=total,
        page=page,
        pages=page_count(total, PAGE),
    )


@bp.post("/exams/<code>/applicants/export")
def export_applicants(code: str) -> ResponseReturnValue:
    """The whole list as a file; the export is an act in the log."""
    with acting() as ctx:
        rows = service.export_applicants(ctx, code=code)
        title = exam_by_code(ctx.session, code).name
    cells, verb = [_cells(row) for row in rows], "registration.export_applicants"
    return sheet_file(f"applicants-{code}", title, _columns(), cells, verb=verb)


def sheet_file(
    name: str, title: str, columns: list[str], rows: list[tuple[Any, ...]], *, verb: str
) -> ResponseReturnValue:
    """A table as .csv or .xlsx, as the form's `format` says, marked with the act of `verb`."""
    kind = "csv" if request.form.get("format") == "csv" else "xlsx"
    return files.table(kind, name, title, columns, rows, verb=verb)


def _columns() -> list[str]:
    return [
        gettext("Application"),
        gettext("Admission number"),
        gettext("Name"),
        gettext("Sex"),
        gettext("ID number"),
        gettext("Post code"),
        gettext("Unit"),
        gettext("Post title"),
        gettext("District"),
        gettext("Education"),
        gettext("Major"),
        gettext("School of graduation"),
        gettext("Employer"),
        gettext("State"),
        gettext("Submitted at"),
    ]


def _cells(row: Listed) -> tuple[Any, ...]:
    return (
        row.ref,
        row.number,
        row.name,
        gettext(row.sex),
        row.id_number,
        row.post,
        row.unit,
        row.title,
        row.district,
        gettext(LEVEL_NAMES[row.education]),
        row.major,
        row.school,
        row.employer,
        gettext(STATES[row.state]),
        when(row.submitted_at),
    )
