"""Seats for 3.7 million: against hashing and sorting the same tickets, and how the cost grows.

`python -m tests.benchmarks.seating`; CPU time of one process. The memory is the most
that the process held while drawing, above what it held before (Linux).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import TypeVar

import numpy as np

from seating.chance import Chance
from seating.checking import check
from seating.columns import Plan, Rooms, Rules
from seating.seats import Seating, draw, redraw_room

T = TypeVar("T")

SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"
PEOPLE, DISTRICTS, ROOM = 3_700_000, 225, 30
POSTS, SCHOOLS, EMPLOYERS = 170, 400, 4000  # groups that meet in one district


def plan(people: int, districts: int) -> Plan:
    """Districts of uneven size with just the rooms they need, of two layouts; four paper forms."""
    rng = np.random.default_rng(7)
    share = rng.random(districts) + 1
    first = np.round(np.concatenate([[0], np.cumsum(share / share.sum())]) * people).astype(int)
    sizes = np.diff(first)
    district = np.repeat(np.arange(districts), sizes)
    return Plan(
        districts=[f"{at:04d}" for at in range(districts)],
        first=first,
        labels=np.array([b"%011d" % at for at in range(people)]),
        need=(rng.random(people) < 1 / 500).astype(np.int32),
        apart={
            "post": (district * POSTS + rng.integers(0, POSTS, people)).astype(np.int32),
            "school": _mostly(rng, SCHOOLS, people, none=1 / 10),
            "employer": _mostly(rng, EMPLOYERS, people, none=6 / 10),
        },
        rooms=_rooms(-(-sizes // ROOM)),
        rules=Rules("post", {"post": 5, "school": 5, "employer": 5}, 4),
    )


def _mostly(rng: np.random.Generator, groups: int, people: int, *, none: float) -> np.ndarray:
    found = rng.integers(0, groups, people).astype(np.int32)
    found[rng.random(people) < none] = -1
    return found


def _rooms(counts: np.ndarray) -> Rooms:
    first = np.concatenate([[0], np.cumsum(counts)])
    within = np.concatenate([np.arange(count) for count in counts])
    total = len(within)
    return Rooms(
        ids=np.array([b"%05d" % at for at in within]),
        first=first,
        layout=np.arange(total, dtype=np.int32) % 2,
        layouts=["5x6", "7-8-8-7"],
        capacity=np.full(total, ROOM, np.int32),
        reserve=np.zeros(total, np.int32),
        access=(within < np.repeat(counts, counts) // 15 + 1).astype(np.int32),
    )


def floor(people: Plan) -> None:
    """What no draw by tickets can do without: every ticket, and every district sorted by them."""
    hasher = hashlib.sha256(f"{SEED}:seat:".encode())
    for at in range(len(people.districts)):
        heads = []
        for label in people.labels[people.people_of(at)].tolist():
            mine = hasher.copy()
            mine.update(label)
            heads.append(mine.digest()[:8])
        np.argsort(np.frombuffer(b"".join(heads), ">u8").astype(np.uint64))


def cpu(work: Callable[[], T]) -> tuple[float, T]:
    """Core-seconds of one call, and what it returns."""
    start = process_time()
    found = work()
    return process_time() - start, found


def memory(what: str) -> float:
    """VmRSS, what the process holds now, or VmHWM, the most since `forget_peak`, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def forget_peak() -> None:
    """Start VmHWM from what the process holds now (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def run() -> list[tuple[str, str]]:
    """(what, figure) lines."""
    chance = Chance(SEED, "seat")
    large, small = plan(PEOPLE, DISTRICTS), plan(PEOPLE // 10, DISTRICTS // 10)
    tenths = [cpu(lambda: draw(small, chance))[0]]
    forget_peak()
    before = memory("VmRSS")
    seconds, drawn = cpu(lambda: draw(large, chance))
    grown = memory("VmHWM") - before
    bare, _ = cpu(lambda: floor(large))
    tenths += [cpu(lambda: draw(small, chance))[0] for _ in range(2)]
    used = len(np.unique(drawn.room))
    growth = seconds / (sum(tenths) / len(tenths))
    lines = [
        (f"seats/v1, {PEOPLE} people in {used} rooms", f"{seconds:.2f} core-seconds"),
        ("seats/v1, against bare tickets and their sorting", f"{seconds / bare:.2f} x"),
        ("seats/v1, memory above its input", f"{grown:.0f} MB"),
        (f"seats/v1, {PEOPLE} against {PEOPLE // 10} people", f"{growth:.1f} x"),
    ]
    return lines + _alone(large, drawn, chance)


def _alone(large: Plan, drawn: Seating, chance: Chance) -> list[tuple[str, str]]:
    whole, found = cpu(lambda: check(large, drawn.room, drawn.seat, drawn.form))
    room = int(drawn.room[PEOPLE // 2])
    who = np.flatnonzero(drawn.room == room)
    one, _ = cpu(lambda: check(large, drawn.room, drawn.seat, drawn.form, rooms=[room]))
    again, _ = cpu(lambda: redraw_room(large, room, who, chance))
    alone = large.only(large.districts_of(np.array([room]))[0])
    district, _ = cpu(lambda: draw(alone, chance))
    return [
        (
            "seats/v1, violations found by the checker, not found",
            f"{len(found)}, {len(drawn.left)}",
        ),
        (f"seats/v1, checking all {PEOPLE}", f"{whole:.2f} core-seconds"),
        ("seats/v1, checking one room of all", f"{one * 1000:.1f} ms"),
        ("seats/v1, drawing one room again", f"{again * 1000:.1f} ms"),
        (
            f"seats/v1, drawing one district again, {len(alone.labels)} people",
            f"{district * 1000:.0f} ms",
        ),
    ]


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<70} {figure}")
