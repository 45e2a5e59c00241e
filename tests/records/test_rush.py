"""A rush: few statements for each act, one seal and one commit for many, nothing answered lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.service import create_account
from exam_system.clock import Clock
from exam_system.context import PUBLIC, SYSTEM, Context
from exam_system.errors import Conflict, Unavailable
from exam_system.fees.service import accept_payment
from exam_system.office import Office, open_office
from exam_system.records import audit, heads
from exam_system.records.fsck import require_whole
from exam_system.records.models import Act, Head, Leaf
from exam_system.records.sealer import Sealer
from exam_system.registration import service
from tests.fees.books import order_now, ordered, paid
from tests.registration.setting import (
    CODE,
    add_candidate,
    add_exam,
    applied,
    approved,
    fresh,
    id_number,
)
from tests.world import PASSWORD, World


def whole(office: Office) -> None:
    """The log and every row are as the acts say."""
    with office.context(PUBLIC, write=False).session as db:
        require_whole(db, office.config.published / "log", office.keys.log.verifier)
        assert list(audit.faults(db)) == []


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent until the log is sealed; that is shared by all who wait."""
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
    sealing = [n for n, text in enumerate(seen) if "pg_advisory_xact_lock" in text]
    del seen[sealing[0] :]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_registration_and_a_payment_take_three_statements(world: World) -> None:
    add_exam(world)
    add_candidate(world)
    app = world.app()
    office: Office = app.extensions["office"]
    client = app.test_client()
    client.post("/login", data={"login": id_number(11), "password": PASSWORD})
    form = {"post": "101", "district": "1", "education": "bachelor", "major": "法学"}
    with statements(office.engine) as seen:
        answer = client.post(f"/exams/{CODE}/apply", data={**form, "school": "测试大学"})
    assert answer.status_code == 302, answer.text
    assert len(seen) == 3, seen
    order = ordered(world, (who := add_candidate(world, 13)), approved(world, who))
    with statements(office.engine) as seen, office.acting(SYSTEM) as ctx:
        assert accept_payment(ctx, paid(world, order)).kept
    assert len(seen) == 2, seen
    assert order_now(world, order).state == "paid"
    whole(office)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_second_application_is_refused_by_the_database_itself(world: World) -> None:
    add_exam(world)
    who = add_candidate(world)
    first, second = world.context(who), world.context(who)
    arguments = {"exam_code": CODE, "post_code": "101", "district_code": 1, "major": "法学"}
    more = {"education": "bachelor", "school": "测试大学", "employer": ""}
    with first.session, second.session:
        service.apply(first, **arguments, **more)
        service.apply(second, **arguments, **more)
        first.session.commit()
        with pytest.raises(Conflict, match="already"):
            second.session.commit()
    assert fresh(world, applied(world, who)).state == "draft"  # the row can be changed again


def hire(ctx: Context, name: str) -> None:
    """An act that anybody can do at any time, with a row."""
    create_account(
        ctx, username=name, name="测试甲", role=Role.REVIEWER, password=PASSWORD, office="局机关"
    )


def rush(office: Office, world: World, threads: int, each: int) -> list[str]:
    """Many at once; what each of them found wrong with its own act right after it."""
    wrong: list[str] = []
    gate = threading.Barrier(threads)

    def run(number: int) -> None:
        gate.wait()
        for n in range(each):
            name = f"rush-{number}-{n}"
            with office.acting(world.people[Role.ADMIN]) as ctx:
                hire(ctx, name)
            head = heads.read_head(world.log, office.keys.log.verifier)
            with office.context(PUBLIC, write=False).session as db:
                ref = db.scalars(select(Account.ref).where(Account.username == name)).one()
                place = select(Leaf.position).join(Act, Act.id == Leaf.act_id)
                found = db.scalar(place.where(Act.subject == f"account:{ref}"))
            if head is None or found is None or found >= head.size:
                wrong.append(name)

    workers = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return wrong


def test_many_at_once_are_sealed_together_each_before_its_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(world.folder, world.clock)
    runs: list[Sealer] = []
    seal = Sealer.seal

    def counted(self: Sealer, engine: Engine, clock: Clock) -> None:
        runs.append(self)
        seal(self, engine, clock)

    monkeypatch.setattr(Sealer, "seal", counted)
    assert rush(office, world, threads=8, each=6) == []
    with office.context(PUBLIC, write=False).session as db:
        signed = db.scalars(select(func.count(Head.size))).one()
        acts = db.scalars(select(func.count(Act.id))).one()
    assert acts >= 48
    assert signed <= len(runs) <= 36, f"{signed} heads, {len(runs)} seals for {acts} acts"
    whole(office)


def test_all_who_wait_are_told_when_the_seal_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(world.folder, world.clock)
    told: list[Exception] = []
    gate = threading.Barrier(4)

    def run(number: int) -> None:
        gate.wait()
        try:
            with office.acting(world.people[Role.ADMIN]) as ctx:
                hire(ctx, f"told-{number}")
        except Unavailable as error:
            told.append(error)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(heads, "seal", broken)
        workers = [threading.Thread(target=run, args=(n,)) for n in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(told) == 4
    assert office.standing.unsealed
    with office.acting(world.people[Role.ADMIN]) as ctx:  # seals what waited, then goes on
        hire(ctx, "later")
    whole(office)


CHILD = r"""
import sys, threading
from pathlib import Path
from sqlalchemy import select
from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.sessions import actor_for
from exam_system.clock import Clock
from exam_system.context import PUBLIC
from exam_system.office import open_office
from tests.records.test_rush import hire

office = open_office(Path(sys.argv[1]))
with office.context(PUBLIC, write=False).session as db:
    admin = actor_for(db.scalars(select(Account).where(Account.username == "admin")).one())

def run(number):
    for n in range(10_000):
        name = f"killed-{number}-{n}"
        with office.acting(admin) as ctx:
            hire(ctx, name)
        sys.stdout.write(name + "\n")
        sys.stdout.flush()

for number in range(8):
    threading.Thread(target=run, args=(number,)).start()
"""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_answered_outlives_kill_9(world: World) -> None:
    world.seal()
    command = [sys.executable, "-c", CHILD, str(world.folder)]
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(30)]
        os.kill(process.pid, signal.SIGKILL)
        told += [line.strip() for line in process.stdout if line.endswith("\n")]
    office = open_office(world.folder, world.clock)
    assert office.standing.closed is None
    with office.context(PUBLIC, write=False).session as db:
        kept = set(db.scalars(select(Account.username)))
    assert len(told) >= 30
    assert set(told) <= kept
    office.seal()
    whole(office)


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_a_killed_process_left_half_written_is_swept_away(world: World) -> None:
    world.seal()
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = world.log / "tile" / f".138.{dead.pid}.new"
    own = [world.log / f".{name}.{os.getpid()}.new" for name in ("new", "old")]
    for path in (left, *own):
        path.write_bytes(b"half")
    long_ago = (world.log / "checkpoint").stat().st_mtime - 601
    os.utime(own[1], (long_ago, long_ago))
    world.seal()
    assert [path.exists() for path in (left, *own)] == [False, True, False]
