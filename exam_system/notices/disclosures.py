"""What an exam has made public, what is due and what is late, computed from what exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.exams.models import Exam, ExamSession
from exam_system.exams.rules import RuleSet
from exam_system.notices.lookup import Shown, posted_of
from exam_system.notices.models import ExamClosing
from exam_system.notices.rules import Disclosure, notice_rules
from exam_system.records.models import Release


@dataclass(frozen=True, slots=True)
class Posting:
    """One thing that was posted: a release (by `folder`) or a notice (by `ref`)."""

    at: datetime
    stage: str
    version: int
    folder: str = ""
    ref: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One of the five, or a numbered list: what posted it, and until when it is due.

    `state` is posted, posted_late, late, due (its day is known) or open (it is not yet).
    """

    key: str
    name: str
    postings: tuple[Posting, ...]
    due: datetime | None
    state: str

    @property
    def first(self) -> datetime | None:
        """When it was first posted."""
        return self.postings[0].at if self.postings else None


@dataclass(frozen=True, slots=True)
class Posted:
    """Everything that an exam has posted: releases and notices, and when its sessions end."""

    releases: Sequence[Release]
    notices: Sequence[Shown]
    ends: datetime | None
    code: str

    def of(self, stages: Sequence[str], place: int | None = None) -> tuple[Posting, ...]:
        """What posts something: releases of these stages, notices for this place."""
        found = [
            Posting(row.published_at, row.stage, row.version, self._folder(row))
            for row in self.releases
            if row.stage in stages and row.published_at is not None
        ]
        found += [
            Posting(at, "notice", one.version.version, "", one.notice.ref, one.version.title)
            for one in self.notices
            if one.notice.place == place is not None and (at := one.version.published_at)
        ]
        return tuple(sorted(found, key=lambda one: one.at))

    def _folder(self, row: Release) -> str:
        return f"{row.chain}-{self.code}-v{row.version}"


def everything(session: Session, exam: Exam) -> Posted:
    """What an exam has posted so far."""
    return everything_of(session, [exam])[exam.id]


def everything_of(session: Session, exams: Sequence[Exam]) -> dict[int, Posted]:
    """What each of some exams has posted so far, by the exam's id; three questions for all."""
    ids = [exam.id for exam in exams]
    wanted = select(Release).where(Release.exam_id.in_(ids), Release.state == "published")
    rows: dict[int, list[Release]] = defaultdict(list)
    for row in session.scalars(wanted.order_by(Release.id)):
        rows[row.exam_id].append(row)
    grouped = select(ExamSession.exam_id, func.max(ExamSession.ends_at))
    grouped = grouped.where(ExamSession.exam_id.in_(ids)).group_by(ExamSession.exam_id)
    ends = {row[0]: row[1] for row in session.execute(grouped)}
    told: dict[int | None, list[Shown]] = defaultdict(list)
    for one in posted_of(session, exams):
        told[one.notice.exam_id].append(one)
    return {
        exam.id: Posted(rows[exam.id], told[exam.id], ends.get(exam.id), exam.code)
        for exam in exams
    }


def disclosures(rules: RuleSet, all_: Posted, now: datetime) -> list[Disclosed]:
    """The five disclosures in their order."""
    found = []
    for one in notice_rules().disclosures:
        if one.key == "results" and rules.interview_weight == 0:
            one = replace(one, by=("written",))
        due = _due(one, rules, all_)
        found.append(_told(one.key, one.name, all_.of(one.by), due, now))
    return found


def _due(one: Disclosure, rules: RuleSet, all_: Posted) -> datetime | None:
    if one.before:
        before: datetime = getattr(rules, one.before)
        return before
    written = all_.of(("written",))
    since = all_.ends if one.after == "sessions" else (written[0].at if written else None)
    return None if since is None else since + timedelta(days=one.days)


def _told(
    key: str, name: str, postings: tuple[Posting, ...], due: datetime | None, now: datetime
) -> Disclosed:
    if postings:
        late = due is not None and postings[0].at > due
        return Disclosed(key, name, postings, due, "posted_late" if late else "posted")
    if due is None:
        return Disclosed(key, name, postings, due, "open")
    return Disclosed(key, name, postings, due, "late" if now > due else "due")


def public_lists(rules: RuleSet, all_: Posted, now: datetime) -> list[Disclosed]:
    """The exam's numbered lists in their order; a list of shortlists needs an interview."""
    found = []
    for number, one in enumerate(rules.public_lists, 1):
        source, _equals, name = one.partition("=")
        if source != "shortlist" or rules.interview_weight > 0:
            found.append(_told(str(number), name, all_.of((source,), number), None, now))
    return found


def closing_of(session: Session, exam: Exam) -> ExamClosing | None:
    """That an exam is closed, if it is."""
    return session.scalar(select(ExamClosing).where(ExamClosing.exam_id == exam.id))
