"""A draw of 20,000 seats with the real verbs: from the last secret to the published bundle.

    python -m tests.benchmarks.ceremony

The instance is a fresh one on SQLite in a temporary folder. The goals are 5 seconds from the last
reveal to the bundle and 3 seconds for `exam verify` of it; hashing every label once is the floor.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from exam_system import instance as instances
from exam_system.access import Role
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.draws import service as draws
from exam_system.exams.models import Exam, Post
from exam_system.verify.run import verify
from tests.conftest import START, settings
from tests.examday import hall
from tests.world import World

PEOPLE, DISTRICTS, POSTS = 20_000, 4, 25
SITES, ROOMS, SEATS = 4, 42, 30  # of a district: 5,040 seats for 5,000 candidates
DRAW = f"{hall.CODE}-seats"


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock on the wall, and of this process alone."""

    wall: float
    core: float

    def __add__(self, other: Took) -> Took:
        return Took(self.wall + other.wall, self.core + other.core)

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.core:.2f} core-seconds)"


def measured(work: Callable[[], object]) -> Took:
    """What one call took."""
    wall, core = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - core)


def stage(folder: Path) -> World:
    """An exam of 20,000 candidates past its registration."""
    instances.create_instance(folder, settings("sqlite:///exam.db"), START, SystemChance())
    world = World.open(folder, RehearsalClock(START))
    exam = hall.add_exam(world)
    rooms = [(room, "5x6", SEATS, "written") for room in range(1, ROOMS + 1)]
    places = [
        (district, site, f"第{district}{site}中学", rooms)
        for district in range(1, DISTRICTS + 1)
        for site in range(1, SITES + 1)
    ]
    hall.add_places(world, exam, places)
    for post in range(1, POSTS):
        hall.add_post(world, exam, f"{post:03}")
    _people(world, exam)
    return world


def _people(world: World, exam: Exam) -> None:
    with world.context(world.people[Role.OFFICER]).session as db:
        codes = list(db.scalars(select(Post.code).where(Post.exam_id == exam.id)))
    each = PEOPLE // DISTRICTS // POSTS
    for district in range(1, DISTRICTS + 1):
        for number, code in enumerate(codes):
            start = (district * POSTS + number) * each
            hall.add_people(world, exam, district, each, start=start, post_code=code)


def floor(labels: int) -> Took:
    """One ticket for each label, sorted."""
    names = [f"{'0' * 64}:seat:k-{n:012x}".encode() for n in range(labels)]
    return measured(lambda: sorted(hashlib.sha256(name).digest() for name in names))


def freeze(world: World) -> None:
    """Freeze the list."""
    with world.acting(Role.OFFICER) as ctx:
        hall.freeze(ctx, "seats")
    world.seal()


def finish(world: World) -> None:
    """Compute, sign and log the result."""
    with world.acting(Role.OFFICER) as ctx:
        draws.finish_draw(ctx, draw=DRAW, number=1)
    world.seal()


def run() -> list[tuple[str, str]]:
    """(what, figure) lines."""
    with tempfile.TemporaryDirectory() as name:
        world = stage(Path(name) / "instance")
        times = {"freezing": measured(lambda: freeze(world))}
        hall.reveal(world, "seats")
        times["computing, signing and logging the result"] = measured(lambda: finish(world))
        times["cosigning, approving and publishing"] = measured(
            lambda: hall.publish(world, "seats")
        )
        bundle = world.config.published / f"draw-{DRAW}-1"
        times["exam verify of the bundle"] = measured(lambda: verify([bundle]))
        world.engine.dispose()
    what = f"ceremony of {PEOPLE} candidates"
    lines = [(f"{what}: {step}", str(took)) for step, took in times.items()]
    _, computing, publishing, verifying = times.values()
    least = floor(PEOPLE)
    return [
        *lines,
        (f"{what}: last reveal to published bundle", str(computing + publishing)),
        (
            f"{what}: exam verify against one sorted hash a label",
            f"{verifying.core / least.core:.0f} x",
        ),
    ]


if __name__ == "__main__":
    for line in run():
        sys.stdout.write(f"{line[0]:<76} {line[1]}\n")
