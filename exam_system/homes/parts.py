"""What the home of somebody with a post is made of, and what all posts have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import asked_by
from exam_system.context import Context
from exam_system.exams.models import Exam
from exam_system.language import choose_language
from exam_system.oversight.acts import said
from exam_system.oversight.words import about
from exam_system.records.models import Act

NEWEST = 5
"""So many of the own acts a home shows."""
UNTOLD = ("accounts.log_in", "accounts.log_out", "duties.sign_pledge")
"""Acts that are no work."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: where and when it takes place, by when it must be done, how far it is.

    `state` is the word that the page shows, in the tone of parts.html; a whole day that is due
    ends at midnight.
    """

    what: str
    url: str
    exam: Exam | None = None
    where: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    due: datetime | date | None = None
    note: str = ""
    state: str = ""
    tone: str = "wait"

    @property
    def done(self) -> bool:
        """Whether nothing of it is left."""
        return self.tone == "good"


@dataclass(frozen=True, slots=True)
class Block:
    """Something that cannot go on, and for whom or what it waits."""

    what: str
    whom: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """What awaits somebody, what blocks it, and what they have done, in numbers."""

    tasks: Sequence[Task] = ()
    blocks: Sequence[Block] = ()
    done: Sequence[tuple[int, str]] = ()

    def sorted(self, zone: ZoneInfo) -> list[Task]:
        """What is left first, by the hour that comes next; then what is done."""
        return sorted(self.tasks, key=lambda one: (one.done, _hour(one, zone)))

    def exams(self) -> list[Exam]:
        """The exams that it is about."""
        return list({one.exam.id: one.exam for one in self.tasks if one.exam}.values())


def _hour(one: Task, zone: ZoneInfo) -> datetime:
    known = [_moment(at, zone) for at in (one.begins, one.due) if at is not None]
    return min(known, default=datetime.max.replace(tzinfo=UTC))


def _moment(at: datetime | date, zone: ZoneInfo) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time.max, zone)


@dataclass(frozen=True, slots=True)
class Own:
    """One of somebody's own acts, as their home tells it."""

    at: datetime
    said: str
    exam: str


def own_acts(ctx: Context) -> list[Own]:
    """The newest acts of the actor."""
    query = select(Act).where(Act.actor == ctx.actor.ref, Act.kind.not_in(UNTOLD))
    rows = ctx.session.scalars(query.order_by(Act.id.desc()).limit(NEWEST))
    return [Own(row.at, said(row.kind), row.exam) for row in rows]


def acts_of(ctx: Context, kinds: Iterable[str]) -> int:
    """How many acts of these kinds the actor has done."""
    query = select(func.count()).where(Act.actor == ctx.actor.ref, Act.kind.in_(tuple(kinds)))
    return ctx.session.scalars(query).one()


def own_approvals(ctx: Context) -> Home:
    """Approvals that the actor has asked for: given ones are to be used, others block."""
    asked, page = asked_by(ctx.session, ctx.actor), url_for("approvals.index")
    given = [one for one in asked if one.state == "approved"]
    waits = [one for one in asked if one.state == "asked"]
    return Home(
        [Task(about(one.subject), page, state=_("approved: do it now")) for one in given],
        [
            Block(about(one.subject), _("somebody of another office approves"), page)
            for one in waits
        ],
    )


def together(*homes: Home) -> Home:
    """Parts of a home as one."""
    return Home(
        [task for one in homes for task in one.tasks],
        [block for one in homes for block in one.blocks],
        [line for one in homes for line in one.done],
    )


def name(exam: Exam) -> str:
    """The exam's name in the request's language."""
    return exam.name if choose_language() == "zh" else exam.name_en


def midnight(ctx: Context) -> datetime:
    """When the office's day began."""
    zone = ctx.config.zone
    return datetime.combine(ctx.clock.now().astimezone(zone).date(), time(), zone)


def count_acts(session: Session, since: datetime) -> int:
    """How many acts there are since then."""
    return session.scalars(select(func.count()).select_from(Act).where(Act.at >= since)).one()
