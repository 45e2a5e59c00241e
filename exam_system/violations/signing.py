"""Verbs of signing an incident: the invigilators, the candidate, the head of the site."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.attendance.staff import Place, place_of
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Forbidden, Invalid
from exam_system.people import clean_name, reason_line
from exam_system.registration.models import Application
from exam_system.violations.incidents import (
    LONGEST_LINE,
    add_signature,
    facts_text,
    here,
    log_of,
    record_digest,
    require_new,
    signatures,
)
from exam_system.violations.kinds import kind_of
from exam_system.violations.models import Incident
from exam_system.violations.states import move_incident, require_state


@verb
def sign_incident(ctx: Context, *, ref: str) -> Incident:
    """Sign the record as the second invigilator; nobody signs twice."""
    incident, exam = here(ctx, ref)
    require_state(incident, "open")
    require_new(ctx, incident, "watch")
    if len(signatures(ctx.session, incident, "watch")) >= 2:
        raise Conflict("Two have signed this record already")
    add_signature(ctx, incident, "watch")
    log_of(ctx, incident, exam=exam.code, digest=record_digest(incident))
    return incident


@verb
def take_candidate_signature(
    ctx: Context, *, ref: str, name: str, id_end: str, words: str = ""
) -> Incident:
    """The candidate has read the record on this device and signs: own name and the last four
    characters of the ID number; `words` are what they want to have added.
    """
    incident, exam = here(ctx, ref)
    person = _whom(ctx.session, incident)
    number = ctx.keys.vault.open(person.id_sealed)
    if clean_name(name) != person.name or id_end.strip().upper() != number[-4:]:
        raise Invalid("The name or the end of the ID number is not that of the candidate").about(
            "name"
        )
    incident.words = facts_text(words) if words.strip() else ""
    incident.answer = "signed"
    add_signature(ctx, incident, "candidate", person.name)
    log_of(ctx, incident, exam=exam.code, answer="signed", digest=record_digest(incident))
    return incident


def _whom(session: Session, incident: Incident) -> Person:
    require_state(incident, "open")
    if incident.application_id is None:
        raise Conflict("This record concerns no candidate")
    if incident.answer is not None:
        raise Conflict("The candidate's answer to this record is noted already")
    query = select(Person).join(Application, Application.person_id == Person.id)
    return session.scalars(query.where(Application.id == incident.application_id)).one()


@verb
def note_refusal(ctx: Context, *, ref: str) -> Incident:
    """Note that the candidate was told the record and does not sign; two people must note it."""
    incident, exam = here(ctx, ref)
    _whom(ctx.session, incident)
    require_new(ctx, incident, "refusal")
    if signatures(ctx.session, incident, "refusal"):
        incident.answer = "refused"
    add_signature(ctx, incident, "refusal")
    log_of(ctx, incident, exam=exam.code, answer="refused", digest=record_digest(incident))
    return incident


@verb
def confirm_incident(ctx: Context, *, ref: str, violation: bool, opinion: str) -> Incident:
    """The head of the site confirms the record, or closes it: nothing that calls for a sanction.

    What two must sign waits for their signatures. Raises Forbidden for who recorded it.
    """
    incident, exam = here(ctx, ref)
    place = place_of(ctx, ctx.actor.account_id, exam.code)
    _require_head(ctx.session, incident, place)
    kind = kind_of(incident.kind)
    if kind.innocent and violation:
        raise Conflict("Whoever says early to be in the wrong room has broken no rule")
    if incident.room_id is not None and kind.who != "event":
        require_state(incident, "signed")
    move_incident(incident, "confirmed" if violation else "closed")
    incident.opinion = reason_line(opinion, LONGEST_LINE, "opinion")
    incident.confirmed_by, incident.confirmed_at = ctx.actor.account_id, ctx.clock.now()
    ctx.session.flush()
    log_of(ctx, incident, exam=exam.code, violation=violation, opinion=incident.opinion)
    return incident


def _require_head(session: Session, incident: Incident, place: Place) -> None:
    if not place.leads:
        raise Forbidden("This is for the head of the site")
    signed = {one.account_id for one in signatures(session, incident, "watch")}
    if place.account_id in {incident.opened_by, *signed}:
        raise Forbidden("Whoever recorded what happened takes no part in deciding it")
