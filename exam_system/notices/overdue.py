"""Alarms of openness: stale pages, terms of withholding that are over, late disclosures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam
from exam_system.notices.disclosures import disclosures, everything_of
from exam_system.notices.lookup import Shown, to_review, withheld
from exam_system.notices.models import ExamClosing

Found = tuple[str, str, str, datetime]
"""Kind of what is overdue, exam, subject, since when."""
MOST = 50


def stale(session: Session, now: datetime, zone: ZoneInfo) -> list[Shown]:
    """The published notices whose review date has passed, those of all owners."""
    return to_review(session, now.astimezone(zone).date())


def overdue(session: Session, now: datetime, zone: ZoneInfo) -> Iterator[Found]:
    """Everything overdue, for the inspector's desk."""

    def start(day: object) -> datetime:
        return datetime.combine(day, time(), zone)  # type: ignore[arg-type]

    for one in stale(session, now, zone)[:MOST]:
        since = start(one.version.review_on)
        yield "notice_stale", one.exam, f"notice:{one.notice.ref}", since
    for one in withheld(session):
        until = one.version.withheld_until
        if until is not None and until < now.astimezone(zone).date():
            yield "notice_withheld", one.exam, f"notice:{one.notice.ref}", start(until)
    yield from _late(session, now)


def _late(session: Session, now: datetime) -> Iterator[Found]:
    closed = select(ExamClosing.exam_id)
    query = select(Exam).where(Exam.state.not_in(("draft", "final")), Exam.id.not_in(closed))
    exams = session.scalars(query.order_by(Exam.id)).all()
    posted_by = everything_of(session, exams) if exams else {}
    for exam in exams:
        for one in disclosures(rules_of(exam), posted_by[exam.id], now):
            if one.state == "late" and one.due is not None:
                yield "disclosure", exam.code, f"disclosure:{exam.code}:{one.key}", one.due
