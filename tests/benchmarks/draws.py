"""Draws: order/v1 against the bare hashes it cannot do without, and how its cost grows."""

from __future__ import annotations

import hashlib
from functools import partial
from time import process_time

from exam_system.trust.tickets import ticket
from seating.order import order_v1

SEED = "c2518153430b2d04ba13c4796619c32c2ecfc1bef0456e2dbac773d249c5a14f"
SMALL, LARGE = 37_000, 370_000
ROOM = 30


def groups(count: int) -> list[dict[str, object]]:
    """One district of `count` people in rooms of 30."""
    labels = sorted(f"k-{n:08x}" for n in range(count))
    rooms = [{"id": f"{n:05d}", "capacity": ROOM} for n in range(count // ROOM)]
    return [{"id": "1", "labels": labels, "slots": rooms}]


def cpu(work: object) -> float:
    """Core-seconds of one call."""
    start = process_time()
    work()  # type: ignore[operator]
    return process_time() - start


def run() -> list[tuple[str, str]]:
    """(what, figure) lines."""
    times = {}
    for count in (SMALL, LARGE):
        people = groups(count)
        times[count] = cpu(lambda g=people: order_v1(g, partial(ticket, SEED, "seat")))
    labels = groups(LARGE)[0]["labels"]
    assert isinstance(labels, list)
    bare = cpu(lambda: sorted(hashlib.sha256(f"{SEED}:seat:{x}".encode()).digest() for x in labels))
    return [
        (
            f"order/v1, {LARGE} people, against hashing and sorting alone",
            f"{times[LARGE] / bare:.2f} x",
        ),
        (f"order/v1, {LARGE} against {SMALL} people", f"{times[LARGE] / times[SMALL]:.1f} x"),
        (f"order/v1, {LARGE} people", f"{times[LARGE]:.2f} core-seconds"),
    ]
