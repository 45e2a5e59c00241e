"""Admission tickets, put together from rows and signed by the publisher."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from exam_system.accounts.models import Person
from exam_system.context import Context
from exam_system.draws.models import Attempt, Draw
from exam_system.errors import Conflict
from exam_system.examday import words
from exam_system.examday.models import Seat
from exam_system.examday.seats import Place
from exam_system.examday.versions import told_to
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.people import mask_id
from exam_system.printing.fonts import register
from exam_system.printing.layout import Anchor
from exam_system.printing.ticket import Sitting, Ticket, ticket_pdf
from exam_system.records.paper import anchor
from exam_system.registration.lookup import own
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_bytes
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex, unb64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.ticket_note import TicketNote
from seating.layouts import positions


@dataclass(frozen=True, slots=True)
class _Given:
    """Everything in the database that a ticket shows."""

    application: Application
    exam: Exam
    person: Person
    seat: Seat
    room: Room
    site: Site
    district: District
    draw: Draw
    attempt: Attempt


def own_ticket_pdf(ctx: Context, ref: str) -> bytes:
    """The actor's own admission ticket as a PDF; raises as `own_ticket` does, and PrintError."""
    return ticket_pdf(own_ticket(ctx, ref), register(ctx.config.fonts_folder))


def own_ticket(ctx: Context, ref: str) -> Ticket:
    """The actor's own admission ticket, tied to the newest signed head of the log.

    Raises NotFound for anybody else's application, Conflict while its seat is not published.
    """
    application, exam, _, person, _ = own(ctx, ref)
    query = (
        select(Seat, Room, Site, District, Draw, Attempt)
        .join(Room, Room.id == Seat.room_id)
        .join(Site, Site.id == Room.site_id)
        .join(District, District.id == Site.district_id)
        .join(Attempt, Attempt.id == Seat.attempt_id)
        .join(Draw, Draw.id == Attempt.draw_id)
        .where(Seat.application_id == application.id, Attempt.state == "published")
    )
    row = ctx.session.execute(query).one_or_none()
    if row is None:
        raise Conflict("Admission tickets can be printed once the draw of the seats is published")
    return _ticket(ctx, _Given(application, exam, person, *row))


def _ticket(ctx: Context, given: _Given) -> Ticket:
    photo = _photo(ctx, given.application)
    tie = anchor(ctx.session, ctx.config.origin, None)
    return Ticket(
        bureau=ctx.config.bureau,
        exam=given.exam.name,
        candidate=given.person.name,
        id_masked=mask_id(ctx.keys.vault.open(given.person.id_sealed)),
        admission=given.application.number or "",
        photo=photo,
        district=given.district.name,
        site=given.site.name,
        address=given.site.address,
        room=words.ROOM.format(room=given.room.code, name=given.room.name),
        seat=given.seat.number,
        sittings=_sittings(ctx, given.exam),
        seats=tuple(positions(given.room.layout, given.room.capacity)),
        rules=words.candidate_rules(rules_of(given.exam).exam_type),
        payload=_payload(ctx, given, tie),
        release=_release(ctx, given),
        anchor=tie,
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )


def _release(ctx: Context, given: _Given) -> str:
    """The draw, or for a seat that was given late the version of the plan that gave it."""
    told = told_to(ctx.session, given.application)
    if told:
        return words.CHANGED.format(draw=given.draw.code, version=told[-1].version)
    return words.RELEASE.format(draw=given.draw.code, attempt=given.attempt.number)


def _photo(ctx: Context, application: Application) -> bytes:
    jpeg = photo_bytes(ctx.config, application.photo)
    if sha256_hex(jpeg) != application.photo:
        raise Conflict("The stored photo is not the one that was taken in: tell the exam office")
    return jpeg


def _sittings(ctx: Context, exam: Exam) -> tuple[Sitting, ...]:
    rules, zone = rules_of(exam), ctx.config.zone
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    rows = ctx.session.scalars(query.order_by(ExamSession.starts_at))
    return tuple(
        Sitting(
            rules.subject(row.subject).name,
            row.starts_at.astimezone(zone),
            row.ends_at.astimezone(zone),
        )
        for row in rows
    )


def _payload(ctx: Context, given: _Given, tie: Anchor) -> str:
    """The signed note in the QR code: what a verifier offline compares with the paper."""
    room, site, district = given.room, given.site, given.district
    codes = (district.code, site.code, room.code)
    place = Place(room.id, *codes, room.name, room.layout, room.capacity, room.access or 0)
    note = TicketNote(
        exam=given.exam.code,
        number=given.application.number or "",
        label=given.application.label,
        room=f"{place.group}-{place.slot}",
        seat=given.seat.number,
        photo=given.application.photo or "",
        head=Checkpoint(tie.origin, tie.size, unb64(tie.root)),
    )
    return notes.sign(note.text, ctx.keys.publisher).decode()
