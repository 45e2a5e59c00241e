"""The office's page of observers and planned dates; the inspection office sees it too."""

from __future__ import annotations

import base64
from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.approvals.views import ask, asked
from exam_system.errors import Invalid, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.exports.files import XLSX
from exam_system.language import choose_language
from exam_system.observing import inviting, planning
from exam_system.observing.blueprint import bp
from exam_system.observing.kinds import SECTIONS, kinds
from exam_system.observing.listing import STATES
from exam_system.observing.lookup import invited_to, looks_at, today
from exam_system.people import read_day, read_moment
from exam_system.sheets import write_xlsx
from exam_system.web import acting, flash_refusal, looking, office, trying

PAGE = "/office/exams/<code>/observers"
LOOKS = 30
_TYPED = "%Y-%m-%dT%H:%M"
TONES = {"open": "info", "proposed": "wait", "withdrawn": "bad"}


@bp.get(PAGE, endpoint="office")
def observers(code: str) -> ResponseReturnValue:
    """Who may watch, who looked at what, and the hours that are planned."""
    return _office(code)


def _office(code: str) -> str:
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    _rows, wanted = inviting.list_of(ctx, exam)
    return render_template(
        "observing/office.html",
        exam=exam,
        invited=invited_to(ctx.session, exam),
        asked=asked(wanted) if wanted else None,
        looks=looks_at(ctx.session, exam, LOOKS),
        day=today(ctx),
        kinds={code: one.name(choose_language()) for code, one in kinds().items()},
        sections=SECTIONS,
        states=STATES,
        tones=TONES,
        planned={row.kind: row for row in planning.planned(ctx.session, exam)},
        plannable=planning.KINDS,
        typed=_typed,
        form=request.form,
    )


def _typed(at: datetime | None) -> str:
    """A time as its field on the page has it."""
    return "" if at is None else at.astimezone(office().config.zone).strftime(_TYPED)


def _back(code: str) -> ResponseReturnValue:
    return redirect(url_for("observing.office", code=code), 303)


@bp.post(f"{PAGE}/propose")
def propose(code: str) -> ResponseReturnValue:
    """Put people up; what was typed comes back when it cannot be read."""
    try:
        with acting() as ctx:
            lines = request.form.get("lines", "")[:20_000]
            refs = inviting.propose_observers(ctx, code=code, lines=lines, until=_day())
    except Sentence as error:
        flash_refusal(error)
        return _office(code), error.status
    flash(_("%(count)s observers are put up for an invitation", count=len(refs)), "success")
    return _back(code)


def _day() -> date:
    try:
        return read_day(request.form.get("until", ""))
    except ValueError:
        raise Invalid("Give the last day of the invitation").about("until") from None


@bp.post(f"{PAGE}/invite")
def invite(code: str) -> ResponseReturnValue:
    """Ask for the approval of the list; once it is given invite everybody on it."""
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, inviting.wanted_invitations(ctx, code=code))
        else:
            count = inviting.invite_observers(ctx, code=code)
            flash(_("%(count)s observers are invited", count=count), "success")
    return _back(code)


@bp.post("/office/observers/<ref>/drop")
def drop(ref: str) -> ResponseReturnValue:
    """Strike somebody off before the approval."""
    with trying() as ctx:
        inviting.drop_observer(ctx, ref=ref)
    return _back(request.form.get("code", ""))


@bp.post("/oversight/observers/<ref>/withdraw")
def withdraw(ref: str) -> ResponseReturnValue:
    """The inspection office ends an invitation."""
    try:
        with acting() as ctx:
            inviting.withdraw_observer(ctx, ref=ref, reason=request.form.get("reason", ""))
        flash(_("The invitation is withdrawn"), "success")
    except Sentence as error:
        flash_refusal(error)
    return _back(request.form.get("code", ""))


@bp.post(f"{PAGE}/accounts")
def accounts(code: str) -> ResponseReturnValue:
    """Issue accounts; the answer is the only place where the passwords ever stand."""
    exam = exam_by_code(looking().session, code)
    try:
        with acting() as ctx:
            ref = request.form.get("ref", "")
            issued = inviting.issue_observer_accounts(ctx, code=code, ref=ref)
    except Sentence as error:
        flash_refusal(error)
        return _back(code)
    # The table travels inside the page: a link to the server would need the passwords kept.
    table = base64.b64encode(_table(exam, issued)).decode()
    return render_template(
        "observing/accounts.html",
        exam=exam,
        issued=issued,
        names={code: one.name(choose_language()) for code, one in kinds().items()},
        link=f"data:{XLSX};base64,{table}",
    )


def _table(exam: Exam, issued: list[inviting.Issued]) -> bytes:
    columns = [_("Kind"), _("Name"), _("Sent by"), _("Login name"), _("Password")]
    named = {code: one.name(choose_language()) for code, one in kinds().items()}
    rows = [(named[one.kind], one.name, one.body, one.username, one.password) for one in issued]
    return write_xlsx(f"{exam.code} {_('Accounts of observers')}", columns, rows)


@bp.post(f"{PAGE}/dates")
def dates(code: str) -> ResponseReturnValue:
    """Plan the hours of draws, tickets, scores and interviews."""
    try:
        with acting() as ctx:
            hours = {kind: (_at(f"{kind}-begins"), _at(f"{kind}-ends")) for kind in planning.KINDS}
            changed = planning.plan_dates(ctx, code=code, hours=hours)
        flash(_("%(count)s dates were changed", count=len(changed)), "success")
    except Sentence as error:
        flash_refusal(error)
        return _office(code), error.status
    return _back(code)


def _at(name: str) -> datetime | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        return read_moment(text).replace(tzinfo=office().config.zone)
    except ValueError:
        raise Invalid("This is no time: %(text)s", text=text[:30]).about(name) from None
