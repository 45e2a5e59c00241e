"""Answer similarity: pairs a second, against what the machine's popcount and products allow.

`python -m tests.benchmarks.similarity`; CPU time of one process, on one thread if OMP_NUM_THREADS
is 1. The bounds are measured in the same run: XOR, OR and popcount on blocks that stay in the
cache, and products of float32 matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time
from typing import TypeVar

import numpy as np

from proctoring.similarity.ability import abilities
from proctoring.similarity.agreement import conditional
from proctoring.similarity.binomial import gbt
from proctoring.similarity.block import rooms_above
from proctoring.similarity.calibration import calibrate
from proctoring.similarity.ratio import copying_ratio
from proctoring.similarity.screen import COLUMNS, ROWS, all_pairs, prepare
from proctoring.similarity.trinomial import m4
from tests.similarity.sheets import Sitting, drawn, sitting

T = TypeVar("T")

ITEMS, PEOPLE, IN_ROOMS, ROOM = 100, 10_000, 100_000, 30


def seconds(work: Callable[[], T]) -> tuple[float, T]:
    """CPU-seconds and the result."""
    start = process_time()
    result = work()
    return process_time() - start, result


def popcount_bound() -> float:
    """Unordered pairs of 100 items a CPU-second: two words of two planes, compared and counted."""
    words = np.random.default_rng(1).integers(0, 2**63, (2, ROWS, COLUMNS)).astype(np.uint64)
    column, out = words[1, 0], np.empty((ROWS, COLUMNS), dtype=np.uint64)
    count = np.empty((ROWS, COLUMNS), dtype=np.uint8)

    def sweep() -> None:
        for _ in range(200):
            for _ in range(4):
                np.bitwise_xor(words[0], column, out=out)
            for _ in range(2):
                np.bitwise_or(words[0], out, out=out)
                np.bitwise_count(out, out=count)

    return 200 * ROWS * COLUMNS / seconds(sweep)[0]


def product_bound() -> float:
    """Floating-point operations a CPU-second of a float32 product."""
    left = np.ones((1024, 1024), dtype=np.float32)
    return 10 * 2 * 1024**3 / seconds(lambda: [left @ left for _ in range(10)])[0]


def run() -> Iterator[tuple[str, str]]:
    """What, and its figure."""
    exam = sitting(PEOPLE, ITEMS, seed=1)
    yield from _screen(exam)
    yield from _rooms(exam)
    yield from _survivors(exam)


def _screen(exam: Sitting) -> Iterator[tuple[str, str]]:
    answers = exam.answers.astype(np.int8)
    ordered = PEOPLE * (PEOPLE - 1)
    bound = 2 * popcount_bound()
    took, fitted = seconds(lambda: calibrate(answers[:5000], exam.key, options=4))
    yield "calibration, 5,000 x 100", f"{took:.2f} s, {fitted.rounds} rounds"
    ability = abilities(exam.model, answers)
    for what, sheets in (("", answers), (", a tenth omitted something", _hurried(answers))):
        prepared, screen = seconds(lambda s=sheets: prepare(exam.model, ability, s, z=5.0))
        took, found = seconds(lambda s=screen: all_pairs(s))
        rate = ordered / took
        yield (
            f"screen of 10,000 x 100{what}",
            (
                f"{rate / 1e6:.0f} M ordered pairs/s, {rate / bound:.2f} of the popcount bound; "
                f"thresholds {prepared:.2f} s, {len(found)} survivors"
            ),
        )


def _hurried(answers: np.ndarray) -> np.ndarray:
    sheets = answers.copy()
    sheets[::10, -5:] = -1
    return sheets


def _rooms(exam: Sitting) -> Iterator[tuple[str, str]]:
    chance = np.random.default_rng(2)
    parts = [drawn(exam.model, chance.normal(size=10_000), chance) for _ in range(10)]
    answers = np.concatenate(parts).astype(np.int8)
    room = np.arange(IN_ROOMS) // ROOM

    def flags() -> int:
        ability = abilities(exam.model, answers)
        pairs, _ = rooms_above(exam.model, ability, answers, room, z=3.0)
        copier, source = pairs.T
        options = exam.model.probabilities(ability[copier])
        agreement = conditional(options, answers[copier], answers[source])
        ratio, exact = copying_ratio(agreement), gbt(agreement)
        return int((ratio.tail < 1e-5).sum() + (exact < 1e-5).sum())

    took, _ = seconds(flags)
    operations = IN_ROOMS * (ROOM - 1) * 2 * 2 * ITEMS * 4
    ideal = operations / product_bound()
    yield (
        "100,000 in rooms of 30, answers to exact tails",
        (f"{took:.2f} s, {took / ideal:.0f} times the products alone"),
    )


def _survivors(exam: Sitting) -> Iterator[tuple[str, str]]:
    a, b = np.arange(0, 2000), np.arange(2000, 4000)
    options = exam.model.probabilities(exam.ability)
    agreement = conditional(options[a], exam.answers[a], exam.answers[b])
    took, _ = seconds(lambda: gbt(agreement))
    yield "GBT, 100 items", f"{2000 / took / 1e3:.0f} k pairs/s"
    took, _ = seconds(lambda: copying_ratio(agreement))
    yield "copying likelihood ratio, 100 items", f"{2000 / took / 1e3:.0f} k pairs/s"
    a, b = a[:100], b[:100]
    work = lambda: m4((options[a], options[b]), exam.answers[a], exam.answers[b], exam.key)  # noqa: E731
    yield "M4, exact, 100 items", f"{100 / seconds(work)[0]:.0f} pairs/s"


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<55} {figure}", flush=True)
