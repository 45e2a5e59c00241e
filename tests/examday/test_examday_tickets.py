"""Admission tickets: whose, when, and what the code proves."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.context import Actor, Context
from exam_system.errors import Conflict, NotFound
from exam_system.examday import tickets
from exam_system.examday.models import Seat
from exam_system.exams.models import Room
from exam_system.records.heads import newest_head
from exam_system.records.models import Note
from exam_system.records.paper import anchor_keys
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_path
from exam_system.trust import checkpoint, notes, ticket_note
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import ED25519, Signer
from seating.layouts import positions
from tests.examday import hall
from tests.world import PASSWORD, World

REF = "ref1-00003"
NAME = "欧阳𬭎·𠮷"


@pytest.fixture
def candidate(world: World) -> Actor:
    hall.standard(world, first=40)
    return hall.name_candidate(world, REF, NAME)


@pytest.fixture
def own(world: World, candidate: Actor) -> Iterator[Context]:
    """The candidate's own context; on it the seats are drawn already."""
    hall.seat(world)
    ctx = world.context(candidate)
    with ctx.session:
        yield ctx


def application_of(ctx: Context) -> Application:
    return ctx.session.scalars(select(Application).where(Application.ref == REF)).one()


def text_of(pdf: bytes, tmp_path: Path) -> str:
    path = tmp_path / "ticket.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return done.stdout.decode()


def test_no_ticket_before_the_draw_is_published(world: World, candidate: Actor) -> None:
    def refused() -> None:
        ctx = world.context(candidate)
        with ctx.session, pytest.raises(Conflict, match="once the draw of the seats is published"):
            tickets.own_ticket(ctx, REF)

    refused()
    hall.finish(world, "seats")
    refused()
    hall.publish(world, "seats")
    with world.acting(candidate) as ctx:
        assert tickets.own_ticket(ctx, REF).candidate == NAME


def test_the_paper_says_who_where_and_when(own: Context, tmp_path: Path) -> None:
    text = re.sub(r"\s", "", text_of(tickets.own_ticket_pdf(own, REF), tmp_path))
    application = application_of(own)
    row = own.session.execute(
        select(Seat.number, Room.code, Room.name)
        .join(Room, Room.id == Seat.room_id)
        .where(Seat.application_id == application.id)
    ).one()
    assert application.number is not None
    for expected in (
        NAME,
        application.number,
        "520402********0003",
        "考区1",
        "黄果树大街126号",
        f"第{row.code:02}考场（{row.name}）",
        "行政职业能力测验",
        "2026年4月1日（周三）09:00–11:00",
        "申论",
        "14:00–16:00",
        "开考30分钟后不得入场",
        f"座位抽签{hall.CODE}-seats第1次",
    ):
        assert expected in text
    assert "19970101" not in text
    head = newest_head(own.session)
    assert head is not None
    root = own.session.get_one(Note, head.note_id).text.split("\n")[2]
    assert f"记录数{head.size}·树根{root}" in text
    keys = anchor_keys(own.session)
    assert {role for role, _ in keys} == {"log", "publisher", "officer", "inspector"}
    assert all(mark in text for _, mark in keys)


def test_the_map_shows_the_own_seat(own: Context) -> None:
    data = tickets.own_ticket(own, REF)
    query = select(Seat, Room).join(Room, Room.id == Seat.room_id)
    seat, room = own.session.execute(
        query.join(Application, Application.id == Seat.application_id).where(Application.ref == REF)
    ).one()
    assert data.seat == seat.number
    assert data.seats == tuple(positions(room.layout, room.capacity))


def test_the_code_is_signed_and_every_changed_byte_is_refused(world: World, own: Context) -> None:
    data = tickets.own_ticket(own, REF)
    payload, key = data.payload.encode(), world.keys.publisher.verifier
    note = ticket_note.parse(notes.open_note(payload, [key]).text)
    application = application_of(own)
    assert (note.exam, note.number, note.label) == (
        hall.CODE,
        application.number,
        application.label,
    )
    assert note.room.replace("-", "") + f"{note.seat:02}" == application.number
    assert note.photo == sha256_hex(data.photo or b"") == application.photo
    head = newest_head(own.session)
    assert head is not None
    assert note.head == checkpoint.parse(own.session.get_one(Note, head.note_id).text)
    for place, byte in enumerate(payload):
        forged = payload[:place] + bytes([byte ^ 1]) + payload[place + 1 :]
        with pytest.raises(TrustError):
            notes.open_note(forged, [key])


def test_another_key_of_the_same_name_does_not_do(world: World, own: Context) -> None:
    data = tickets.own_ticket(own, REF)
    other = Signer.generate(world.keys.publisher.name, ED25519)
    with pytest.raises(TrustError):
        notes.open_note(data.payload.encode(), [other.verifier])


def test_a_photo_that_was_changed_on_disk_is_not_printed(own: Context) -> None:
    path = photo_path(own.config, str(application_of(own).photo))
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Conflict, match="not the one that was taken in"):
        tickets.own_ticket(own, REF)
    path.unlink()
    with pytest.raises(NotFound, match="no photo"):
        tickets.own_ticket(own, REF)


def test_whoever_did_not_pay_has_no_ticket(world: World, candidate: Actor) -> None:
    unpaid = hall.name_candidate(world, "ref1-90001", "张三")
    hall.seat(world)
    with world.acting(unpaid) as ctx, pytest.raises(Conflict, match="once the draw"):
        tickets.own_ticket(ctx, "ref1-90001")


def log_in(world: World, name: str) -> FlaskClient:
    client = world.client(world.app())
    assert client.post("/login", data={"login": name, "password": PASSWORD}).status_code == 302
    return client


def test_the_page_gives_the_own_ticket_only(world: World, candidate: Actor) -> None:
    hall.name_candidate(world, "ref1-00004", "王芳")
    hall.seat(world)
    own = log_in(world, "candidate1-00003").get(f"/applications/{REF}/ticket.pdf")
    assert own.status_code == 200
    assert own.mimetype == "application/pdf"
    assert own.headers["Cache-Control"] == "no-store"
    client = log_in(world, "candidate1-00004")
    assert client.get("/applications/ref1-00004/ticket.pdf").status_code == 200
    theirs = client.get(f"/applications/{REF}/ticket.pdf")
    nothing = client.get("/applications/ref1-99999/ticket.pdf")
    assert (theirs.status_code, nothing.status_code) == (404, 404)
    numbered = re.compile(f'{REF}|ref1-99999|r-number">[A-Z0-9-]+<')  # each error has its number
    assert numbered.sub("", theirs.text) == numbered.sub("", nothing.text)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.INSPECTOR, Role.REVIEWER, Role.ADMIN])
def test_nobody_else_prints_tickets(world: World, candidate: Actor, role: Role) -> None:
    hall.seat(world)
    client = world.client(world.app(), role)
    assert client.get(f"/applications/{REF}/ticket.pdf").status_code == 403
    stranger = world.client(world.app())
    assert stranger.get(f"/applications/{REF}/ticket.pdf").status_code == 302
