"""Answer similarity: pairs a second, against what the machine's popcount and products allow.

`python -m tests.benchmarks.similarity`; CPU time of one process, on one thread if OMP_NUM_THREADS
is 1. The bounds are measured in the same run: XOR, OR and popcount on blocks that stay in the
cache, and products of float32 matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist
from time import process_time
from typing import TypeVar

import numpy as np

from proctoring.similarity import Sitting as Places
from proctoring.similarity import compare, search
from proctoring.similarity.ability import abilities
from proctoring.similarity.agreement import conditional
from proctoring.similarity.binomial import gbt
from proctoring.similarity.calibration import calibrate
from proctoring.similarity.modelling import Modelled
from proctoring.similarity.projection import projected_ratio
from proctoring.similarity.ratio import copying_ratio
from proctoring.similarity.screen import COLUMNS, ROWS, all_pairs, prepare
from proctoring.similarity.stages import Listed, Near, in_rooms, tails, whole_groups
from proctoring.similarity.trinomial import agreements, m4
from proctoring.similarity.trinomial_table import M4Table, m4_by_table
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
    yield from _table(exam)
    yield from _search(exam)


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
    """From answers to flags with all their statistics, the model given."""
    chance = np.random.default_rng(2)
    parts = [drawn(exam.model, chance.normal(size=10_000), chance) for _ in range(10)]
    answers = np.concatenate(parts).astype(np.int8)
    copiers = np.arange(0, IN_ROOMS, 1000)
    answers[copiers, :60] = answers[copiers + 1, :60]
    room, key = np.arange(IN_ROOMS) // ROOM, exam.key
    tests = IN_ROOMS * (ROOM - 1)

    def flags() -> int:
        modelled = Modelled(answers, exam.model, abilities(exam.model, answers), None)
        near = Near(modelled, room, -NormalDist().inv_cdf(0.05 / tests) - 0.25, 0.3)
        pairs = np.concatenate([in_rooms(near, job) for job in whole_groups(room)])
        p = tails(Listed(modelled, pairs, 0.3), (0, len(pairs))).min(axis=1)
        flagged = pairs[p <= 0.05 / tests]
        people, rows = np.unique(flagged, return_inverse=True)
        compare(modelled.chances(people), answers[people], key, rows.reshape(-1, 2))
        return len(flagged)

    took, found = seconds(flags)
    ideal = tests * 3 * 2 * ITEMS * 4 / product_bound()
    yield (
        "100,000 in rooms of 30, answers to flags, exact",
        f"{took:.2f} s, {took / ideal:.0f} times the products alone; {found} flags",
    )


def _survivors(exam: Sitting) -> Iterator[tuple[str, str]]:
    a, b = np.arange(0, 2000), np.arange(2000, 4000)
    ability = abilities(exam.model, exam.answers)
    options = exam.model.probabilities(ability)
    sheets = exam.answers[a], exam.answers[b]
    agreement = conditional(options[a], *sheets)
    bound = product_bound() / (2 * ITEMS)
    for what, work in (
        ("GBT", lambda: gbt(agreement)),
        ("copying likelihood ratio, plain", lambda: copying_ratio(agreement)),
        ("... projected", lambda: projected_ratio(exam.model, ability[a], *sheets)),
    ):
        rate = len(a) / seconds(work)[0]
        yield (
            f"{what}, 100 items",
            f"{rate / 1e3:.0f} k pairs/s, one to {bound / rate:.0f} products of two sheets",
        )
    a, b = a[:100], b[:100]
    work = lambda: m4((options[a], options[b]), exam.answers[a], exam.answers[b], exam.key)  # noqa: E731
    yield "M4, exact, 100 items", f"{100 / seconds(work)[0]:.0f} pairs/s"


def _table(exam: Sitting) -> Iterator[tuple[str, str]]:
    took, table = seconds(lambda: M4Table.build(exam.model, exam.key))
    ability, chance = abilities(exam.model, exam.answers), np.random.default_rng(3)
    pairs = chance.integers(0, PEOPLE, (1_000_000, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    a, b = pairs.T
    right, wrong = agreements(exam.answers[a], exam.answers[b], exam.key)

    def look_up() -> None:
        for at in range(0, len(a), 1 << 16):
            cut = slice(at, at + (1 << 16))
            table.look_up(ability[a[cut]], ability[b[cut]], right[cut], wrong[cut])

    rate, bound = len(a) / seconds(look_up)[0], len(a) / seconds(lambda: gather(table, a))[0] / 4
    yield (
        "M4 by table, 100 items",
        f"{rate / 1e6:.1f} M pairs/s, {rate / bound:.2f} of four bare look-ups; "
        f"table in {took:.1f} s",
    )
    few = pairs[:500]
    options = exam.model.probabilities(ability)
    both = options[few[:, 0]], options[few[:, 1]]
    sheets = exam.answers[few[:, 0]], exam.answers[few[:, 1]]
    off = np.log10(m4_by_table(table, ability, exam.answers, few) / m4(both, *sheets, exam.key))
    median, most = np.median(np.abs(off)), np.abs(off).max()
    yield "... its error in log10 p", f"median {median:.3f}, largest {most:.2f} of 500"


def gather(table: M4Table, rows: np.ndarray) -> None:
    """One look-up a pair all over the table."""
    table.values.take(rows * (len(table.values) // PEOPLE))


def _search(exam: Sitting) -> Iterator[tuple[str, str]]:
    places = np.arange(PEOPLE)
    sitting_ = Places(exam.answers.astype(np.int8), exam.key, 4, places // 30, places // 900)
    took, found = seconds(lambda: search(sitting_))
    yield (
        "search, 10,000 x 100, three tiers, calibration and null",
        f"{took:.1f} s; {found.null.tests / 1e6:.1f} M pairs in the null",
    )


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<58} {figure}", flush=True)
