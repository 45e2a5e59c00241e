"""Finding panels, groups and interviews; what the verbs and pages of interviews begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.database import one_row
from exam_system.draws.lookup import begun as begun
from exam_system.errors import Conflict, NotFound
from exam_system.exams.models import Exam, Post
from exam_system.interviews.models import (
    Interview,
    Interviewer,
    InterviewGroup,
    InterviewScore,
    Panel,
    PanelAbsence,
    PanelSeat,
)
from exam_system.registration.models import Application
from exam_system.results.models import Result

DRAWS = ("interviewers", "groups", "order")


@dataclass(frozen=True, slots=True)
class Invited:
    """An application on the shortlist."""

    application_id: int
    post: str


def invited(session: Session, exam: Exam) -> list[Invited]:
    """Everybody on the shortlist, in the order of the posts' codes."""
    query = (
        select(Application.id, Post.code)
        .join(Post, Post.id == Application.post_id)
        .join(Result, Result.application_id == Application.id)
        .where(
            Application.exam_id == exam.id,
            Result.stage == "shortlist",
            Result.outcome == "shortlisted",
        )
        .order_by(Post.code, Application.id)
    )
    return [Invited(row.id, row.code) for row in session.execute(query)]


def panels_of(session: Session, exam: Exam) -> list[Panel]:
    """The exam's panels by code."""
    return list(session.scalars(select(Panel).where(Panel.exam_id == exam.id).order_by(Panel.code)))


def require_panels(session: Session, exam: Exam) -> list[Panel]:
    """The panels; Conflict when there are none or the shortlist is another than they hear."""
    panels = panels_of(session, exam)
    if not panels:
        raise Conflict("Set up the panels and groups first")
    heard = (
        select(Interview.application_id)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .where(InterviewGroup.exam_id == exam.id)
    )
    if set(session.scalars(heard)) != {one.application_id for one in invited(session, exam)}:
        raise Conflict("The shortlist has changed since the panels were set up: set them up again")
    return panels


def panel_of(session: Session, exam: Exam, code: str, *, lock: bool = False) -> Panel:
    """A panel of the exam; raises NotFound. With `lock` nobody else acts in it meanwhile."""
    query = select(Panel).where(Panel.exam_id == exam.id, Panel.code == code)
    return one_row(
        session, query, NotFound("There is no panel %(panel)s in this exam", panel=code), lock=lock
    )


def groups_of(session: Session, exam: Exam) -> list[InterviewGroup]:
    """The exam's groups by code."""
    query = select(InterviewGroup).where(InterviewGroup.exam_id == exam.id)
    return list(session.scalars(query.order_by(InterviewGroup.code)))


def labels_by_group(session: Session, exam: Exam) -> dict[str, list[str]]:
    """Labels of the candidates of every group, sorted by their UTF-8 bytes."""
    query = (
        select(InterviewGroup.code, Application.label)
        .join(Interview, Interview.group_id == InterviewGroup.id)
        .join(Application, Application.id == Interview.application_id)
        .where(InterviewGroup.exam_id == exam.id)
    )
    found: dict[str, list[str]] = {group.code: [] for group in groups_of(session, exam)}
    for row in session.execute(query):
        found[row.code].append(row.label)
    return {code: sorted(labels, key=str.encode) for code, labels in found.items()}


def members_of(session: Session, panel: Panel) -> list[tuple[PanelSeat, Interviewer]]:
    """The drawn interviewers of a panel by place; the chief first."""
    query = (
        select(PanelSeat, Interviewer)
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .where(PanelSeat.panel_id == panel.id)
        .order_by(PanelSeat.place)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def require_present(session: Session, panel: Panel) -> None:
    """Raise Conflict while a seat waits for the substitute of an absent interviewer."""
    vacant = sorted(vacant_places(session, panel))
    if vacant:
        raise Conflict(
            "The interviewer at place %(place)s is absent and must be replaced first",
            place=vacant[0],
        )


def vacant_places(session: Session, panel: Panel) -> set[int]:
    """The places whose interviewer is absent and not replaced yet."""
    query = (
        select(PanelSeat.place)
        .join(PanelAbsence, PanelAbsence.panel_seat_id == PanelSeat.id)
        .where(PanelSeat.panel_id == panel.id, PanelAbsence.replaced_at.is_(None))
    )
    return set(session.scalars(query))


def substituted_at(session: Session, panel: Panel) -> dict[int, datetime]:
    """When a substitute took a place of the panel (for the last time), by place."""
    query = (
        select(PanelSeat.place, PanelAbsence.replaced_at)
        .join(PanelAbsence, PanelAbsence.panel_seat_id == PanelSeat.id)
        .where(PanelSeat.panel_id == panel.id, PanelAbsence.replaced_at.is_not(None))
        .order_by(PanelAbsence.replaced_at)
    )
    return {row.place: row.replaced_at for row in session.execute(query) if row.replaced_at}


def last_service(session: Session) -> dict[int, date]:
    """The last day on which each interviewer served: here, or told by their bureau."""
    here = (
        select(PanelSeat.interviewer_id, func.max(Panel.closed_at))
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .where(Panel.closed_at.is_not(None))
        .group_by(PanelSeat.interviewer_id)
    )
    told = select(Interviewer.id, Interviewer.last_served).where(
        Interviewer.last_served.is_not(None)
    )
    found = {who: day for who, day in session.execute(told) if day}
    for who, at in session.execute(here):
        if at:
            found[who] = max(at.date(), found.get(who, date.min))
    return found


def queue_of(session: Session, panel: Panel, *states: str) -> list[tuple[Interview, Application]]:
    """The panel's interviews (in these states, if any are named) in the drawn order, afresh."""
    query = (
        select(Interview, Application)
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .join(Application, Application.id == Interview.application_id)
        .where(InterviewGroup.panel_id == panel.id)
        .order_by(Interview.place)
        .execution_options(populate_existing=True)
    )
    if states:
        query = query.where(Interview.state.in_(states))
    return [(row[0], row[1]) for row in session.execute(query)]


def scores_of(session: Session, interview: Interview) -> dict[int, str]:
    """The scores that are in, by the interviewer's place."""
    query = (
        select(PanelSeat.place, InterviewScore.score)
        .join(InterviewScore, InterviewScore.panel_seat_id == PanelSeat.id)
        .where(InterviewScore.application_id == interview.application_id)
        .order_by(PanelSeat.place)
    )
    return {row.place: row.score for row in session.execute(query)}


def dropped_places(interview: Interview) -> tuple[int, ...]:
    """The places whose scores do not count, the highest first; () where elements are trimmed."""
    return () if "|" in interview.dropped else tuple(map(int, interview.dropped.split()))
