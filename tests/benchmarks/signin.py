"""Sign-in of 5,000 candidates at 104 rooms: twenty minutes of arrivals on the real server.

    python -m tests.benchmarks.signin [times as fast, 4] [seconds at most]

The server is that of `exam serve` on PostgreSQL, asked over HTTP from a process of its own on the
same machine. Every mark is sent as it is made, as the phones do with a network; beside it the two
phones of every room ask for its state every twelve seconds, as the page does, and the boards of the
headquarters and of every site every four. The arrivals come `times` as fast as in twenty minutes,
what phones and boards ask comes at its true pace.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select, update

from exam_system import instance as instances
from exam_system.access import Role
from exam_system.accounts.models import Account, LoginSession
from exam_system.accounts.sessions import digest
from exam_system.attendance.models import Attendance, Mark
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.context import Context
from exam_system.draws.models import Attempt, Draw
from exam_system.examday.models import Duty, Invigilator, Seat
from exam_system.exams.models import District, Exam, ExamSession, Room, Site
from exam_system.registration.models import Application
from tests import postgresql
from tests.benchmarks.crowd_clients import Answer, Running, percentile
from tests.benchmarks.rush import _cookie
from tests.benchmarks.served import serving, spent
from tests.conftest import settings
from tests.examday import hall
from tests.world import World

SITES, ROOMS, SEATS, PEOPLE = 8, 13, 49, 5_000
ARRIVALS, PHONES, POLL, BOARD = 1200.0, 2, 12.0, 4.0
TIMES = 4.0


@dataclass(frozen=True, slots=True)
class Phone:
    """An invigilator's session in a room: its address, cookie and form token."""

    path: str
    cookie: str
    token: str

    def request(self, path: str, document: object = None) -> bytes:
        """What it sends: a question, or marks as JSON."""
        body = b"" if document is None else json.dumps(document).encode()
        head = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1"]
        head += ["Connection: close", f"Cookie: exam={self.cookie}", f"X-CSRFToken: {self.token}"]
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
        return "\r\n".join([*head, "", ""]).encode() + body


@contextlib.contextmanager
def staged(url: str, folder: Path) -> Iterator[World]:
    """104 rooms with seats and two invigilators each, some minutes before the session."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    instances.create_instance(folder, settings(url), now, SystemChance())
    world = World.open(folder, RehearsalClock(now))
    exam = hall.add_exam(world)
    rooms = tuple((n, f"serpentine:{SEATS}x1", SEATS, "written") for n in range(1, ROOMS + 1))
    hall.add_places(world, exam, [(1, n, f"学校{n}", rooms) for n in range(1, SITES + 1)])
    hall.add_people(world, exam, 1, PEOPLE)
    with world.acting(Role.OFFICER) as ctx:
        ctx.session.execute(
            update(ExamSession).values(
                starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=3)
            )
        )
        ctx.session.execute(update(Exam).values(state="seated"))
        _seat(ctx, exam.id)
    yield world
    world.engine.dispose()


def _seat(ctx: Context, exam: int) -> None:
    """Everybody sits: by turns in all rooms, so that all fill alike."""
    db, now = ctx.session, ctx.clock.now()
    draw = Draw(exam_id=exam, kind="seats", code="bench-seats")
    db.add(draw)
    db.flush()
    listed = {"manifest": "{}", "manifest_digest": "0" * 64, "frozen_at": now}
    attempt = Attempt(draw_id=draw.id, number=1, state="frozen", **listed)
    db.add(attempt)
    db.flush()
    rooms = db.scalars(select(Room.id).order_by(Room.id)).all()
    people = db.scalars(select(Application.id).order_by(Application.id)).all()
    at = [(one, rooms[n % len(rooms)], n // len(rooms) + 1) for n, one in enumerate(people)]
    drawn = {"attempt_id": attempt.id, "form": None}
    db.execute(
        insert(Seat), [{"application_id": a, "room_id": r, "number": s, **drawn} for a, r, s in at]
    )
    numbers = [{"id": a, "number": f"{r:04}{s:03}"} for a, r, s in at]
    db.execute(update(Application), numbers)
    _watch(ctx, exam, attempt.id)


def _watch(ctx: Context, exam: int, attempt: int) -> None:
    """Two invigilators a room, with accounts and open sessions; account and token have one name."""
    db, now = ctx.session, ctx.clock.now()
    sitting = db.scalars(select(ExamSession.id).order_by(ExamSession.starts_at)).first()
    ends = {"created_at": now, "ends_at": now + timedelta(hours=12)}
    for room in db.scalars(select(Room)).all():
        for place in range(1, PHONES + 1):
            name = f"{room.id}-{place}"
            account = Account(ref=name, username=name, name="监考", role="invigilator")
            account.password_hash, account.pledge, account.created_at = "none", "signed", now
            db.add(account)
            db.flush()
            db.add(LoginSession(token_digest=digest(name), account_id=account.id, **ends))
            known = {"exam_id": exam, "sex": "male", "school": "某校", "account_id": account.id}
            one = Invigilator(label=name, staff_no=name, name="监考", **known)
            db.add(one)
            db.flush()
            duty = Duty(session_id=sitting, invigilator_id=one.id, room_id=room.id)
            duty.site_id, duty.place, duty.attempt_id = room.site_id, place, attempt
            db.add(duty)


def phones(world: World) -> dict[int, list[Phone]]:
    """The phones of every room, by its id."""
    app, found = world.app(), {}
    app.config["WTF_CSRF_ENABLED"] = True
    with world.acting(Role.OFFICER) as ctx:
        query = select(Room, Site, District).join(Site, Site.id == Room.site_id).join(District)
        for room, site, district in ctx.session.execute(query):
            path = f"/day/{hall.CODE}/xc/{district.code}/{site.code}/{room.code}"
            cookies = [_cookie(app, f"{room.id}-{n}") for n in range(1, PHONES + 1)]
            found[room.id] = [Phone(path, *pair) for pair in cookies]
    return found


def arrivals(world: World, known: dict[int, list[Phone]]) -> list[bytes]:
    """A mark for everybody, in the order in which they come: every room's phones by turns."""
    with world.acting(Role.OFFICER) as ctx:
        query = select(Application.number, Seat.room_id).join(Seat).order_by(Application.id)
        rows = ctx.session.execute(query).all()
    sent = []
    for turn, (number, room) in enumerate(rows):
        phone = known[room][turn % PHONES]
        mark = {"client": str(uuid.uuid4()), "number": number, "kind": "present", "at": 0}
        sent.append(phone.request(f"{phone.path}/marks", {"sent_at": 0, "marks": [mark]}))
    return sent


def questions(world: World, known: dict[int, list[Phone]]) -> tuple[list[bytes], list[bytes]]:
    """What all phones ask in one round, and all boards."""
    asked = [one.request(f"{one.path}/state.json") for some in known.values() for one in some]
    app = world.app()
    with world.acting(Role.OFFICER) as ctx:
        session = LoginSession(token_digest=digest("office"), created_at=ctx.clock.now())
        session.account_id = world.people[Role.OFFICER].account_id or 0
        session.ends_at = ctx.clock.now() + timedelta(hours=12)
        ctx.session.add(session)
    office = Phone(f"/day/{hall.CODE}/xc", *_cookie(app, "office"))
    parts = ["", *(f"?district=1&site={n}" for n in range(1, SITES + 1))]
    return asked, [office.request(office.path + part) for part in parts]


def _line(what: str, found: Sequence[Answer]) -> str:
    took = [answer.took * 1e3 for answer in found]
    wrong = sum(answer.status != 200 for answer in found)
    p50, p95, p99 = (percentile(took, share) for share in (0.5, 0.95, 0.99))
    return f"{what}: {len(found)}, p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms, {wrong} errors"


def run(times: float = TIMES, most: float = ARRIVALS) -> list[str]:
    """The figures of one sign-in."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgresql.server(durable=True))
        name = stack.enter_context(tempfile.TemporaryDirectory())
        world = stack.enter_context(staged(url, Path(name) / "instance"))
        known = phones(world)
        marks, (asked, boards) = arrivals(world, known), questions(world, known)
        with serving("ours", str(world.folder)) as (port, pid):
            Running(port, asked[:40], 3, at_once=4).answers()
            whole = ARRIVALS / times
            seconds, before = min(whole, most), spent(pid)
            beside = [
                Running(port, asked, seconds, rate=len(asked) / POLL),
                Running(port, boards, seconds, rate=len(boards) / BOARD),
            ]
            came = Running(port, marks, seconds, rate=len(marks) / whole).answers()
            others = [crowd.answers() for crowd in beside]
            cores = (spent(pid) - before) / seconds
        return [
            _line(f"marks in {seconds:.0f} s", came),
            _line("states of rooms", others[0]),
            _line("boards", others[1]),
            f"{cores:.2f} cores of the server; {_left(world, len(came))}",
        ]


def _left(world: World, sent: int) -> str:
    """What is in the tables: nobody twice, nobody lost."""
    with world.acting(Role.OFFICER) as ctx:
        count = [
            ctx.session.scalar(select(func.count()).select_from(t)) for t in (Mark, Attendance)
        ]
    return f"{sent} marks sent, {count[0]} kept, {count[1]} people present"


def main() -> None:
    """Print the figures."""
    os.environ.setdefault("EXAM_PASSPHRASE", "tests")
    for line in run(*(float(word) for word in sys.argv[1:3])):
        print(line, flush=True)


if __name__ == "__main__":
    main()
