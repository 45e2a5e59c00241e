"""Deadlines of 100,000 open cases, and search over 100,000 public questions.

`python -m tests.benchmarks.cases`. The deadlines are compared with finding the due day of each
case by asking the calendar day after day, for a hundredth of them; the search with reading the
same rows by LIKE. Goals: below 1 s, below 50 ms.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from exam_system.cases.calendar import calendar_of
from exam_system.cases.engine import Columns, Due, Term, due_steps, number
from exam_system.cases.kinds import kinds
from exam_system.cases.models import Letter, Question
from exam_system.cases.search import find_questions, grams
from exam_system.cases.service import register_case
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC
from exam_system.instance import create_instance
from exam_system.workdays import is_working_day
from tests.conftest import START, settings
from tests.world import World

CASES = 100_000
TODAY = date(2025, 10, 9)
PARTS = (
    "报名",
    "资格",
    "审查",
    "照片",
    "专业",
    "学历",
    "面试",
    "成绩",
    "公告",
    "岗位",
    "减免",
    "缴费",
)
QUERIES = ("照片", "面试成绩公布", "资格审查 专业", "减免缴费岗位", "岗位00777", "海关")
T = TypeVar("T")


def columns(size: int, seed: int = 1) -> Columns:
    """Open cases of every kind and phase, begun within the last two years."""
    rng = np.random.default_rng(seed)
    begun = number(TODAY) - rng.integers(0, 730, size)
    return Columns(
        kind=rng.integers(0, len(kinds()), size),
        phase=rng.integers(0, 3, size),
        begun=begun,
        extended=rng.random(size) < 0.1,
        replied=begun + rng.integers(0, 30, size),
        marks=rng.integers(0, 8, size),
        away=rng.random(size) < 0.05,
        stored=begun + 3,
    )


def all_due(cases: Columns) -> list[Due]:
    """Every step that is due, with the calendar already made."""
    return due_steps(cases, [k.clocks for k in kinds().values()], calendar_of(2022, 2027), TODAY)


def day_by_day(cases: Columns) -> list[date]:
    """The answer's last day of each case, found by asking the calendar day after day."""
    terms = [one.clocks.answer for one in kinds().values()]
    rows = zip(cases.begun.tolist(), cases.kind.tolist(), strict=True)
    return [_end(date(1970, 1, 1) + timedelta(days=day), terms[kind]) for day, kind in rows]


def _end(day: date, term: Term) -> date:
    left = term.days
    while left:
        day += timedelta(days=1)
        left -= not term.working or is_working_day(day)
    return day


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds of a piece of work (others use the machine too), and what it gives."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def deadlines() -> Iterator[tuple[str, str]]:
    """Seconds for all cases, and the ratio to one hundredth of them day by day."""
    cases, some = columns(CASES), columns(CASES // 100)
    all_due(some)
    seconds = min(timed(lambda: all_due(cases))[0] for _ in range(3))
    slow, _ = timed(lambda: day_by_day(some))
    yield f"{len(all_due(cases)):,} steps due of {CASES:,} open cases", f"{seconds:.3f} s"
    yield "the same, against day by day (each case)", f"{100 * slow / seconds:.0f} times faster"


def fill(world: World, size: int) -> None:
    """So many public questions over the same letters, in one transaction."""
    with world.acting(PUBLIC) as ctx:
        given = {"kind": "letter", "topic": "other", "title": "问", "text": "问", "name": "王一"}
        letter = register_case(ctx, **given).letter  # type: ignore[arg-type]
        same = {c.key: getattr(letter, c.key) for c in Letter.__table__.columns if c.key != "id"}
        rng = np.random.default_rng(2)
        texts = ["".join(PARTS[i] for i in row) for row in rng.integers(0, 12, (size, 12))]
        texts = [f"{text}岗位{n:05d}" for n, text in enumerate(texts)]
        account = ctx.session.scalars(select(Letter.id)).one()
        rows = [{**same, "ref": f"r{n}", "number": f"n{n}"} for n in range(size)]
        ctx.session.execute(insert(Letter), rows)
        public = [
            {"ref": f"q{n}", "letter_id": account + 1 + n, "topic": "other", "asked": text}
            | {"answer": text, "grams": grams(text), "by": 1, "published_at": letter.registered_at}
            for n, text in enumerate(texts)
        ]
        ctx.session.execute(insert(Question), public)


def like(db: Session, query: str) -> list[Question]:
    """The same without an index."""
    found = select(Question).where(*(Question.asked.contains(w) for w in query.split()))
    return list(db.scalars(found.order_by(Question.id.desc()).limit(21)))


def searching(world: World) -> Iterator[tuple[str, str]]:
    """Milliseconds of each query, the slowest and the middle, and the ratio to LIKE."""
    with world.context(PUBLIC).session as db:
        find_questions(db, "问")
        took = [
            min(timed(partial(find_questions, db, query))[0] for _ in range(3)) for query in QUERIES
        ]
        slow = [timed(partial(like, db, query))[0] for query in QUERIES]
    yield f"search over {CASES:,} questions, slowest", f"{max(took) * 1e3:.1f} ms"
    yield "the same, middle", f"{median(took) * 1e3:.1f} ms"
    yield "the slowest LIKE against the slowest search", f"{max(slow) / max(took):.1f} times"


def run() -> Iterator[tuple[str, str]]:
    """All figures, on SQLite."""
    yield from deadlines()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "instance"
        create_instance(folder, settings("sqlite:///exam.db"), START, SystemChance())
        world = World.open(folder, RehearsalClock(START))
        fill(world, CASES)
        yield from searching(world)


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<70} {figure}", flush=True)
