"""Whether an admission ticket is good now: its signature, its seat, its serial, its time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from exam_system.clock import rfc3339
from exam_system.context import Context
from exam_system.errors import Conflict, Invalid
from exam_system.examday.models import Seat, WithdrawnTicket
from exam_system.examday.seats import places_of
from exam_system.examday.withdrawals import serial_of
from exam_system.exams.models import Exam, ExamSession
from exam_system.records.keys import keys_of
from exam_system.registration.models import Application
from exam_system.trust import notes, ticket_note
from exam_system.trust.errors import TrustError
from exam_system.trust.ticket_note import TicketNote


@dataclass(frozen=True, slots=True)
class Checked:
    """A good ticket and the exam it admits to."""

    exam: Exam
    ticket: TicketNote


def check_ticket(ctx: Context, text: str) -> Checked:
    """Read the text of a ticket's code and compare it with the plan as it stands.

    Raises Invalid for what no publisher's key of ours signed, Conflict for a ticket that was
    withdrawn, replaced, or is over; the sentence says which.
    """
    ticket = _opened(ctx, text)
    exam = ctx.session.scalar(select(Exam).where(Exam.code == ticket.exam))
    if exam is None or ticket.head.origin != ctx.config.origin:
        raise Invalid("This ticket is of no exam of this office")
    query = select(Application).where(
        Application.exam_id == exam.id, Application.label == ticket.label
    )
    application = ctx.session.scalar(query)
    if application is None:
        raise Invalid("This ticket is of no exam of this office")
    _require_newest(ctx, application, ticket)
    _require_seat(ctx, exam, application, ticket)
    _require_time(ctx, exam)
    return Checked(exam, ticket)


def _opened(ctx: Context, text: str) -> TicketNote:
    data = text.replace("\r\n", "\n").strip("\n ").encode() + b"\n"
    try:
        opened = notes.open_note(data, keys_of(ctx.session, "publisher"))
        return ticket_note.parse(opened.text)
    except TrustError:
        raise Invalid(
            "This is no ticket that was signed here: it was changed, or is not whole"
        ) from None


def _require_newest(ctx: Context, application: Application, ticket: TicketNote) -> None:
    query = select(WithdrawnTicket).where(
        WithdrawnTicket.application_id == application.id,
        WithdrawnTicket.serial == max(ticket.serial, 1),
    )
    gone = ctx.session.scalar(query)
    if gone is not None:
        raise Conflict(
            "This ticket was withdrawn on %(at)s and admits nobody",
            at=f"{gone.withdrawn_at.astimezone(ctx.config.zone):%Y-%m-%d %H:%M}",
        )
    if max(ticket.serial, 1) != serial_of(ctx.session, application):
        raise Conflict("This is not the newest ticket of its candidate: it admits nobody")


def _require_seat(ctx: Context, exam: Exam, application: Application, ticket: TicketNote) -> None:
    seat = ctx.session.get(Seat, application.id)
    rooms = {one.room_id: f"{one.group}-{one.slot}" for one in places_of(ctx.session, exam)}
    now = (application.number, seat and rooms.get(seat.room_id), seat and seat.number)
    if now != (ticket.number, ticket.room, ticket.seat) or application.photo != ticket.photo:
        raise Conflict("The seat or the photo was changed since: this ticket admits nobody")


def _require_time(ctx: Context, exam: Exam) -> None:
    ends = select(ExamSession.ends_at).where(ExamSession.exam_id == exam.id)
    last = ctx.session.scalar(ends.order_by(ExamSession.ends_at.desc()).limit(1))
    if last is None or rfc3339(last) <= rfc3339(ctx.clock.now()):
        raise Conflict("The last session of this exam is over: the ticket admits to nothing more")
