"""Pages of the interview day: times and roll call, signing, corrections, differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from exam_system.approvals.lookup import open_approval, summary_of
from exam_system.approvals.views import ask
from exam_system.context import Context
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.interview_rules import SheetElement
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules_form import OPTION_NAMES
from exam_system.interviews import differences, rectifying, roll, sheets
from exam_system.interviews.listing import Waiting, candidates_of
from exam_system.interviews.lookup import panel_of, panels_of, queue_of
from exam_system.interviews.models import Interview, InterviewScore, Panel
from exam_system.interviews.signing import PAPER, sign_slip
from exam_system.interviews.views import bp
from exam_system.people import read_moment
from exam_system.registration.lookup import Found, any_application
from exam_system.web import acting, flash_refusal, looking, say

_TYPED = "%Y-%m-%dT%H:%M"


@bp.get("/office/exams/<code>/interviews/times")
def times(code: str) -> ResponseReturnValue:
    """The last hour before each session; one panel's roll when `panel` is given."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    chosen = request.args.get("panel", "")
    panel = panel_of(ctx.session, exam, chosen) if chosen else None
    panels = [panel] if panel else panels_of(ctx.session, exam)
    now, rules = ctx.clock.now(), rules_of(exam)
    steps = {one.code: roll.steps_of(rules, one.begins_at, now) for one in panels if one.begins_at}
    return render_template(
        "interviews/times.html",
        exam=exam,
        panel=panel,
        panels=panels,
        steps=steps,
        rules=rules,
        people=_people(ctx, panel) if panel else [],
    )


def _people(ctx: Context, panel: Panel) -> list[tuple[Waiting, Interview]]:
    rows = {application.ref: one for one, application in queue_of(ctx.session, panel)}
    return [(one, rows[one.ref]) for one in candidates_of(ctx.session, panel)]


def _act(code: str, panel: str, act: Callable[[Context], str]) -> ResponseReturnValue:
    try:
        with acting() as ctx:
            said = act(ctx)
        flash(said, "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("interviews.times", code=code, panel=panel))


@bp.post("/office/exams/<code>/interviews/times/<panel>")
def set_time(code: str, panel: str) -> ResponseReturnValue:
    """Say when a panel begins."""

    def act(ctx: Context) -> str:
        try:
            at = read_moment(request.form.get("begins_at", ""))
        except ValueError:
            raise Invalid("Enter a date and a time").about("begins_at") from None
        begins = at.replace(tzinfo=ctx.config.zone)
        roll.set_panel_time(ctx, code=code, panel=panel, begins_at=begins)
        return str(_("The time is set"))

    return _act(code, panel, act)


@bp.post("/office/exams/<code>/interviews/times/<panel>/arrived/<ref>")
def arrived(code: str, panel: str, ref: str) -> ResponseReturnValue:
    """Note that a candidate is in the waiting room."""

    def act(ctx: Context) -> str:
        roll.arrive(ctx, code=code, panel=panel, ref=ref)
        return str(_("The arrival is noted"))

    return _act(code, panel, act)


@bp.post("/office/exams/<code>/interviews/times/<panel>/lock")
def lock(code: str, panel: str) -> ResponseReturnValue:
    """Call the roll and lock the waiting room."""

    def act(ctx: Context) -> str:
        out = roll.lock_waiting_room(ctx, code=code, panel=panel)
        return str(_("The waiting room is locked; %(count)s candidates were late", count=len(out)))

    return _act(code, panel, act)


@bp.route("/office/interviews/<ref>/sign", methods=["GET", "POST"])
def sign(ref: str) -> ResponseReturnValue:
    """The slip on the device, for the candidate to read and sign."""
    ctx = looking()
    found, interview = _scored(ctx, ref)
    if request.method == "POST":
        return _sign(found, ref)
    exam, rules = found[1], rules_of(found[1])
    rows = sheets.rows_of(ctx.session, interview)
    elements = sheets.elements_of(ctx.session, rules, interview.application_id)
    return render_template(
        "interviews/sign.html",
        exam=exam,
        ref=ref,
        interview=interview,
        elements=elements,
        lines=_lines(interview, rows, rules.drop_high, elements),
        rules=rules,
    )


def _sign(found: Found, ref: str) -> ResponseReturnValue:
    signature = PAPER if "paper" in request.form else request.form.get("signature", "")
    try:
        with acting() as ctx:
            sign_slip(ctx, code=found[1].code, ref=ref, signature=signature)
        flash(_("The slip is signed"), "success")
    except Sentence as error:
        flash_refusal(error)
    return redirect(url_for("interviews.sign", ref=ref))


Line = tuple[int, str, str, list[tuple[str, bool]]]
"""Place, score, "high", "low" or "", and the marks of the elements with whether they count."""


def _lines(
    interview: Interview,
    rows: dict[int, InterviewScore],
    high: int,
    elements: Sequence[SheetElement],
) -> list[Line]:
    parts = sheets.dropped_parts(interview)
    by_element = len(parts) > 1
    kinds = {} if by_element else {p: "high" if n < high else "low" for n, p in enumerate(parts[0])}
    return [
        (
            place,
            row.score,
            kinds.get(place, ""),
            [
                (mark, by_element and place in parts[at])
                for at, mark in enumerate(sheets.marks_of(row) if elements else ())
            ],
        )
        for place, row in rows.items()
    ]


def _scored(ctx: Context, ref: str) -> tuple[Found, Interview]:
    found = any_application(ctx.session, ref)
    interview = ctx.session.get(Interview, found[0].id)
    if interview is None or interview.note_id is None:
        raise NotFound("This candidate has no interview score yet")
    return found, interview


@bp.route("/office/interviews/<ref>/correct", methods=["GET", "POST"])
def correct(ref: str) -> ResponseReturnValue:
    """Put a wrong score right: asked for here, approved by an inspector, then carried out."""
    ctx = looking()
    found, interview = _scored(ctx, ref)
    if request.method == "POST" and (done := _correct(found[1], ref)):
        return done
    rules = rules_of(found[1])
    seats = sheets.rows_of(ctx.session, interview)
    known = [
        (seat, open_approval(ctx.session, rectifying.VERB, f"interview:{ref}:{seat}"))
        for seat in seats
    ]
    approvals = [(seat, one, list(map(say, summary_of(one)))) for seat, one in known if one]
    return render_template(
        "interviews/correct.html",
        exam=found[1],
        ref=ref,
        interview=interview,
        seats=seats,
        elements=sheets.elements_of(ctx.session, rules, interview.application_id),
        corrections=rectifying.corrections_of(ctx.session, interview),
        approvals=approvals,
        typed=request.form,
    )


def _correct(exam: Exam, ref: str) -> ResponseReturnValue | None:
    form = request.form
    marks = {k.removeprefix("mark."): v for k, v in form.items() if k.startswith("mark.")}
    seat, reason = form.get("seat", 0, type=int), form.get("reason", "")
    right = rectifying.Right(ref, seat, reason, form.get("score", ""), marks or None)
    try:
        with acting() as ctx:
            if "ask" in form:
                ask(ctx, rectifying.wanted_correction(ctx, code=exam.code, right=right))
                return None
            rectifying.correct_score(ctx, code=exam.code, right=right)
        flash(_("The score is corrected; the candidate signs the new slip"), "success")
    except Sentence as error:
        flash_refusal(error)
        return None
    return redirect(url_for("interviews.correct", ref=ref))


@bp.get("/exams/<code>/interviews/differences", endpoint="differences")
def differences_page(code: str) -> ResponseReturnValue:
    """The announced correction between panels with all its inputs, once every panel is closed."""
    ctx = looking()
    exam = exam_by_code(ctx.session, code)
    rules, panels = rules_of(exam), panels_of(ctx.session, exam)
    closed = bool(panels) and all(one.state == "closed" for one in panels)
    refusal, groups = "", []
    if closed:
        try:
            groups = differences.corrected(ctx.session, exam, rules)
        except Conflict as error:
            refusal = say(error)
    return render_template(
        "interviews/differences.html",
        exam=exam,
        rules=rules,
        heard=closed,
        groups=groups,
        refusal=refusal,
        named=exam.state == "final",
        correction_names={**OPTION_NAMES, "none": "No correction"},
    )
