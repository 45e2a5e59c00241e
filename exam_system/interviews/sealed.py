"""Who sits in which panel, sealed until the hour of the rules; who looks before is on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from exam_system.context import Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam
from exam_system.interviews.lookup import begun, members_of, panels_of
from exam_system.interviews.models import Interviewer, Panel
from exam_system.people import reason_line

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class PanelSheet:
    """One panel with its interviewers by place."""

    panel: Panel
    members: tuple[tuple[int, Interviewer], ...]


def sealed_until(ctx: Context, exam: Exam) -> datetime | None:
    """The hour that has not come yet; None where the panels are open."""
    at = rules_of(exam).panels_open_at
    return at if at is not None and ctx.due() < at else None


def require_open(ctx: Context, exam: Exam) -> None:
    """Raise Conflict before the hour."""
    at = sealed_until(ctx, exam)
    if at is not None:
        raise Conflict(
            "Who sits in which panel is sealed until %(at)s",
            at=f"{at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M}",
        )


def sheets(session: Session, exam: Exam) -> list[PanelSheet]:
    """Every panel as it sits now; raises Conflict before the interviewers are drawn."""
    if not begun(session, exam, "interviewers", applied=True):
        raise Conflict("The interviewers must be drawn first")
    return [
        PanelSheet(panel, tuple((seat.place, who) for seat, who in members_of(session, panel)))
        for panel in panels_of(session, exam)
    ]


@verb
def look_at_panels(ctx: Context, *, code: str, reason: str) -> list[PanelSheet]:
    """Look at the panels before their hour; the reason stays on record.

    Raises Conflict when they are open: then nobody needs to be on record for it.
    """
    exam = exam_by_code(ctx.session, code)
    if sealed_until(ctx, exam) is None:
        raise Conflict("The panels are not sealed: the exam officer's pages show them")
    found = sheets(ctx.session, exam)
    ctx.record(exam=code, subject=f"exam:{code}", why=reason_line(reason, LONGEST_REASON))
    return found
