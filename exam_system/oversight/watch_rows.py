"""Rows that must not be as they are, whatever the log says: what came late, one's own case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from exam_system.accounts.models import Account, Person
from exam_system.approvals.models import Approval
from exam_system.database import UtcTime
from exam_system.exams.models import Exam
from exam_system.fees.models import Order, Payment
from exam_system.oversight import alerts as rules
from exam_system.oversight.alerts import Closing, Row
from exam_system.oversight.kept import Rows, kept
from exam_system.records.models import Act
from exam_system.registration import choosing
from exam_system.registration.models import Application

T = TypeVar("T")
DECIDING = "registration.decide_application"
ACTS = Rows(Act.id, Act.entry)
PAYMENTS = Rows(Payment.id, Payment.transaction)
_MOST = 10_000  # values that one statement names
Closings = Mapping[str, Sequence[Closing]]


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[at : at + _MOST] for at in range(0, len(values), _MOST))


def first_closings(until: Closings) -> tuple[tuple[str, datetime, datetime], ...]:
    """Exam, end of registration and of payment by the first version; windows only grow."""
    return tuple((code, one[0].registration, one[0].payment) for code, one in until.items())


def late_rows(session: Session, until: Closings) -> Iterator[Row]:
    """Rows in favour of a candidate that are dated after the deadline."""
    if not until:
        return
    yield from _late_applications(session, until)
    yield from _late_payments(session, until)


def _by_exam(ends: Mapping[str, datetime]) -> Any:
    """The end of each exam's window, by the code of the joined exam."""
    return case(*[(Exam.code == code, literal(at, UtcTime())) for code, at in ends.items()])


def _late_applications(session: Session, until: Closings) -> Iterator[Row]:
    ends = {code: at for code, at, _payment in first_closings(until)}
    query = (
        select(Application.ref, Application.submitted_at, Application.chosen_at, Exam)
        .join(Exam, Exam.id == Application.exam_id)
        .where(Application.submitted_at >= _by_exam(ends))
        .order_by(Application.id)
    )
    windows: dict[str, datetime | None] = {}
    found: Any = session.execute(query)
    for ref, at, chosen_at, exam in found:
        closes: datetime | None = rules.in_force_at(until[exam.code], at).registration
        if chosen_at == at:
            if exam.code not in windows:
                windows[exam.code] = choosing.window(session, exam)
            closes = windows[exam.code]
        if closes is None or at >= closes:
            yield Row(f"application:{ref}", exam.code, at, f"application {ref}")


def _late_payments(session: Session, until: Closings) -> Iterator[Row]:
    firsts = first_closings(until)
    ends = {code: at for code, _registration, at in firsts}

    def read(after: int) -> Iterator[tuple[int, int]]:
        # a gateway's clock may be ahead of ours; what we had received in time is in time
        end = _by_exam(ends)
        late = Payment.id > after, Payment.paid_at >= end, Payment.received_at >= end
        for (key,) in session.execute(_paid(Payment.id).where(*late)):
            yield key, key

    for some in _portions(kept(session, PAYMENTS, "payments", firsts, read)):
        columns = Exam.code, Payment.transaction, Payment.paid_at, Payment.received_at
        query = _paid(*columns).where(Payment.kept, Payment.id.in_(some))
        for code, transaction, at, received in session.execute(query):
            if min(at, received) >= rules.in_force_at(until[code], received).payment:
                yield Row(f"payment:{transaction}", code, at, f"payment {transaction}")


def _paid(*columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(Payment)
        .join(Order, Order.id == Payment.order_id)
        .join(Application, Application.id == Order.application_id)
        .join(Exam, Exam.id == Application.exam_id)
        .order_by(Payment.id)
    )


def own_cases(session: Session) -> Iterator[Row]:
    """Applications that were decided by the account they belong to."""

    def read(after: int) -> Iterator[tuple[int, str]]:
        query = select(func.max(Act.id), Act.actor).where(Act.kind == DECIDING, Act.id > after)
        yield from ((key, actor) for key, actor in session.execute(query.group_by(Act.actor)))

    deciders = set(kept(session, ACTS, "deciders", (), read))
    known = select(Account.ref).join(Person, Person.account_id == Account.id)
    for some in _portions(sorted(deciders)):
        people = session.scalars(known.where(Account.ref.in_(some))).all()
        yield from _decided_by(session, people) if people else ()


def _decided_by(session: Session, people: Sequence[str]) -> Iterator[Row]:
    """The decisions of people who are candidates themselves on what is theirs."""
    query = (
        select(Act.subject, Act.exam, Act.at)
        .join(Account, Account.ref == Act.actor)
        .join(Person, Person.account_id == Account.id)
        .join(Application, Application.person_id == Person.id)
        .where(
            Act.actor.in_(people),
            Act.kind == DECIDING,
            Act.subject == "application:" + Application.ref,
        )
    )
    for subject, exam, at in session.execute(query):
        yield Row(subject, exam, at, subject.replace(":", " "))


def own_approvals(session: Session) -> Iterator[Row]:
    """Approvals whose two people are one, or of one office; the tables should not let them be."""
    mine, theirs = aliased(Account), aliased(Account)
    query = (
        select(Approval.ref, Approval.exam, Approval.decided_at)
        .join(theirs, theirs.id == Approval.decided_by)
        .join(mine, or_(mine.id == Approval.asked_by, mine.id == Approval.used_by))
        .where(
            Approval.state.in_(("approved", "used")),
            or_(mine.id == theirs.id, func.coalesce(mine.office, "") == theirs.office),
        )
        .order_by(Approval.ref)
        .distinct()
    )
    for ref, exam, at in session.execute(query):
        if at is not None:
            yield Row(f"approval:{ref}", exam, at, f"approval {ref}")
