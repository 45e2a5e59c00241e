"""Pages of registration for reviewers (queue, review) and officers (list of applicants)."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from exam_system.context import Context
from exam_system.errors import Refused, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.language import when
from exam_system.people import mask_id
from exam_system.registration import listing, service
from exam_system.registration.blueprint import bp
from exam_system.registration.candidate import explained
from exam_system.registration.checks import LEVEL_NAMES
from exam_system.registration.deadlines import due_day
from exam_system.registration.forms import RefuseForm
from exam_system.registration.listing import PAGE, Filters, Listed, Waiting
from exam_system.registration.lookup import Found, any_application, rules_from
from exam_system.registration.photos import photo_bytes
from exam_system.registration.states import STATES
from exam_system.sheets import write_csv, write_xlsx
from exam_system.web import acting, actor, download, flash_refusal, inline, looking

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAST_PAGE = 1_000_000


def page_asked() -> int:
    """The page parameter, from 1; anything else is the first page."""
    text = request.args.get("page", "1")
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() else 1


@bp.get("/review")
def queue() -> ResponseReturnValue:
    """What waits for review, oldest first, with the day on which it is due."""
    ctx = looking()
    code, page = request.args.get("exam", ""), page_asked()
    counts = listing.count_waiting(ctx.session)
    total = sum(count for exam, _, count in counts if code in ("", exam))
    rows = listing.list_waiting(ctx.session, code, page)
    return render_template(
        "registration/queue.html",
        counts=counts,
        code=code,
        total=total,
        rows=[(row, *_due(ctx, row), _doubts(row)) for row in rows],
        page=page,
        pages=max(1, -(-total // PAGE)),
    )


def _due(ctx: Context, row: Waiting) -> tuple[str, bool]:
    """The due day (or how long it has waited where no holidays are announced), and overdue."""
    zone, now = ctx.config.zone, ctx.clock.now()
    day = due_day(row.submitted_at.astimezone(zone).date(), rules_from(row.rules).review_days)
    if day is None:
        days = (now - row.submitted_at).days
        return gettext("waiting for %(days)s days", days=days), False
    return day.isoformat(), now.astimezone(zone).date() > day


def _doubts(row: Waiting) -> int:
    return sum(1 for _, ok, _ in explained(row.checks) if ok is not True)


@bp.route("/review/<ref>", methods=["GET", "POST"])
def review(ref: str) -> ResponseReturnValue:
    """One application beside its post: approve, or refuse with a reason."""
    form = RefuseForm()
    found = any_application(looking().session, ref)
    if not form.validate_on_submit():
        return _review_page(found, form, 422 if form.is_submitted() else 200)
    try:
        with acting() as ctx:
            approve = _decision()
            service.decide_application(ctx, ref=ref, approve=approve, reason=form.reason.data or "")
            following = listing.next_waiting(ctx.session)
    except Sentence as error:
        flash_refusal(error)
        return _review_page(found, form, error.status)
    if following is None:
        return redirect(url_for("registration.queue"), 303)
    return redirect(url_for("registration.review", ref=following), 303)


def _decision() -> bool:
    decision = request.form.get("decision")
    if decision not in ("approve", "refuse"):
        raise Refused("Choose to approve or to refuse")
    return decision == "approve"


def _review_page(found: Found, form: RefuseForm, status: int) -> ResponseReturnValue:
    application, exam, post, person, district = found
    number = looking().keys.vault.open(person.id_sealed)
    return render_template(
        "registration/review.html",
        application=application,
        exam=exam,
        post=post,
        person=person,
        district=district,
        id_number=mask_id(number),
        education=gettext(LEVEL_NAMES[application.education]),
        state_name=gettext(STATES[application.state]),
        checks=explained(application.checks),
        form=form,
    ), status


@bp.get("/review/<ref>/photo.jpg")
def review_photo(ref: str) -> ResponseReturnValue:
    """The candidate's photo for the reviewer."""
    ctx = looking()
    return inline(photo_bytes(ctx.config, any_application(ctx.session, ref)[0].photo), "image/jpeg")


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
        pages=max(1, -(-total // PAGE)),
    )


@bp.post("/exams/<code>/applicants/export")
def export_applicants(code: str) -> ResponseReturnValue:
    """The whole list as a file; the export is an act in the log."""
    with acting() as ctx:
        rows = service.export_applicants(ctx, code=code)
        title = exam_by_code(ctx.session, code).name
    return sheet_file(f"applicants-{code}", title, _columns(), [_cells(row) for row in rows])


def sheet_file(
    name: str, title: str, columns: list[str], rows: list[tuple[Any, ...]]
) -> ResponseReturnValue:
    """A table as .csv or .xlsx, as the form's `format` says; the .xlsx names who exported it."""
    if request.form.get("format") == "csv":
        return download(write_csv(columns, rows), f"{name}.csv", "text/csv; charset=utf-8")
    mark = f"{actor().name} {when(looking().clock.now())}"
    return download(write_xlsx(title, columns, rows, mark), f"{name}.xlsx", XLSX)


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
