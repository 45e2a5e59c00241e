"""Verbs of admission tickets that admit nobody any more, and the signed list of them.

A candidate's tickets are counted by a serial; withdrawing one lets the next printing have the next
serial. Every withdrawal makes a new version of the exam's list, which lies among the published
files so that a door without a network can refuse what stands in it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_system.accounts.models import Person
from exam_system.clock import rfc3339
from exam_system.config import Config
from exam_system.context import Context, verb
from exam_system.errors import Conflict, NotFound
from exam_system.examday.models import TicketList, WithdrawnTicket
from exam_system.examday.plan import newest_attempt
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.people import reason_line
from exam_system.records.notes import note_bytes, put_note
from exam_system.records.tree import write_durable
from exam_system.registration.models import Application
from exam_system.trust.ticket_note import Withdrawn

LONGEST = 200


@verb
def withdraw_ticket(
    ctx: Context, *, code: str, number: str, reason: str, again: bool = True
) -> WithdrawnTicket:
    """Withdraw the newest ticket of an admission number.

    `again`: whether the candidate may print another one. Raises NotFound, and Conflict before the
    seats are published or when the candidate has no good ticket.
    """
    exam = exam_by_code(ctx.session, code)
    require_published(ctx.session, exam)
    query = select(Application).where(
        Application.exam_id == exam.id, Application.number == number.strip()
    )
    application = ctx.session.scalar(query.with_for_update(of=Application))
    if application is None:
        raise NotFound(
            "No candidate of this exam has the admission number %(number)s", number=number
        )
    if not may_print(ctx.session, application):
        raise Conflict("This candidate's ticket is withdrawn already and no other one is issued")
    row = replaced(ctx, exam, application, application.number or "", reason, again=again)
    ctx.record(
        exam=code,
        subject=f"application:{application.ref}",
        number=row.number,
        serial=row.serial,
        again=again,
        why=row.reason,
    )
    return row


@verb
def publish_withdrawn(ctx: Context, *, code: str) -> TicketList:
    """Sign a new version of the list: the first one, or one of today for the doors."""
    exam = exam_by_code(ctx.session, code)
    require_published(ctx.session, exam)
    made = _renew(ctx, exam)
    ctx.record(exam=code, subject=f"exam:{code}", version=made.version)
    return made


def replaced(
    ctx: Context,
    exam: Exam,
    application: Application,
    number: str,
    reason: str,
    *,
    again: bool = True,
) -> WithdrawnTicket:
    """Withdraw the tickets printed so far with `number`, within a running act; sign a new list."""
    row = WithdrawnTicket(
        application_id=application.id,
        serial=serial_of(ctx.session, application),
        number=number,
        reason=reason_line(reason, LONGEST),
        again=again,
        withdrawn_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    _renew(ctx, exam)
    return row


def serial_of(session: Session, application: Application) -> int:
    """The serial of the ticket that is printed now, from 1."""
    query = select(func.count()).where(WithdrawnTicket.application_id == application.id)
    return 1 + (session.scalar(query) or 0)


def serials(session: Session, exam: Exam) -> dict[int, int]:
    """By application, the serial of whoever has had more than one ticket."""
    query = (
        select(WithdrawnTicket.application_id, func.count())
        .join(Application, Application.id == WithdrawnTicket.application_id)
        .where(Application.exam_id == exam.id)
        .group_by(WithdrawnTicket.application_id)
    )
    return {row[0]: row[1] + 1 for row in session.execute(query)}


def may_print(session: Session, application: Application) -> bool:
    """Whether a candidate may have a ticket: none was withdrawn for good."""
    query = select(WithdrawnTicket.id).where(
        WithdrawnTicket.application_id == application.id, ~WithdrawnTicket.again
    )
    return session.scalar(query) is None


def barred(session: Session, exam: Exam) -> set[int]:
    """The applications whose ticket was withdrawn for good."""
    query = (
        select(WithdrawnTicket.application_id)
        .join(Application, Application.id == WithdrawnTicket.application_id)
        .where(Application.exam_id == exam.id, ~WithdrawnTicket.again)
    )
    return set(session.scalars(query))


def withdrawn(session: Session, exam: Exam) -> list[tuple[WithdrawnTicket, str]]:
    """What was withdrawn, the newest first, each with the candidate's name."""
    query = (
        select(WithdrawnTicket, Person.name)
        .join(Application, Application.id == WithdrawnTicket.application_id)
        .join(Person, Person.id == Application.person_id)
        .where(Application.exam_id == exam.id)
        .order_by(WithdrawnTicket.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def newest_list(session: Session, exam: Exam) -> TicketList | None:
    """The list that counts; None before the first one."""
    query = select(TicketList).where(TicketList.exam_id == exam.id)
    return session.scalar(query.order_by(TicketList.version.desc()).limit(1))


def show_lists(session: Session, config: Config, exam: Exam) -> Path:
    """Write every version that does not lie among the published files yet; returns their folder.

    To be called after a commit, and at any time again: the bytes are kept in the database.
    """
    folder = config.published / f"tickets-{exam.code}"
    query = select(TicketList).where(TicketList.exam_id == exam.id)
    for one in session.scalars(query.order_by(TicketList.version)):
        path = folder / f"withdrawn-v{one.version}.note"
        if not path.exists():
            write_durable(path, note_bytes(session, one.note_id))
    return folder


def require_published(session: Session, exam: Exam) -> None:
    drawn = newest_attempt(session, exam, "seats")
    if drawn is None or drawn[1].state != "published":
        raise Conflict("Admission tickets can be printed once the draw of the seats is published")


def _renew(ctx: Context, exam: Exam) -> TicketList:
    last, now = newest_list(ctx.session, exam), ctx.clock.now()
    version = last.version + 1 if last else 1
    highest: dict[str, int] = {}
    for row, _name in withdrawn(ctx.session, exam):
        highest[row.number] = max(row.serial, highest.get(row.number, 0))
    tickets = tuple(sorted(highest.items()))
    said = Withdrawn(ctx.config.origin, exam.code, version, rfc3339(now), tickets)
    note = put_note(
        ctx.session,
        purpose="statement",
        title=f"{exam.code} withdrawn tickets v{version}",
        exam=exam.code,
        text=said.text,
        signers=[ctx.keys.publisher],
        at=now,
    )
    made = TicketList(exam_id=exam.id, version=version, note_id=note.id, made_at=now)
    ctx.session.add(made)
    ctx.session.flush()
    return made
