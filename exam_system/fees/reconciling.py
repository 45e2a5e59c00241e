"""The daily reconciliation: our rows against the gateway's bill or a bank's file.

What does not match waits in a queue until a person has written what was found. Each day's outcome
is a statement signed by the publisher's key, with the digest of a file of all its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from exam_system.chance import reference
from exam_system.context import Context, verb
from exam_system.errors import Conflict, Invalid, NotFound
from exam_system.fees.comparing import (
    Compared,
    Line,
    compare,
    counts,
    file_of,
    statement_text,
    sums,
)
from exam_system.fees.drivers import GATEWAYS
from exam_system.fees.gateway import BillLine
from exam_system.fees.models import Discrepancy, Order, Payment, Refund, Statement
from exam_system.fees.wechat_bill import BEIJING
from exam_system.people import reason_line
from exam_system.records.models import Note
from exam_system.records.notes import put_note

SOURCES = {
    "gateway": "Bill of WeChat Pay",
    "alipay": "Bill of Alipay",
    "nontax": "Payments by code at the bank",
    "bank": "File of the bank",
}
BILLS = {"gateway": "wechat", "alipay": "alipay"}
"""The sources that a gateway answers for, and its driver."""
OUTCOME_NAMES = {
    "match": "matches",
    "only_ours": "only in our books",
    "only_theirs": "only in theirs",
    "differs": "amount or order differs",
}
KIND_NAMES = {"payment": "Money in", "refund": "Refund"}
LONGEST = 300
_SOME = 400  # numbers in one query


def bill_lines(bill: Iterable[BillLine]) -> list[Line]:
    """The gateway's bill as lines to compare."""
    return [
        Line("refund", one.refund_no, one.out_trade_no, one.fen)
        if one.refund_no
        else Line("payment", one.transaction_id, one.out_trade_no, one.fen)
        for one in bill
    ]


def check_day(ctx: Context, day: date) -> None:
    """Raise Invalid for a day that is not over yet (a rehearsal need not wait for it)."""
    today = ctx.clock.now().astimezone(BEIJING).date()
    if not ctx.config.demonstration and day >= today:
        raise Invalid("A day is reconciled when it is over: choose yesterday or earlier").about(
            "day"
        )


@verb
def reconcile_day(ctx: Context, *, day: date, source: str, theirs: Sequence[Line]) -> Statement:
    """Compare a day's lines (Beijing time) with our rows and sign the outcome.

    A later run for the same day and source is its next version; findings about what still does
    not match go along. Raises Conflict when nothing has changed since the last version.
    """
    check_day(ctx, day)
    if source not in SOURCES:
        raise Invalid("Choose the bill of the payment service or a file of the bank").about("bill")
    ours, of_day = _ours(ctx.session, day, source, theirs)
    lines = compare(ours, of_day, theirs)
    last = newest(ctx.session, day, source)
    text = file_of(lines).decode()
    if last is not None and last.lines == text:
        raise Conflict(
            "Nothing has changed since version %(version)s of this day", version=last.version
        )
    statement = _store(ctx, day, source, lines, last)
    _queue(ctx, statement, lines, last)
    count = counts(lines)
    digest = ctx.session.get_one(Note, statement.note_id).digest
    ctx.record(exam="", subject=subject(statement), note=digest, **count)
    return statement


def subject(statement: Statement) -> str:
    """How acts name a statement."""
    return f"statement:{statement.day}:{statement.source}:v{statement.version}"


def _ours(
    session: Session, day: date, source: str, theirs: Sequence[Line]
) -> tuple[dict[tuple[str, str], Line], list[Line]]:
    """Our lines by kind and number: those of the day, and those of any day that they name."""
    way = _way(source)
    begins = datetime(day.year, day.month, day.day, tzinfo=BEIJING).astimezone(UTC)
    ends = begins + timedelta(days=1)
    of_day = _payments(session, and_(way, Payment.paid_at >= begins, Payment.paid_at < ends))
    refunded = and_(way, Refund.asked_at >= begins, Refund.asked_at < ends)
    of_day += _refunds(session, refunded) if source != "nontax" else []
    named = [line.number for line in theirs]
    more: list[Line] = []
    for some in (named[at : at + _SOME] for at in range(0, len(named), _SOME)):
        more += _payments(session, and_(way, Payment.transaction.in_(some)))
        asked = and_(way, Refund.number.in_(some), Refund.asked_at.is_not(None))
        more += _refunds(session, asked)
    return {(line.kind, line.number): line for line in of_day + more}, of_day


def _way(source: str) -> Any:
    """Which payments a source must know: its own way's; a bank's file, those of both gateways."""
    if source == "gateway":
        return Payment.driver.is_(None)
    if source == "bank":
        return or_(Payment.driver.is_(None), Payment.driver.in_(GATEWAYS))
    return Payment.driver == source


def _payments(session: Session, where: Any) -> list[Line]:
    query = select(Payment.transaction, Order.trade_no, Payment.fen).join(
        Order, Order.id == Payment.order_id
    )
    return [Line("payment", *row) for row in session.execute(query.where(where))]


def _refunds(session: Session, where: Any) -> list[Line]:
    query = (
        select(Refund.number, Order.trade_no, Refund.fen)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Order, Order.id == Payment.order_id)
    )
    return [Line("refund", *row) for row in session.execute(query.where(where))]


def newest(session: Session, day: date, source: str) -> Statement | None:
    """The last version of a day's statement."""
    query = select(Statement).where(Statement.day == day, Statement.source == source)
    return session.scalar(query.order_by(Statement.version.desc()).limit(1))


def _store(
    ctx: Context, day: date, source: str, lines: Sequence[Compared], last: Statement | None
) -> Statement:
    version = last.version + 1 if last else 1
    note = put_note(
        ctx.session,
        purpose="statement",
        title=f"statement {day} {source} v{version}",
        exam="",
        text=statement_text(ctx.config.origin, day.isoformat(), source, version, lines),
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )
    received, refunded = sums(lines)
    count = counts(lines)
    statement = Statement(
        day=day,
        source=source,
        version=version,
        received=received,
        refunded=refunded,
        matched=count["match"],
        only_ours=count["only_ours"],
        only_theirs=count["only_theirs"],
        differs=count["differs"],
        lines=file_of(lines).decode(),
        note_id=note.id,
        made_at=ctx.clock.now(),
    )
    ctx.session.add(statement)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict("Somebody has just reconciled this day: look again") from None
    return statement


def _queue(
    ctx: Context, statement: Statement, lines: Sequence[Compared], last: Statement | None
) -> None:
    known = {_key(row): row for row in discrepancies(ctx.session, last)} if last else {}
    for line in lines:
        if line.outcome == "match":
            continue
        row = Discrepancy(
            ref=reference(ctx.chance),
            statement_id=statement.id,
            outcome=line.outcome,
            kind=line.kind,
            number=line.number,
            trade_no=line.trade_no,
            ours=line.ours,
            theirs=line.theirs,
        )
        before = known.get(_key(row))
        if before is not None:
            row.finding, row.found_by = before.finding, before.found_by
            row.found_at = before.found_at
        ctx.session.add(row)
    ctx.session.flush()


def _key(row: Discrepancy) -> tuple[object, ...]:
    return (row.outcome, row.kind, row.number, row.trade_no, row.ours, row.theirs)


def discrepancies(session: Session, statement: Statement) -> Sequence[Discrepancy]:
    """What of a statement does not match."""
    query = select(Discrepancy).where(Discrepancy.statement_id == statement.id)
    return session.scalars(query.order_by(Discrepancy.id)).all()


def waiting(session: Session, most: int) -> Sequence[Row[Discrepancy, Statement]]:
    """What nobody has explained yet in the last version of each day, oldest day first."""
    later = aliased(Statement)
    newer = select(later.id).where(
        later.day == Statement.day,
        later.source == Statement.source,
        later.version > Statement.version,
    )
    query = (
        select(Discrepancy, Statement)
        .join(Statement, Statement.id == Discrepancy.statement_id)
        .where(Discrepancy.finding.is_(None), ~newer.exists())
        .order_by(Statement.day, Discrepancy.id)
        .limit(most)
    )
    return session.execute(query).all()


def statements(session: Session, page: int, size: int) -> Sequence[Statement]:
    """One page (from 1) of all statements, newest day first."""
    query = select(Statement).order_by(
        Statement.day.desc(), Statement.source, Statement.version.desc()
    )
    return session.scalars(query.limit(size).offset((page - 1) * size)).all()


def count_statements(session: Session) -> int:
    """How many there are."""
    return session.scalars(select(func.count(Statement.id))).one()


def statement_of(session: Session, day: date, source: str, version: int) -> Statement:
    """One statement; raises NotFound."""
    found = session.scalar(
        select(Statement).where(
            Statement.day == day, Statement.source == source, Statement.version == version
        )
    )
    if found is None:
        raise NotFound("There is no such statement")
    return found


@verb
def explain_discrepancy(ctx: Context, *, ref: str, finding: str) -> Statement:
    """Write what was found about a line that does not match; a later finding takes its place."""
    query = select(Discrepancy).where(Discrepancy.ref == ref).with_for_update()
    row = ctx.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("There is no such line")
    row.finding = reason_line(finding, LONGEST, "finding")
    row.found_by, row.found_at = ctx.actor.account_id, ctx.clock.now()
    ctx.session.flush()
    statement = ctx.session.get_one(Statement, row.statement_id)
    ctx.record(exam="", subject=subject(statement), number=row.number, finding=row.finding)
    return statement


@dataclass(frozen=True, slots=True)
class Exported:
    """A statement's lines as they were compared."""

    statement: Statement
    lines: tuple[Compared, ...]


@verb
def export_statement(ctx: Context, *, day: date, source: str, version: int) -> Exported:
    """All lines of a statement, those that match as well."""
    statement = statement_of(ctx.session, day, source, version)
    lines = tuple(_parsed(statement.lines))
    ctx.record(exam="", subject=subject(statement), rows=len(lines))
    return Exported(statement, lines)


def _parsed(text: str) -> Iterator[Compared]:
    """The lines of the file that `file_of` wrote; none of its fields holds a comma."""
    for row in text.splitlines()[1:]:
        outcome, kind, number, trade_no, ours, theirs = row.split(",")
        yield Compared(outcome, kind, number, trade_no, _fen(ours), _fen(theirs))


def _fen(text: str) -> int | None:
    return int(text) if text else None
