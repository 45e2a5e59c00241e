"""The signed statement of a session's bags: counts only, for everybody to check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.clock import rfc3339
from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.custody.deeds import spares_used
from exam_system.custody.lookup import opens_at, session_of
from exam_system.custody.models import Bag, HandedBag, HandOver, HandSigner, Statement
from exam_system.custody.states import KINDS
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, ExamSession
from exam_system.records.folders import add_missing
from exam_system.trust import custody_note, notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.custody_note import NONE, Span

UNDER_WAY = ("escort", "room", "opened")
_DONE = "The custody statement of this session is published already"


@verb
def publish_statement(ctx: Context, *, code: str, subject: str) -> Statement:
    """Count, sign and keep the statement of a session; `show_statements` writes the file.

    Raises Conflict while the session lasts or a bag is open or on its way, when there are no bags,
    and when it is published.
    """
    exam = exam_by_code(ctx.session, code)
    row = session_of(ctx.session, exam, subject)
    if ctx.due() < row.ends_at:
        raise Conflict("The session is not over yet")
    if ctx.session.scalar(select(Statement.id).where(Statement.session_id == row.id)):
        raise Conflict(_DONE)
    query = select(Bag).where(Bag.session_id == row.id).order_by(Bag.id).with_for_update()
    bags = ctx.session.scalars(query.execution_options(populate_existing=True)).all()
    if not bags:
        raise Conflict("This session has no bags")
    open_ones = [bag.barcode for bag in bags if bag.state in UNDER_WAY]
    if open_ones:
        raise Conflict(
            "%(count)s bags are open or on their way, the first is %(barcode)s",
            count=len(open_ones),
            barcode=open_ones[0],
        )
    return _publish(ctx, exam, row, _count(ctx, exam, row, bags))


def _publish(ctx: Context, exam: Exam, row: ExamSession, said: custody_note.Statement) -> Statement:
    for fault in custody_note.faults(said):
        raise Conflict("The statement would not hold: %(why)s", why=Sentence(fault))
    note = notes.sign(said.text, ctx.keys.publisher)
    made = Statement(session_id=row.id, note=note, published_at=ctx.clock.now())
    ctx.session.add(made)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict(_DONE) from None
    ctx.record(
        exam=exam.code,
        subject=f"custody:{exam.code}:{row.subject}",
        digest=sha256_hex(said.text.encode()),
        bags=sum(said.bags),
        opened=said.opened.bags,
    )
    return made


def _count(
    ctx: Context, exam: Exam, row: ExamSession, bags: Sequence[Bag]
) -> custody_note.Statement:
    packed = [bag for bag in bags if bag.packed_at is not None]
    paper, answer, duty = (sum(bag.kind == kind for bag in bags) for kind in KINDS)
    opened = _span([bag.opened_at for bag in bags])
    return custody_note.Statement(
        ctx.config.origin,
        exam.code,
        row.subject,
        rfc3339(row.starts_at),
        rfc3339(row.ends_at),
        rfc3339(opens_at(exam, row)),
        rfc3339(ctx.clock.now()),
        (paper, answer, duty),
        _hand_overs(ctx.session, row),
        opened,
        _span([bag.packed_at for bag in bags]),
        len(bags) - opened.bags,
        sum(bag.broken_at is not None for bag in bags),
        sum(bag.papers + bag.spares for bag in packed),
        _papers(ctx.session, packed),
    )


def _span(times: Sequence[datetime | None]) -> Span:
    found = sorted(rfc3339(at) for at in times if at is not None)
    return Span(len(found), found[0], found[-1]) if found else Span(0, NONE, NONE)


def _papers(session: Session, packed: Sequence[Bag]) -> tuple[int, int, int, int, int]:
    used = [spares_used(session, bag) for bag in packed]
    return (
        sum(bag.issued or 0 for bag in packed),
        sum(bag.blank or 0 for bag in packed),
        sum(bag.unused or 0 for bag in packed),
        sum(one["faulty"] for one in used),
        sum(one["missing"] for one in used),
    )


def _hand_overs(session: Session, row: ExamSession) -> tuple[int, int]:
    """The hand-overs of the session's bags that count, and the signatures under them."""
    of = select(HandedBag.handover_id).join(Bag, Bag.id == HandedBag.bag_id)
    done = select(HandOver.id).where(HandOver.done_at.is_not(None))
    done = done.where(HandOver.id.in_(of.where(Bag.session_id == row.id)))
    count = session.scalars(select(func.count()).select_from(done.subquery())).one()
    signed = select(func.count()).where(HandSigner.handover_id.in_(done))
    return count, session.scalars(signed.where(HandSigner.signed_at.is_not(None))).one()


def file_name(code: str, subject: str) -> str:
    """Where a session's file lies below `published`."""
    return f"custody-{code}/{subject}.note"


def show_statements(session: Session, config: Config) -> list[str]:
    """Write the files of published statements that are not there yet; returns their names.

    Raises Fault when one that is there is another than was published.
    """
    query = (
        select(Exam.code, ExamSession.subject, Statement.note)
        .join(ExamSession, ExamSession.id == Statement.session_id)
        .join(Exam, Exam.id == ExamSession.exam_id)
        .order_by(Statement.id)
    )
    rows = session.execute(query)
    return add_missing(config.published, {file_name(code, name): note for code, name, note in rows})


def statement_of(session: Session, row: ExamSession) -> custody_note.Statement:
    """The statement of a session as published; raises NotFound."""
    made = session.scalar(select(Statement).where(Statement.session_id == row.id))
    if made is None:
        raise NotFound("The custody statement of this session is not published yet")
    return custody_note.parse(notes.parse(made.note).text)
