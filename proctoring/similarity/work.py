"""Work in pieces: the same function over many jobs, by threads here or by a cluster elsewhere.

A piece depends on the shared arrays and its job alone, so results do not depend on who ran it or
in which order; a mapping that keeps finished pieces makes a run that was cut off go on.
"""

import hashlib
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Result = npt.NDArray[Any]
Job = tuple[int, ...]
Work = Callable[[Any, Job], Result]
Kept = MutableMapping[str, Result]


class Runner(Protocol):
    """Runs `work(shared, job)` for all jobs and gives each with its result, in any order."""

    def __call__(
        self, work: Work, shared: Any, jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, Result]]: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `of` pieces of a step are finished."""

    step: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Who does the work, whom to tell, and where finished pieces are kept."""

    runner: Runner
    progress: Callable[[Progress], None] | None
    kept: Kept

    def do(self, step: str, work: Work, shared: Any, jobs: Sequence[Job]) -> list[Result]:
        """The results in the order of `jobs`; those kept from an earlier run are not done again."""
        prefix = f"{step}:{digest(shared)}"
        names = {job: f"{prefix}:{'-'.join(map(str, job))}" for job in jobs}
        missing = [job for job in jobs if names[job] not in self.kept]
        done = len(jobs) - len(missing)
        self.tell(step, done, len(jobs))
        for job, result in self.runner(work, shared, missing) if missing else ():
            self.kept[names[job]] = result
            done += 1
            self.tell(step, done, len(jobs))
        return [self.kept[names[job]] for job in jobs]

    def here(self, step: str, work: Work, shared: Any) -> Result:
        """One piece that is not sent away: what all others depend on to the last bit."""
        return Desk(threads(), self.progress, self.kept).do(step, work, shared, [(0,)])[0]

    def tell(self, step: str, done: int, of: int) -> None:
        """Tell whoever wants to know."""
        if self.progress is not None:
            self.progress(Progress(step, done, of))


def threads(count: int = 1) -> Runner:
    """A runner of `count` threads: numpy lets go of the interpreter in the loops that count."""

    def run(work: Work, shared: Any, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        with ThreadPoolExecutor(count) as pool:
            waiting = {pool.submit(work, shared, job): job for job in jobs}
            try:
                for future in as_completed(waiting):
                    yield waiting[future], future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    return run


def digest(value: Any) -> str:
    """SHA-256 of arrays, numbers and dataclasses of them: pieces of other inputs are not mixed."""
    whole = hashlib.sha256()
    _feed(whole, value)
    return whole.hexdigest()


def _feed(whole: Any, value: Any) -> None:
    if is_dataclass(value):
        for field in fields(value):
            _feed(whole, getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        whole.update(f"{value.dtype.str}{value.shape}".encode())
        whole.update(np.ascontiguousarray(value).data)
    elif isinstance(value, tuple):
        for part in value:
            _feed(whole, part)
    else:
        whole.update(f"{value!r};".encode())
