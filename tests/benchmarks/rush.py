"""The rush before a deadline: registrations and payments beside a bare Flask + ORM insert.

    python -m tests.benchmarks.rush

Both servers run as `exam serve` does, on one PostgreSQL server, and are asked in turns. What is
compared is CPU of the application and of the database for one request, so that other programs on
the machine move the ratios little.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf
from sqlalchemy import insert, make_url, select

from exam_system import instance as instances
from exam_system.accounts.models import Account, LoginSession, Person
from exam_system.accounts.sessions import digest
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.database import WritingSession, connect, writing
from exam_system.exams.models import District, FeeItem, Post
from exam_system.fees.models import Order
from exam_system.fees.sandbox import make_merchant
from exam_system.fees.sandbox.forgeries import Genuine
from exam_system.fees.sandbox.ledger import Order as Told
from exam_system.fees.sandbox.wire import Keys
from exam_system.records import log
from exam_system.registration.models import Application
from exam_system.shared import SharedWriter
from exam_system.tables import Base
from tests import postgresql
from tests.benchmarks.served import CLIENTS, Load, Request, send, serving
from tests.conftest import settings
from tests.registration.setting import CODE, FEE, add_exam
from tests.world import World

ACTS = 480  # on SQLite, a turn
TURNS = 3
ROUNDS = 7
EACH = 400  # requests a round
POSTS = 100
FORM = {"content-type": "application/x-www-form-urlencoded"}
FIELDS = {
    "district": "1",
    "education": "bachelor",
    "major": "法学 030101K",
    "school": "测试大学",
    "employer": "测试市第三中学",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """An instance with as many candidates as there will be requests."""

    world: World
    url: str
    postmaster: int
    keys: Keys


@contextmanager
def staged(people: int) -> Iterator[Stage]:
    """An announced exam on a fresh, durable server."""
    with postgresql.server(durable=True) as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "instance"
        now = datetime.now(UTC) - timedelta(minutes=10)
        instances.create_instance(folder, settings(url), now, SystemChance())
        world = World.open(folder, RehearsalClock(now))
        make_merchant(folder, gateway="http://127.0.0.1:9", notify_url="http://127.0.0.1:9/")
        _fill(world, people)
        yield Stage(world, url, _postmaster(url), Keys.load(folder / "gateway.json"))


def _postmaster(url: str) -> int:
    port = make_url(url).port
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if words[0].endswith(b"postgres") and str(port).encode() in words:
            return int(path.parent.name)
    raise RuntimeError("the database server's process was not found")


def _fill(world: World, people: int) -> None:
    """Candidates with open sessions: the first half applies, the other half pays."""
    exam = add_exam(world)
    at = world.clock.now()
    now = {"created_at": at}
    with world.engine.begin() as db:
        start = 1000
        posts = db.execute(select(Post)).mappings().first()
        more = [{**posts, "id": None, "code": f"{n:03}"} for n in range(200, 200 + POSTS - 3)]
        db.execute(insert(Post), [{k: v for k, v in row.items() if k != "id"} for row in more])
        district = db.scalar(select(District.id).where(District.exam_id == exam.id))
        item = db.scalar(select(FeeItem.id))
        numbers = range(start, start + people)
        db.execute(insert(Account), [_account(n) | now for n in numbers])
        db.execute(insert(Person), [_person(n) for n in numbers])
        ends = {"ends_at": at + timedelta(hours=12), **now}
        db.execute(
            insert(LoginSession),
            [{"token_digest": digest(_token(n)), "account_id": n, **ends} for n in numbers],
        )
        given = {"exam_id": exam.id, "post_id": posts["id"], "district_id": district}
        paying = numbers[people // 2 :]
        db.execute(insert(Application), [_application(n) | given | now for n in paying])
        order = {"fee_item_id": item, "fen": FEE, "state": "paying", "pay_url": "weixin://x", **now}
        db.execute(
            insert(Order),
            [{"trade_no": f"trade{n:020}", "application_id": n, **order} for n in paying],
        )
    with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("SELECT setval('application_id_seq', 10000000)")
        db.exec_driver_sql("ANALYZE")
    world.seal()


def _token(n: int) -> str:
    return f"token{n}"


def _account(n: int) -> dict[str, object]:
    return {
        "id": n,
        "ref": f"account{n}",
        "username": f"candidate{n}",
        "name": "王小明",
        "role": "candidate",
        "password_hash": "none",
        "active": True,
    }


def _person(n: int) -> dict[str, object]:
    return {
        "id": n,
        "account_id": n,
        "name": "王小明",
        "sex": "male",
        "birth": datetime(1997, 1, 1).date(),
        "id_sealed": b"x" * 46,
        "id_blind": f"{n:064}",
        "phone_sealed": b"x" * 40,
    }


def _application(n: int) -> dict[str, object]:
    return {
        "id": n,
        "ref": f"application{n}",
        "label": f"k-{n}",
        "person_id": n,
        "education": "bachelor",
        "major": "法学 030101K",
        "school": "测试大学",
        "employer": "",
        "state": "approved",
        "checks": "[]",
    }


class Requests:
    """Makes requests ready to send, one candidate each."""

    def __init__(self, stage: Stage, people: int) -> None:
        self._stage = stage
        self._app = stage.world.app()
        self._app.config["WTF_CSRF_ENABLED"] = True
        self._applying = iter(range(1000, 1000 + people // 2))
        self._paying = iter(range(1000 + people // 2, 1000 + people))

    def bare(self) -> Request:
        """The form to the bare application."""
        return Request("/", urlencode(FIELDS | {"post": "101"}).encode(), FORM)

    def apply(self) -> Request:
        """A candidate's own form, with cookie and CSRF token."""
        n = next(self._applying)
        cookie, token = _cookie(self._app, _token(n))
        body = urlencode(FIELDS | {"post": str(200 + n % 90), "csrf_token": token}).encode()
        return Request(f"/exams/{CODE}/apply", body, FORM | {"cookie": f"exam={cookie}"})

    def callback(self) -> Request:
        """The gateway's signed word about a payment."""
        n, now = next(self._paying), int(time.time())
        number = f"4200{n:024}"
        told = Told(
            out_trade_no=f"trade{n:020}",
            token="token",
            fen=FEE,
            description="笔试考务费",
            notify_url="http://127.0.0.1/",
            attach="",
            expires=0,
            state="SUCCESS",
            transaction_id=number,
            notification_id=f"EV-{number}",
            paid_at=now,
        )
        message = Genuine()(self._stage.keys, told, now)
        headers = {**message.headers, "content-type": "application/json"}
        return Request("/payments/wechat/callback", message.body, headers)


def _cookie(app: Flask, token: str) -> tuple[str, str]:
    """A session cookie and the form token that goes with it."""
    with app.test_request_context():
        session["token"] = token
        csrf = generate_csrf()
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        if signer is None:
            raise RuntimeError("the application has no key")
        return str(signer.dumps(dict(session))), csrf


def measure(rounds: int = ROUNDS, each: int = EACH) -> dict[str, list[Load]]:
    """The loads of every round, by kind."""
    people = 2 * each * (rounds + 1)
    kinds: dict[str, Callable[[Requests], Request]] = {
        "bare": Requests.bare,
        "apply": Requests.apply,
        "callback": Requests.callback,
    }
    statuses = {"bare": 200, "apply": 302, "callback": 200}
    found: dict[str, list[Load]] = {kind: [] for kind in kinds}
    with staged(people) as stage:
        made = Requests(stage, people)
        ours, bare = str(stage.world.folder), stage.url
        with serving("bare", bare) as one, serving("ours", ours) as two:
            for round_ in range(rounds + 1):
                for kind, make in kinds.items():
                    port, pid = one if kind == "bare" else two
                    ready = [make(made) for _ in range(each)]
                    load = send(port, pid, stage.postmaster, ready, statuses[kind])
                    if round_:  # the first one warms up
                        found[kind].append(load)
    return found


def _of_bare(found: dict[str, list[Load]], kind: str) -> Iterator[tuple[str, str]]:
    pairs = list(zip(found["bare"], found[kind], strict=True))
    rate = statistics.median(bare.app / ours.app for bare, ours in pairs)
    base = statistics.median(ours.database / bare.database for bare, ours in pairs)
    slow = statistics.median(ours.slowest for _, ours in pairs) * 1e3
    yield f"{kind}: rate of a bare Flask + ORM insert (>= 0.6)", f"{rate:.2f}"
    yield f"{kind}: database CPU of that insert (<= 2.2)", f"{base:.2f} x, p99 {slow:.0f} ms"


def write_many(folder: Path, name: str, together: bool) -> tuple[float, float]:
    """Seconds and the 99th percentile of acts on SQLite from 16 threads, without their seal."""
    engine = connect(f"sqlite:///{folder / name}")
    Base.metadata.create_all(engine)
    shared, times = SharedWriter(engine), list[float]()

    def work() -> None:
        for _ in range(ACTS // CLIENTS):
            start = time.perf_counter()
            with shared.transaction() if together else writing(engine) as db:
                act(db)
                db.commit()
            times.append(time.perf_counter() - start)

    threads = [Thread(target=work) for _ in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    engine.dispose()
    return took, sorted(times)[int(len(times) * 0.99) - 1]


def act(db: WritingSession) -> None:
    """A row and its act."""
    at = datetime.now(UTC)
    name = os.urandom(9).hex()
    given = {**_account(0), "id": None, "ref": name, "username": name}
    db.add(Account(**given, created_at=at))
    log.write(
        db,
        kind="tests.act",
        exam="",
        at=at,
        actor="tests",
        subject="tests:act",
        details={},
        salt=bytes(32),
        rows_salt=bytes(32),
    )


def group_commit() -> Iterator[tuple[str, str]]:
    """A commit for many beside a commit for each, in turns."""
    ratios, tails = [], []
    with tempfile.TemporaryDirectory() as name:
        for n in range(TURNS):
            each, slow = write_many(Path(name), f"each{n}.db", together=False)
            many, quick = write_many(Path(name), f"many{n}.db", together=True)
            ratios.append(each / many)
            tails.append(quick / slow)
    ratio, tail = statistics.median(ratios), statistics.median(tails)
    yield "SQLite at FULL: one commit for many, of a commit for each (>= 1.35)", f"{ratio:.2f} x"
    yield "SQLite at FULL: their p99 (<= 0.2)", f"{tail:.2f} x"


def run() -> Iterator[tuple[str, str]]:
    """(what, figure) lines."""
    os.environ.setdefault("EXAM_PASSPHRASE", "tests")
    yield from group_commit()
    found = measure(*map(int, sys.argv[1:]))
    for kind in ("apply", "callback"):
        yield from _of_bare(found, kind)


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<70} {figure}", flush=True)
