"""Money at the counter: taken by an officer with a receipt, counted by two people.

A taking pays for nothing by itself (nobody marks a friend as paid): at the end of the day the cash
and the card slips are counted, somebody of another office approves the count, and only then do the
payments come into the books, with the time at which they were taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.approvals.lookup import Listed, Wanted, list_to_approve, use
from exam_system.clock import rfc3339
from exam_system.context import SYSTEM, Context, verb
from exam_system.errors import Conflict, Invalid, NotFound, Sentence
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam, FeeItem
from exam_system.fees import gateway
from exam_system.fees.models import Order
from exam_system.fees.service import Asked, accept_payment, check_payable
from exam_system.fees.waiver_models import Waiver
from exam_system.fees.way_models import Taking
from exam_system.language import yuan
from exam_system.people import clean_line, reason_line
from exam_system.records.models import Note
from exam_system.records.notes import put_note
from exam_system.registration.models import Application
from exam_system.sheets import write_csv
from exam_system.trust.canonical import sha256_hex

VERB = "fees.count_takings"
MOST = 200  # takings in one count
LONGEST_REASON = 120
MEANS = {"cash": "Cash", "card": "Card"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A taking with what it belongs to."""

    taking: Taking
    trade_no: str
    application: str
    name: str


_TAKEN = (
    select(Taking, Order.trade_no, Application.ref, Person.name)
    .join(Order, Order.id == Taking.order_id)
    .join(Application, Application.id == Order.application_id)
    .join(Person, Person.id == Application.person_id)
    .order_by(Taking.id)
)


def takings(
    session: Session, exam: Exam, state: str = "taken", upto: int | None = None
) -> list[Taken]:
    """The oldest MOST takings of the exam in a state, none newer than `upto`."""
    query = _TAKEN.where(Application.exam_id == exam.id, Taking.state == state)
    if upto is not None:
        query = query.where(Taking.id <= upto)
    return [Taken(*row) for row in session.execute(query.limit(MOST))]


def of_order(session: Session, order: Order) -> Taking | None:
    """What was taken for an order and is not counted yet."""
    return session.scalar(
        select(Taking).where(Taking.order_id == order.id, Taking.state == "taken")
    )


def one(session: Session, exam: Exam, number: str) -> Taken:
    """One taking of the exam by its receipt's number; raises NotFound."""
    query = _TAKEN.where(Application.exam_id == exam.id, Taking.number == number)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such receipt")
    return Taken(*row)


@verb
def take_at_counter(
    ctx: Context, *, code: str, trade_no: str, means: str, slip: str = ""
) -> Taking:
    """Write down money that somebody pays at the counter, under the next receipt number.

    It must be payable now; a card payment needs the number of the terminal's slip.
    """
    exam = exam_by_code(ctx.session, code)
    found = _payable(ctx, exam, trade_no.strip().casefold())
    slip = clean_line(slip, 40)
    if means not in MEANS or (means == "card") != bool(slip):
        raise Invalid("Choose cash, or card with the number of the terminal's slip").about(
            "slip" if means == "card" else "means"
        )
    order, count = found.order, _count(ctx.session, exam)
    if order is None:
        raise NotFound("There is no such order")
    taking = Taking(
        number=f"{code}-{count + 1:05}",
        order_id=order.id,
        fen=order.fen,
        means=means,
        slip=slip,
        state="taken",
        taken_by=ctx.actor.account_id,
        taken_at=ctx.clock.now(),
    )
    ctx.session.add(taking)
    try:
        ctx.session.flush()
    except IntegrityError:
        raise Conflict(
            "Somebody has just taken money here: look at the list, then try again"
        ) from None
    details = {"number": taking.number, "fen": taking.fen, "means": means, "slip": slip}
    ctx.record(exam=code, subject=f"order:{order.trade_no}", **details)
    return taking


def _payable(ctx: Context, exam: Exam, trade_no: str) -> Asked:
    query = (
        select(Application, Exam, FeeItem, Order, Waiver)
        .join(Exam, Exam.id == Application.exam_id)
        .join(Order, Order.application_id == Application.id)
        .join(FeeItem, FeeItem.id == Order.fee_item_id)
        .outerjoin(Waiver, and_(Waiver.application_id == Application.id, Waiver.state == "asked"))
        .where(Order.trade_no == trade_no, Application.exam_id == exam.id)
        .with_for_update(of=Order)
        .execution_options(populate_existing=True)
    )
    row = ctx.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such order")
    found = Asked(*row)
    check_payable(ctx, found)
    return found


def _count(session: Session, exam: Exam) -> int:
    query = (
        select(func.count(Taking.id))
        .join(Order, Order.id == Taking.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(Application.exam_id == exam.id)
    )
    return session.scalars(query).one()


@verb
def void_taking(ctx: Context, *, number: str, reason: str) -> Taking:
    """Strike out a taking that is not counted yet: the money was handed back at once."""
    query = _TAKEN.add_columns(Exam.code).join(Exam, Exam.id == Application.exam_id)
    query = query.where(Taking.number == number).with_for_update(of=Taking)
    row = ctx.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("There is no such receipt")
    taking: Taking = row.Taking
    if taking.state != "taken":
        raise Conflict("This receipt is counted or struck out already")
    taking.reason, taking.state = reason_line(reason, LONGEST_REASON), "void"
    ctx.session.flush()
    ctx.record(exam=row.code, subject=f"order:{row.trade_no}", number=number, struck=taking.reason)
    return taking


def sums(rows: Sequence[Taken]) -> dict[str, int]:
    """Cash and card in fen."""
    return {
        means: sum(row.taking.fen for row in rows if row.taking.means == means) for means in MEANS
    }


def list_of(session: Session, exam: Exam) -> tuple[list[Taken], Wanted | None]:
    """The takings to be counted or carried over now, and what their approval says.

    Money taken after a count was handed to the approver waits for the next one.
    """

    def upto(last: str | None) -> Listed[Taken]:
        rows = takings(session, exam, upto=int(last) if last else None)
        return rows, _wanted(exam, rows)

    return list_to_approve(session, VERB, exam.code, upto)


def wanted_count(ctx: Context, *, code: str, cash: int, card: int) -> Wanted:
    """The approval of a count; Invalid when what was counted is not what was taken."""
    rows, wanted = list_of(ctx.session, exam_by_code(ctx.session, code))
    if wanted is None:
        raise Conflict("Nothing was taken at the counter that is not counted yet")
    if sums(rows) != {"cash": cash, "card": card}:
        raise Invalid(
            "The count is not what the receipts say: count again, or strike out a receipt whose "
            "money was handed back"
        )
    return wanted


def _wanted(exam: Exam, rows: Sequence[Taken]) -> Wanted | None:
    if not rows:
        return None
    of = sums(rows)
    return Wanted(
        VERB,
        exam.code,
        f"takings:{exam.code}:{rows[-1].taking.id}",
        sha256_hex(lines_of(rows)),
        (
            Sentence("%(count)s payments at the counter are counted", count=len(rows)),
            Sentence("Cash %(cash)s, card %(card)s", cash=yuan(of["cash"]), card=yuan(of["card"])),
            Sentence("Who approves has counted the money too"),
        ),
    )


def lines_of(rows: Sequence[Taken]) -> bytes:
    """The .csv whose digest is approved and signed."""
    head = ("number", "order", "fen", "means", "slip", "taken")
    return write_csv(head, [_line(row.taking, row.trade_no) for row in rows])


def _line(taking: Taking, trade_no: str) -> tuple[str, ...]:
    at = rfc3339(taking.taken_at)
    return (taking.number, trade_no, str(taking.fen), taking.means, taking.slip, at)


@verb
def count_takings(ctx: Context, *, code: str) -> Note:
    """Take the counted money into the books; its list is signed by the publisher's key."""
    exam = exam_by_code(ctx.session, code)
    rows, wanted = list_of(ctx.session, exam)
    if wanted is None:
        raise Conflict("Nothing was taken at the counter that is not counted yet")
    use(ctx, subject=wanted.subject, digest=wanted.digest)
    note = put_note(
        ctx.session,
        purpose="statement",
        title=f"takings {code} {rows[-1].taking.number}",
        exam=code,
        text=takings_text(ctx.config.origin, code, rows),
        signers=[ctx.keys.publisher],
        at=ctx.clock.now(),
    )
    kept = sum(_into_books(ctx, row, note) for row in rows)
    ctx.session.flush()
    ctx.record(exam=code, subject=wanted.subject, note=note.digest, takings=len(rows), kept=kept)
    return note


def _into_books(ctx: Context, row: Taken, note: Note) -> bool:
    taking = row.taking
    payment = gateway.Payment(
        out_trade_no=row.trade_no,
        transaction_id=taking.number,
        notification_id=None,
        fen=taking.fen,
        paid_at=taking.taken_at,
        payer_total=taking.fen,
        driver="counter",
    )
    taking.state, taking.note_id = "counted", note.id
    return accept_payment(ctx.as_actor(SYSTEM), payment).kept


def takings_text(origin: str, code: str, rows: Sequence[Taken]) -> str:
    """The text that the publisher signs: whose money, how much of each kind, digest of the list."""
    of = sums(rows)
    told = {
        "exam": code,
        "first": rows[0].taking.number,
        "last": rows[-1].taking.number,
        "count": len(rows),
        "cash": of["cash"],
        "card": of["card"],
        "lines": sha256_hex(lines_of(rows)),
    }
    return f"{origin}/takings/v1\n" + "".join(f"{key} {value}\n" for key, value in told.items())


def counted(session: Session, exam: Exam) -> dict[int, list[Taken]]:
    """All takings that were counted, by the note of their count, the newest count first."""
    query = _TAKEN.where(Application.exam_id == exam.id, Taking.state == "counted")
    found: dict[int, list[Taken]] = {}
    for row in session.execute(query):
        one = Taken(*row)
        found.setdefault(one.taking.note_id or 0, []).append(one)
    return dict(sorted(found.items(), reverse=True))
