"""Verbs of the interview itself: open, call, score, close.

A score cannot exist before its session: the panel must be open and the candidate called, in the
drawn order, and only the interviewers of that panel can enter one, once (RULES 2.5, PRACTICES 35
and 39). When the last one is in, the result is computed, signed and shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, NotFound
from exam_system.exams import states
from exam_system.exams.interview_rules import SheetElement
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.interviews import sheets
from exam_system.interviews.groups import order_drawn
from exam_system.interviews.lookup import (
    members_of,
    panel_of,
    queue_of,
    require_present,
    scores_of,
    vacant_places,
)
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewGroup,
    InterviewScore,
    Panel,
    PanelSeat,
)
from exam_system.interviews.roll import require_roll
from exam_system.records.notes import put_note
from exam_system.registration.models import Application
from exam_system.trust.interview_note import InterviewNote, SheetNote
from scoring.rounding import show

Turn = tuple[Interview, Application]
_DONE = ("scored", "absent")
PANEL_STATES = {
    "waiting": "The panel is not open yet",
    "open": "The panel is open already",
    "closed": "The panel is closed",
}


@verb
def open_panel(ctx: Context, *, code: str, panel: str) -> Panel:
    """Open a panel's session; the first one begins the interviews of the exam.

    Needs all three draws of the panel and an account for each of its interviewers.
    """
    exam = open_exam(ctx.session, code, "shortlisted", "interviewing")
    row = _locked(ctx, exam, panel, "waiting")
    if not order_drawn(ctx.session, row):
        raise Conflict("Interviewers, groups and order must be drawn before a panel opens")
    require_present(ctx.session, row)
    require_roll(row)
    without = [seat.place for seat, who in members_of(ctx.session, row) if who.account_id is None]
    if without:
        raise Conflict(
            "%(count)s interviewers of this panel have no account yet", count=len(without)
        )
    if exam.state == "shortlisted":
        states.move(exam, "interviewing")
    row.state, row.opened_at = "open", ctx.clock.now()
    ctx.record(exam=code, subject=_subject(exam, row))
    return row


@verb
def call_candidate(ctx: Context, *, code: str, ref: str) -> Interview:
    """Call the next candidate of the drawn order; nobody is passed over."""
    panel = _panel_hearing(ctx, code, ref)
    queue = queue_of(ctx.session, panel)
    if any(interview.state == "called" for interview, _ in queue):
        raise Conflict("A candidate is in the room: the next one is called when all scores are in")
    require_present(ctx.session, panel)
    interview, _ = _require_next(queue, ref)
    interview.state = "called"
    ctx.record(exam=code, subject=f"interview:{ref}", panel=panel.code, place=interview.place)
    return interview


@verb
def mark_absent(ctx: Context, *, code: str, ref: str) -> Interview:
    """Note that the candidate whose turn it is, or who was called, is not there."""
    panel = _panel_hearing(ctx, code, ref)
    queue = queue_of(ctx.session, panel)
    called = [turn for turn in queue if turn[0].state == "called"]
    interview, _ = _require_next(called or queue, ref)
    if scores_of(ctx.session, interview):
        raise Conflict("Scores of this candidate are in: the interview has been held")
    interview.state = "absent"
    ctx.record(exam=code, subject=f"interview:{ref}", panel=panel.code, place=interview.place)
    return interview


@verb
def enter_score(
    ctx: Context,
    *,
    code: str,
    panel: str,
    place: int,
    score: str = "",
    marks: Mapping[str, str] | None = None,
    client: str = "",
) -> Interview:
    """Enter the actor's score of the called candidate, `place` being the number on the screen.

    A score from 0 to 100 with at most two decimals, or `marks` by the code of every element; it is
    never changed. `client` is the id that a tablet gave the sheet. The last one settles the result.
    """
    exam = exam_by_code(ctx.session, code)
    row = panel_of(ctx.session, exam, panel, lock=True)
    seat = own_seat(ctx, row)
    _require_state(row, "open")
    interview, application = _called(queue_of(ctx.session, row, "called"), place)
    rules = rules_of(exam)
    elements = sheets.elements_of(ctx.session, rules, interview.application_id)
    sheet = sheets.read_sheet(rules, elements, score, marks)
    if seat.place in scores_of(ctx.session, interview):
        raise Conflict("Your score of this candidate is in: a score is never changed")
    ctx.session.add(
        InterviewScore(
            application_id=interview.application_id,
            panel_seat_id=seat.id,
            score=sheet.total,
            entered_at=ctx.clock.now(),
            sheet=sheet.marks,
            client=client or None,
        )
    )
    ctx.session.flush()
    details = settle(ctx, exam, row, (interview, application))
    if sheet.marks:
        details["marks"] = sheet.marks.split()
    ctx.record(
        exam=code,
        subject=f"interview:{application.ref}",
        panel=panel,
        place=place,
        seat=seat.place,
        score=sheet.total,
        **details,
    )
    return interview


def sent_before(ctx: Context, client: str) -> bool:
    """Whether the actor's sheet with this id of a tablet is in."""
    query = (
        select(InterviewScore.id)
        .join(PanelSeat, PanelSeat.id == InterviewScore.panel_seat_id)
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .where(InterviewScore.client == client, Interviewer.account_id == ctx.actor.account_id)
    )
    return ctx.session.scalar(query) is not None


def settle(ctx: Context, exam: Exam, panel: Panel, turn: Turn) -> dict[str, Any]:
    """With the last sheet: result, dropped places and the signed note; returns them."""
    interview, _ = turn
    rows = list(sheets.rows_of(ctx.session, interview).values())
    if len(rows) < len(members_of(ctx.session, panel)):
        return {}
    rules = rules_of(exam)
    elements = sheets.elements_of(ctx.session, rules, interview.application_id)
    found = sheets.scored(rules, elements, rows)
    interview.state, interview.shown_at = "scored", ctx.clock.now()
    interview.result = show(found.result, rules.decimals)
    interview.dropped = sheets.dropped_text(found)
    text = _note(ctx, exam, panel, turn, elements, rows)
    note = put_note(
        ctx.session,
        purpose="interview",
        title=f"interview {exam.code} panel {panel.code} number {interview.place}",
        exam=exam.code,
        text=text,
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )
    interview.note_id = note.id
    parts = [list(places) for places in sheets.dropped_parts(interview)]
    dropped = parts if len(parts) > 1 else parts[0]
    return {"result": interview.result, "dropped": dropped, "digest": note.digest}


def _note(
    ctx: Context,
    exam: Exam,
    panel: Panel,
    turn: Turn,
    elements: tuple[SheetElement, ...],
    rows: Sequence[InterviewScore],
) -> str:
    interview, application = turn
    who = (ctx.config.origin, exam.code, application.number or "", panel.code)
    dropped, scores = sheets.dropped_parts(interview), tuple(row.score for row in rows)
    last = (interview.result, exam.rules_digest)
    if not elements:
        return InterviewNote(*who, scores, dropped[0], *last).text
    named = tuple((one.code, f"{one.full:f}", f"{one.weight:f}") for one in elements)
    marks = tuple(sheets.marks_of(row) for row in rows)
    trimming = rules_of(exam).interview_trimming
    return SheetNote(*who, trimming, named, marks, scores, dropped, *last).text


@verb
def close_panel(ctx: Context, *, code: str, panel: str) -> Panel:
    """The chief interviewer ends the session when everybody is scored or absent."""
    exam = exam_by_code(ctx.session, code)
    row = panel_of(ctx.session, exam, panel, lock=True)
    if own_seat(ctx, row).place != 1:
        raise Forbidden("Only the chief interviewer closes the panel")
    _require_state(row, "open")
    left = [turn for turn in queue_of(ctx.session, row) if turn[0].state not in _DONE]
    if left:
        raise Conflict("%(count)s candidates are not heard yet", count=len(left))
    row.state, row.closed_at = "closed", ctx.clock.now()
    ctx.record(exam=code, subject=_subject(exam, row))
    return row


def _subject(exam: Exam, panel: Panel) -> str:
    return f"panel:{exam.code}:{panel.code}"


def _locked(ctx: Context, exam: Exam, panel: str, state: str) -> Panel:
    row = panel_of(ctx.session, exam, panel, lock=True)
    _require_state(row, state)
    return row


def _require_state(panel: Panel, state: str) -> None:
    if panel.state != state:
        raise Conflict(PANEL_STATES[panel.state])


def _panel_hearing(ctx: Context, code: str, ref: str) -> Panel:
    """The open panel that hears this application, locked before its interviews are read."""
    exam = exam_by_code(ctx.session, code)
    query = (
        select(Panel.code)
        .join(InterviewGroup, InterviewGroup.panel_id == Panel.id)
        .join(Interview, Interview.group_id == InterviewGroup.id)
        .join(Application, Application.id == Interview.application_id)
        .where(Application.ref == ref, Panel.exam_id == exam.id)
    )
    found = ctx.session.scalar(query)
    if found is None:
        raise NotFound("No panel of this exam hears this candidate")
    return _locked(ctx, exam, found, "open")


def _require_next(queue: list[Turn], ref: str) -> Turn:
    for turn in queue:
        if turn[0].state not in _DONE:
            break
    else:
        raise Conflict("Everybody has been heard")
    if turn[1].ref != ref:
        raise Conflict(
            "It is the turn of number %(place)s: the drawn order is kept", place=turn[0].place
        )
    return turn


def own_seat(ctx: Context, panel: Panel) -> PanelSeat:
    query = (
        select(PanelSeat)
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .where(PanelSeat.panel_id == panel.id, Interviewer.account_id == ctx.actor.account_id)
    )
    seat = ctx.session.scalar(query)
    if seat is None or ctx.actor.role is not Role.INTERVIEWER:
        raise Forbidden("You are not an interviewer of this panel")
    if seat.place in vacant_places(ctx.session, panel):
        raise Forbidden("Your absence from this panel is on record: a reserve takes your place")
    return seat


def _called(called: list[Turn], place: int) -> Turn:
    for turn in called:
        if turn[0].place == place:
            return turn
    raise Conflict("Number %(place)s is not in the room: nothing was entered", place=place)
