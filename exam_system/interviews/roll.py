"""The last hour before a panel's session: its times, the roll call, who came too late.

The steps are rules of the exam (RULES 2.5): staff report, the roll is called and the waiting room
locked, examiners meet the candidates, everybody is in place. Whoever is not there at the roll call
is out; that is an act of its own, not a mark in a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.exams.rules import RuleSet
from exam_system.interviews.lookup import panel_of, queue_of
from exam_system.interviews.models import Interview, Panel

STEPS = {
    "report": "Staff report and hand in their phones",
    "roll": "Roll call; the waiting room is locked, whoever is late is out",
    "meet": "Examiners meet the candidates; avoidance is asked, the seals are shown",
    "ready": "Everybody is in place",
}
_STATES = ("shortlisted", "interviewing")


@dataclass(frozen=True, slots=True)
class Step:
    """A step before the session, when it is due, and whether that time has come."""

    name: str
    said: str
    minutes: int
    at: datetime
    due: bool


def steps_of(rules: RuleSet, begins_at: datetime, now: datetime) -> list[Step]:
    """The steps in the order of their times."""
    found = []
    for name, said in STEPS.items():
        minutes = getattr(rules, f"interview_{name}_minutes")
        at = begins_at - timedelta(minutes=minutes)
        found.append(Step(name, said, minutes, at, now >= at))
    return sorted(found, key=lambda one: one.at)


@verb
def set_panel_time(ctx: Context, *, code: str, panel: str, begins_at: datetime) -> Panel:
    """Say when a panel's session begins; may be changed until the waiting room is locked."""
    exam = open_exam(ctx.session, code, *_STATES)
    row = _waiting(ctx, exam, panel)
    row.begins_at = begins_at
    ctx.record(exam=code, subject=f"panel:{code}:{panel}", begins_at=begins_at.isoformat())
    return row


@verb
def arrive(ctx: Context, *, code: str, panel: str, ref: str) -> Interview:
    """Note that a candidate is in the waiting room; Conflict once the roll call is due."""
    exam = open_exam(ctx.session, code, *_STATES)
    row = _timed(ctx, exam, panel)
    if ctx.due() >= roll_at(exam, row):
        raise Conflict(
            "It is past the time of the roll call: whoever is late is out, and nothing was noted"
        )
    for interview, application in queue_of(ctx.session, row):
        if application.ref == ref and interview.arrived_at is None:
            interview.arrived_at = ctx.clock.now()
            ctx.record(exam=code, subject=f"interview:{ref}", panel=panel)
            return interview
    raise NotFound("Nobody of this panel who has not arrived has this number")


@verb
def lock_waiting_room(ctx: Context, *, code: str, panel: str) -> list[Interview]:
    """Call the roll and lock the waiting room; whoever has not arrived is out. Returns these."""
    exam = open_exam(ctx.session, code, *_STATES)
    row = _timed(ctx, exam, panel)
    if ctx.due() < roll_at(exam, row):
        raise Conflict("It is not time for the roll call yet")
    row.locked_at = ctx.clock.now()
    out, refs = [], []
    for interview, application in queue_of(ctx.session, row, "waiting"):
        if interview.arrived_at is None:
            interview.state, interview.late = "absent", True
            out.append(interview)
            refs.append(application.ref)
    ctx.record(exam=code, subject=f"panel:{code}:{panel}", late=refs)
    return out


def roll_at(exam: Exam, panel: Panel) -> datetime:
    """When the roll of a panel is called; raises Conflict while its time is not set."""
    if panel.begins_at is None:
        raise Conflict("Set the time at which this panel begins first")
    return panel.begins_at - timedelta(minutes=rules_of(exam).interview_roll_minutes)


def require_roll(panel: Panel) -> None:
    """Raise Conflict when the panel has a time and its roll was not called."""
    if panel.begins_at is not None and panel.locked_at is None:
        raise Conflict("Call the roll of this panel first: whoever is late is out")


def _timed(ctx: Context, exam: Exam, panel: str) -> Panel:
    row = _waiting(ctx, exam, panel)
    roll_at(exam, row)
    return row


def _waiting(ctx: Context, exam: Exam, panel: str) -> Panel:
    row = panel_of(ctx.session, exam, panel, lock=True)
    if row.state != "waiting" or row.locked_at is not None:
        raise Conflict("The waiting room of this panel is locked, or its session has begun")
    return row
