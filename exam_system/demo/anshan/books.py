"""Whether the books of an exam hold, and whether each planted fault, and no other, was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.demo.anshan.paying import Till
from exam_system.errors import Conflict, Fault
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.fees import ledger
from exam_system.fees.desk import days_bill
from exam_system.fees.gateway import BillLine
from exam_system.fees.models import Order, Payment, Statement
from exam_system.fees.reconciling import bill_lines, discrepancies, newest, reconcile_day
from exam_system.fees.relief import relief
from exam_system.fees.wechat_bill import BEIJING
from exam_system.registration.models import Application

SOURCE = "gateway"


@dataclass
class Statements:
    """The daily statements of one exam's payments, and what they showed."""

    till: Till
    began: date = field(default_factory=lambda: datetime.now(BEIJING).date())
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    """Outcome, kind and number of what did not match before the lost payments were asked for."""
    left: list[tuple[str, str, str]] = field(default_factory=list)
    """What did not match when all was done."""
    made: int = 0

    def before(self) -> None:
        """Reconcile the day of the payments over HTTP while callbacks are still lost."""
        self.shown = [line for day in self._today() for line in self._of(day)]

    def after(self) -> None:
        """Reconcile it again, and every day of the story on which somebody paid."""
        self.left = [line for day in self._today() for line in self._of(day)]
        for day in sorted(self.till.days):
            self.left += self._lines(day, self.till.bank.days_bill(day))

    def _today(self) -> Iterator[date]:
        """Today, and yesterday where the exam began before midnight."""
        yield from sorted({self.began, datetime.now(BEIJING).date()})

    def _of(self, day: date) -> list[tuple[str, str, str]]:
        return self._lines(day, days_bill(self.till.road.cast.office.config, day))

    def _lines(self, day: date, theirs: Sequence[BillLine]) -> list[tuple[str, str, str]]:
        self.made += 1
        with self.till.road.cast.acting(Role.OFFICER) as ctx:
            try:
                statement = reconcile_day(ctx, day=day, source=SOURCE, theirs=bill_lines(theirs))
            except Conflict:  # nothing new on the day before midnight
                statement = _newest(ctx.session, day)
            rows = discrepancies(ctx.session, statement)
            return [(row.outcome, row.kind, row.number) for row in rows]


def _newest(session: Session, day: date) -> Statement:
    found = newest(session, day, SOURCE)
    if found is None:
        raise Fault(f"there is no statement of {day}")
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One exam in the table at the end: sums in fen, and how many of each fault were found."""

    code: str
    registered: int
    asked: int
    received: int
    kept: int
    refunded: int
    waived: int
    over_http: int
    told_twice: int
    lost: int
    twice: int
    without_fee: int
    statements: int
    wrong: tuple[str, ...]
    """What does not balance or was not found, in sentences; empty when all is right."""


def line(session: Session, till: Till, statements: Statements) -> Line:
    """What the books and the statements of an exam say, and what of it is wrong."""
    exam = exam_by_code(session, till.road.code)
    sums, spared = ledger.totals(session, exam), relief(session, exam)
    asked = _sum_of_orders(session, exam) + spared.waived_fen
    return Line(
        code=exam.code,
        registered=_paid(session, exam),
        asked=asked,
        received=sums.received,
        kept=sums.kept,
        refunded=sums.refunded,
        waived=spared.waived_fen,
        over_http=len(till.paid) + len(till.again),
        told_twice=till.told_twice,
        lost=till.found,
        twice=spared.refunded,
        without_fee=spared.waived,
        statements=statements.made,
        wrong=tuple(_wrong(session, exam, till, statements)),
    )


def _sum_of_orders(session: Session, exam: Exam) -> int:
    query = (
        select(func.coalesce(func.sum(Order.fen), 0))
        .join(Application, Application.id == Order.application_id)
        .where(Application.exam_id == exam.id)
    )
    return int(session.scalars(query).one())


def _paid(session: Session, exam: Exam) -> int:
    query = select(func.count()).where(Application.exam_id == exam.id, Application.state == "paid")
    return session.scalars(query).one()


def _wrong(session: Session, exam: Exam, till: Till, statements: Statements) -> Iterator[str]:
    """A sentence for everything that is not as it was planted."""
    plan, faults = till.road.plan, till.faults
    count, waived, twice = plan.applicants, len(faults.waived), len(faults.twice)
    sums, spared = ledger.totals(session, exam), relief(session, exam)
    lost = {("only_theirs", "payment", till.paid.get(place, "")) for place in faults.lost}
    found = {
        "state of the exam": (exam.state, "closed"),
        "registrations that count": (_paid(session, exam), count),
        "asked": (_sum_of_orders(session, exam) + spared.waived_fen, count * plan.fen),
        "received": (sums.received, (count - waived + twice) * plan.fen),
        "kept": (sums.kept, (count - waived) * plan.fen),
        "still owed back": (sums.to_refund, 0),
        "refunded": (sums.refunded, twice * plan.fen),
        "waived": ((spared.waived, spared.waived_fen), (waived, waived * plan.fen)),
        "payments in the books": (_payments(session, exam), count - waived + twice),
        "second payments": (_seconds(session, exam), sorted(till.again)),
        "callbacks that came twice": (
            till.told_twice,
            len(faults.told_twice) + len(faults.signed_twice),
        ),
        "payments found by asking": (till.found, len(faults.lost)),
        "lines of the statement before asking": (sorted(statements.shown), sorted(lost)),
        "lines of the statements in the end": (statements.left, []),
    }
    for what, (is_so, should) in found.items():
        if is_so != should:
            yield f"{exam.code}: {what}: {_short(is_so)} instead of {_short(should)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _payments(session: Session, exam: Exam) -> int:
    query = (
        select(func.count(Payment.id))
        .join(Order, Order.id == Payment.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(Application.exam_id == exam.id)
    )
    return session.scalars(query).one()


def _seconds(session: Session, exam: Exam) -> list[str]:
    """Transactions of the payments that the books take for a second one of their order."""
    query = (
        select(Payment.transaction)
        .join(Order, Order.id == Payment.order_id)
        .join(Application, Application.id == Order.application_id)
        .where(Application.exam_id == exam.id, Payment.why == "second")
        .order_by(Payment.transaction)
    )
    return list(session.scalars(query))
