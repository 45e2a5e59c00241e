"""Pages around blind marking: the office's, the registrars', and the inspectors' seal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import func, select

from exam_system.approvals.views import ask
from exam_system.context import Context
from exam_system.errors import Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.interviews.issuing import Issued
from exam_system.marking import corrections, publishing, typed
from exam_system.marking.answer_keys import KeyName, key_text, newest_keys, set_key
from exam_system.marking.blind import markers_of, require_questions, seal_of
from exam_system.marking.blind_models import AnswerKey, Marker, MarkerConflict, Script
from exam_system.marking.closing import close_marking
from exam_system.marking.markers import declare_relation, import_markers, issue_marker_accounts
from exam_system.marking.optical import explain_sheet, import_optical
from exam_system.marking.paper_forms import letter, read_form
from exam_system.marking.progress import by_marker, by_question
from exam_system.marking.replacing import replace_marker, wanted_dropping_out
from exam_system.marking.sealing import count_scripts, seal_numbers
from exam_system.marking.written import differing
from exam_system.sheets import SheetError, write_xlsx
from exam_system.web import acting, download, flash_refusal, looking, say

bp = Blueprint("blind", __name__)
OFFICE = "/office/exams/<code>/marking"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 50
Form = Mapping[str, str]


def _(sentence: str, **words: object) -> str:
    return str(gettext(sentence, **words))


def _file() -> tuple[str, bytes]:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("Choose a file first").about("file")
    return file.filename, file.read()


def _markers(ctx: Context, code: str, _form: Form) -> str:
    name, data = _file()
    count = import_markers(ctx, code=code, name=name, data=data)
    return _("%(count)s markers are named", count=count)


def _relation(ctx: Context, code: str, form: Form) -> str:
    words = {key: form.get(key, "").strip() for key in ("marker", "number", "relation")}
    declare_relation(ctx, code=code, **words)
    return _("The relation is declared")


def _seal(ctx: Context, code: str, _form: Form) -> str:
    seal_numbers(ctx, code=code)
    return _("The numbers are sealed to the inspectors")


def _scripts(ctx: Context, code: str, _form: Form) -> str:
    name, data = _file()
    count = count_scripts(ctx, code=code, name=name, data=data)
    return _("%(count)s scripts were counted in", count=count)


def _key(ctx: Context, code: str, form: Form) -> str:
    words: dict[str, Any] = {key: form.get(key, "") for key in ("question", "text")}
    words |= {"code": code, "form": read_form(form.get("form", ""))}
    if not form.get("reason"):
        set_key(ctx, **words)
        return _("The key is in force")
    if "ask" in form:
        ask(ctx, corrections.wanted_key(ctx, **words, reason=form["reason"]))
        return ""
    row = corrections.correct_key(ctx, **words, reason=form["reason"])
    return _("The corrected key is in force: %(count)s sheets earn another mark", count=row.changed)


def _mark(ctx: Context, code: str, form: Form) -> str:
    words = {key: form.get(key, "").strip() for key in ("number", "question", "mark", "reason")}
    turn = int(form["turn"]) if form.get("turn") in ("1", "2", "3") else 1
    if "ask" in form:
        ask(ctx, corrections.wanted_mark(ctx, code=code, turn=turn, **words))
        return ""
    corrections.correct_mark(ctx, code=code, turn=turn, **words)
    return _("The mark is corrected")


def _replace(ctx: Context, code: str, form: Form) -> str:
    words = {key: form.get(key, "").strip() for key in ("marker", "reason")}
    if "ask" in form:
        ask(ctx, wanted_dropping_out(ctx, code=code, **words))
        return ""
    by = replace_marker(ctx, code=code, **words)
    told = ", ".join(f"{label} {count}" for label, count in by.items())
    return _("The marker has dropped out. Tasks went to: %(whom)s", whom=told or "–")


def _explain(ctx: Context, code: str, form: Form) -> str:
    words = {key: form.get(key, "").strip() for key in ("number", "subject", "reason")}
    explain_sheet(ctx, code=code, **words)
    return _("The explanation is on record")


def _publish(ctx: Context, code: str, form: Form) -> str:
    path = publishing.publish_marks(ctx, code=code, reason=form.get("reason", ""))
    return _("Published: %(name)s", name=path.name)


def _recount(ctx: Context, code: str, _form: Form) -> str:
    name, data = _file()
    path = publishing.publish_recount(ctx, code=code, name=name, data=data)
    return _("Published: %(name)s", name=path.name)


ACTS: dict[str, Callable[[Context, str, Form], str]] = {
    "markers": _markers,
    "relation": _relation,
    "seal": _seal,
    "scripts": _scripts,
    "key": _key,
    "mark": _mark,
    "replace": _replace,
    "explain": _explain,
    "publish": _publish,
    "recount": _recount,
}


@bp.get(OFFICE)
def office(code: str) -> ResponseReturnValue:
    """How far marking is, and everything the office does about it."""
    db, exam = looking().session, exam_by_code(looking().session, code)
    rules, seal = require_questions(exam), seal_of(db, exam)
    return render_template(
        "marking/blind.html",
        exam=exam,
        rules=rules,
        seal=seal,
        markers=markers_of(db, exam),
        relations=_relations(exam),
        scripts=_counts(exam),
        questions=by_question(db, exam),
        figures=by_marker(db, exam),
        keys=_key_blocks(rules, newest_keys(db, exam)),
        letter=letter,
        versions=_versions(exam),
        key_text=key_text,
        differing=[say(one) for one in [*differing(db, exam)][:_SHOWN]],
        marks=publishing.newest(db, exam, "marks"),
        recount=publishing.newest(db, exam, "recount"),
    )


def _key_blocks(
    rules: RuleSet, keys: Mapping[KeyName, AnswerKey]
) -> dict[str, list[tuple[int | None, AnswerKey | None]]]:
    """By question the forms whose key can be corrected or is missing; none while no key is in."""
    found: dict[str, list[tuple[int | None, AnswerKey | None]]] = {}
    for question, form in keys:
        forms = range(1, rules.paper_forms + 1) if form else (None,)
        found[question] = [(one, keys.get((question, one))) for one in forms]
    return found


def _relations(exam: Exam) -> dict[str, int]:
    """How many relations each marker declared, by label."""
    query = (
        select(Marker.label, func.count())
        .join(MarkerConflict, MarkerConflict.marker_id == Marker.id)
        .where(Marker.exam_id == exam.id)
        .group_by(Marker.label)
    )
    return {row[0]: row[1] for row in looking().session.execute(query)}


def _counts(exam: Exam) -> dict[str, tuple[int, int]]:
    """Numbers and scripts that came, by subject."""
    query = (
        select(Script.subject, func.count(), func.count(Script.arrived_at))
        .where(Script.exam_id == exam.id)
        .group_by(Script.subject)
    )
    return {subject: (all_, came) for subject, all_, came in looking().session.execute(query)}


def _versions(exam: Exam) -> list[AnswerKey]:
    query = select(AnswerKey).where(AnswerKey.exam_id == exam.id).order_by(AnswerKey.id)
    return list(looking().session.scalars(query))


@bp.post(f"{OFFICE}/<any({', '.join(ACTS)}):act>")
def act(code: str, act: str) -> ResponseReturnValue:
    """One act of the office about marking."""
    back = url_for("blind.office", code=code)
    return _carried(back, lambda ctx: ACTS[act](ctx, code, request.form))


def _carried(back: str, work: Callable[[Context], str]) -> ResponseReturnValue:
    try:
        with acting() as ctx:
            said = work(ctx)
        if said:
            flash(said, "success")
    except SheetError as error:
        for line in error.lines(_)[:_SHOWN]:
            flash(line, "danger")
    except Sentence as error:
        flash_refusal(error)
    return redirect(back)


@bp.post(f"{OFFICE}/accounts")
def accounts(code: str) -> ResponseReturnValue:
    """Issue accounts; the answer is the only place where the passwords ever stand."""
    exam = exam_by_code(looking().session, code)
    try:
        with acting() as ctx:
            issued = issue_marker_accounts(ctx, code=code, marker=request.form.get("marker", ""))
    except Sentence as error:
        flash_refusal(error)
        return redirect(url_for("blind.office", code=code))
    link = base64.b64encode(_account_table(exam, issued)).decode()
    return render_template(
        "marking/accounts.html", exam=exam, issued=issued, link=f"data:{XLSX};base64,{link}"
    )


def _account_table(exam: Exam, issued: list[Issued]) -> bytes:
    columns = [_("Marker"), _("Name"), _("Login name"), _("Password")]
    rows = [(one.panel, one.name, one.username, one.password) for one in issued]
    return write_xlsx(f"{exam.code} {_('Accounts of markers')}", columns, rows)


@bp.route("/marking/<code>/sheets", methods=["GET", "POST"])
def sheets(code: str) -> ResponseReturnValue:
    """The registrars' page: what the machine read, and marking sheets typed twice."""
    exam = exam_by_code(looking().session, code)
    rules = require_questions(exam)
    back = url_for("blind.sheets", code=code)
    if request.method == "POST":
        return _carried(back, lambda ctx: _take_sheet(ctx, code, request.form))
    return render_template(
        "marking/sheets.html",
        exam=exam,
        rules=rules,
        waiting=typed.waiting(looking().session, exam),
        differing=[say(one) for one in [*differing(looking().session, exam)][:_SHOWN]],
    )


def _take_sheet(ctx: Context, code: str, form: Form) -> str:
    name, data = _file()
    if "question" in form:
        count = import_optical(ctx, code=code, question=form["question"], name=name, data=data)
        return _("%(count)s sheets were taken in", count=count)
    if "first" in form:
        count = typed.type_first(ctx, code=code, name=name, data=data)
        return _("%(count)s rows wait for the second typing", count=count)
    count = typed.take_typed_marks(ctx, code=code, name=name, data=data)
    return _("%(count)s marks are saved", count=count)


@bp.route("/exams/<code>/marking/numbers", methods=["GET", "POST"])
def numbers(code: str) -> ResponseReturnValue:
    """The inspectors' page: the sealed key, and handing it in, which closes marking."""
    exam = exam_by_code(looking().session, code)
    require_questions(exam)
    if request.method == "POST":
        secret = request.form.get("secret", "")
        return _carried(url_for("blind.numbers", code=code), lambda ctx: _close(ctx, code, secret))
    found = seal_of(looking().session, exam)
    return render_template("marking/numbers.html", exam=exam, seal=found)


def _close(ctx: Context, code: str, secret: str) -> str:
    count = close_marking(ctx, code=code, secret=secret)
    return _("Marking is closed: %(count)s candidates have marks", count=count)


@bp.get("/exams/<code>/marking/numbers.sealed")
def box(code: str) -> Response:
    """The sealed key as a file, to be opened on an inspector's own machine."""
    exam = exam_by_code(looking().session, code)
    found = seal_of(looking().session, exam)
    if found is None:
        raise NotFound("The numbers of this exam are not sealed yet")
    return download(found.box, f"numbers-{code}.sealed", "application/octet-stream")
