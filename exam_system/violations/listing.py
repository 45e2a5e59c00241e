"""What the pages of incidents and cases show: lists, steps with their terms, public figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.attendance.staff import Place, rooms_of
from exam_system.context import Context
from exam_system.errors import Sentence
from exam_system.exams.models import Exam, ExamSession, Room, Site
from exam_system.registration.models import Application
from exam_system.sheets import Cell
from exam_system.violations.deciding import decisions_of
from exam_system.violations.kinds import Kind, kind_of
from exam_system.violations.models import (
    CaseNotice,
    Decision,
    DecisionService,
    Incident,
    ViolationCase,
)
from exam_system.violations.regimes import procedure, regime_of
from exam_system.violations.serving import service_of
from exam_system.violations.states import CASE_STATES, INCIDENT_STATES

CASES = (
    *("Number", "Name", "Admission number", "What happened", "State", "Sanction", "Case opened at"),
    "Overdue",
)
INCIDENTS = ("Recorded at", "Room", "What happened", "Admission number", "Facts", "State")
_ORDER = ("open", "noticed", "heard", "rechecked", "decided", "served", "final")


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident in a list; `whom` is the candidate's name or that of the staff."""

    row: Incident
    kind: Kind
    session: ExamSession | None
    site: Site | None
    room: Room | None
    number: str
    whom: str


def count_incidents(session: Session, place: Place) -> int:
    """How many incidents somebody at a place may see."""
    query = select(func.count(Incident.id)).where(*_seen_from(session, place))
    return session.scalar(query) or 0


def _seen_from(session: Session, place: Place) -> list[ColumnElement[bool]]:
    found = [Incident.exam_id == place.exam.id]
    if place.room is not None or place.site is not None or place.district is not None:
        found.append(Incident.room_id.in_([one.id for one in rooms_of(session, place)]))
    return found


def incidents_of(session: Session, place: Place, most: int | None = None) -> list[IncidentLine]:
    """The incidents that somebody at a place may see, newest first; at most so many."""
    query = (
        select(Incident, ExamSession, Site, Room, Application, Person)
        .outerjoin(ExamSession, ExamSession.id == Incident.session_id)
        .outerjoin(Room, Room.id == Incident.room_id)
        .outerjoin(Site, Site.id == Room.site_id)
        .outerjoin(Application, Application.id == Incident.application_id)
        .outerjoin(Person, Person.id == Application.person_id)
        .where(*_seen_from(session, place))
        .order_by(Incident.id.desc())
        .limit(most)
    )
    return [
        IncidentLine(
            row.Incident,
            kind_of(row.Incident.kind),
            row.ExamSession,
            row.Site,
            row.Room,
            (row.Application.number or "") if row.Application else "",
            row.Person.name if row.Person else row.Incident.staff_name or "",
        )
        for row in session.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list with what its newest version imposes, and what of it is overdue."""

    row: ViolationCase
    kind: Kind
    name: str
    number: str
    decision: Decision | None
    overdue: Sentence | None

    @property
    def article(self) -> str:
        """Article and sanction; "" while nothing is decided or when it was cancelled."""
        if self.decision is None or self.decision.tier is None:
            return ""
        tier = regime_of(self.row.regime).tier(self.decision.tier)
        return f"{tier.article} {tier.sanction}"


def cases_of(ctx: Context, exam: Exam) -> list[CaseLine]:
    """All cases of an exam, newest first."""
    query = (
        select(ViolationCase, Application.number, Person.name)
        .outerjoin(Application, Application.id == ViolationCase.application_id)
        .outerjoin(Person, Person.id == Application.person_id)
        .where(ViolationCase.exam_id == exam.id)
        .order_by(ViolationCase.id.desc())
    )
    today = ctx.clock.now().astimezone(ctx.config.zone).date()
    return [
        CaseLine(
            case,
            kind_of(case.kind),
            name or case.staff_name or "",
            number or case.staff_no or "",
            next(iter(decisions_of(ctx.session, case)), None),
            overdue(ctx, case, today),
        )
        for case, number, name in ctx.session.execute(query)
    ]


def notices_of(session: Session, case: ViolationCase) -> list[CaseNotice]:
    """The notices of a case, newest first."""
    query = select(CaseNotice).where(CaseNotice.case_id == case.id)
    return list(session.scalars(query.order_by(CaseNotice.version.desc())))


def overdue(ctx: Context, case: ViolationCase, today: date) -> Sentence | None:
    """The term that has passed while nothing was done, as a sentence."""
    terms = procedure()
    if case.state == "noticed":
        due = notices_of(ctx.session, case)[0].due
        over = Sentence("The time to answer ended on %(day)s: go on", day=due.isoformat())
        return over if today > due else None
    if case.state == "decided":
        made = decisions_of(ctx.session, case)[0].decided_at
        due = _day(ctx, made or case.opened_at) + timedelta(days=terms.serve_days)
        over = Sentence("To be served by %(day)s", day=due.isoformat())
        return over if today > due else None
    if case.state in ("open", "heard", "rechecked"):
        due = _day(ctx, case.opened_at) + timedelta(days=terms.decide_days)
        over = Sentence("To be decided by %(day)s", day=due.isoformat())
        return over if today > due else None
    return None


def _day(ctx: Context, at: datetime) -> date:
    return at.astimezone(ctx.config.zone).date()


def steps_of(ctx: Context, case: ViolationCase) -> list[tuple[str, str, str]]:
    """The steps of a case for the list of steps: name, done/now/next, and its term."""
    notes = _notes(ctx, case)
    if case.state == "closed":
        return [(_(CASE_STATES["closed"]), "now", case.closed_why or "")]
    at = _ORDER.index("served" if case.state == "review" else case.state)
    found = []
    for place, name in enumerate(_ORDER):
        kind = "done" if place < at else "now" if place == at else "next"
        shown = CASE_STATES["review"] if name == case.state == "review" else CASE_STATES[name]
        found.append((_(shown), kind, notes.get(name, "")))
    return found


def _notes(ctx: Context, case: ViolationCase) -> dict[str, str]:
    found = {"open": str(_day(ctx, case.opened_at))}
    for notice in notices_of(ctx.session, case)[:1]:
        found["noticed"] = str(_("to answer until %(day)s", day=notice.due))
        found["heard"] = str(_day(ctx, notice.answered_at)) if notice.answered_at else ""
        found["rechecked"] = str(_day(ctx, notice.checked_at)) if notice.checked_at else ""
    for decision in decisions_of(ctx.session, case)[:1]:
        service = service_of(ctx.session, decision)
        found["decided"] = str(_("version %(version)s", version=decision.version))
        if service is not None:
            found["served"] = _terms(service)
    return found


def _terms(service: DecisionService) -> str:
    return str(
        _(
            "review until %(review)s, lawsuit until %(lawsuit)s",
            review=service.review_until,
            lawsuit=service.lawsuit_until,
        )
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """How many served decisions impose a sanction; nobody is named."""

    article: str
    sanction: str
    sanction_en: str
    count: int


def figures_of(session: Session, exam: Exam) -> list[Figure]:
    """The served decisions of an exam as they stand now, by sanction."""
    served = select(ViolationCase).where(
        ViolationCase.exam_id == exam.id, ViolationCase.state.in_(("served", "review", "final"))
    )
    found: Counter[tuple[str, str]] = Counter()
    for case in session.scalars(served):
        newest = decisions_of(session, case)[0]
        if newest.tier is not None:
            found[case.regime, newest.tier] += 1
    return [_figure(regime, tier, count) for (regime, tier), count in sorted(found.items())]


def _figure(regime: str, code: str, count: int) -> Figure:
    one = regime_of(regime)
    tier = one.tier(code)
    return Figure(f"《{one.name}》{tier.article}", tier.sanction, tier.sanction_en, count)


def own_cases(session: Session, account: int | None) -> list[ViolationCase]:
    """The cases of a candidate's own applications in which something was told, newest first."""
    told = select(CaseNotice.case_id)
    query = (
        select(ViolationCase)
        .join(Application, Application.id == ViolationCase.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Person.account_id == account, ViolationCase.id.in_(told))
    )
    return list(session.scalars(query.order_by(ViolationCase.id.desc())))


def case_rows(ctx: Context, exam: Exam) -> Iterable[Sequence[Cell]]:
    """The rows of the list of cases as a table to be taken out."""
    for line in cases_of(ctx, exam):
        late = str(line.overdue.text(_)) if line.overdue else ""
        state = _(CASE_STATES[line.row.state])
        at = f"{line.row.opened_at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M}"
        yield line.row.number, line.name, line.number, line.kind.zh, state, line.article, at, late


def incident_rows(ctx: Context, place: Place) -> Iterable[Sequence[Cell]]:
    """The rows of the list of incidents as a table to be taken out."""
    for line in incidents_of(ctx.session, place):
        at = f"{line.row.opened_at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M}"
        room = f"{line.site.name} {line.room.name}" if line.site and line.room else ""
        state = _(INCIDENT_STATES[line.row.state])
        yield at, room, line.kind.zh, line.number, line.row.facts, state
