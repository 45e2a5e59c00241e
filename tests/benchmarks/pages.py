"""Server time of every page that can be reached by links, as every role, on a demonstration.

    EXAM_PASSPHRASE=demonstration python -m tests.benchmarks.pages FOLDER [candidates]

FOLDER is an instance made by `exam demo`; it is copied, never changed. With `candidates` so many
are taken into the exam whose registration is open, in every state, before the pages are asked for.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from exam_system.accounts.models import Account, Person
from exam_system.accounts.service import log_in
from exam_system.accounts.sessions import actor_for
from exam_system.app import create_app
from exam_system.clock import RehearsalClock, SystemClock
from exam_system.context import PUBLIC, SYSTEM
from exam_system.exams.lookup import rules_of
from exam_system.exams.models import District, Exam, Post
from exam_system.office import Office
from exam_system.registration.handing_in import import_candidates
from exam_system.registration.models import Application
from tests.benchmarks.imports import table

EACH = 3
"""So many addresses of one endpoint are looked at by one role, so many times each."""
TIMES = 5
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
PASSED = ("static", "bootstrap.static", "oversight.published", "accounts.logout")
STATES = (("submitted", 40), ("approved", 20), ("paid", 30), ("refused", 10))


@dataclass(slots=True)
class Timed:
    """Milliseconds of an endpoint, and where the slowest was."""

    samples: list[float] = field(default_factory=list)
    slowest: tuple[float, str, str] = (0.0, "", "")

    def add(self, role: str, path: str, samples: list[float]) -> None:
        """Take measurements of one address."""
        self.samples += samples
        self.slowest = max(self.slowest, (sorted(samples)[len(samples) // 2], role, path))

    @property
    def p95(self) -> float:
        """The 95th percentile in milliseconds."""
        return sorted(self.samples)[int(0.95 * (len(self.samples) - 1) + 0.5)]


def people(office: Office) -> dict[str, int]:
    """One account of each role; of candidates whoever applied last in an open exam and first."""
    ctx = office.context(SYSTEM, write=False)
    staff = select(Account).where(Account.role != "candidate", Account.active)
    found: dict[str, int] = {}
    for account in ctx.session.scalars(staff.order_by(Account.id)):
        found.setdefault(account.role, account.id)
    applied = select(Person.account_id).join(Application, Application.person_id == Person.id)
    seated = applied.where(Application.number.is_not(None)).order_by(Application.id)
    found["candidate"] = ctx.session.scalars(seated.limit(1)).one()
    newest = applied.order_by(Application.id.desc())
    found["new candidate"] = ctx.session.scalars(newest.limit(1)).one()
    ctx.session.close()
    return found


def enter(app: Flask, account: int) -> FlaskClient:
    """A browser with this account's session, pages in Chinese."""
    office: Office = app.extensions["office"]
    client = app.test_client()
    client.set_cookie("language", "zh")
    with office.acting(PUBLIC) as ctx:
        token = log_in(ctx, account=ctx.session.get_one(Account, account))
    with client.session_transaction() as session:
        session["token"] = token
    return client


def crawl(app: Flask, role: str, client: FlaskClient, found: dict[str, Timed]) -> None:
    """Follow links from the front page and one's home; time what answers with a page."""
    waiting, seen = ["/", "/home", "/search"], set()
    looked: dict[str, int] = defaultdict(int)
    routes = app.url_map.bind("localhost")
    while waiting:
        path = waiting.pop(0)
        try:
            endpoint, _ = routes.match(urlsplit(path).path, method="GET")
        except HTTPException:
            continue
        if path in seen or endpoint in PASSED or looked[endpoint] >= EACH:
            continue
        seen.add(path)
        answer = client.get(path)
        if 300 <= answer.status_code < 400:
            waiting.append(urlsplit(answer.location).path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        looked[endpoint] += 1
        waiting += [unescape(link) for link in LINK.findall(answer.text)]
        found[endpoint].add(role, path, [timed(client, path) for _ in range(TIMES)])


def timed(client: FlaskClient, path: str) -> float:
    """Milliseconds of CPU of one answer, the database's included: SQLite works in the process.

    The machine is shared; what others do on it is not the page's time.
    """
    start = time.process_time()
    client.get(path)
    return (time.process_time() - start) * 1000


def crowd(folder: Path, count: int) -> None:
    """Take so many candidates into the exam that takes applications, in all states."""
    app = create_app(folder, clock=clock_of(folder))
    office: Office = app.extensions["office"]
    with office.acting(SYSTEM) as ctx:
        exam = open_exam(ctx.session)
        posts = ctx.session.scalars(select(Post.code).where(Post.exam_id == exam.id)).all()
        district = ctx.session.scalars(
            select(District.code).where(District.exam_id == exam.id)
        ).first()
        code, exam_id = exam.code, exam.id
        found = ctx.session.scalars(select(Account).where(Account.role == "officer")).first()
        assert found is not None
        officer = actor_for(found)
        ctx.session.rollback()
    lines = table(count, 7).decode().split("\n")
    chance = random.Random(1)
    rows = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        cells[3], cells[4] = chance.choice(posts), str(district)
        rows.append(",".join(cells))
    with office.acting(officer) as ctx:
        import_candidates(ctx, code=code, name="candidates.csv", data="\n".join(rows).encode())
    office.engine.dispose()
    spread(folder / "exam.db", exam_id, chance)


def spread(database: Path, exam: int, chance: random.Random) -> None:
    """Put the applications that were taken in into every state, with their times."""
    with sqlite3.connect(database) as db:
        ids = [
            row[0]
            for row in db.execute(
                "SELECT id FROM application WHERE exam_id = ? AND state = 'draft'", (exam,)
            )
        ]
        names, weights = zip(*STATES, strict=True)
        at = db.execute("SELECT max(created_at) FROM application").fetchone()[0]
        states = chance.choices(names, weights, k=len(ids))
        rows = [(state, at, str(at)[:10], one) for one, state in zip(ids, states, strict=True)]
        db.executemany(
            "UPDATE application SET state = ?, submitted_at = ?, review_due = ? WHERE id = ?", rows
        )
        db.execute("ANALYZE")


def open_exam(session) -> Exam:  # type: ignore[no-untyped-def]
    """The newest exam that takes applications."""
    query = select(Exam).where(Exam.state == "announced").order_by(Exam.id.desc())
    return session.scalars(query).first()  # type: ignore[no-any-return]


def clock_of(folder: Path) -> RehearsalClock | SystemClock:
    """The time at which registration of the open exam runs."""
    app = create_app(folder)
    ctx = app.extensions["office"].context(SYSTEM, write=False)
    exam = open_exam(ctx.session)
    now = SystemClock().now()
    if exam is None:
        return SystemClock()
    rules = rules_of(exam)
    ctx.session.close()
    if rules.registration_opens <= now < rules.registration_closes:
        return SystemClock()
    return RehearsalClock(max(now, rules.registration_opens))


def run(folder: Path, count: int = 0) -> Iterator[str]:
    """Lines: each endpoint, the slowest first, then what holds of all."""
    limit = 200 if count else 100
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "instance"
        shutil.copytree(folder, copy)
        if count:
            start = time.perf_counter()
            crowd(copy, count)
            yield f"{count} candidates taken in, {time.perf_counter() - start:.1f} s"
        app = create_app(copy, clock=clock_of(copy))
        found: dict[str, Timed] = defaultdict(Timed)
        crawl(app, "public", app.test_client(), found)
        for role, account in people(app.extensions["office"]).items():
            crawl(app, role, enter(app, account), found)
        yield from report(found, limit)


def report(found: dict[str, Timed], limit: int) -> Iterator[str]:
    """The endpoints by their p95, and how many are within the limit."""
    lines = sorted(found.items(), key=lambda one: -one[1].p95)
    for endpoint, one in lines[:40]:
        median, role, path = one.slowest
        yield f"{endpoint:<32} p95 {one.p95:7.1f} ms  slowest {median:7.1f} ms  {role} {path}"
    good = sum(one.p95 < limit for _, one in lines)
    everything = sorted(sample for _, one in lines for sample in one.samples)
    middle, high = (everything[int(len(everything) * share)] for share in (0.5, 0.95))
    yield f"{good} of {len(lines)} pages under {limit} ms at p95"
    yield f"of all answers p50 {middle:.1f} ms, p95 {high:.1f} ms"


if __name__ == "__main__":
    for line in run(Path(sys.argv[1]), *map(int, sys.argv[2:3])):
        print(line, flush=True)
