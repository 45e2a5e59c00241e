"""Verbs about what comes with an incident: evidence, and things taken against a receipt."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Gathered, NotFound
from exam_system.exams.models import Exam
from exam_system.people import clean_line, reason_line
from exam_system.registration.documents import store_document
from exam_system.violations.evidence import FOLDER, evidence_bytes, take_in_evidence
from exam_system.violations.incidents import here, log_of
from exam_system.violations.models import Evidence, Incident, TakenItem
from exam_system.violations.states import require_state

MOST_EVIDENCE = 20
MOST_ITEMS = 20


@verb
def add_evidence(ctx: Context, *, ref: str, name: str, data: bytes) -> Evidence:
    """Add a photo or a PDF: its digest is taken as it comes in, the file is kept sealed."""
    incident, exam = here(ctx, ref)
    require_state(incident, "open", "signed", "confirmed")
    known = list(ctx.session.scalars(select(Evidence).where(Evidence.incident_id == incident.id)))
    document = take_in_evidence(name, data)
    if document.sha256 in {one.sha256 for one in known}:
        raise Conflict("This file is among the evidence already")
    if len(known) >= MOST_EVIDENCE or ctx.actor.account_id is None:
        raise Conflict("An incident has at most %(most)s files", most=MOST_EVIDENCE)
    row = Evidence(
        ref=reference(ctx.chance),
        incident_id=incident.id,
        name=clean_line(name, 80) or "file",
        kind=document.kind,
        sha256=document.sha256,
        received_by=ctx.actor.account_id,
        received_at=ctx.clock.now(),
    )
    store_document(ctx.config, ctx.keys.vault, row.ref, document, FOLDER)
    ctx.session.add(row)
    ctx.session.flush()
    log_of(ctx, incident, exam=exam.code, evidence=row.ref, sha256=row.sha256)
    return row


@verb
def take_item(ctx: Context, *, ref: str, what: str, kept: str) -> TakenItem:
    """Take a thing from the candidate, against a receipt; `kept` says where it is kept."""
    incident, exam = here(ctx, ref)
    require_state(incident, "open", "signed")
    if incident.application_id is None or ctx.actor.account_id is None:
        raise Conflict("This record concerns no candidate")
    count = len(items_of(ctx.session, incident))
    if count >= MOST_ITEMS:
        raise Conflict("A receipt has at most %(most)s things", most=MOST_ITEMS)
    wrong = Gathered()
    with wrong.about():
        what = reason_line(what, 120, "what")
    with wrong.about():
        kept = reason_line(kept, 120, "kept")
    wrong.tell()
    row = TakenItem(
        incident_id=incident.id,
        number=count + 1,
        what=what,
        kept=kept,
        taken_by=ctx.actor.account_id,
        taken_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    log_of(ctx, incident, exam=exam.code, number=row.number, what=row.what, kept=row.kept)
    return row


def items_of(session: Session, incident: Incident) -> list[TakenItem]:
    """What was taken, in the order of the receipt."""
    query = select(TakenItem).where(TakenItem.incident_id == incident.id)
    return list(session.scalars(query.order_by(TakenItem.number)))


@verb
def return_item(ctx: Context, *, ref: str, number: int, to: str) -> TakenItem:
    """Give a thing back, to the candidate or, where it is handed on, to an authority."""
    incident, exam = here(ctx, ref)
    row = {one.number: one for one in items_of(ctx.session, incident)}.get(number)
    if row is None:
        raise NotFound("There is no such thing on the receipt")
    if row.returned_at is not None:
        raise Conflict("This was given back already")
    row.returned_to, row.returned_at = reason_line(to, 64, "to"), ctx.clock.now()
    ctx.session.flush()
    log_of(ctx, incident, exam=exam.code, number=number, to=row.returned_to)
    return row


@verb
def look_at_evidence(ctx: Context, *, ref: str) -> tuple[Evidence, bytes]:
    """Open a piece of evidence; who did stands in the log. NotFound, Forbidden elsewhere."""
    row = ctx.session.scalar(select(Evidence).where(Evidence.ref == ref))
    if row is None:
        raise NotFound("There is no such evidence")
    incident = ctx.session.get_one(Incident, row.incident_id)
    if ctx.actor.role is not Role.INSPECTOR:
        here(ctx, incident.ref)
    exam = ctx.session.get_one(Exam, incident.exam_id)
    log_of(ctx, incident, exam=exam.code, evidence=ref)
    return row, evidence_bytes(ctx, row)
