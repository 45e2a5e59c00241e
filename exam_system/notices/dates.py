"""Every date of an exam, past and coming, from everything that has one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.draws.models import Attempt, Draw
from exam_system.errors import Sentence
from exam_system.exams.models import Exam, ExamSession
from exam_system.exams.rules import RuleSet
from exam_system.notices.disclosures import Posted, closing_of

STAGES = {
    "announcement": "Announcement, version %(version)s",
    "written": "Written scores published",
    "shortlist": "Shortlist published",
    "final": "Final results published",
    "medical": "List for the medical examination published",
    "appointment": "Proposed appointments published",
}
DRAWS = {
    "seats": "Draw of seats published",
    "codes": "Draw of script codes published",
    "papers": "Draw of the papers published",
    "invigilators": "Draw of invigilators published",
    "interviewers": "Draw of interviewers published",
    "groups": "Draw of groups published",
    "order": "Draw of the order published",
}


@dataclass(frozen=True, slots=True)
class Dated:
    """One date: what happens then; `ref` leads to the notice that says so."""

    at: datetime
    what: Sentence
    ref: str = ""


def dates_of(session: Session, exam: Exam, rules: RuleSet, all_: Posted) -> list[Dated]:
    """Every date in its order."""
    found = [
        Dated(rules.registration_opens, Sentence("Registration opens")),
        Dated(rules.registration_closes, Sentence("Registration closes")),
        Dated(rules.payment_closes, Sentence("Payment closes")),
        *_moments(rules),
        *_sessions(session, exam, rules),
        *_releases(all_),
        *_draws(session, exam),
        *_notices(all_),
    ]
    closing = closing_of(session, exam)
    if closing is not None:
        found.append(Dated(closing.closed_at, Sentence("The exam is closed")))
    return sorted(found, key=lambda one: one.at)


def _moments(rules: RuleSet) -> Iterator[Dated]:
    if rules.marking_closes is not None:
        yield Dated(rules.marking_closes, Sentence("Marking closes"))
    if rules.panels_open_at is not None:
        yield Dated(rules.panels_open_at, Sentence("Who sits in which panel is opened"))


def _sessions(session: Session, exam: Exam, rules: RuleSet) -> Iterator[Dated]:
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    for row in session.scalars(query.order_by(ExamSession.starts_at)):
        name = rules.subject(row.subject).name
        yield Dated(row.starts_at, Sentence("Written exam begins: %(name)s", name=name))


def _releases(all_: Posted) -> Iterator[Dated]:
    for row in all_.releases:
        if row.published_at is not None and row.stage in STAGES:
            yield Dated(row.published_at, Sentence(STAGES[row.stage], version=row.version))


def _draws(session: Session, exam: Exam) -> Iterator[Dated]:
    query = (
        select(Draw.kind, Attempt.published_at)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .where(Draw.exam_id == exam.id, Attempt.published_at.is_not(None))
    )
    for kind, at in session.execute(query):
        assert at is not None
        yield Dated(at, Sentence(DRAWS.get(kind, "A draw was published")))


def _notices(all_: Posted) -> Iterator[Dated]:
    for one in all_.notices:
        version, ref = one.version, one.notice.ref
        if version.published_at is not None:
            told = Sentence("Notice published: %(title)s", title=version.title)
            yield Dated(version.published_at, told, ref)
        if version.event_at is not None:
            yield Dated(version.event_at, Sentence("Event: %(title)s", title=version.title), ref)
