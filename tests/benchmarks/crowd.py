"""A crowd at the door: logins beside bare Argon2id, a storm of them, overload, 200 candidates.

    python -m tests.benchmarks.crowd [login] [storm] [overload] [candidates]

The server is `exam serve` on PostgreSQL with real password costs, asked over HTTP by processes of
their own on the same machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from exam_system import instance as instances
from exam_system import vault
from exam_system.accounts.hashing import cores
from exam_system.accounts.models import Account
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from tests import postgresql
from tests.benchmarks.crowd_clients import Answer, Running, percentile, raw
from tests.benchmarks.crowd_walk import walk
from tests.benchmarks.rush import Stage, _cookie, _fill, _postmaster, _token
from tests.benchmarks.served import family, serving, spent
from tests.conftest import settings
from tests.world import PASSWORD, World

PEOPLE = 2_000
FIRST = 1000  # number of the first candidate
COST = "standard"


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and what it serves."""

    stage: Stage
    port: int
    pid: int


@contextmanager
def served(people: int = PEOPLE) -> Iterator[Served]:
    """An instance with candidates who can log in, and its server."""
    with postgresql.server(durable=True) as url, tempfile.TemporaryDirectory() as name:
        folder, now = Path(name) / "instance", datetime.now(UTC) - timedelta(minutes=10)
        values = settings(url) | {"password_cost": COST}
        instances.create_instance(folder, values, now, SystemChance())
        world = World.open(folder, RehearsalClock(now))
        _fill(world, people)
        stored = vault.hash_password(PASSWORD, COST, bytes(16))
        with world.engine.begin() as db:
            db.execute(Account.__table__.update().values(password_hash=stored))  # type: ignore[attr-defined]
        with serving("ours", str(folder)) as (port, pid):
            yield Served(Stage(world, url, _postmaster(url), None), port, pid)  # type: ignore[arg-type]


def logins(stage: Stage, count: int) -> list[bytes]:
    """Right logins of different candidates."""
    app = stage.world.app()
    app.config["WTF_CSRF_ENABLED"] = True
    cookie, token = _cookie(app, "")
    fields = {"password": PASSWORD, "csrf_token": token}
    return [
        raw("/login", urlencode(fields | {"login": f"candidate{n}"}).encode(), f"exam={cookie}")
        for n in range(FIRST, FIRST + count)
    ]


def pages(stage: Stage, path: str, count: int) -> list[bytes]:
    """A page of their own, asked for by different candidates."""
    app = stage.world.app()
    cookies = [_cookie(app, _token(n))[0] for n in range(FIRST, FIRST + count)]
    return [raw(path, None, f"exam={cookie}") for cookie in cookies]


def bare_argon(seconds: float) -> tuple[float, float]:
    """Passwords a second on all cores, and CPU seconds of one."""
    end, done = time.perf_counter() + seconds, Counter[int]()

    def work(n: int) -> None:
        while time.perf_counter() < end:
            vault.hash_password(PASSWORD, COST, bytes(16))
            done[n] += 1

    start, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, range(cores())))
    total = sum(done.values())
    return total / (time.perf_counter() - start), (time.process_time() - cpu) / total


def login() -> list[str]:
    """Logins a second beside Argon2id alone, in turns."""
    lines = []
    with served() as one:
        ready = logins(one.stage, PEOPLE)
        Running(one.port, ready[:50], 3, at_once=4).answers()
        walls, works = [], []
        for n in range(4):
            bare, alone = bare_argon(3)
            before = spent(one.pid)
            found = Running(one.port, ready[n * 100 :], 4, at_once=2 * cores()).answers()
            good = sum(answer.status == 302 for answer in found)
            each = (spent(one.pid) - before) / good
            walls.append(good / max(a.begun + a.took for a in found) / bare)
            works.append(alone / each)
            lines.append(f"logins {bare:.1f}/s bare, {good / 4:.1f}/s ours {_statuses(found)}")
        lines.append(f"login rate to bare Argon2id: {percentile(walls, 0.5):.2f} on the wall, "
                     f"{percentile(works, 0.5):.2f} by CPU of the application")  # fmt: skip
    return lines


def _statuses(found: list[Answer]) -> str:
    counted = Counter(answer.status for answer in found)
    return " ".join(f"{n}x{status}" for status, n in sorted(counted.items()))


def storm() -> list[str]:
    """The p99 of other pages, calm and while very many log in."""
    lines, calm, rough = [], [], []
    with served() as one:
        mine, ready = pages(one.stage, "/applications", 200), logins(one.stage, PEOPLE)
        Running(one.port, mine, 3, rate=10).answers()
        for _ in range(3):
            found = Running(one.port, mine, 8, rate=10).answers()
            calm += [a.took for a in found if a.status == 200]
            rush = Running(one.port, ready, 8, at_once=16)
            found = Running(one.port, mine, 8, rate=10).answers()
            rough += [a.took for a in found if a.status == 200]
            came = _statuses(rush.answers())
            lines.append(f"pages in the storm {_statuses(found)}, logins {came}")
    before, after = percentile(calm, 0.99), percentile(rough, 0.99)
    return [*lines, f"p99 of a candidate's page: calm {before * 1e3:.0f} ms, in a storm of logins "
            f"{after * 1e3:.0f} ms: {after / before:.2f} x"]  # fmt: skip


def overload(times: float = 50) -> list[str]:
    """What is admitted is answered as before, the rest is refused at once.

    The figures by CPU compare what the worker spends on an answer with what it spends in calm;
    those on the wall suffer from the crowd, which runs on the same cores.
    """
    lines = []
    with served() as one:
        mine = pages(one.stage, "/applications", 200)
        Running(one.port, mine, 3, at_once=8).answers()
        doorman, worker = sorted(family(one.pid)[1:])  # in the order in which they were started
        for _ in range(3):
            before = spent(worker)
            found = Running(one.port, mine, 6, at_once=16).answers()
            calm = sum(a.status == 200 for a in found)
            cost, before, stood = (spent(worker) - before) / calm, spent(worker), spent(doorman)
            found = Running(one.port, mine, 6, rate=times * calm / 6).answers()
            good = sum(a.status == 200 for a in found)
            away = [a.took for a in found if a.status == 503]
            lines.append(
                f"able {calm / 6:.0f}/s, asked {len(found) / 6:.0f}/s: goodput {good / calm:.2f} "
                f"on the wall, {cost / ((spent(worker) - before) / good):.2f} by CPU of the worker "
                f"({cost * 1e3:.1f} ms); refused p50 {percentile(away, 0.5) * 1e3:.1f} p95 "
                f"{percentile(away, 0.95) * 1e3:.1f} p99 {percentile(away, 0.99) * 1e3:.1f} ms, "
                f"{(spent(doorman) - stood) / len(away) * 1e6:.0f} us each; {_statuses(found)}"
            )
    return lines


def candidates(count: int = 200) -> list[str]:
    """So many candidates at the same time, each with some seconds to think between two steps."""
    with served() as one:
        Running(one.port, pages(one.stage, "/applications", 20), 3, at_once=4).answers()
        found = walk(one.port, [f"candidate{FIRST + n}" for n in range(count)])
    took = [answer.took for answer in found]
    wrong = STEPS * count - sum(answer.status > 0 for answer in found)
    return [
        f"{count} candidates at once, {len(found)} requests: p50 {percentile(took, 0.5) * 1e3:.0f} "
        f"p95 {percentile(took, 0.95) * 1e3:.0f} p99 {percentile(took, 0.99) * 1e3:.0f} ms, "
        f"{wrong} errors; {_statuses(found)}"
    ]


STEPS = 12  # requests of a candidate's way
PARTS: dict[str, Callable[[], list[str]]] = {
    "login": login,
    "storm": storm,
    "overload": overload,
    "candidates": candidates,
}


def main() -> None:
    """Print the figures of the parts that are named, or of all."""
    os.environ.setdefault("EXAM_PASSPHRASE", "tests")
    for name in sys.argv[1:] or PARTS:
        for line in PARTS[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
