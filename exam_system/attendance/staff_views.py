"""Pages of the staff of the exam day: the list comes in, accounts are issued."""

from __future__ import annotations

import base64

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from exam_system import imports
from exam_system.attendance.blueprint import bp
from exam_system.attendance.staff import FUNCTIONS
from exam_system.attendance.staff_list import (
    NAMES,
    Issued,
    import_site_staff,
    issue_staff_accounts,
    preview_site_staff,
    staff_of,
)
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.examday.models import Duty, Invigilator
from exam_system.exams.forms import TableForm
from exam_system.exams.lookup import exam_by_code, places_of
from exam_system.exams.models import Exam, Site
from exam_system.exports.files import XLSX
from exam_system.sheets import SheetError, write_xlsx
from exam_system.sheets.preview import Preview
from exam_system.web import acting, flash_refusal, looking, say


@bp.route("/office/exams/<code>/day/staff", methods=["GET", "POST"])
def staff(code: str) -> ResponseReturnValue:
    """Who is on duty outside the rooms; a table brings them in."""
    exam = exam_by_code(looking().session, code)
    if request.method == "GET":
        return _staff(exam, [])

    def act(ctx: Context, name: str, data: bytes) -> str:
        count = import_site_staff(ctx, code=code, name=name, data=data)
        said: str = _("%(count)s people of the exam day were taken in", count=count)
        return said

    def read(ctx: Context, name: str, data: bytes) -> Preview:
        return preview_site_staff(ctx, code, name, data)

    back = url_for("attendance.staff", code=code)
    try:
        return imports.step(imports.Import(_("Staff of the exam day"), back, read, act))
    except SheetError as error:
        return _staff(exam, error.lines(_)), 422
    except Sentence as error:
        return _staff(exam, [say(error)]), error.status


def _staff(exam: Exam, problems: list[str]) -> str:
    db = looking().session
    drawn = select(func.count(func.distinct(Duty.invigilator_id))).join(Invigilator)
    sites: dict[int, Site] = {row[1].id: row[1] for row in places_of(db, exam)}
    return render_template(
        "attendance/staff.html",
        exam=exam,
        form=TableForm(formdata=None),
        problems=problems,
        columns=NAMES,
        people=staff_of(db, exam),
        functions=FUNCTIONS,
        sites=sites.values(),
        drawn=db.scalar(drawn.where(Invigilator.exam_id == exam.id)),
    )


@bp.post("/office/exams/<code>/day/accounts")
def accounts(code: str) -> ResponseReturnValue:
    """Issue accounts; the answer is the only place where the passwords ever stand."""
    exam = exam_by_code(looking().session, code)
    try:
        with acting() as ctx:
            site = request.form.get("site", type=int)
            issued = issue_staff_accounts(ctx, code=code, site=site)
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("attendance.staff", code=code))
    # The table travels inside the page: a link to the server would need the passwords kept.
    table = base64.b64encode(_table(exam, issued)).decode()
    return render_template(
        "attendance/accounts.html", exam=exam, issued=issued, link=f"data:{XLSX};base64,{table}"
    )


def _table(exam: Exam, issued: list[Issued]) -> bytes:
    columns = [_("Place"), _("Name"), _("Login name"), _("Password")]
    rows = [(one.place, one.name, one.username, one.password) for one in issued]
    return write_xlsx(f"{exam.code} {_('Accounts of the exam day')}", columns, rows)
