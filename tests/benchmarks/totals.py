"""Totals, ranks and ties of a whole national exam from arrays, against a plain numpy lexsort.

`python -m tests.benchmarks.totals`. The bound is one `np.lexsort` over post, total and the tie
chain in the same run: it sorts, but knows no ranks, no shares, no totals. Run alone, the process
prints its peak memory; the goal is 10 s and 2 GiB on 2 cores.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from time import process_time
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scoring.arrays import Standings, shortlisted, standings, totals, written_scores
from scoring.policy import Comparator, Policy, Subject

PEOPLE, POSTS = 3_718_000, 38_100
T = TypeVar("T")
Integers = NDArray[Any]


@dataclass(frozen=True)
class Exam:
    """Posts, marks in hundredths (a fiftieth missed one), everybody's interview, places by post."""

    posts: Integers
    marks: Integers
    interview: Integers
    places: Integers


def exam(people: int, posts: int, seed: int = 1) -> Exam:
    """Posts of very different size; scores as RULES 2.6 found them in real shortlists."""
    rng = np.random.default_rng(seed)
    shares = rng.gamma(0.5, size=posts)
    where = rng.choice(posts, people, p=shares / shares.sum()).astype(np.int32)
    marks = rng.normal((6300, 6350), (580, 440), (people, 2)).clip(0, 10_000).astype(np.int32)
    marks -= marks % 10
    marks[rng.random(people) < 0.02, 1] = -1
    spoken = rng.normal(8000, 300, people).clip(0, 10_000).astype(np.int32)
    return Exam(where, marks, spoken, rng.integers(1, 6, posts))


POLICY = Policy(
    subjects=(Subject("xc", Decimal(100), Decimal(1)), Subject("sl", Decimal(100), Decimal(1))),
    divisor=Decimal(2),
    written_weight=Decimal("0.5"),
    interview_weight=Decimal("0.5"),
    decimals=2,
    rounding="half_up",
    written_pass=None,
    interview_pass=None,
    total_pass=None,
    competition=None,
    shrink_ratio=0,
    preferences=(),
    preferences_add_up=False,
    ties=(Comparator("score", "written"), Comparator("score", "xc")),
)


def decided(given: Exam) -> tuple[Standings, Integers]:
    """Written scores, totals, ranks and ties by the whole chain, and who is proposed."""
    written, interview = _scores(given)
    total = totals(POLICY, written, interview)
    found = standings(given.posts, [total, written, given.marks[:, 0]], total >= 0)
    return found, shortlisted(given.posts, found, given.places, ties_enter=False)


def _scores(given: Exam) -> tuple[Integers, Integers]:
    return written_scores(POLICY, given.marks, 2), given.interview


def sorted_only(given: Exam) -> Integers:
    """The bound: one lexsort over keys that are already there."""
    total = given.marks.sum(axis=1) + given.interview
    return np.lexsort((-given.marks[:, 0], -given.marks[:, 1], -total, given.posts))


def seconds(work: Callable[[], T]) -> tuple[float, T]:
    """CPU-seconds and the result."""
    start = process_time()
    result = work()
    return process_time() - start, result


def run() -> Iterator[tuple[str, str]]:
    """What, and its figure."""
    tenth, whole = exam(PEOPLE // 10, POSTS // 10), exam(PEOPLE, POSTS)
    small = min(seconds(lambda: decided(tenth))[0] for _ in range(2))
    took, (found, chosen) = seconds(lambda: decided(whole))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    bound, _ = seconds(lambda: sorted_only(whole))
    plain, _ = seconds(lambda: sorted_only(tenth))
    again, _ = seconds(lambda: decided(whole))
    took = min(took, again)
    equal = standings(whole.posts, [totals(POLICY, *_scores(whole))]).shares > 1
    tied = int((found.shares > 1).sum())
    yield f"{PEOPLE:,} candidates, {POSTS:,} posts", f"{took:.2f} s CPU, peak {peak:.2f} GiB"
    yield "against a plain numpy lexsort", f"{took / bound:.2f} x ({bound:.2f} s)"
    yield "time(10 n) / time(n)", f"{took / small:.1f} (lexsort {bound / plain:.1f})"
    yield "equal totals / after the tie chain", f"{int(equal.sum()):,} / {tied:,}"
    yield "proposed", f"{int(chosen.sum()):,}"


if __name__ == "__main__":
    for what, figure in run():
        print(f"{what:<50} {figure}", flush=True)
