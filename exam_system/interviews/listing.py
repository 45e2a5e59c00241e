"""The office's lists: panels, the candidates of one panel, avoidances. Names are allowed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.exams.models import Exam, Post
from exam_system.interviews.models import (
    Avoidance,
    Interview,
    Interviewer,
    InterviewGroup,
    Panel,
    PanelSeat,
)
from exam_system.registration.models import Application


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One panel in the office's overview."""

    code: str
    state: str
    group: str
    candidates: int
    heard: int
    interviewers: int
    accounts: int


def overview(session: Session, exam: Exam) -> list[PanelLine]:
    """The exam's panels by code, with the group that each one hears."""
    people = _count(session, exam, func.count(Interviewer.id))
    accounts = _count(session, exam, func.count(Interviewer.account_id))
    done = case((Interview.state.in_(("scored", "absent")), 1))
    rows = session.execute(
        select(
            Panel.id,
            Panel.code,
            Panel.state,
            func.coalesce(func.max(InterviewGroup.code), ""),
            func.count(Interview.application_id),
            func.count(done),
        )
        .join(InterviewGroup, InterviewGroup.panel_id == Panel.id, isouter=True)
        .join(Interview, Interview.group_id == InterviewGroup.id, isouter=True)
        .where(Panel.exam_id == exam.id)
        .group_by(Panel.id, Panel.code, Panel.state)
        .order_by(Panel.code)
    )
    return [PanelLine(*row[1:], people.get(row[0], 0), accounts.get(row[0], 0)) for row in rows]


def _count(session: Session, exam: Exam, what: object) -> dict[int, int]:
    query = (
        select(PanelSeat.panel_id, what)  # type: ignore[call-overload]
        .join(Interviewer, Interviewer.id == PanelSeat.interviewer_id)
        .join(Panel, Panel.id == PanelSeat.panel_id)
        .where(Panel.exam_id == exam.id)
        .group_by(PanelSeat.panel_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One candidate of a panel: drawn number, who it is, and how far the interview is."""

    place: int | None
    ref: str
    number: str
    name: str
    post: str
    state: str
    result: str


def candidates_of(session: Session, panel: Panel) -> list[Waiting]:
    """The candidates of a panel in the drawn order."""
    query = (
        select(
            Interview.place,
            Application.ref,
            Application.number,
            Person.name,
            Post.code,
            Interview.state,
            Interview.result,
        )
        .join(InterviewGroup, InterviewGroup.id == Interview.group_id)
        .join(Application, Application.id == Interview.application_id)
        .join(Person, Person.id == Application.person_id)
        .join(Post, Post.id == Application.post_id)
        .where(InterviewGroup.panel_id == panel.id)
        .order_by(Interview.place, Application.number)
    )
    return [
        Waiting(place, ref, number or "", name, post, state, result)
        for place, ref, number, name, post, state, result in session.execute(query)
    ]


def next_of(waiting: Sequence[Waiting]) -> Waiting | None:
    """Whose turn it is: who was called, else the first who is neither scored nor absent."""
    for state in ("called", "waiting"):
        for one in waiting:
            if one.state == state:
                return one
    return None


@dataclass(frozen=True, slots=True)
class Avoided:
    """One declared avoidance."""

    certificate: str
    interviewer: str
    number: str
    candidate: str
    relation: str


def avoidances_of(session: Session, exam: Exam, first: int, count: int) -> list[Avoided]:
    """The avoidances declared for candidates of an exam, `count` of them from `first` on."""
    query = (
        select(
            Interviewer.certificate,
            Interviewer.name,
            Application.number,
            Person.name,
            Avoidance.relation,
        )
        .join(Avoidance, Avoidance.interviewer_id == Interviewer.id)
        .join(Application, Application.id == Avoidance.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Application.exam_id == exam.id)
        .order_by(Interviewer.certificate, Application.number)
        .offset(first)
        .limit(count)
    )
    return [
        Avoided(certificate, name, number or "", candidate, relation)
        for certificate, name, number, candidate, relation in session.execute(query)
    ]


def count_avoidances(session: Session, exam: Exam) -> int:
    """How many avoidances are declared for candidates of an exam."""
    query = (
        select(func.count(Avoidance.id))
        .join(Application, Application.id == Avoidance.application_id)
        .where(Application.exam_id == exam.id)
    )
    return session.scalar(query) or 0
