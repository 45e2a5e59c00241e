"""Who chooses for somebody who cannot come: named before the session, with the authorisation."""

from __future__ import annotations

from sqlalchemy import select

from exam_system.appointing.lookup import account, by_ref
from exam_system.appointing.models import Proposed
from exam_system.chance import reference
from exam_system.choosing.models import ChoiceProxy
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.people import IdNumber, clean_name
from exam_system.registration.documents import open_document, store_document, take_in_document
from exam_system.registration.models import Application

FOLDER = "proxies"


@verb
def name_proxy(
    ctx: Context, *, code: str, number: str, name: str, id_number: str, file: str, data: bytes
) -> ChoiceProxy:
    """Enter who may choose for a proposed person; name, ID number and authorisation are sealed."""
    exam = exam_by_code(ctx.session, code)
    who = _proposed(ctx, exam, number)
    card = IdNumber.parse(id_number, today=ctx.clock.now().date())
    kept = take_in_document(file, data)
    named = clean_name(name)
    if not named:
        raise Invalid("Enter the name of who chooses for this person")
    row = ChoiceProxy(
        ref=reference(ctx.chance),
        application_id=who.application_id,
        name_sealed=ctx.keys.vault.seal(named),
        id_sealed=ctx.keys.vault.seal(card.number),
        kind=kept.kind,
        sha256=kept.sha256,
        noted_by=account(ctx),
        noted_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    store_document(ctx.config, ctx.keys.vault, row.ref, kept, FOLDER)
    ctx.record(exam=code, subject=f"proxy:{row.ref}", number=number, document=kept.sha256)
    return row


def _proposed(ctx: Context, exam: Exam, number: str) -> Proposed:
    query = (
        select(Proposed)
        .join(Application, Application.id == Proposed.application_id)
        .where(Proposed.exam_id == exam.id, Application.number == number.strip())
        .with_for_update(of=Proposed)
    )
    found = ctx.session.scalar(query)
    if found is None or found.standing != "holds":
        raise NotFound("Nobody with the admission number %(number)s holds a place", number=number)
    valid = select(ChoiceProxy.id).where(
        ChoiceProxy.application_id == found.application_id, ChoiceProxy.ended_at.is_(None)
    )
    if ctx.session.scalar(valid) is not None:
        raise Conflict("Somebody is named already: end that authorisation first")
    return found


@verb
def end_proxy(ctx: Context, *, ref: str) -> ChoiceProxy:
    """An authorisation is withdrawn; a turn that has begun with it goes on."""
    row = by_ref(ctx.session, ChoiceProxy, ref)
    if row.ended_at is not None:
        raise Conflict("This authorisation has ended already")
    row.ended_at = ctx.clock.now()
    ctx.session.flush()
    application = ctx.session.get_one(Application, row.application_id)
    code = ctx.session.get_one(Exam, application.exam_id).code
    ctx.record(exam=code, subject=f"proxy:{ref}", number=application.number)
    return row


def authorisation(ctx: Context, ref: str) -> tuple[str, bytes]:
    """Kind and bytes of the authorisation's document."""
    row = by_ref(ctx.session, ChoiceProxy, ref)
    return row.kind, open_document(ctx.config, ctx.keys.vault, row.ref, FOLDER)
