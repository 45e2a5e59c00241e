"""Verbs of waivers: ask not to pay, look at the documents, grant by two people, refuse.

Whoever asks has no order yet, and makes none while the request waits: so no money can be on its
way for a fee that is waived. A granted request makes the application's order, of nothing, and
settles it (RULES 2.7, PRACTICES 12, THREATS M07).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from exam_system.approvals.lookup import use
from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Gathered, Invalid, NotFound
from exam_system.exams.lookup import exam_by_code, rules_of
from exam_system.exams.models import Exam, FeeItem
from exam_system.fees.models import Order
from exam_system.fees.waiver_lists import (
    NOTHING,
    REQUEST,
    Request,
    documents_of,
    fee_of,
    list_of,
    newest,
    request_of,
)
from exam_system.fees.waiver_models import Waiver, WaiverDocument
from exam_system.people import reason_line
from exam_system.registration import states as applications
from exam_system.registration.documents import (
    Document,
    open_document,
    store_document,
    take_in_document,
)
from exam_system.registration.lookup import own, rules_from, shown
from exam_system.registration.models import Application
from exam_system.trust.canonical import JSON

MOST_DOCUMENTS = 4
LONGEST_REASON = 300


@verb
def ask_waiver(
    ctx: Context, *, ref: str, ground: str, documents: Sequence[tuple[str, bytes]]
) -> Waiver:
    """Ask not to pay for an own application, on one of the grounds of the rules.

    `documents` are names and bytes of 1 to 4 files (`registration.documents`). Raises Conflict
    once there is an order, while a request waits, and after the time for payment.
    """
    application, exam, *_ = own(ctx, ref, lock=True)
    _check_open(ctx, application, exam)
    wrong = Gathered()
    with wrong.about("ground"):
        if ground not in rules_from(exam.rules).waiver_grounds:
            raise Invalid("Choose one of the grounds that the rules of the exam name").about(
                "ground"
            )
    with wrong.about("documents"):
        taken = _taken_in(documents)
    wrong.tell()
    waiver = Waiver(
        ref=reference(ctx.chance),
        application_id=application.id,
        ground=ground,
        state="asked",
        reason="",
        asked_at=ctx.clock.now(),
    )
    _insert(ctx, waiver)
    kept = [_keep(ctx, waiver, document) for document in taken]
    ctx.session.add_all(kept)
    ctx.session.flush()
    digests: JSON = [document.sha256 for document in kept]
    ctx.record(
        exam=exam.code,
        subject=f"waiver:{waiver.ref}",
        application=ref,
        ground=ground,
        documents=digests,
    )
    return waiver


def _taken_in(documents: Sequence[tuple[str, bytes]]) -> list[Document]:
    if not 1 <= len(documents) <= MOST_DOCUMENTS:
        raise Invalid(
            "Add 1 to %(most)s documents that prove the ground", most=MOST_DOCUMENTS
        ).about("documents")
    return [take_in_document(name, data) for name, data in documents]


def _check_open(ctx: Context, application: Application, exam: Exam) -> None:
    if application.state not in ("submitted", "approved"):
        raise applications.not_now(application)
    closes = rules_from(exam.rules).payment_closes
    if exam.state != "announced" or ctx.due() >= closes:
        raise Conflict("The time for payment ended at %(at)s", at=shown(closes, ctx.config))
    if fee_of(ctx.session, exam) is None:
        raise Conflict("No fee is asked for: there is nothing to waive")
    if ctx.session.scalar(select(Order.id).where(Order.application_id == application.id)):
        raise Conflict("There is an order for this application already: its fee is not waived")


def _insert(ctx: Context, waiver: Waiver) -> None:
    ctx.session.add(waiver)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict("You have asked for a waiver already") from None


def _keep(ctx: Context, waiver: Waiver, document: Document) -> WaiverDocument:
    """The file is written first: what is not committed then is swept away, see `sweep`."""
    ref = reference(ctx.chance)
    store_document(ctx.config, ctx.keys.vault, ref, document)
    return WaiverDocument(
        ref=ref,
        waiver_id=waiver.id,
        kind=document.kind,
        size=len(document.data),
        sha256=document.sha256,
    )


@verb
def withdraw_waiver(ctx: Context, *, ref: str) -> list[str]:
    """Take the own application's waiting request back; returns the documents to be deleted."""
    _, exam, *_ = own(ctx, ref, lock=True)
    waiver = newest(ctx.session, ref)
    if waiver is None or waiver.state != "asked":
        raise Conflict("No request for a waiver waits")
    waiver.state, waiver.decided_at = "withdrawn", ctx.clock.now()
    gone = _drop(ctx, [waiver.id])
    ctx.record(exam=exam.code, subject=f"waiver:{waiver.ref}", application=ref, deleted=len(gone))
    return gone


@verb
def look_at_document(ctx: Context, *, ref: str) -> tuple[str, bytes]:
    """Open a document: its kind (pdf or jpg) and bytes. Raises NotFound."""
    query = select(WaiverDocument).where(WaiverDocument.ref == ref).with_for_update()
    document = ctx.session.scalar(query)
    if document is None or document.deleted_at is not None:
        raise NotFound("There is no such document")
    waiver = ctx.session.get_one(Waiver, document.waiver_id)
    found = request_of(ctx.session, waiver.ref, lock=True)
    data = open_document(ctx.config, ctx.keys.vault, ref)
    document.looked_at = document.looked_at or ctx.clock.now()
    ctx.session.flush()
    if all(one.looked_at for one in documents_of(ctx.session, waiver)):
        waiver.looked_at = waiver.looked_at or ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=found.exam.code, subject=f"waiver:{waiver.ref}", document=document.sha256)
    return document.kind, data


@verb
def grant_waivers(ctx: Context, *, code: str) -> list[Order]:
    """Grant the approved list: each application gets an order of nothing and is paid."""
    exam = exam_by_code(ctx.session, code)
    rows, wanted = list_of(ctx.session, exam)
    item = fee_of(ctx.session, exam)
    if wanted is None or item is None:
        raise Conflict(NOTHING)
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    _lock(ctx, rows)
    made = [_settled(ctx, row, item) for row in rows]
    ctx.session.add_all(made)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict("Somebody has just decided on one of these requests: look again") from None
    listed: JSON = [[row.waiver.ref, row.application.ref, item.fen] for row in rows]
    ctx.record(exam=code, subject=wanted.subject, digest=wanted.digest, waivers=listed)
    return made


def _lock(ctx: Context, rows: Sequence[Request]) -> None:
    """Hold the applications and requests, and look again that none was decided meanwhile."""
    refs = [row.waiver.ref for row in rows]
    query = REQUEST.where(Waiver.ref.in_(refs)).order_by(Waiver.id)
    locking = query.with_for_update(of=(Application, Waiver))
    for row in ctx.session.execute(locking.execution_options(populate_existing=True)):
        if (row.Waiver.state, row.Application.state) != ("asked", "approved"):
            raise Conflict("Somebody has just decided on one of these requests: look again")


def _settled(ctx: Context, row: Request, item: FeeItem) -> Order:
    now = ctx.clock.now()
    row.waiver.state, row.waiver.fen, row.waiver.decided_at = "granted", item.fen, now
    applications.move(row.application, "paid")
    return Order(
        trade_no=reference(ctx.chance),
        application_id=row.application.id,
        fee_item_id=item.id,
        fen=0,
        state="paid",
        pay_url="",
        created_at=now,
        paid_at=now,
    )


@verb
def refuse_waiver(ctx: Context, *, ref: str, reason: str) -> Waiver:
    """Refuse a waiting request and say why; the candidate may ask again or pay."""
    found = request_of(ctx.session, ref, lock=True)
    if found.waiver.state != "asked":
        raise Conflict("This request has been decided already")
    found.waiver.reason = reason_line(reason, LONGEST_REASON)
    found.waiver.state, found.waiver.decided_at = "refused", ctx.clock.now()
    ctx.session.flush()
    ctx.record(exam=found.exam.code, subject=f"waiver:{ref}", why=found.waiver.reason)
    return found.waiver


def due(ctx: Context, exam: Exam) -> list[int]:
    """Ids of decided requests whose documents have been kept for as long as the rules say."""
    before = ctx.clock.now() - timedelta(days=rules_of(exam).waiver_days)
    query = (
        select(Waiver.id)
        .join(Application, Application.id == Waiver.application_id)
        .join(WaiverDocument, WaiverDocument.waiver_id == Waiver.id)
        .where(
            Application.exam_id == exam.id,
            Waiver.decided_at <= before,
            WaiverDocument.deleted_at.is_(None),
        )
        .distinct()
    )
    return list(ctx.session.scalars(query))


@verb
def delete_documents(ctx: Context, *, code: str) -> list[str]:
    """Give up the documents whose time is over; returns which files are to be deleted."""
    exam = exam_by_code(ctx.session, code)
    gone = _drop(ctx, due(ctx, exam))
    ctx.record(exam=code, subject=f"exam:{code}", deleted=len(gone))
    return gone


def _drop(ctx: Context, waivers: Sequence[int]) -> list[str]:
    query = select(WaiverDocument).where(
        WaiverDocument.waiver_id.in_(waivers), WaiverDocument.deleted_at.is_(None)
    )
    gone = ctx.session.scalars(query).all()
    for document in gone:
        document.deleted_at = ctx.clock.now()
    ctx.session.flush()
    return [document.ref for document in gone]
