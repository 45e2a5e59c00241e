"""Tickets of whole rooms, a stop in the middle, and tickets that are withdrawn."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from exam_system.access import Role
from exam_system.cli import exam as command
from exam_system.context import Actor
from exam_system.errors import Conflict, NotFound
from exam_system.examday import changes, ticket_files, tickets, withdrawals
from exam_system.examday.ticket_files import Progress
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import ExamSession, Site
from exam_system.records.models import Act
from exam_system.registration.models import Application
from exam_system.registration.photos import photo_path
from exam_system.trust import notes, ticket_note
from exam_system.verify.run import Door, verify
from tests.examday import hall
from tests.world import World, approve_in

OFFICE = f"/office/exams/{hall.CODE}/tickets"
REF = "ref1-00003"


@pytest.fixture
def database() -> str:
    """Files; the tables are in the tamper test on both databases."""
    return "sqlite"


@pytest.fixture
def people(world: World) -> dict[str, Actor]:
    """Six candidates of two rooms with photos; by reference who logs in as them."""
    hall.standard(world, first=6, second=2)
    refs = [f"ref1-{n:05}" for n in range(6)] + ["ref2-00000", "ref2-00001"]
    found = {ref: hall.name_candidate(world, ref, f"王{ref[-1]}") for ref in refs}
    hall.seat(world)
    return found


def batch(world: World) -> list[Progress]:
    with world.acting(Role.OFFICER) as ctx:
        rooms = ticket_files.print_tickets(ctx, code=hall.CODE)
        return list(ticket_files.write_rooms(ctx, hall.CODE, rooms))


def printed(world: World) -> dict[str, bytes]:
    folder = world.config.instance / "tickets" / hall.CODE
    return {path.name: path.read_bytes() for path in folder.rglob("*.pdf")}


def number_of(world: World, ref: str = REF) -> str:
    with world.context(world.people[Role.OFFICER]).session as db:
        return str(db.scalars(select(Application.number).where(Application.ref == ref)).one())


def code_of(world: World, who: Actor, ref: str = REF) -> str:
    with world.acting(who) as ctx:
        return tickets.own_ticket(ctx, ref).payload


def test_a_stopped_run_goes_on_and_keeps_what_is_true(
    world: World, people: dict[str, Actor]
) -> None:
    with world.acting(Role.OFFICER) as ctx:
        rooms = ticket_files.print_tickets(ctx, code=hall.CODE)
        steps = ticket_files.write_rooms(ctx, hall.CODE, rooms)
        assert next(steps).tickets > 0
        with pytest.raises(Conflict, match="printed already"):
            next(ticket_files.write_rooms(ctx, hall.CODE, rooms))
        exam = exam_by_code(ctx.session, hall.CODE)
        assert ticket_files.under_way(ctx.config, exam)
        steps.close()  # the machine stops here
        assert not ticket_files.under_way(ctx.config, exam)
        told = ticket_files.progress(ctx.config, exam)
        assert told is not None
        assert (told.done, told.ended) == (1, False)
    before = printed(world)
    assert len(before) == 1
    last = batch(world)[-1]
    assert (last.done, last.kept) == (last.rooms, 1)
    assert last.tickets == 8 - int(next(iter(_pages(before.values()))))
    whole = printed(world)
    assert before.items() <= whole.items()
    assert sum(_pages(whole.values())) == 8
    assert batch(world)[-1].kept == last.rooms
    # Another address: exactly the rooms of that site are printed anew, their old files are gone.
    with world.context(world.people[Role.OFFICER]).session as db:
        db.scalars(select(Site).order_by(Site.id)).first().address = "新址1号"  # type: ignore[union-attr]
        db.commit()
    again = batch(world)[-1]
    assert 0 < again.kept < again.rooms
    assert len(printed(world)) == len(whole)
    assert printed(world).keys() != whole.keys()


def _pages(files: object) -> list[int]:
    return [data.count(b"/Type /Page ") for data in files]  # type: ignore[attr-defined]


def test_nothing_half_is_left_when_a_photo_is_missing(
    world: World, people: dict[str, Actor]
) -> None:
    with world.context(world.people[Role.OFFICER]).session as db:
        application = db.scalars(select(Application).where(Application.ref == REF)).one()
        photo_path(world.config, str(application.photo)).unlink()
    with pytest.raises(NotFound):
        batch(world)
    with world.acting(Role.OFFICER) as ctx:
        told = ticket_files.progress(ctx.config, exam_by_code(ctx.session, hall.CODE))
    assert told is not None
    assert told.trouble == "There is no photo yet"
    folder = world.config.instance / "tickets"
    assert not [path for path in folder.rglob("*.new") if path]


def test_the_command_shows_a_bar_and_the_page_gives_a_site(
    world: World, people: dict[str, Actor]
) -> None:
    words = ["--instance", str(world.folder), "tickets", hall.CODE, "--district", "1"]
    done = CliRunner().invoke(command, [*words, "--by", "officer", "--reason", "考前打印"])
    assert done.exit_code == 0, done.output
    assert "rooms" in done.output
    assert "6 tickets printed" in done.output
    office = world.client(world.app(), Role.OFFICER)
    page = office.get(OFFICE).text
    assert "2-01" in page
    sites = sorted({name.rpartition("-")[0] for name in printed(world)})
    answer = office.post(f"{OFFICE}/{sites[0]}.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert all(name.startswith(f"{hall.CODE}-{sites[0]}-") for name in archive.namelist())
    one = office.post(f"{OFFICE}/{sites[0]}.pdf")
    assert one.data.startswith(b"%PDF")
    assert office.post(f"{OFFICE}/02-01.zip").status_code == 302  # not printed yet
    assert kinds(world)[-2:] == ["examday.take_tickets", "examday.take_tickets"]
    office.post(f"{OFFICE}/print", data={"site": ""})
    for _turn in range(200):
        told = office.get(f"{OFFICE}/progress.json").json
        if told and not told["running"] and told["done"] == told["rooms"]:
            break
    assert sum(_pages(printed(world).values())) == 8


def kinds(world: World) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        query = select(Act.kind).where(Act.kind != "accounts.log_in").order_by(Act.id)
        return list(db.scalars(query))


def check(client: FlaskClient, text: str) -> str:
    return client.post("/check/ticket", data={"text": text.replace("\n", "\r\n")}).text


def lists(world: World) -> list[Path]:
    folder = world.config.published / f"tickets-{hall.CODE}"
    return sorted(folder.glob("withdrawn-v*.note"))


def door(world: World, text: str, list_: Path, at: str = "") -> list[str]:
    """What `exam verify` says at a door that has only files."""
    world.seal()
    path = world.folder / "ticket.note"
    path.write_text(text)
    outcome = verify([path], world.config.published / "keys.txt", None, Door([list_], at))
    return [str(refused) for refused in outcome.refused]


def test_a_withdrawn_ticket_is_refused_at_every_door(
    world: World, people: dict[str, Actor]
) -> None:
    office = world.client(world.app(), Role.OFFICER)
    public = world.client(world.app())
    public.set_cookie("language", "en")
    first = code_of(world, people[REF])
    said = ticket_note.parse(notes.parse(first.encode()).text)
    assert said.serial == 1
    assert [one.subject for one in said.sittings] == ["xc", "sl"]
    assert "This ticket is good" in check(public, first)
    assert "signed here" in check(public, first.replace(f"number {said.number}", "number 1"))
    office.post(f"{OFFICE}/list")
    (empty,) = lists(world)
    assert door(world, first, empty) == []
    number = number_of(world)
    office.post(f"{OFFICE}/withdraw", data={"number": number, "reason": "遗失"})
    assert kinds(world)[-1] == "examday.withdraw_ticket"
    _, second_list = lists(world)
    assert "was withdrawn on" in check(public, first)
    assert [line[:3] for line in door(world, first, second_list)] == ["V76"]
    second = code_of(world, people[REF])
    assert "This ticket is good" in check(public, second)
    assert door(world, second, second_list) == []
    assert "遗失" not in second_list.read_text()
    # Nobody can take a line out of the list: it is signed.
    forged = second_list.with_name("forged.note")
    forged.write_bytes(second_list.read_bytes().replace(f"ticket {number} 1\n".encode(), b""))
    assert door(world, first, forged)[0].startswith("V")
    forged.unlink()
    # After the last session it is over, here and there.
    with world.acting(Role.OFFICER) as ctx:
        ends = max(ctx.session.scalars(select(ExamSession.ends_at)))
    late = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [line[:3] for line in door(world, second, second_list, late)] == ["V77"]
    world.clock.set(ends)
    assert "is over" in check(public, second)


def test_a_moved_seat_and_a_last_withdrawal(world: World, people: dict[str, Actor]) -> None:
    old, number = code_of(world, people[REF]), number_of(world)
    with world.acting(Role.OFFICER) as ctx:
        why = {"code": hall.CODE, "ref": REF, "reason": "座椅损坏"}
        approve_in(ctx, changes.MOVE, **why)
        changes.move_candidate(ctx, **why)
    assert number_of(world) != number
    with world.acting(Role.OFFICER) as ctx:
        exam = exam_by_code(ctx.session, hall.CODE)
        withdrawals.show_lists(ctx.session, ctx.config, exam)
    assert [line[:3] for line in door(world, old, lists(world)[-1])] == ["V76"]
    assert door(world, code_of(world, people[REF]), lists(world)[-1]) == []
    with world.acting(Role.OFFICER) as ctx:
        gone = {"code": hall.CODE, "number": number_of(world), "reason": "冒名", "again": False}
        withdrawals.withdraw_ticket(ctx, **gone)
        with pytest.raises(Conflict, match="withdrawn already"):
            withdrawals.withdraw_ticket(ctx, **gone)
    with pytest.raises(Conflict, match="ask the exam office"):
        code_of(world, people[REF])
    assert sum(_pages(printed(world).values())) == 0
    batch(world)
    assert sum(_pages(printed(world).values())) == 7


def test_the_text_of_a_ticket_says_the_issue(
    world: World, people: dict[str, Actor], tmp_path: Path
) -> None:
    with world.acting(Role.OFFICER) as ctx:
        gone = {"code": hall.CODE, "number": number_of(world), "reason": "遗失"}
        withdrawals.withdraw_ticket(ctx, **gone)
    with world.acting(people[REF]) as ctx:
        (tmp_path / "t.pdf").write_bytes(tickets.own_ticket_pdf(ctx, REF))
    done = subprocess.run(["pdftotext", tmp_path / "t.pdf", "-"], capture_output=True, check=True)
    assert "第2次签发" in done.stdout.decode()
