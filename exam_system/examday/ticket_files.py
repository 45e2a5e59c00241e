"""Admission tickets in batches: a file a room, whole or not there, kept as long as it is true.

A file's name carries the digest of what its tickets show. Whoever starts again after a stop finds
the rooms that are done by their names, and a room whose tickets have changed is printed anew.
"""

from __future__ import annotations

import fcntl
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from exam_system.config import Config
from exam_system.context import SYSTEM, Context, verb
from exam_system.errors import Conflict, NotFound
from exam_system.examday.tickets import Shared, room_digest, room_tickets, shared_by
from exam_system.examday.used import rooms_in_use
from exam_system.examday.withdrawals import require_published, show_lists
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.models import Exam
from exam_system.office import Office
from exam_system.printing.fonts import register
from exam_system.printing.ticket import tickets_pdf
from exam_system.records.tree import write_durable

DIGITS = 16


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rooms: all of an exam, of a district, of a site, or one; 0 is every one."""

    district: int = 0
    site: int = 0
    room: int = 0

    def holds(self, name: str) -> bool:
        """Whether a room's name (01-03-12) is among them."""
        wanted = (self.district, self.site, self.room)
        given = map(int, name.split("-"))
        return all(one in (0, code) for one, code in zip(wanted, given, strict=True))


@dataclass(frozen=True, slots=True)
class RoomFile:
    """A room of a selection, by its id and its name (01-03-12)."""

    room_id: int
    name: str

    @property
    def site(self) -> str:
        """The site's name, 01-03."""
        return self.name.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: rooms done of all, tickets printed, rooms kept from before, trouble."""

    rooms: int
    done: int = 0
    tickets: int = 0
    kept: int = 0
    trouble: str = ""
    ended: bool = False


@verb
def print_tickets(ctx: Context, *, code: str, selection: Selection = Selection()) -> list[RoomFile]:
    """Begin to print the tickets of these rooms; returns the rooms. `write_rooms` writes them.

    Raises Conflict before the seats are published, NotFound when there is no such room.
    """
    exam = exam_by_code(ctx.session, code)
    rooms = _rooms(ctx.session, exam, selection)
    ctx.record(exam=code, subject=f"exam:{code}", rooms=len(rooms), only=asdict(selection))
    return rooms


@verb
def take_tickets(ctx: Context, *, code: str, site: str, kind: str) -> bytes:
    """The printed tickets of a site (01-03) as one file of the `kind` zip or pdf.

    Raises Conflict while not all of its rooms are printed and true.
    """
    exam = exam_by_code(ctx.session, code)
    rooms = [room for room in _rooms(ctx.session, exam, Selection()) if room.site == site]
    if not rooms:
        raise NotFound("There is no such site in this exam")
    shared = shared_by(ctx, exam)
    paths = [_path(ctx.config, shared, room, room_digest(ctx, shared, room.room_id))
             for room in rooms]  # fmt: skip
    lacking = sum(not path.exists() for path in paths)
    if lacking:
        raise Conflict("The tickets of %(count)s rooms of this site are not printed", count=lacking)
    ctx.record(exam=code, subject=f"exam:{code}", site=site, kind=kind, rooms=len(rooms))
    if kind == "zip":
        return _zip(exam, paths)
    tickets = [one for room in rooms for one in room_tickets(ctx, shared, room.room_id)]
    return tickets_pdf(tickets, register(ctx.config.fonts_folder))


def write_rooms(ctx: Context, code: str, rooms: list[RoomFile]) -> Iterator[Progress]:
    """Write a file for each room that has none that is true; tells after each how far it is.

    Raises Conflict when another run of the same exam is under way.
    """
    exam = exam_by_code(ctx.session, code)
    show_lists(ctx.session, ctx.config, exam)
    with _alone(ctx.config, exam):
        shared, told = shared_by(ctx, exam), Progress(len(rooms))
        try:
            for room in rooms:
                printed = _write(ctx, shared, room)
                told = Progress(
                    told.rooms, told.done + 1, told.tickets + printed, told.kept + (not printed)
                )
                _tell(ctx.config, exam, told)
                yield told
            told = Progress(told.rooms, told.done, told.tickets, told.kept, ended=True)
        except Exception as error:
            told = Progress(told.rooms, told.done, told.tickets, told.kept, str(error), ended=True)
            raise
        finally:
            _tell(ctx.config, exam, told)


def _write(ctx: Context, shared: Shared, room: RoomFile) -> int:
    """Print a room unless its file is there and true; returns how many tickets were printed."""
    path = _path(ctx.config, shared, room, room_digest(ctx, shared, room.room_id))
    if path.exists():
        return 0
    tickets = room_tickets(ctx, shared, room.room_id)
    if not tickets:
        return 0
    write_durable(path, tickets_pdf(tickets, register(ctx.config.fonts_folder)))
    for old in path.parent.glob(f"{room.name}.*.pdf"):
        if old != path:
            old.unlink()
    return len(tickets)


def start(parts: Office, code: str, rooms: list[RoomFile]) -> threading.Thread:
    """Write the rooms behind the page that began it; how far it is stands in `progress`."""

    def run() -> None:
        ctx = parts.context(SYSTEM, write=False)
        with ctx.session:
            for _told in write_rooms(ctx, code, rooms):
                pass

    thread = threading.Thread(target=run, name=f"tickets of {code}", daemon=True)
    thread.start()
    return thread


def progress(config: Config, exam: Exam) -> Progress | None:
    """How far the last run is, or was when it stopped; None before the first."""
    path = _folder(config, exam) / "progress.json"
    return Progress(**json.loads(path.read_bytes())) if path.exists() else None


def under_way(config: Config, exam: Exam) -> bool:
    """Whether a run of this exam is printing now, in whatever process."""
    folder = _folder(config, exam)
    if not folder.exists():
        return False
    try:
        with _alone(config, exam):
            return False
    except Conflict:
        return True


def sites_printed(ctx: Context, exam: Exam) -> dict[str, tuple[int, int]]:
    """By site (01-03), how many rooms are in use and how many of them have a file.

    Whether a file is still true is only asked when it is taken out, or printed again.
    """
    files = _folder(ctx.config, exam).glob("*/*.pdf")
    there = {path.name.partition(".")[0] for path in files}
    found: dict[str, tuple[int, int]] = {}
    for room in rooms_in_use(ctx.session, exam):
        rooms, done = found.get(room.site, (0, 0))
        found[room.site] = (rooms + 1, done + (room.name in there))
    return found


def _rooms(session: Session, exam: Exam, selection: Selection) -> list[RoomFile]:
    require_published(session, exam)
    every = [RoomFile(one.room_id, one.name) for one in rooms_in_use(session, exam)]
    found = [one for one in every if selection.holds(one.name)]
    if not found:
        raise NotFound("There is no such room in this exam")
    return found


def _folder(config: Config, exam: Exam) -> Path:
    return config.instance / "tickets" / exam.code


def _path(config: Config, shared: Shared, room: RoomFile, digest: str) -> Path:
    return _folder(config, shared.exam) / room.site / f"{room.name}.{digest[:DIGITS]}.pdf"


def _tell(config: Config, exam: Exam, told: Progress) -> None:
    data: dict[str, Any] = asdict(told)
    write_durable(_folder(config, exam) / "progress.json", json.dumps(data).encode())


@contextmanager
def _alone(config: Config, exam: Exam) -> Iterator[None]:
    folder = _folder(config, exam)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("The tickets of this exam are being printed already") from None
        yield


def _zip(exam: Exam, paths: list[Path]) -> bytes:
    """The rooms' files under their plain names; they are packed already."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            name = f"{exam.code}-{path.name.partition('.')[0]}.pdf"
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
    return out.getvalue()
