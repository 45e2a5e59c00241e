"""Pages of exams for the office: set up, prepare, publish, close."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from exam_system import imports
from exam_system.approvals.lookup import Wanted
from exam_system.approvals.publications import wanted_publication
from exam_system.approvals.views import ask, asked
from exam_system.context import Context
from exam_system.errors import Conflict, Gathered, Invalid, Sentence
from exam_system.exams import day, figures, rules_form, service, tables, timeline
from exam_system.exams.blueprint import XLSX, bp, fees_of, now, sessions_of
from exam_system.exams.forms import ExamForm, FeeForm, TableForm
from exam_system.exams.lookup import exam_by_code, places_of, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.place_table import COLUMNS as PLACE_COLUMNS
from exam_system.exams.readiness import count, is_frozen, missing
from exam_system.fees.settling import settle_orders
from exam_system.people import narrow, read_moment
from exam_system.records import releases
from exam_system.records.notes import signers_of
from exam_system.sheets import SheetError, write_xlsx
from exam_system.sheets.preview import Preview
from exam_system.web import acting, download, flash_refusal, looking, office, say, trying
from exam_system.web_forms import check_form

_PROBLEMS_SHOWN = 50


@bp.get("/office/exams", endpoint="office")
def exams_of_the_office() -> ResponseReturnValue:
    """The office's home: its day, and every exam with what is to be done next."""
    db = looking().session
    exams = db.scalars(select(Exam).order_by(Exam.created_at.desc(), Exam.id.desc())).all()
    rows = [(exam, timeline.next_step(db, exam, now())) for exam in exams]
    ctx = looking()
    return render_template(
        "exams/office.html",
        rows=rows,
        queue=day.queue(ctx),
        late=day.late(ctx),
        blocked=day.blocked(ctx),
        ahead=day.ahead(ctx),
    )


@bp.route("/office/exams/new", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """Create an exam and go on setting it up."""
    form = ExamForm(area_code=office().config.area_code)
    if request.method == "GET":
        return render_template("exams/create.html", form=form)
    try:
        check_form(form)
        with acting() as ctx:
            exam = service.create_exam(
                ctx,
                code=form.code.data.strip(),
                name=form.name.data,
                name_en=form.name_en.data,
                exam_type=form.exam_type.data,
                area_code=narrow(form.area_code.data),
            )
    except Sentence as error:
        flash_refusal(error)
        return render_template("exams/create.html", form=form), error.status
    return redirect(url_for("exams.setup", code=exam.code))


def _setup(code: str, problem: SheetError | None = None) -> str:
    db = looking().session
    exam = exam_by_code(db, code)
    frozen = is_frozen(db, exam)
    return render_template(
        "exams/setup.html",
        exam=exam,
        frozen=frozen,
        counts=count(db, exam),
        missing=[] if frozen else [say(item) for item in missing(db, exam, now())],
        step=timeline.next_step(db, exam, now()),
        form=TableForm(formdata=None),
        problems=_problems(problem),
    )


@bp.get("/office/exams/<code>")
def setup(code: str) -> ResponseReturnValue:
    """The hub of an exam: what is there, what is missing, where to go."""
    return _setup(code)


def _problems(error: SheetError | None) -> dict[str, Any] | None:
    """The problems of a table for the page; the rest is counted."""
    if error is None:
        return None
    shown = error.errors[:_PROBLEMS_SHOWN]
    rows = [(item.sheet, item.row, item.column, say(item.message)) for item in shown]
    return {"rows": rows, "more": error.number - len(rows)}


@bp.post("/office/exams/<code>/posts")
def import_posts(code: str) -> ResponseReturnValue:
    """Import the table of posts; problems are shown as a table on the hub."""

    def act(ctx: Context, name: str, data: bytes) -> str:
        number = service.import_posts(ctx, code=code, name=name, data=data)
        said: str = _("%(number)s posts were imported", number=number)
        return said

    back, read = url_for("exams.setup", code=code), partial(_compared, tables.preview_posts, code)
    try:
        return imports.step(imports.Import(_("Table of posts"), back, read, act))
    except SheetError as error:
        return _setup(code, error), 422
    except Sentence as error:
        flash_refusal(error)
        return _setup(code), error.status


def _compared(
    compare: Callable[[Context, str, str, bytes], Preview],
    code: str,
    ctx: Context,
    name: str,
    data: bytes,
) -> Preview:
    """What a table changes in an exam that may still change."""
    service.draft(ctx, code)
    return compare(ctx, code, name, data)


@bp.route("/office/exams/<code>/rules", methods=["GET", "POST"])
def rules(code: str) -> ResponseReturnValue:
    """The rule set; read only once the announcement is prepared."""
    exam = exam_by_code(looking().session, code)
    if request.method == "GET":
        return _rules_page(exam, json.loads(exam.rules))
    document = rules_form.typed_document(request.form, office().config.zone)
    try:
        with acting() as ctx:
            service.set_rules(ctx, code=code, document=document)
    except Sentence as error:
        flash_refusal(error)
        return _rules_page(exam, document), error.status
    flash(_("The rule set is saved"), "success")
    return redirect(url_for("exams.setup", code=code))


def _rules_page(exam: Exam, document: Mapping[str, Any]) -> str:
    return render_template(
        "exams/rules.html",
        exam=exam,
        groups=rules_form.fields(document, office().config.zone),
        frozen=is_frozen(looking().session, exam),
        subject_rows=rules_form.SUBJECT_ROWS,
        subject_keys=rules_form.SUBJECT_KEYS,
    )


@bp.route("/office/exams/<code>/places", methods=["GET", "POST"])
def places(code: str) -> ResponseReturnValue:
    """Districts, sites and rooms: a table to fill in, its upload, and what is there."""
    if request.args.get("format") == "xlsx":
        columns = [column.names[0] for column in PLACE_COLUMNS]
        return download(write_xlsx(code, columns, []), f"places-{code}.xlsx", XLSX)
    if request.method == "GET":
        return _places_page(code)

    def act(ctx: Context, name: str, data: bytes) -> str:
        number = service.import_places(ctx, code=code, name=name, data=data)
        said: str = _("%(number)s rooms were imported", number=number)
        return said

    title, back = _("Districts, sites and rooms"), url_for("exams.places", code=code)
    read = partial(_compared, tables.preview_places, code)
    try:
        return imports.step(imports.Import(title, back, read, act))
    except SheetError as error:
        return _places_page(code, error), 422
    except Sentence as error:
        flash_refusal(error)
        return _places_page(code), error.status


def _places_page(code: str, problem: SheetError | None = None) -> str:
    db = looking().session
    exam = exam_by_code(db, code)
    return render_template(
        "exams/places.html",
        exam=exam,
        rows=places_of(db, exam),
        counts=count(db, exam),
        frozen=is_frozen(db, exam),
        form=TableForm(formdata=None),
        problems=_problems(problem),
    )


@bp.route("/office/exams/<code>/sessions", methods=["GET", "POST"])
def sessions(code: str) -> ResponseReturnValue:
    """One row a subject: when its session begins and ends."""
    exam = exam_by_code(looking().session, code)
    if request.method == "POST":
        try:
            with acting() as ctx:
                service.set_sessions(ctx, code=code, sessions=_typed_sessions(exam))
        except Sentence as error:
            flash_refusal(error)
            return _sessions_page(exam), error.status
        flash(_("The sessions are saved"), "success")
        return redirect(url_for("exams.setup", code=code))
    return _sessions_page(exam)


def _typed_sessions(exam: Exam) -> list[tuple[str, datetime, datetime]]:
    """Rows left empty are no sessions."""
    found, wrong = [], Gathered()
    for subject in rules_of(exam).subjects:
        texts = {end: request.form.get(f"{subject.code}.{end}", "") for end in ("starts", "ends")}
        times = []
        for end, text in texts.items() if any(texts.values()) else ():
            with wrong.about(f"{subject.code}.{end}"):
                times.append(_typed_time(subject.name, text))
        if len(times) == len(texts):
            found.append((subject.code, *times))
    wrong.tell()
    return found  # type: ignore[return-value]


def _typed_time(name: str, text: str) -> datetime:
    try:
        return read_moment(text).replace(tzinfo=office().config.zone)
    except ValueError:
        raise Invalid("%(name)s: enter a date and a time for begin and end", name=name) from None


def _sessions_page(exam: Exam) -> str:
    zone = office().config.zone
    known = {
        f"{row.subject}.{end}": at.astimezone(zone).strftime(rules_form.LOCAL)
        for row in sessions_of(exam)
        for end, at in (("starts", row.starts_at), ("ends", row.ends_at))
    }
    return render_template(
        "exams/sessions.html",
        exam=exam,
        subjects=rules_of(exam).subjects,
        values=request.form if request.method == "POST" else known,
        frozen=is_frozen(looking().session, exam),
    )


@bp.route("/office/exams/<code>/fees", methods=["GET", "POST"])
def fees(code: str) -> ResponseReturnValue:
    """The fee items with their posted basis."""
    exam = exam_by_code(looking().session, code)
    form = FeeForm()
    if request.method == "POST":
        try:
            check_form(form)
            with acting() as ctx:
                texts = ("name", "licence", "standard", "authority", "hotline")
                typed = {key: getattr(form, key).data for key in texts}
                service.add_fee_item(ctx, code=code, fen=form.fen, **typed)
        except Sentence as error:
            flash_refusal(error)
            return _fees_page(exam, form), error.status
        flash(_("The fee item is saved"), "success")
        return redirect(url_for("exams.fees", code=code))
    return _fees_page(exam, form)


def _fees_page(exam: Exam, form: FeeForm) -> str:
    frozen = is_frozen(looking().session, exam)
    return render_template(
        "exams/fees.html", exam=exam, items=fees_of(exam), form=form, frozen=frozen
    )


@bp.route("/office/exams/<code>/prepare", methods=["GET", "POST"])
def prepare(code: str) -> ResponseReturnValue:
    """Say what will be frozen; then freeze it and make the announcement."""
    db = looking().session
    exam = exam_by_code(db, code)
    if request.method == "POST":
        try:
            with acting() as ctx:
                service.prepare_announcement(ctx, code=code)
        except Sentence as error:
            flash_refusal(error)
            return redirect(url_for("exams.setup", code=code))
        return redirect(url_for("exams.publish", code=code))
    return render_template(
        "exams/prepare.html",
        exam=exam,
        rules=rules_of(exam),
        counts=count(db, exam),
        fees=fees_of(exam),
        frozen=is_frozen(db, exam),
        missing=[say(item) for item in missing(db, exam, now())],
    )


@bp.route("/office/exams/<code>/publish", methods=["GET", "POST"])
def publish(code: str) -> ResponseReturnValue:
    """Who has signed the announcement and who has not; its approval; then publish it."""
    db = looking().session
    exam = exam_by_code(db, code)
    if request.method == "POST":
        return _publish(code)
    if releases.newest(db, exam.id, "announcement") is None:
        raise Conflict("The announcement has not been prepared yet")
    release = releases.by_version(db, exam.id, "announcement", 1)
    return render_template(
        "exams/publish.html",
        exam=exam,
        release=release,
        digest_hex=releases.release_digest(db, release),
        signed=sorted(signers_of(db, release.note_id)),
        lacking=releases.missing_signatures(db, release),
        asked=asked(_publication(looking(), exam)) if release.state == "draft" else None,
    )


def _publication(ctx: Context, exam: Exam) -> Wanted:
    release = releases.newest(ctx.session, exam.id, "announcement", state="draft")
    verb = "exams.publish_announcement"
    return wanted_publication(ctx, verb, exam, release, "Announcement")


def _publish(code: str) -> ResponseReturnValue:
    target = url_for("exams.publish", code=code)
    with trying() as ctx:
        if "ask" in request.form:
            ask(ctx, _publication(ctx, exam_by_code(ctx.session, code)))
        else:
            service.publish_announcement(ctx, code=code)
            flash(_("The announcement is published"), "success")
            target = url_for("exams.show", code=code)
    return redirect(target)


def _close(code: str) -> None:
    """Ask the gateway about every order that waits, take in what was paid, then close."""
    over = now() >= rules_of(exam_by_code(looking().session, code)).payment_closes
    if over:
        settle_orders(office(), code=code)
    with acting() as ctx:
        service.close_registration(ctx, code=code)


@bp.route("/office/exams/<code>/close", methods=["GET", "POST"])
def close(code: str) -> ResponseReturnValue:
    """Close registration for good, with the figures it closes on."""
    db = looking().session
    exam = exam_by_code(db, code)
    if request.method == "POST":
        try:
            _close(code)
        except Sentence as error:
            flash_refusal(error)
            return redirect(url_for("exams.close", code=code))
        flash(_("Registration is closed"), "success")
        return redirect(url_for("exams.setup", code=code))
    return render_template(
        "exams/close.html",
        exam=exam,
        rules=rules_of(exam),
        applications=figures.applications(db, exam),
        over=now() >= rules_of(exam).payment_closes,
    )
