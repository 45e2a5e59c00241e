"""A wrong score is put right by two people: the office asks, an inspector approves what it will be.

What stood before stays: the row keeps it, the note of it stays signed, and the act names both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import Exam
from exam_system.interviews import sheets
from exam_system.interviews.lookup import panel_of
from exam_system.interviews.models import (
    Interview,
    InterviewGroup,
    InterviewScore,
    Panel,
    ScoreCorrection,
)
from exam_system.interviews.scores import settle
from exam_system.people import reason_line
from exam_system.registration.lookup import any_application
from exam_system.registration.models import Application
from exam_system.trust.canonical import jcs, sha256_hex

VERB = "interviews.correct_score"
_STATES = ("interviewing", "final")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Right:
    """What is asked for: the score, or marks by element, of the interviewer at `seat`, and why."""

    ref: str
    seat: int
    reason: str
    score: str = ""
    marks: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    exam: Exam
    panel: Panel
    interview: Interview
    application: Application
    row: InterviewScore
    sheet: sheets.Sheet
    reason: str

    @property
    def before(self) -> str:
        return _told(self.row.score, self.row.sheet)

    @property
    def after(self) -> str:
        return _told(self.sheet.total, self.sheet.marks)


@verb
def correct_score(ctx: Context, *, code: str, right: Right) -> Interview:
    """Put the right score in, as an inspector approved it.

    The result is computed and signed anew, and the candidate signs the new slip.
    """
    change = _change(ctx, code, right)
    wanted = _wanted(change, code, right)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    interview, row = change.interview, change.row
    ctx.session.add(
        ScoreCorrection(
            application_id=interview.application_id,
            panel_seat_id=row.panel_seat_id,
            before=change.before,
            after=change.after,
            reason=change.reason,
            note_id=interview.note_id or 0,
            corrected_at=ctx.clock.now(),
        )
    )
    before, shown = change.before, interview.shown_at
    row.score, row.sheet = change.sheet.total, change.sheet.marks
    interview.signature = interview.signed_at = None
    ctx.session.flush()
    details = settle(ctx, change.exam, change.panel, (interview, change.application))
    interview.shown_at = shown
    ctx.record(
        exam=code,
        subject=f"interview:{right.ref}",
        seat=right.seat,
        before=before,
        after=change.after,
        correction=change.reason,
        **details,
    )
    return interview


def wanted_correction(ctx: Context, *, code: str, right: Right) -> Wanted:
    """What an inspector approves of the correction of one interviewer's score."""
    return _wanted(_change(ctx, code, right), code, right)


def _wanted(change: _Change, code: str, right: Right) -> Wanted:
    said = {"before": change.before, "after": change.after, "reason": change.reason}
    return Wanted(
        VERB,
        code,
        f"interview:{right.ref}:{right.seat}",
        sha256_hex(jcs({"interview": right.ref, "seat": right.seat, **said})),
        (
            Sentence(
                "Panel %(panel)s, number %(place)s, interviewer %(seat)s: %(before)s becomes "
                "%(after)s",
                panel=change.panel.code,
                place=change.interview.place or 0,
                seat=right.seat,
                before=change.before,
                after=change.after,
            ),
            Sentence("Reason: %(reason)s", reason=change.reason),
        ),
    )


def _change(ctx: Context, code: str, right: Right) -> _Change:
    exam = open_exam(ctx.session, code, *_STATES)
    application = any_application(ctx.session, right.ref)[0]
    interview = ctx.session.get(Interview, application.id)
    if application.exam_id != exam.id or interview is None or interview.note_id is None:
        raise NotFound("This candidate has no interview score yet")
    panel = _panel(ctx.session, exam, interview)
    rows = sheets.rows_of(ctx.session, interview)
    if right.seat not in rows:
        raise Invalid("There is no interviewer at place %(place)s", place=right.seat)
    rules = rules_of(exam)
    elements = sheets.elements_of(ctx.session, rules, application.id)
    sheet = sheets.read_sheet(rules, elements, right.score, right.marks)
    if (sheet.total, sheet.marks) == (rows[right.seat].score, rows[right.seat].sheet):
        raise Conflict("This is the score that stands: there is nothing to correct")
    why = reason_line(right.reason, _LONGEST)
    return _Change(exam, panel, interview, application, rows[right.seat], sheet, why)


def _panel(session: Session, exam: Exam, interview: Interview) -> Panel:
    query = (
        select(Panel.code)
        .join(InterviewGroup, InterviewGroup.panel_id == Panel.id)
        .where(InterviewGroup.id == interview.group_id)
    )
    return panel_of(session, exam, session.scalars(query).one(), lock=True)


def _told(score: str, marks: str | None) -> str:
    return score if marks is None else f"{marks.replace(' ', ' + ')} = {score}"


def corrections_of(session: Session, interview: Interview) -> list[ScoreCorrection]:
    """What was put right of an interview, the first one first."""
    query = select(ScoreCorrection).where(
        ScoreCorrection.application_id == interview.application_id
    )
    return list(session.scalars(query.order_by(ScoreCorrection.id)))
