"""The office's day: what waits for it, what is late, what is blocked by whom, what comes up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Exists, ScalarSelect, exists, func, or_, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Takeover
from exam_system.appointing.models import Objection
from exam_system.approvals.lookup import asked_by
from exam_system.approvals.lookup import waiting as waiting_approvals
from exam_system.approvals.models import Approval
from exam_system.cases.models import Letter
from exam_system.cases.states import WAITING as UNANSWERED
from exam_system.context import Context
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.fees.models import Discrepancy, Payment, Refund
from exam_system.fees.waiver_models import Waiver
from exam_system.language import choose_language
from exam_system.messages.models import Delivery
from exam_system.notices.models import NoticeVersion
from exam_system.oversight.overdue import find_overdue
from exam_system.oversight.waiting import waiting_steps
from exam_system.oversight.words import OVERDUE, about
from exam_system.photos.models import PhotoPair
from exam_system.records.models import Release
from exam_system.registration.models import Application
from exam_system.registration.states import WAITING
from exam_system.violations.models import Incident, ViolationCase

AHEAD = timedelta(days=14)
"""So far ahead the calendar of the home looks."""
OURS = ("open", "heard", "rechecked", "decided", "review")
"""States of a violation case in which the office goes on with it, not the one it is about."""
UNDER_WAY = ("draft", "checking", "cleared")


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many things of one kind wait on a page."""

    count: int
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Late:
    """Things of one kind that are late; `since` is the oldest one's time."""

    label: str
    count: int
    about: str
    since: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something that cannot go on, and who it waits for since when."""

    what: str
    whom: str
    since: datetime | None
    url: str


def queue(ctx: Context) -> list[Waiting]:
    """What the office has to do, by kind; nothing of what there is nothing of."""
    mine = or_(Letter.owner_id == ctx.actor.account_id, Letter.deputy_id == ctx.actor.account_id)
    counts: dict[str, ScalarSelect[int]] = {
        "reviews": _count(Application, Application.state.in_(WAITING)),
        "letters": _count(Letter, Letter.state.in_(UNANSWERED), mine),
        "takeovers": _count(Takeover, Takeover.state == "waiting"),
        "waivers": _count(Waiver, Waiver.state == "asked"),
        "pairs": _count(PhotoPair, PhotoPair.finding.is_(None)),
        "bills": _count(Discrepancy, Discrepancy.finding.is_(None)),
        "unsent": _count(Delivery, Delivery.state.in_(("given_up", "uncertain"))),
        "refunds": _count(Payment, Payment.kept.is_(False), ~_refunded()),
        "incidents": _count(Incident, Incident.state == "confirmed"),
        "cases": _count(ViolationCase, ViolationCase.state.in_(OURS)),
        "objections": _count(Objection, Objection.holds == "open"),
        "notices": _count(NoticeVersion, NoticeVersion.state.in_(UNDER_WAY)),
    }
    query = select(*(count.label(name) for name, count in counts.items()))
    numbers = ctx.session.execute(query).one()._mapping
    approvals = len(waiting_approvals(ctx.session, ctx.actor))
    given = sum(one.state == "approved" for one in asked_by(ctx.session, ctx.actor))
    exams = url_for("exams.office") + "#exams"
    pages = {
        "reviews": (_("applications to review"), url_for("registration.queue")),
        "letters": (_("letters of mine to answer"), url_for("letters.queue")),
        "takeovers": (_("takeovers to decide"), url_for("accounts.takeover_queue")),
        "waivers": (_("requests not to pay"), exams),
        "pairs": (_("pairs of photos to compare"), url_for("registration.queue")),
        "bills": (_("differences from the bill"), url_for("fees.statements")),
        "unsent": (_("messages that did not go out"), url_for("messages.office")),
        "refunds": (_("payments to give back"), exams),
        "incidents": (_("incidents to hand on or to close"), exams),
        "cases": (_("violation cases to go on with"), exams),
        "objections": (_("objections to answer"), exams),
        "notices": (_("notices on their way"), url_for("notices.desk")),
    }
    first = [
        Waiting(approvals, _("approvals asked of me"), url_for("approvals.index")),
        Waiting(given, _("approved: to be carried out by me"), url_for("approvals.index")),
    ]
    found = [*first, *(Waiting(numbers[name], *page) for name, page in pages.items())]
    return [one for one in found if one.count]


def _refunded() -> Exists:
    """Whether a refund of the payment is under way or done."""
    return exists().where(Refund.payment_id == Payment.id, Refund.state != "failed")


def _count(model: type, *where: object) -> ScalarSelect[int]:
    query = select(func.count()).select_from(model).where(*where)  # type: ignore[arg-type]
    return query.scalar_subquery()


def late(ctx: Context) -> list[Late]:
    """What is past its term, by kind, the oldest first; the log's head is the inspector's."""
    groups: dict[str, list[tuple[datetime, str, str]]] = {}
    for one in find_overdue(ctx.session, ctx.clock.now(), ctx.config.zone):
        groups.setdefault(one.kind, []).append((one.since, one.subject, one.exam))
    groups.pop("head", None)
    found = []
    for kind, rows in groups.items():
        since, subject, exam = min(rows)
        found.append(Late(str(OVERDUE[kind]), len(rows), about(subject), since, _page(kind, exam)))
    return sorted(found, key=lambda line: line.since)


def _page(kind: str, exam: str) -> str:
    fixed = {
        "review": ("registration.queue", {"show": "overdue"}),
        "letter": ("letters.queue", {}),
        "approval": ("approvals.index", {}),
        "notice_stale": ("notices.desk", {}),
        "notice_withheld": ("notices.desk", {}),
    }
    if kind in fixed:
        endpoint, values = fixed[kind]
        return url_for(endpoint, **values)  # type: ignore[arg-type]
    pages = {"order": "fees.ledger", "disclosure": "notices.disclosures"}
    pages |= {"draw": "draws.office", "draw_published": "draws.office"}
    return url_for(pages.get(kind, "exams.setup"), code=exam)


def blocked(ctx: Context) -> list[Blocked]:
    """What waits for others: approvals, signatures, steps of draws, second reviews."""
    return [*_approvals(ctx), *_releases(ctx.session), *_draws(ctx.session), *_seconds(ctx.session)]


def _approvals(ctx: Context) -> Iterator[Blocked]:
    query = select(Approval).where(Approval.state == "asked")
    own = query.where(Approval.asked_by == ctx.actor.account_id).order_by(Approval.id)
    for one in ctx.session.scalars(own):
        yield Blocked(
            about(one.subject), _("somebody of another office approves"), one.asked_at, _approved()
        )


def _approved() -> str:
    return url_for("approvals.index")


def _releases(session: Session) -> Iterator[Blocked]:
    query = (
        select(Release, Exam)
        .join(Exam, Exam.id == Release.exam_id)
        .where(Release.state == "draft")
        .order_by(Release.id)
    )
    for release, exam in session.execute(query):
        page = {"announcement": "exams.publish", "results": "results.office"}
        yield Blocked(
            f"{name(exam)} · {_(release.stage)} v{release.version}",
            _("the inspector's signature, then publication"),
            release.prepared_at,
            url_for(page.get(release.chain, "exams.setup"), code=exam.code),
        )


def _draws(session: Session) -> Iterator[Blocked]:
    for step in waiting_steps(session):
        url = url_for("draws.ceremony", draw=step.draw, number=step.number)
        yield Blocked(f"{step.draw} #{step.number}", _("the inspector's step"), None, url)


def _seconds(session: Session) -> Iterator[Blocked]:
    query = select(func.count(), func.min(Application.submitted_at))
    number, since = session.execute(query.where(Application.state == "second")).one()
    if number:
        what = _("%(n)s decisions on applications", n=number)
        url = url_for("registration.queue", show="second")
        yield Blocked(what, _("a second reviewer"), since, url)


def name(exam: Exam) -> str:
    """The exam's name in the request's language."""
    return exam.name if choose_language() == "zh" else exam.name_en


def ahead(ctx: Context) -> list[tuple[datetime, str, Exam]]:
    """(time, what begins or ends, exam) of the days that come."""
    now = ctx.clock.now()
    running = Exam.state.not_in(("draft", "final"))
    found: list[tuple[datetime, str, Exam]] = []
    for exam in ctx.session.scalars(select(Exam).where(running).order_by(Exam.id)):
        rules = rules_of(exam)
        found += [
            (rules.registration_opens, _("Registration opens"), exam),
            (rules.registration_closes, _("Registration closes"), exam),
            (rules.payment_closes, _("Payment closes"), exam),
        ]
    sessions = select(ExamSession, Exam).join(Exam, Exam.id == ExamSession.exam_id).where(running)
    for row, exam in ctx.session.execute(sessions):
        names = {subject.code: subject.name for subject in rules_of(exam).subjects}
        named = names.get(row.subject, row.subject)
        found.append((row.starts_at, _("Session: %(name)s", name=named), exam))
    return sorted((one for one in found if now <= one[0] <= now + AHEAD), key=lambda one: one[0])
