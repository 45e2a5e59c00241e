"""The figures of each day: counted at nine in the bureau's time, signed, published, kept for good.

From the first nine o'clock after registration opens to the first one after payment closes, which
holds what the opening ratio is compared with. A day that was missed stays missing: what was then
cannot be counted any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound
from exam_system.exams.lookup import open_exam, rules_of
from exam_system.exams.models import DayFigures, Exam
from exam_system.exams.rules import RuleSet
from exam_system.exams.search import EVERY, Competition, competition
from exam_system.records.folders import add_missing
from exam_system.trust import figures, notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.figures import Figures, PostFigures, Totals

NINE = time(9)
MOST = 100
"""So many posts stand in the list of those that most people applied for."""
_TAKING_PART = ("announced", "closed")


@dataclass(frozen=True, slots=True)
class Day:
    """A day's totals and when they were published."""

    day: date
    totals: Totals
    published_at: datetime


def today(now: datetime, zone: ZoneInfo) -> date:
    """The day whose figures are published now; raises Conflict before nine."""
    local = now.astimezone(zone)
    if local.time() < NINE:
        raise Conflict("The figures of a day are published at nine: it is not nine yet")
    return local.date()


def last_day(rules: RuleSet, zone: ZoneInfo) -> date:
    """The day whose nine o'clock is the first one at or after the close of payment."""
    local = rules.payment_closes.astimezone(zone)
    return local.date() + timedelta(days=local.time() > NINE)


def days_of(rules: RuleSet, zone: ZoneInfo) -> list[date]:
    """Every day with figures, by the rules as they stand."""
    first = rules.registration_opens.astimezone(zone)
    day, days = first.date() + timedelta(days=first.time() >= NINE), []
    while day <= last_day(rules, zone):
        days.append(day)
        day += timedelta(days=1)
    return days


def due(session: Session, now: datetime, zone: ZoneInfo) -> list[Exam]:
    """The exams whose figures of today are still to be published.

    The last day's are published later too when nobody did so in time, until the seats are drawn.
    Raises Conflict before nine.
    """
    day = today(now, zone)
    return [exam for exam in taking_part(session) if _is_due(session, exam, day, zone)]


def taking_part(session: Session) -> Sequence[Exam]:
    """The announced exams whose seats are not drawn yet."""
    query = select(Exam).where(Exam.state.in_(_TAKING_PART)).order_by(Exam.id)
    return session.scalars(query).all()


def _is_due(session: Session, exam: Exam, day: date, zone: ZoneInfo) -> bool:
    days = days_of(rules_of(exam), zone)
    if not days or day < days[0]:
        return False
    since = min(day, days[-1])
    query = select(DayFigures.id).where(DayFigures.exam_id == exam.id, DayFigures.day >= since)
    return session.scalar(query.limit(1)) is None


def missed(session: Session, exam: Exam, now: datetime, zone: ZoneInfo) -> list[date]:
    """The days before today whose figures were not published."""
    query = select(DayFigures.day).where(DayFigures.exam_id == exam.id)
    there = set(session.scalars(query))
    here = now.astimezone(zone).date()
    return [day for day in days_of(rules_of(exam), zone) if day < here and day not in there]


@verb
def publish_figures(ctx: Context, *, code: str) -> DayFigures:
    """Count, sign and keep the figures of today; `show_figures` writes the file afterwards.

    Raises Conflict before nine, outside the days of registration, and when they are published.
    """
    zone, now = ctx.config.zone, ctx.clock.now()
    day = today(now, zone)
    exam = open_exam(ctx.session, code, *_TAKING_PART)
    if not _is_due(ctx.session, exam, day, zone):
        raise Conflict("There are no figures to publish today for the exam %(code)s", code=code)
    said = _count(ctx, exam, day)
    note = notes.sign(said.text, ctx.keys.publisher)
    totals = " ".join(map(str, astuple(said.totals)))
    row = DayFigures(exam_id=exam.id, day=day, totals=totals, note=note, published_at=now)
    ctx.session.add(row)
    try:
        ctx.session.flush()
    except IntegrityError:  # two timers at once: the database lets one in
        raise Conflict(
            "There are no figures to publish today for the exam %(code)s", code=code
        ) from None
    ctx.record(
        exam=code,
        subject=f"figures:{code}:{day}",
        digest=sha256_hex(said.text.encode()),
        posts=said.totals.posts,
        applied=said.totals.applied,
        paid=said.totals.paid,
    )
    return row


def _count(ctx: Context, exam: Exam, day: date) -> Figures:
    rules, now = rules_of(exam), ctx.clock.now()
    counted = "approved" if now < rules.payment_closes else "paid"
    posts = tuple(_post(row, rules) for row in competition(ctx.session, exam, EVERY))
    return Figures(
        ctx.config.origin,
        exam.code,
        day.isoformat(),
        rfc3339(now),
        counted,
        tuple(sorted(posts, key=lambda post: post.code)),
        figures.add_up(posts, counted),
    )


def _post(row: Competition, rules: RuleSet) -> PostFigures:
    post = row.post
    ratio = rules.opening_of(post.category)
    return PostFigures(post.code, post.vacancies, ratio, row.applied, row.approved, row.paid)


def file_name(code: str, day: date) -> str:
    """Where a day's file lies below `published`."""
    return f"figures-{code}/{day.isoformat()}.note"


def show_figures(session: Session, config: Config) -> list[str]:
    """Write the files of published figures that are not there yet; returns their names.

    Raises Fault when one that is there is another than was published.
    """
    query = select(Exam.code, DayFigures.day, DayFigures.note)
    rows = session.execute(query.join(Exam, Exam.id == DayFigures.exam_id).order_by(DayFigures.id))
    return add_missing(config.published, {file_name(code, day): note for code, day, note in rows})


def history(session: Session, exam: Exam) -> list[Day]:
    """Every published day, the newest first."""
    query = select(DayFigures.day, DayFigures.totals, DayFigures.published_at)
    rows = session.execute(
        query.where(DayFigures.exam_id == exam.id).order_by(DayFigures.day.desc())
    )
    return [Day(day, Totals(*map(int, totals.split())), at) for day, totals, at in rows]


def of_day(session: Session, exam: Exam, day: date) -> Figures:
    """The figures of one day; raises NotFound."""
    query = select(DayFigures).where(DayFigures.exam_id == exam.id, DayFigures.day == day)
    row = session.scalar(query)
    if row is None:
        raise NotFound("There are no figures of this day")
    return figures.parse(notes.parse(row.note).text)


def most_applied(said: Figures) -> list[PostFigures]:
    """The posts that most people applied for, at most MOST of them."""
    wanted = [post for post in said.posts if post.applied]
    return sorted(wanted, key=lambda post: (-post.applied, post.code))[:MOST]


def idle(said: Figures) -> Sequence[PostFigures]:
    """The posts that nobody applied for."""
    return [post for post in said.posts if not post.applied]


def below(said: Figures) -> Sequence[PostFigures]:
    """The posts below their opening ratio."""
    return [post for post in said.posts if post.is_below(said.counted)]
