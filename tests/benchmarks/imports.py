"""Taking in 100,000 candidates as a table beside a bare COPY of the same rows.

    python -m tests.benchmarks.imports [candidates] [turns]

Both write into the same tables of one durable PostgreSQL server, with their indexes and foreign
keys, in turns. Ours reads and checks the .csv, seals ID and telephone numbers, makes references,
looks everybody up, digests every row for the audit, compares what the database has, and logs it.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from exam_system import instance as instances
from exam_system.access import Role
from exam_system.accounts.models import Account, Person
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.people import _CHECKS, _WEIGHTS
from exam_system.registration.candidate_table import HEADERS
from exam_system.registration.handing_in import import_candidates
from exam_system.registration.models import Application
from tests import postgresql
from tests.conftest import settings
from tests.registration.setting import CODE, add_exam
from tests.world import World

CANDIDATES, TURNS = 100_000, 3
TABLES = [model.__tablename__ for model in (Account, Person, Application)]
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英"


def table(count: int, seed: int) -> bytes:
    """A .csv of so many candidates; another seed gives other people."""
    chance = random.Random(seed)
    lines = [",".join(HEADERS)]
    for serial in range(count):
        day = date(1985, 1, 1) + timedelta(days=serial // 999 + 1200 * seed)
        digits = f"520402{day:%Y%m%d}{serial % 999 + 1:03}"
        number = (
            digits + _CHECKS[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]
        )
        name = chance.choice(FAMILY) + "".join(chance.choices(GIVEN, k=2))
        post, school = chance.choice(("101", "102", "103")), chance.randrange(300)
        lines.append(
            f"{name},{number},138{serial:08},{post},1,本科,法学 030101K,测试第{school}大学,"
            f"测试市第{chance.randrange(3000)}中学"
        )
    return "\n".join(lines).encode()


def ours(world: World, data: bytes) -> float:
    """Seconds of the verb and its commit."""
    start = time.perf_counter()
    ctx = world.context(world.people[Role.OFFICER])
    with ctx.session:
        import_candidates(ctx, code=CODE, name="candidates.csv", data=data)
        ctx.session.commit()
    return time.perf_counter() - start


def take_out(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that were taken in, as values; they are deleted."""
    with world.engine.begin() as db:
        cursor = db.connection.driver_connection.cursor()  # type: ignore[union-attr]
        found = {}
        for name in TABLES:
            where = "WHERE password_hash LIKE '%AAAA='" if name == "account" else ""
            found[name] = cursor.execute(f"SELECT * FROM {name} {where}").fetchall()  # noqa: S608
        cursor.execute("TRUNCATE application, person CASCADE")
        cursor.execute("DELETE FROM account WHERE password_hash LIKE '%AAAA='")
    return found


def bare(world: World, rows: dict[str, list[tuple[Any, ...]]]) -> float:
    """Seconds of a bare COPY of these rows and its commit."""
    start = time.perf_counter()
    with world.engine.begin() as db:
        cursor = db.connection.driver_connection.cursor()  # type: ignore[union-attr]
        for name in TABLES:
            with cursor.copy(f"COPY {name} FROM STDIN") as stream:
                for row in rows[name]:
                    stream.write_row(row)
    return time.perf_counter() - start


def run(count: int = CANDIDATES, turns: int = TURNS) -> Iterator[tuple[str, str]]:
    """(what, figure) lines."""
    ratios = []
    with postgresql.server(durable=True) as url, tempfile.TemporaryDirectory() as name:
        folder, now = Path(name) / "instance", datetime.now(UTC) - timedelta(minutes=10)
        instances.create_instance(folder, settings(url), now, SystemChance())
        world = World.open(folder, RehearsalClock(now))
        add_exam(world)
        for turn in range(turns):
            data = table(count, turn)
            mine = ours(world, data)
            rows = take_out(world)
            plain = bare(world, rows)
            take_out(world)
            ratios.append(plain / mine)
            yield f"turn {turn + 1}: {count} candidates", f"{mine:.1f} s, bare COPY {plain:.1f} s"
    yield "import of candidates, of a bare COPY (>= 0.4)", f"{statistics.median(ratios):.2f}"


if __name__ == "__main__":
    for what, figure in run(*map(int, sys.argv[1:])):
        print(f"{what:<60} {figure}", flush=True)
