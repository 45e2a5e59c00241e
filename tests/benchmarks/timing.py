"""Whether time tells known ID numbers from unknown ones.

    python -m tests.benchmarks.timing [pairs]

Sends so many pairs of requests in random order to the application in this process (an instance of
its own in a temporary folder, passwords as costly as in earnest) and prints Welch's t for each
kind. |t| below 4.5 is what THREATS W03 asks for; the tests compare the work instead, which does
not depend on what else the machine does.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean, variance
from unittest.mock import patch

os.environ.setdefault("EXAM_PASSPHRASE", "tests")

from exam_system import vault
from exam_system.accounts import doors, tries, work
from exam_system.accounts.service import register_candidate
from exam_system.chance import SystemChance
from exam_system.clock import RehearsalClock
from exam_system.context import PUBLIC
from exam_system.instance import create_instance
from tests.accounts.doors import ID, OTHER_ID, PASSWORD, WHO, agreed, log_in
from tests.conftest import START, settings
from tests.world import World

KINDS = ("log in", "register")
PAIRS = 2_500  # of each kind: 10,000 requests


def welch(one: list[float], other: list[float]) -> float:
    """Welch's t of two samples."""
    spread = variance(one) / len(one) + variance(other) / len(other)
    return float((fmean(one) - fmean(other)) / spread**0.5)


def measure(world: World, count: int) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds for known and unknown numbers, by kind."""
    app, found = world.app(), {kind: ([], []) for kind in KINDS}  # type: ignore[var-annotated]
    form = {**WHO, "password": PASSWORD, "again": PASSWORD}
    form |= {"agree": agreed(app.test_client().get("/register").text)}  # type: ignore[dict-item]
    jobs = [(kind, known) for kind in KINDS for known in (True, False)] * count
    random.shuffle(jobs)
    for kind, known in jobs:
        client, number = app.test_client(), ID if known else OTHER_ID
        started = time.perf_counter()
        if kind == "register":
            answer = client.post("/register", data=form | {"id_number": number})
        else:
            answer = log_in(client, number, "this is not it")
        found[kind][not known].append(time.perf_counter() - started)
        assert answer.status_code in (303, 401), answer.text
        world.clock.advance(seconds=1)
    return found


def main(count: int) -> None:
    """Print mean, difference and t of each kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "instance"
        create_instance(folder, settings("sqlite:///exam.db"), START, SystemChance())
        world = World.open(folder, RehearsalClock(START))
        # The brakes and the puzzle are the same for both, and would only stop the measuring.
        with (
            patch.object(work, "require", lambda *_a: None),
            patch.object(work, "require_solved", lambda *_a: None),
            patch.object(tries, "failed", lambda *_a, **_k: None),
            patch.object(doors, "ALL_WORK", 10**9),
            patch.object(doors, "ALL_MOST", 10**9),
            patch.dict(vault._COST, cheapest=vault._COST["standard"]),
        ):
            with world.acting(PUBLIC) as ctx:  # as costly as the decoy of unknown ones
                register_candidate(ctx, **WHO, password=PASSWORD)
            for kind, (known, unknown) in measure(world, count).items():
                print(
                    f"{kind}: {2 * count} requests, known {fmean(known) * 1e3:.2f} ms, unknown "
                    f"{fmean(unknown) * 1e3:.2f} ms, t = {welch(known, unknown):.2f}"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else PAIRS)
