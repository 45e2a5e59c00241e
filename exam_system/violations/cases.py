"""Cases: opened from an incident or by the experts, avoided by who is related, closed.

The regime is that of the day of the exam; whoever recorded what happened decides nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.chance import reference
from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.database import one_row
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.people import clean_line, clean_name, reason_line
from exam_system.registration.models import Application
from exam_system.violations.incidents import LONGEST_LINE, facts_text, find_incident
from exam_system.violations.kinds import kind_of
from exam_system.violations.models import (
    CaseAvoidance,
    Incident,
    IncidentSignature,
    ViolationCase,
)
from exam_system.violations.regimes import Regime, regime_for, regime_of
from exam_system.violations.states import move_case, move_incident, require_state

Case = ViolationCase
Staff = tuple[str, str]
"""Staff number (or certificate, or login name) and name."""


def open_case(
    ctx: Context,
    *,
    exam: Exam,
    application: Application | None,
    kind: str,
    facts: str,
    source: str,
    documents: Sequence[str] = (),
    subject: str | None = None,
    staff: Staff | None = None,
    incident: Incident | None = None,
) -> ViolationCase:
    """Add a case inside another verb, which records its own act and names the case.

    Of a candidate's `application`, or of `staff`. `documents` are references or digests of what it
    rests on, `subject` is the code of the exam's subject. Raises Invalid, and Conflict for
    identical answers that no experts confirmed.
    """
    if kind_of(kind).experts and source != "forensics":
        raise Conflict("Identical answers become a case only by a decision of the marking experts")
    if (application is None) == (staff is None):
        raise Invalid("A case concerns one candidate or one member of the staff")
    require_subject(exam, subject)
    day = exam_day(ctx.session, exam, ctx.config, subject)
    case = ViolationCase(
        ref=reference(ctx.chance),
        number=_next_number(ctx.session, exam),
        exam_id=exam.id,
        application_id=application.id if application else None,
        staff_no=clean_line(staff[0], 40) if staff else None,
        staff_name=clean_name(staff[1]) if staff else None,
        incident_id=incident.id if incident else None,
        subject=subject,
        kind=kind,
        facts=facts_text(facts),
        source=source,
        documents=json.dumps(list(documents)),
        regime=regime_on(exam, day).code,
        happened_on=day,
        state="open",
        opened_by=ctx.actor.account_id,
        opened_at=ctx.clock.now(),
    )
    ctx.session.add(case)
    ctx.session.flush()
    return case


def regime_on(exam: Exam, day: date) -> Regime:
    """The regime for an exam on a day: by its type, or the one its rule set names."""
    rules = rules_of(exam)
    return regime_for(rules.exam_type, day, rules.violation_regime)


def exam_day(session: Session, exam: Exam, config: Config, subject: str | None) -> date:
    """The day of the subject's session, or of the exam's first one; without sessions the day on
    which registration opens. In the bureau's zone."""
    query = select(ExamSession.starts_at).where(ExamSession.exam_id == exam.id)
    if subject is not None:
        query = query.where(ExamSession.subject == subject)
    starts = session.scalar(query.order_by(ExamSession.starts_at).limit(1))
    return (starts or rules_of(exam).registration_opens).astimezone(config.zone).date()


def require_subject(exam: Exam, subject: str | None) -> None:
    """Raise Invalid for a subject that the exam does not have."""
    if subject is not None and subject not in {one.code for one in rules_of(exam).subjects}:
        raise Invalid("There is no subject %(code)s", code=subject).about("subject")


def _next_number(session: Session, exam: Exam) -> str:
    # Two who open a case at once: the second waits here for the first one's number.
    session.execute(select(Exam.id).where(Exam.id == exam.id).with_for_update())
    query = select(func.count()).where(ViolationCase.exam_id == exam.id)
    return f"{exam.code}-W{session.scalars(query).one() + 1:03d}"


def find_case(session: Session, ref: str, *, lock: bool = False) -> ViolationCase:
    """One case; raises NotFound."""
    query = select(ViolationCase).where(ViolationCase.ref == ref)
    return one_row(session, query, NotFound("There is no such case"), lock=lock)


def exam_of(session: Session, case: ViolationCase) -> Exam:
    """The exam of a case."""
    return session.get_one(Exam, case.exam_id)


def regime_of_case(case: ViolationCase) -> Regime:
    """The regime that was fixed when the case was opened."""
    return regime_of(case.regime)


def person_of(session: Session, case: ViolationCase) -> Person | None:
    """Whom a candidate's case concerns; None for a case of the staff."""
    query = select(Person).join(Application, Application.person_id == Person.id)
    if case.application_id is None:
        return None
    return session.scalars(query.where(Application.id == case.application_id)).one()


def witnesses(session: Session, case: ViolationCase) -> set[int]:
    """Accounts that recorded, signed or confirmed what the case rests on."""
    if case.incident_id is None:
        return {case.opened_by} if case.opened_by is not None else set()
    incident = session.get_one(Incident, case.incident_id)
    query = select(IncidentSignature.account_id).where(
        IncidentSignature.incident_id == incident.id, IncidentSignature.account_id.is_not(None)
    )
    found = {incident.opened_by, incident.confirmed_by, *session.scalars(query)}
    return {one for one in found if one is not None}


def require_apart(session: Session, case: ViolationCase, account: int | None) -> None:
    """Raise Forbidden for who recorded it, and for who keeps away because of a relation."""
    if account in witnesses(session, case):
        raise Forbidden("Whoever recorded what happened takes no part in deciding it")
    query = select(CaseAvoidance.id).where(
        CaseAvoidance.case_id == case.id, CaseAvoidance.account_id == account
    )
    if session.scalar(query) is not None:
        raise Forbidden("You keep away from this case: a relation is declared")


@verb
def start_case(
    ctx: Context, *, ref: str, subject: str = "", staff_no: str = "", staff_name: str = ""
) -> ViolationCase:
    """Make a case of an incident that the head of the site confirmed."""
    incident = find_incident(ctx.session, ref, lock=True)
    require_state(incident, "confirmed")
    exam = ctx.session.get_one(Exam, incident.exam_id)
    application = None
    if incident.application_id is not None:
        application = ctx.session.get_one(Application, incident.application_id)
    case = open_case(
        ctx,
        exam=exam,
        application=application,
        kind=incident.kind,
        facts=incident.facts,
        source=incident.source,
        subject=subject or _subject_of(ctx.session, incident),
        staff=_staff(incident, staff_no, staff_name),
        incident=incident,
    )
    move_incident(incident, "case")
    ctx.session.flush()
    ctx.record(exam=exam.code, subject=f"case:{case.ref}", incident=ref, regime=case.regime)
    return case


def _staff(incident: Incident, number: str, name: str) -> Staff | None:
    if incident.application_id is not None:
        return None
    found = (number or incident.staff_no or "", name or incident.staff_name or "")
    return found if all(found) else None


def _subject_of(session: Session, incident: Incident) -> str | None:
    if incident.session_id is None:
        return None
    return session.get_one(ExamSession, incident.session_id).subject


@verb
def report_case(
    ctx: Context, *, code: str, kind: str, facts: str, number: str = "", staff: Staff | None = None
) -> ViolationCase:
    """Open a case that no incident led to: found out at registration, reported, seen later.

    `number` is the admission number or the reference of the application.
    """
    exam = exam_by_code(ctx.session, code)
    application = application_of(ctx.session, exam, number) if number else None
    case = open_case(
        ctx,
        exam=exam,
        application=application,
        kind=kind,
        facts=facts,
        source="office",
        staff=staff,
    )
    ctx.record(exam=code, subject=f"case:{case.ref}", regime=case.regime, kind=kind)
    return case


def application_of(session: Session, exam: Exam, number: str) -> Application:
    """The application with this admission number or reference in an exam; raises NotFound."""
    either = (Application.number == number) | (Application.ref == number)
    found = session.scalar(select(Application).where(Application.exam_id == exam.id, either))
    if found is None:
        raise NotFound("Nobody in this exam has the admission number %(number)s", number=number)
    return found


@verb
def close_case(ctx: Context, *, ref: str, reason: str) -> ViolationCase:
    """End a case without a sanction, before it is decided."""
    case = find_case(ctx.session, ref, lock=True)
    require_apart(ctx.session, case, ctx.actor.account_id)
    move_case(case, "closed")
    case.closed_why = reason_line(reason, LONGEST_LINE)
    ctx.session.flush()
    exam = exam_of(ctx.session, case)
    ctx.record(exam=exam.code, subject=f"case:{ref}", why=case.closed_why)
    return case


@verb
def avoid_case(ctx: Context, *, ref: str, reason: str) -> CaseAvoidance:
    """Keep away from a case because of a relation to whom it concerns; for good."""
    case = find_case(ctx.session, ref, lock=True)
    account = ctx.actor.account_id
    if account is None:
        raise Forbidden("Only people keep away")
    if case.state in ("final", "closed"):
        require_state(case, "open")
    known = select(CaseAvoidance.id).where(
        CaseAvoidance.case_id == case.id, CaseAvoidance.account_id == account
    )
    if ctx.session.scalar(known) is not None:
        raise Conflict("You keep away from this case: a relation is declared")
    row = CaseAvoidance(
        case_id=case.id,
        account_id=account,
        why=reason_line(reason, LONGEST_LINE),
        declared_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    exam = exam_of(ctx.session, case)
    ctx.record(exam=exam.code, subject=f"case:{ref}", why=row.why)
    return row
