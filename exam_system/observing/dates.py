"""Every date of an exam: of rules, sessions, plans, draws, lists, terms and notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.appointing.models import PublicNotice
from exam_system.draws.asking import KIND_NAMES
from exam_system.draws.models import Attempt, Draw
from exam_system.exams.models import Exam, ExamSession
from exam_system.exams.rules import RuleSet
from exam_system.interviews.models import Panel
from exam_system.notices.dates import DRAWS, STAGES
from exam_system.notices.disclosures import Posted, closing_of
from exam_system.observing.planning import KINDS, planned
from exam_system.observing.timeline import Dated, said
from exam_system.records.models import Release
from exam_system.workdays import Table, office_table, term

_UNKNOWN = "The holidays of %(year)s are not announced: its end cannot be computed yet"
_COUNTED = "%(days)s working days, the last one is %(day)s"


def dates_of(
    session: Session, exam: Exam, rules: RuleSet, all_: Posted, zone: ZoneInfo
) -> list[Dated]:
    """Every date of an exam, in no order; times in UTC, whole days in the bureau's zone."""
    table = office_table(session)
    found = [
        *_windows(rules, table, zone),
        *_sessions(session, exam, rules),
        *_planned(session, exam),
        *_panels(session, exam),
        *_draws(session, exam),
        *_releases(session, exam, all_),
        *_rechecks(rules, all_, table, zone),
        *_public_notices(session, exam, table, zone),
        *_notices(all_),
    ]
    closing = closing_of(session, exam)
    if closing is not None:
        found.append(Dated(closing.closed_at, said("The exam is closed")))
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The end of a day."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _term(
    what: tuple[str, tuple[tuple[str, str], ...]],
    begins: datetime,
    days: int,
    table: Table,
    zone: ZoneInfo,
) -> Dated:
    """So many working days from a moment on, with the computed last day or why there is none."""
    counted = term(begins.astimezone(zone).date(), days, table)
    if counted.ends is None:
        return Dated(begins, what, lasts=True, why=said(_UNKNOWN, year=counted.unknown))
    why = said(_COUNTED, days=days, day=counted.ends.isoformat())
    return Dated(begins, what, midnight(counted.ends, zone), why=why)


def _windows(rules: RuleSet, table: Table, zone: ZoneInfo) -> Iterator[Dated]:
    opens, closes = rules.registration_opens, rules.registration_closes
    yield Dated(opens, said("Registration"), closes)
    yield Dated(opens, said("Payment of the fee"), rules.payment_closes)
    what = said("Review of the applications that came last")
    yield _term(what, closes, rules.review_days, table, zone)
    if rules.panels_open_at is not None:
        yield Dated(rules.panels_open_at, said("Who sits in which panel is opened"))
    if rules.marking_closes is not None:
        yield Dated(rules.marking_closes, said("Marking closes"))


def _sessions(session: Session, exam: Exam, rules: RuleSet) -> Iterator[Dated]:
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    for row in session.scalars(query.order_by(ExamSession.starts_at)):
        what = said("Written exam: %(name)s", name=rules.subject(row.subject).name)
        yield Dated(row.starts_at, what, row.ends_at)


def _planned(session: Session, exam: Exam) -> Iterator[Dated]:
    """What is planned and has no date of its own yet."""
    done = _done(session, exam)
    for row in planned(session, exam):
        if row.kind not in done:
            yield Dated(row.begins_at, said(KINDS[row.kind]), row.ends_at)


def _done(session: Session, exam: Exam) -> set[str]:
    """Draws that are published and lists that are, or whose minute is announced."""
    drawn = select(Draw.kind).join(Attempt, Attempt.draw_id == Draw.id)
    published = drawn.where(Draw.exam_id == exam.id, Attempt.state == "published")
    listed = select(Release.stage).where(
        Release.exam_id == exam.id,
        Release.published_at.is_not(None) | Release.publish_at.is_not(None),
    )
    return {*session.scalars(published), *session.scalars(listed)}


def _panels(session: Session, exam: Exam) -> Iterator[Dated]:
    query = select(func.min(Panel.begins_at)).where(Panel.exam_id == exam.id)
    first = session.scalar(query)
    if first is not None:
        yield Dated(first, said("The first panel begins its interviews"))


def _draws(session: Session, exam: Exam) -> Iterator[Dated]:
    query = (
        select(Draw.kind, Draw.code, Attempt.number, Attempt.frozen_at, Attempt.published_at)
        .join(Attempt, Attempt.draw_id == Draw.id)
        .where(Draw.exam_id == exam.id, Attempt.state != "void")
    )
    for kind, code, number, frozen, published in session.execute(query):
        link = ("draws.show", (("draw", code), ("number", str(number))))
        if published is None:
            yield Dated(frozen, said(KINDS[kind]), lasts=True, link=link)
        else:
            yield Dated(published, said(DRAWS[kind]), link=link)


def _releases(session: Session, exam: Exam, all_: Posted) -> Iterator[Dated]:
    for row in all_.releases:
        if row.published_at is not None and row.stage in STAGES:
            told = said(STAGES[row.stage], version=row.version)
            yield Dated(row.published_at, told, link=_folder(row, all_.code))
    minutes = select(Release).where(
        Release.exam_id == exam.id, Release.state == "draft", Release.publish_at.is_not(None)
    )
    for row in session.scalars(minutes):
        assert row.publish_at is not None
        yield Dated(row.publish_at, said("Announced minute of publication"))


def _folder(row: Release, code: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return "oversight.published", (("path", f"{row.chain}-{code}-v{row.version}/"),)


def _rechecks(rules: RuleSet, all_: Posted, table: Table, zone: ZoneInfo) -> Iterator[Dated]:
    if not rules.recheck_days:
        return
    newest: dict[str, datetime] = {}
    for row in all_.releases:
        if row.published_at is not None and row.stage in ("written", "final"):
            newest[row.stage] = row.published_at
    names = {"written": "Re-checks of written scores can be asked for",
             "final": "Re-checks of interview scores can be asked for"}  # fmt: skip
    for stage, at in newest.items():
        if stage == "written" or rules.interview_weight > 0:
            yield _term(said(names[stage]), at, rules.recheck_days, table, zone)


def _public_notices(session: Session, exam: Exam, table: Table, zone: ZoneInfo) -> Iterator[Dated]:
    query = select(PublicNotice).where(PublicNotice.exam_id == exam.id)
    for row in session.scalars(query.order_by(PublicNotice.id)):
        begins, what = midnight(row.published_on, zone), said("Public notice of appointments")
        link = ("appointing.public", (("code", exam.code),))
        last = row.ends or row.closed_on
        if last is None:
            why = said(_UNKNOWN, year=term(row.published_on, row.days, table).unknown)
            yield Dated(begins, what, lasts=True, why=why, link=link)
        else:
            why = said(_COUNTED, days=row.days, day=last.isoformat())
            yield Dated(begins, what, midnight(last, zone), why=why, link=link)


def _notices(all_: Posted) -> Iterator[Dated]:
    for one in all_.notices:
        version, link = one.version, ("notices.notice", (("ref", one.notice.ref),))
        if version.published_at is not None:
            told = said("Notice published: %(title)s", title=version.title)
            yield Dated(version.published_at, told, link=link)
        if version.event_at is not None:
            yield Dated(version.event_at, said("Event: %(title)s", title=version.title), link=link)


def planned_draws(session: Session, exam: Exam) -> dict[str, datetime]:
    """The hour of every draw that is planned, by its kind."""
    return {row.kind: row.begins_at for row in planned(session, exam) if row.kind in KIND_NAMES}
