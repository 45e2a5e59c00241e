"""Verbs of the interview itself: open, call, score, close.

A score cannot exist before its session: the panel must be open and the candidate called, in the
drawn order, and only the interviewers of that panel can enter one, once (RULES 2.5, PRACTICES 35
and 39). When the last one is in, the result is computed, signed and shown.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams import states
from exam_system.exams.lookup import exam_by_code, open_exam, rules_of
from exam_system.exams.models import Exam
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
from exam_system.records.models import Note
from exam_system.records.notes import put_note
from exam_system.registration.models import Application
from exam_system.trust.interview_note import InterviewNote
from scoring.interview import trimmed_mean
from scoring.rounding import BadScore, show, to_decimal

Turn = tuple[Interview, Application]
DECIMALS = 2
HIGHEST = Decimal(100)
NO_SCORE = "A score is a number from 0 to 100 with at most two decimals, like 85.50"
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
def enter_score(ctx: Context, *, code: str, panel: str, place: int, score: str) -> Interview:
    """Enter the actor's score of the called candidate, `place` being the number on the screen.

    0 to 100, at most two decimals; it is never changed. The last one settles the result.
    """
    exam = exam_by_code(ctx.session, code)
    row = panel_of(ctx.session, exam, panel, lock=True)
    seat = own_seat(ctx, row)
    _require_state(row, "open")
    value = read_score(score)
    interview, application = _called(queue_of(ctx.session, row, "called"), place)
    if seat.place in scores_of(ctx.session, interview):
        raise Conflict("Your score of this candidate is in: a score is never changed")
    ctx.session.add(
        InterviewScore(
            application_id=interview.application_id,
            panel_seat_id=seat.id,
            score=value,
            entered_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
    details = _settle(ctx, exam, row, (interview, application))
    ctx.record(
        exam=code,
        subject=f"interview:{application.ref}",
        panel=panel,
        place=place,
        seat=seat.place,
        score=value,
        **details,
    )
    return interview


def read_score(text: str) -> str:
    """The score with two decimals ("85" is "85.00"); raises Invalid."""
    try:
        value = to_decimal(unicodedata.normalize("NFKC", text).strip())
        shown = show(value, DECIMALS)
    except BadScore:
        raise Invalid(NO_SCORE) from None
    if value > HIGHEST:
        raise Invalid(NO_SCORE)
    return shown


def _settle(ctx: Context, exam: Exam, panel: Panel, turn: Turn) -> dict[str, Any]:
    """With the last score: result, dropped places and the signed note; returns them."""
    interview, _ = turn
    scores = tuple(scores_of(ctx.session, interview).values())
    if len(scores) < len(members_of(ctx.session, panel)):
        return {}
    rules = rules_of(exam)
    trimmed = trimmed_mean(
        [to_decimal(score) for score in scores],
        rules.drop_high,
        rules.drop_low,
        rules.decimals,
        rules.rounding,
    )
    dropped = tuple(at + 1 for at in trimmed.dropped)
    interview.state, interview.shown_at = "scored", ctx.clock.now()
    interview.result = show(trimmed.result, rules.decimals)
    interview.dropped = " ".join(map(str, dropped))
    note = _sign(ctx, exam, panel, turn, scores)
    interview.note_id = note.id
    return {"result": interview.result, "dropped": list(dropped), "digest": note.digest}


def _sign(ctx: Context, exam: Exam, panel: Panel, turn: Turn, scores: tuple[str, ...]) -> Note:
    interview, application = turn
    note = InterviewNote(
        origin=ctx.config.origin,
        exam=exam.code,
        number=application.number or "",
        panel=panel.code,
        scores=scores,
        dropped=tuple(map(int, interview.dropped.split())),
        result=interview.result,
        rules=exam.rules_digest,
    )
    return put_note(
        ctx.session,
        purpose="interview",
        title=f"interview {exam.code} panel {panel.code} number {interview.place}",
        exam=exam.code,
        text=note.text,
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )


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
