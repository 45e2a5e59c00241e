"""Files of the bank with payments by code: read, looked at, taken in by two people.

A file says who has paid; whoever could slip in a line could mark a friend as paid. So what was
read is kept as it is, somebody of another office approves its digest, and it is taken in as a
whole. The lines are then reconciled for their day: a code that nobody was given waits in the queue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_system.approvals.lookup import Wanted, use
from exam_system.chance import reference
from exam_system.context import SYSTEM, Context, verb
from exam_system.database import one_row
from exam_system.errors import Conflict, NotFound, Sentence
from exam_system.exams.models import Exam
from exam_system.fees import gateway
from exam_system.fees.bank_table import BankLine, as_text, from_text, read_file, to_compare
from exam_system.fees.comparing import Line
from exam_system.fees.models import Order, Payment
from exam_system.fees.reconciling import check_day
from exam_system.fees.service import accept_payment
from exam_system.fees.way_models import BankFile, PayWay
from exam_system.language import yuan
from exam_system.people import clean_line
from exam_system.registration.lookup import rules_from
from exam_system.registration.models import Application
from exam_system.trust.canonical import sha256_hex

VERB = "fees.take_bank_file"
LONGEST_NAME = 120
_SOME = 400  # codes in one query
EFFECTS = {
    "counts": "pays the fee",
    "known": "is in the books already",
    "second": "goes back: the order had been paid",
    "amount": "goes back: not the amount that was asked",
    "late": "goes back: after the time for payment",
    "gone": "goes back: the application does not stand any more",
    "unknown": "nobody was given this code: it waits in the queue",
}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a line will do when the file is taken in now; a key of EFFECTS."""

    line: BankLine
    effect: str
    trade_no: str


@verb
def read_bank_file(ctx: Context, *, day: date, name: str, data: bytes | None) -> BankFile:
    """Read a bank's file of a day that is over; nothing is paid by it yet.

    Without data: the bank says that nobody has paid on that day. Raises SheetError with every
    fault and its place, Conflict for a content that was read before.
    """
    check_day(ctx, day)
    lines = [] if data is None else read_file(name, data, ctx.config.zone)
    text = as_text(lines)
    digest = sha256_hex((text if lines else f"{day} {text}").encode())
    if known := ctx.session.scalar(select(BankFile).where(BankFile.digest == digest)):
        raise Conflict(
            "This file has been read already, as that of %(day)s: nothing counts twice",
            day=known.day.isoformat(),
        )
    file = BankFile(
        ref=reference(ctx.chance),
        day=day,
        name=clean_line(name, LONGEST_NAME) or "-",
        digest=digest,
        lines=text,
        count=len(lines),
        fen=sum(line.fen for line in lines),
        state="read",
        read_at=ctx.clock.now(),
        read_by=ctx.actor.account_id,
    )
    ctx.session.add(file)
    ctx.session.flush()
    ctx.record(exam="", subject=subject(file), digest=digest, day=day.isoformat(), lines=len(lines))
    return file


def subject(file: BankFile) -> str:
    """How acts and approvals name a file."""
    return f"bankfile:{file.ref}"


def find(session: Session, ref: str, *, lock: bool = False) -> BankFile:
    """One file; raises NotFound."""
    query = select(BankFile).where(BankFile.ref == ref)
    return one_row(session, query, NotFound("There is no such file"), lock=lock)


def files(session: Session, most: int) -> Sequence[BankFile]:
    """The newest files."""
    return session.scalars(select(BankFile).order_by(BankFile.id.desc()).limit(most)).all()


def wanted_file(ctx: Context, *, ref: str) -> Wanted:
    """The approval that the office asks for before a file is taken in."""
    file = find(ctx.session, ref)
    return Wanted(
        VERB,
        "",
        subject(file),
        file.digest,
        (
            Sentence("%(count)s payments by code at the bank are taken in", count=file.count),
            Sentence("Together %(amount)s", amount=yuan(file.fen)),
            Sentence("The digest is that of the lines as they were read"),
        ),
    )


def foresee(session: Session, file: BankFile) -> list[Foreseen]:
    """What each line would do now."""
    lines = from_text(file.lines)
    orders = _orders(session, lines)
    known = _known(session, lines)
    paid: set[str] = set()
    found = []
    for line in lines:
        effect = "known" if line.transaction in known else _effect(line, orders.get(line.code))
        if effect == "counts" and line.code in paid:
            effect = "second"
        paid |= {line.code} if effect == "counts" else set()
        row = orders.get(line.code)
        found.append(Foreseen(line, effect, row[0].trade_no if row else ""))
    return found


def _effect(line: BankLine, row: tuple[Order, Application, Exam] | None) -> str:
    if row is None:
        return "unknown"
    order, application, exam = row
    if order.state == "paid":
        return "second"
    if line.fen != order.fen:
        return "amount"
    if application.state != "approved":
        return "gone"
    late = line.paid_at >= rules_from(exam.rules).payment_closes
    return "late" if late or exam.state != "announced" else "counts"


def _orders(
    session: Session, lines: Sequence[BankLine]
) -> dict[str, tuple[Order, Application, Exam]]:
    codes, found = sorted({line.code for line in lines}), {}
    for some in (codes[at : at + _SOME] for at in range(0, len(codes), _SOME)):
        query = (
            select(PayWay.link, Order, Application, Exam)
            .join(Order, Order.id == PayWay.order_id)
            .join(Application, Application.id == Order.application_id)
            .join(Exam, Exam.id == Application.exam_id)
            .where(PayWay.driver == "nontax", PayWay.link.in_(some))
        )
        for code, order, application, exam in session.execute(query):
            found[code] = (order, application, exam)
    return found


def _known(session: Session, lines: Sequence[BankLine]) -> set[str]:
    names, found = [line.transaction for line in lines], set()
    for some in (names[at : at + _SOME] for at in range(0, len(names), _SOME)):
        query = select(Payment.transaction).where(Payment.transaction.in_(some))
        found |= set(session.scalars(query))
    return found


@verb
def take_bank_file(ctx: Context, *, ref: str) -> dict[str, int]:
    """Take in a file that was read and approved: all of it; how many lines did what.

    A payment that the books have already counts once; money that cannot be kept is owed back.
    """
    file = find(ctx.session, ref, lock=True)
    if file.state == "taken":
        raise Conflict("This file has been taken in already")
    use(ctx, subject=subject(file), digest=file.digest)
    foreseen = foresee(ctx.session, file)
    told = Counter(_take(ctx, one) for one in foreseen)
    file.state, file.taken_at = "taken", ctx.clock.now()
    _seen(ctx.session, file.day)
    ctx.session.flush()
    ctx.record(exam="", subject=subject(file), digest=file.digest, **told)
    return dict(told)


def _take(ctx: Context, one: Foreseen) -> str:
    """Take one line in; its effect, which is the verb's own word where it differs."""
    if not one.trade_no:
        return "unknown"
    line = one.line
    payment = gateway.Payment(
        out_trade_no=one.trade_no,
        transaction_id=line.transaction,
        notification_id=None,
        fen=line.fen,
        paid_at=line.paid_at,
        payer_total=line.fen,
        driver="nontax",
    )
    row = accept_payment(ctx.as_actor(SYSTEM), payment)
    if one.effect == "known":
        return "known"
    return "counts" if row.kept else "owed"


def _seen(session: Session, day: date) -> None:
    """Codes whose last day this file covers need no other file."""
    session.execute(
        update(PayWay)
        .where(PayWay.driver == "nontax", PayWay.last_day <= day, PayWay.seen_day.is_(None))
        .values(seen_day=day)
    )


def lines_of_day(session: Session, day: date) -> list[Line]:
    """All lines of the files of a day that were taken in, each once, for the reconciliation."""
    query = select(BankFile.lines).where(BankFile.day == day, BankFile.state == "taken")
    lines = {line.transaction: line for text in session.scalars(query) for line in from_text(text)}
    return to_compare([lines[key] for key in sorted(lines)])
