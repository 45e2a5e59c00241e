"""Verbs of incidents: record, add evidence, sign, take things, confirm.

Whoever is on duty in a room records what happened; both invigilators sign the same text, the
candidate signs it or two of the staff note the refusal, and the head of the site confirms it.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.attendance.staff import place_of, require_room, require_site
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.database import one_row
from exam_system.errors import Conflict, Forbidden, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, ExamSession, Room, Site
from exam_system.people import clean_line, clean_name, reason_line
from exam_system.registration.models import Application
from exam_system.trust.canonical import has_control, jcs, sha256_hex
from exam_system.violations.kinds import Kind, kind_of
from exam_system.violations.models import Incident, IncidentSignature
from exam_system.violations.states import move_incident

LONGEST_FACTS = 2000
LONGEST_LINE = 200
SOURCES = {
    "person": "Recorded by the invigilators",
    "device": "Alarm of a device",
    "custody": "Custody of papers",
    "attendance": "Sign-in",
    "registration": "Eligibility review",
    "forensics": "Decision of the marking experts",
    "report": "Report of somebody",
    "office": "The office",
}


def open_incident(
    ctx: Context,
    *,
    exam: Exam,
    session_row: ExamSession | None,
    room: Room | None,
    kind: str,
    facts: str,
    source: str,
    application: Application | None = None,
) -> Incident:
    """Add an incident inside another verb, which records its own act and names the incident.

    `kind` is one of kinds.json, `source` of SOURCES. Raises Invalid.
    """
    if source not in SOURCES:
        raise Invalid("Choose from the list what happened").about("kind")
    incident = Incident(
        ref=reference(ctx.chance),
        exam_id=exam.id,
        session_id=session_row.id if session_row else None,
        room_id=room.id if room else None,
        application_id=application.id if application else None,
        kind=kind_of(kind).code,
        facts=facts_text(facts),
        handled="",
        source=source,
        state="open",
        words="",
        opened_by=ctx.actor.account_id,
        opened_at=ctx.clock.now(),
        opinion="",
    )
    ctx.session.add(incident)
    ctx.session.flush()
    return incident


def facts_text(text: str) -> str:
    """What happened, in NFC, at most LONGEST_FACTS characters on several lines; raises Invalid."""
    lines = [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines()]
    facts = "\n".join(line for line in lines if line)
    if not facts or len(facts) > LONGEST_FACTS or any(map(has_control, facts.split("\n"))):
        sentence = "Write down what happened, in at most %(most)s characters"
        raise Invalid(sentence, most=LONGEST_FACTS).about("facts words")
    return facts


def find_incident(session: Session, ref: str, *, lock: bool = False) -> Incident:
    """One incident; raises NotFound."""
    query = select(Incident).where(Incident.ref == ref)
    return one_row(session, query, NotFound("There is no such incident"), lock=lock)


@verb
def record_incident(
    ctx: Context,
    *,
    code: str,
    subject: str,
    room: int | None,
    kind: str,
    facts: str,
    handled: str = "",
    number: str = "",
    staff_no: str = "",
    staff_name: str = "",
) -> Incident:
    """Record what happened in a session, and sign it as the first one.

    `room` is the id of the room, None for the whole site or the office; `number` the admission
    number of whom it concerns, `staff_no` and `staff_name` somebody of the staff. `handled`: what
    was done on the spot. Raises Forbidden outside one's own room or site.
    """
    exam = exam_by_code(ctx.session, code)
    session_row = _session_of(ctx.session, exam, subject)
    place = room and ctx.session.get(Room, room)
    if room is not None and place is None:
        raise NotFound("There is no such room")
    _require_here(ctx, exam, session_row, place or None)
    _require_whom(kind_of(kind), number, staff_no)
    incident = open_incident(
        ctx,
        exam=exam,
        session_row=session_row,
        room=place or None,
        kind=kind,
        facts=facts,
        source="office" if ctx.actor.role is Role.OFFICER else "person",
        application=_seated(ctx.session, exam, number) if number else None,
    )
    incident.handled = reason_line(handled, LONGEST_LINE, "handled") if handled.strip() else ""
    if staff_no:
        incident.staff_no, incident.staff_name = clean_line(staff_no, 40), clean_name(staff_name)
    add_signature(ctx, incident, "watch")
    log_of(ctx, incident, exam=code, kind=kind, digest=record_digest(incident))
    return incident


def _session_of(session: Session, exam: Exam, subject: str) -> ExamSession | None:
    if not subject:
        return None
    query = select(ExamSession).where(
        ExamSession.exam_id == exam.id, ExamSession.subject == subject
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no session of this subject")
    return found


def _require_here(
    ctx: Context, exam: Exam, session_row: ExamSession | None, room: Room | None
) -> None:
    if room is not None and session_row is not None:
        require_room(ctx, exam, session_row, room)
    elif room is not None:
        require_site(ctx, exam, ctx.session.get_one(Site, room.site_id))
    elif ctx.actor.role is Role.INVIGILATOR:
        raise Forbidden("Invigilators record what happens in their room")
    else:
        place_of(ctx, ctx.actor.account_id, exam.code)


def _require_whom(kind: Kind, number: str, staff_no: str) -> None:
    if kind.who == "candidate" and not number:
        raise Invalid("Enter the admission number of whom it concerns").about("number")
    if kind.who == "staff" and not staff_no:
        raise Invalid("Enter the staff number and the name of whom it concerns").about("staff_no")
    if kind.experts:
        raise Conflict("Identical answers become a case only by a decision of the marking experts")


def _seated(session: Session, exam: Exam, number: str) -> Application:
    query = select(Application).where(
        Application.exam_id == exam.id, Application.number == number.strip()
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("Nobody in this exam has the admission number %(number)s", number=number)
    return found


def record_digest(incident: Incident) -> str:
    """SHA-256 (hex) of the record as it is read out and signed."""
    whom = [incident.application_id, incident.staff_no, incident.staff_name]
    return sha256_hex(
        jcs(
            {
                "incident": incident.ref,
                "kind": incident.kind,
                "facts": incident.facts,
                "handled": incident.handled,
                "where": [incident.exam_id, incident.session_id, incident.room_id],
                "whom": [*whom],
            }
        )
    )


def add_signature(ctx: Context, incident: Incident, part: str, name: str = "") -> None:
    account = None if part == "candidate" else ctx.actor.account_id
    ctx.session.add(
        IncidentSignature(
            incident_id=incident.id,
            part=part,
            account_id=account,
            name=name or ctx.actor.name,
            digest=record_digest(incident),
            signed_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
    _settle(ctx.session, incident)


def signatures(session: Session, incident: Incident, part: str) -> list[IncidentSignature]:
    """Who signed in which part, in order."""
    query = select(IncidentSignature).where(
        IncidentSignature.incident_id == incident.id, IncidentSignature.part == part
    )
    return list(session.scalars(query.order_by(IncidentSignature.id)))


def _settle(session: Session, incident: Incident) -> None:
    """Two invigilators have signed, and the candidate has or the refusal is noted: it is signed."""
    if incident.state != "open" or len(signatures(session, incident, "watch")) < 2:
        return
    if incident.application_id is None or incident.answer is not None:
        move_incident(incident, "signed")
        session.flush()


def here(ctx: Context, ref: str) -> tuple[Incident, Exam]:
    """An incident of the actor's room or site, locked; raises Forbidden."""
    incident = find_incident(ctx.session, ref, lock=True)
    return incident, require_seen(ctx, incident)


def require_seen(ctx: Context, incident: Incident) -> Exam:
    """The exam of an incident of the actor's room or site; raises Forbidden for any other."""
    exam = ctx.session.get_one(Exam, incident.exam_id)
    room = ctx.session.get(Room, incident.room_id) if incident.room_id else None
    found = ctx.session.get(ExamSession, incident.session_id) if incident.session_id else None
    _require_here(ctx, exam, found, room)
    return exam


def require_new(ctx: Context, incident: Incident, part: str) -> None:
    known = {one.account_id for one in signatures(ctx.session, incident, part)}
    if ctx.actor.account_id in known:
        raise Conflict("You have signed this already: the second signature is somebody else's")


def log_of(ctx: Context, incident: Incident, *, exam: str, **details: object) -> None:
    ctx.record(exam=exam, subject=f"incident:{incident.ref}", **details)
