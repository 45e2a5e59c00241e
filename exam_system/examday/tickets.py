"""Admission tickets, put together from rows and signed by the publisher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from exam_system.accounts.models import Person
from exam_system.clock import rfc3339
from exam_system.context import Context
from exam_system.draws.models import Attempt, Draw
from exam_system.errors import Conflict
from exam_system.examday import words
from exam_system.examday.models import Seat, SeatChange
from exam_system.examday.seats import Place
from exam_system.examday.versions import told_to
from exam_system.examday.withdrawals import barred, serials
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
from exam_system.results.models import PickUpCode
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex, unb64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.pickup import shown
from exam_system.trust.ticket_note import Sitting as Signed
from exam_system.trust.ticket_note import TicketNote
from seating.layouts import positions

_NOTHING = Anchor("", 0, "", ())
_SOME_DAY = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class _Given:
    """Everything in the database that a ticket shows."""

    application: Application
    person: Person
    seat: Seat
    room: Room
    site: Site
    district: District
    draw: Draw
    attempt: Attempt
    sealed: bytes | None
    """The pick-up code."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all tickets of an exam have alike; `moved` are applications whose seat was changed."""

    exam: Exam
    anchor: Anchor
    sittings: tuple[Sitting, ...]
    signed: tuple[Signed, ...]
    rules: tuple[str, ...]
    serials: dict[int, int]
    barred: set[int]
    moved: set[int]


_SEATED = (
    select(Application, Person, Seat, Room, Site, District, Draw, Attempt, PickUpCode.sealed)
    .join(Person, Person.id == Application.person_id)
    .join(Seat, Seat.application_id == Application.id)
    .join(Room, Room.id == Seat.room_id)
    .join(Site, Site.id == Room.site_id)
    .join(District, District.id == Site.district_id)
    .join(Attempt, Attempt.id == Seat.attempt_id)
    .join(Draw, Draw.id == Attempt.draw_id)
    .outerjoin(PickUpCode, PickUpCode.application_id == Application.id)
    .where(Attempt.state == "published")
    .order_by(Seat.number)
)


def own_ticket_pdf(ctx: Context, ref: str) -> bytes:
    """The actor's own admission ticket as a PDF; raises as `own_ticket` does, and PrintError."""
    return ticket_pdf(own_ticket(ctx, ref), register(ctx.config.fonts_folder))


def own_ticket(ctx: Context, ref: str) -> Ticket:
    """The actor's own admission ticket, tied to the newest signed head of the log.

    Raises NotFound for anybody else's application, Conflict while its seat is not published and
    when its ticket was withdrawn for good.
    """
    application, exam, *_ = own(ctx, ref)
    found = _given(ctx, _SEATED.where(Application.id == application.id))
    if not found:
        raise Conflict("Admission tickets can be printed once the draw of the seats is published")
    shared = shared_by(ctx, exam)
    if application.id in shared.barred:
        raise Conflict("Your admission ticket was withdrawn: ask the exam office")
    return _whole(ctx, shared, found[0])


def room_tickets(ctx: Context, shared: Shared, room_id: int) -> list[Ticket]:
    """The tickets of a room by seat, without those that were withdrawn for good."""
    return [_whole(ctx, shared, given) for given in _in_room(ctx, shared, room_id)]


def room_digest(ctx: Context, shared: Shared, room_id: int) -> str:
    """SHA-256 (hex) of all that a room's tickets show, but for the time and the log's head."""
    found = [
        replace(
            _ticket(ctx, shared, given),
            payload=str(given.application.photo),
            pick_up=_pick_up(ctx, given),
        )
        for given in _in_room(ctx, shared, room_id)
    ]
    return sha256_hex(repr(found).encode())


def _in_room(ctx: Context, shared: Shared, room_id: int) -> list[_Given]:
    query = _SEATED.where(Seat.room_id == room_id, Application.exam_id == shared.exam.id)
    given = _given(ctx, query)
    return [one for one in given if one.application.id not in shared.barred]


def _given(ctx: Context, query: Select[*tuple[Any, ...]]) -> Sequence[_Given]:
    return [_Given(*row) for row in ctx.session.execute(query)]


def shared_by(ctx: Context, exam: Exam) -> Shared:
    """What the exam's tickets share now."""
    rules, zone = rules_of(exam), ctx.config.zone
    query = select(ExamSession).where(ExamSession.exam_id == exam.id)
    rows = ctx.session.scalars(query.order_by(ExamSession.starts_at)).all()
    moved = select(SeatChange.application_id).where(SeatChange.exam_id == exam.id)
    return Shared(
        exam=exam,
        anchor=anchor(ctx.session, ctx.config.origin, None),
        sittings=tuple(
            Sitting(
                rules.subject(row.subject).name,
                row.starts_at.astimezone(zone),
                row.ends_at.astimezone(zone),
            )
            for row in rows
        ),
        signed=tuple(
            Signed(row.subject, rfc3339(row.starts_at), rfc3339(row.ends_at)) for row in rows
        ),
        rules=words.candidate_rules(rules.exam_type),
        serials=serials(ctx.session, exam),
        barred=barred(ctx.session, exam),
        moved=set(ctx.session.scalars(moved)),
    )


def _whole(ctx: Context, shared: Shared, given: _Given) -> Ticket:
    """The ticket with photo, signed code, and what ties it to the log."""
    return replace(
        _ticket(ctx, shared, given),
        photo=_photo(ctx, given.application),
        pick_up=_pick_up(ctx, given),
        payload=_payload(ctx, shared, given),
        anchor=shared.anchor,
        at=ctx.clock.now().astimezone(ctx.config.zone),
    )


def _ticket(ctx: Context, shared: Shared, given: _Given) -> Ticket:
    """What the rows say."""
    return Ticket(
        bureau=ctx.config.bureau,
        exam=shared.exam.name,
        candidate=given.person.name,
        id_masked=mask_id(ctx.keys.vault.open(given.person.id_sealed)),
        admission=given.application.number or "",
        photo=None,
        district=given.district.name,
        site=given.site.name,
        address=given.site.address,
        room=words.ROOM.format(room=given.room.code, name=given.room.name),
        seat=given.seat.number,
        sittings=shared.sittings,
        seats=tuple(positions(given.room.layout, given.room.capacity)),
        rules=shared.rules,
        payload="",
        release=_release(ctx, shared, given),
        anchor=_NOTHING,
        at=_SOME_DAY,
        serial=_serial(shared, given),
    )


def _serial(shared: Shared, given: _Given) -> int:
    return shared.serials.get(given.application.id, 1)


def _release(ctx: Context, shared: Shared, given: _Given) -> str:
    """The draw, or for a seat that was given late the version of the plan that gave it."""
    if given.application.id in shared.moved:
        version = told_to(ctx.session, given.application)[-1].version
        return words.CHANGED.format(draw=given.draw.code, version=version)
    return words.RELEASE.format(draw=given.draw.code, attempt=given.attempt.number)


def _photo(ctx: Context, application: Application) -> bytes:
    jpeg = photo_bytes(ctx.config, application.photo)
    if sha256_hex(jpeg) != application.photo:
        raise Conflict("The stored photo is not the one that was taken in: tell the exam office")
    return jpeg


def _pick_up(ctx: Context, given: _Given) -> str:
    """The code with which the candidate looks the score up; "" while none is given."""
    return shown(ctx.keys.vault.open(given.sealed)) if given.sealed else ""


def _payload(ctx: Context, shared: Shared, given: _Given) -> str:
    """The signed note in the QR code: what a verifier offline compares with the paper."""
    room, site, district, tie = given.room, given.site, given.district, shared.anchor
    codes = (district.code, site.code, room.code)
    place = Place(room.id, *codes, room.name, room.layout, room.capacity, room.access or 0)
    note = TicketNote(
        exam=shared.exam.code,
        number=given.application.number or "",
        label=given.application.label,
        room=f"{place.group}-{place.slot}",
        seat=given.seat.number,
        photo=given.application.photo or "",
        head=Checkpoint(tie.origin, tie.size, unb64(tie.root)),
        serial=_serial(shared, given),
        sittings=shared.signed,
    )
    return notes.sign(note.text, ctx.keys.publisher).decode()
