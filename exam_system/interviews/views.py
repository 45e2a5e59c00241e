"""Pages of interviews: the office's setup, the interviewer's desk, the hall screen, slips."""

from __future__ import annotations

import base64

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from exam_system import imports
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.interviews.forms import PanelsForm, PoolForm
from exam_system.interviews.groups import order_drawn
from exam_system.interviews.listing import (
    candidates_of,
    next_of,
    overview,
)
from exam_system.interviews.lookup import (
    DRAWS,
    begun,
    labels_by_group,
    last_service,
    members_of,
    panel_of,
    panels_of,
)
from exam_system.interviews.models import Bureau, Interviewer
from exam_system.interviews.pool import preview_interviewers
from exam_system.interviews.screen import hall_view
from exam_system.interviews.sealed import sealed_until
from exam_system.interviews.service import (
    Issued,
    call_candidate,
    create_panels,
    import_interviewers,
    issue_accounts,
    mark_absent,
    open_panel,
)
from exam_system.interviews.showing import hall_of
from exam_system.interviews.slips import slip_note, slip_pdf
from exam_system.paging import page_count
from exam_system.registration.lookup import Found, any_application, own
from exam_system.sheets import SheetError, write_xlsx
from exam_system.web import acting, download, flash_refusal, looking, say, trying
from exam_system.web_forms import check_form

bp = Blueprint("interviews", __name__)
PAGE = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.route("/office/interviewers", methods=["GET", "POST"])
def pool() -> ResponseReturnValue:
    """The pool of interviewers, and taking a table of them in."""
    form = PoolForm(formdata=None)
    if request.method == "GET":
        return _pool(form, [])
    title, back = _("Pool of interviewers"), url_for("interviews.pool")
    try:
        return imports.step(imports.Import(title, back, preview_interviewers, _take_in))
    except SheetError as error:
        return _pool(form, error.lines(_)), 422
    except Sentence as error:
        return _pool(form, [say(error)]), error.status


def _take_in(ctx: Context, name: str, data: bytes) -> str:
    taken = import_interviewers(ctx, name=name, data=data)
    counts = {"added": taken.added, "changed": taken.changed}
    said: str = _("%(added)s interviewers added, %(changed)s changed", **counts)
    return said


def _pool(form: PoolForm, problems: list[str]) -> str:
    db = looking().session
    words = request.args.get("words", "").strip()[:40]
    named = (Interviewer.name, Interviewer.certificate, Interviewer.employer)
    fits = or_(*(one.icontains(words, autoescape=True) for one in named))
    total = db.scalar(select(func.count(Interviewer.id)).where(fits)) or 0
    page, pages = page_of(total)
    query = select(Interviewer).where(fits).order_by(Interviewer.certificate)
    return render_template(
        "interviews/pool.html",
        form=form,
        problems=problems,
        rows=db.scalars(query.offset((page - 1) * PAGE).limit(PAGE)).all(),
        total=total,
        words=words,
        page=page,
        pages=pages,
        served=last_service(db),
        bureaus={row.name: row.title for row in db.scalars(select(Bureau))},
    )


def page_of(total: int) -> tuple[int, int]:
    """Which page is asked for, and how many there are."""
    pages = page_count(total, PAGE)
    return min(max(request.args.get("page", 1, type=int), 1), pages), pages


@bp.get("/office/exams/<code>/interviews")
def setup(code: str) -> ResponseReturnValue:
    """Everything about an exam's interviews; one panel's candidates when `panel` is given."""
    ctx = looking()
    return _setup(ctx, exam_by_code(ctx.session, code), PanelsForm())


def _setup(ctx: Context, exam: Exam, form: PanelsForm) -> str:
    db = ctx.session
    chosen = request.args.get("panel", "")
    panel = panel_of(db, exam, chosen) if chosen else None
    queue = candidates_of(db, panel) if panel else []
    drawn = {kind: begun(db, exam, kind, applied=True) for kind in DRAWS}
    # Lots picked from envelopes give an order as well.
    drawn["order"] = drawn["groups"] and all(order_drawn(db, one) for one in panels_of(db, exam))
    return render_template(
        "interviews/setup.html",
        exam=exam,
        form=form,
        lines=overview(db, exam),
        groups={code: len(labels) for code, labels in labels_by_group(db, exam).items()},
        drawn=drawn,
        fixed=begun(db, exam, *DRAWS),
        panel=panel,
        mark=hall_of(db, exam, panel).mark if panel else "",
        sealed=sealed_until(ctx, exam),
        members=members_of(db, panel) if panel and not sealed_until(ctx, exam) else [],
        queue=queue,
        turn=next_of(queue),
    )


@bp.post("/office/exams/<code>/interviews/panels")
def panels(code: str) -> ResponseReturnValue:
    """Set up panels and groups."""
    form = PanelsForm()
    exam = exam_by_code(looking().session, code)
    try:
        check_form(form)
        with acting() as ctx:
            made = create_panels(ctx, code=code, panels=form.panels.data)
    except Sentence as error:
        flash_refusal(error.about("panels"))
        return _setup(looking(), exam, form), error.status
    flash(_("%(count)s panels and as many groups are set up", count=len(made)), "success")
    return redirect(url_for("interviews.setup", code=code))


@bp.post("/office/exams/<code>/interviews/accounts")
def accounts(code: str) -> ResponseReturnValue:
    """Issue accounts; the answer is the only place where the passwords ever stand."""
    exam = exam_by_code(looking().session, code)
    try:
        with acting() as ctx:
            issued = issue_accounts(
                ctx,
                code=code,
                panel=request.form.get("panel", ""),
                place=request.form.get("place", type=int),
            )
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("interviews.setup", code=code))
    # The table travels inside the page: a link to the server would need the passwords kept.
    table = base64.b64encode(_account_table(exam, issued)).decode()
    return render_template(
        "interviews/accounts.html", exam=exam, issued=issued, link=f"data:{XLSX};base64,{table}"
    )


def _account_table(exam: Exam, issued: list[Issued]) -> bytes:
    columns = [_("Panel"), _("Name"), _("Login name"), _("Password")]
    rows = [(one.panel, one.name, one.username, one.password) for one in issued]
    return write_xlsx(f"{exam.code} {_('Accounts of interviewers')}", columns, rows)


@bp.post("/office/exams/<code>/interviews/panels/<panel>/open", endpoint="open")
def open_session(code: str, panel: str) -> ResponseReturnValue:
    """Open a panel's session."""
    with trying() as ctx:
        open_panel(ctx, code=code, panel=panel)
    return redirect(url_for("interviews.setup", code=code, panel=panel))


@bp.post("/office/exams/<code>/interviews/panels/<panel>/call/<ref>")
def call(code: str, panel: str, ref: str) -> ResponseReturnValue:
    """Call the next candidate."""
    with trying() as ctx:
        call_candidate(ctx, code=code, ref=ref)
    return redirect(url_for("interviews.setup", code=code, panel=panel))


@bp.post("/office/exams/<code>/interviews/panels/<panel>/absent/<ref>")
def absent(code: str, panel: str, ref: str) -> ResponseReturnValue:
    """Note that the candidate whose turn it is did not come."""
    with trying() as ctx:
        mark_absent(ctx, code=code, ref=ref)
    return redirect(url_for("interviews.setup", code=code, panel=panel))


@bp.get("/office/interviews/<ref>.<any(note, pdf):form>")
def slip_office(ref: str, form: str) -> ResponseReturnValue:
    """A candidate's interview slip, to be printed and signed in the room."""
    ctx = looking()
    return _slip(ctx, any_application(ctx.session, ref), form)


@bp.get("/my/interviews/<ref>.<any(note, pdf):form>")
def slip(ref: str, form: str) -> ResponseReturnValue:
    """The candidate's own interview slip."""
    ctx = looking()
    return _slip(ctx, own(ctx, ref), form)


def _slip(ctx: Context, found: Found, form: str) -> Response:
    application, exam, post = found[0], found[1], found[2]
    name = f"interview-{exam.code}-{application.number}.{form}"
    if form == "note":
        return download(slip_note(ctx, application), name, "text/plain; charset=utf-8")
    return download(slip_pdf(ctx, exam, post, application), name, "application/pdf")


@bp.get("/exams/<code>/hall/<panel>")
def hall(code: str, panel: str) -> ResponseReturnValue:
    """The screen in the hall: everybody sees the scores as soon as all of them are in."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    shown = hall_of(ctx.session, exam, panel_of(ctx.session, exam, panel))
    return render_template("interviews/hall.html", exam=exam, view=hall_view(shown))


@bp.get("/exams/<code>/hall/<panel>.json")
def hall_state(code: str, panel: str) -> ResponseReturnValue:
    """What the hall screen and the desks ask for every second."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    shown = hall_of(ctx.session, exam, panel_of(ctx.session, exam, panel))
    response = jsonify(hall_view(shown))
    response.headers["Cache-Control"] = "no-store"
    return response
