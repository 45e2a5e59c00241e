"""The same search on two workers of `dask.distributed`, one of which dies on the way."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from distributed import Client, LocalCluster

from proctoring.similarity import Progress, search, threads
from proctoring.similarity.cluster import cluster
from proctoring.similarity.work import Desk, Job, Result
from tests.similarity.test_search import planted, same


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as local,
        Client(local, timeout=120) as client,
    ):
        yield client


def slow(shared: np.ndarray, job: Job) -> Result:
    """A piece that takes a while: the sum of a row and who computed it."""
    total = 0.0
    for _ in range(1500):
        total = float(np.sort(shared[job[0]]).sum())
    return np.array([total, os.getpid()])


def test_results_are_the_same_as_by_threads_and_a_cut_off_search_goes_on_here(
    client: Client,
) -> None:
    sitting, kept = planted(), {}
    by_threads = search(sitting, runner=threads(2), kept=kept)
    assert same(search(sitting, runner=cluster(client)), by_threads)
    first = {name: part for name, part in kept.items() if name.startswith("first")}
    told: list[Progress] = []
    assert same(
        search(sitting, runner=cluster(client), kept=first, progress=told.append), by_threads
    )
    assert {p.step: p.done for p in reversed(told)}["first round: ratio"] > 0


def test_a_lost_worker_loses_nothing(client: Client) -> None:
    shared = np.random.default_rng(1).random((60, 1000))
    workers, told = client.run(os.getpid), []

    def tell(progress: Progress) -> None:
        told.append(progress.done)
        if progress.done == 5:
            os.kill(next(iter(workers.values())), signal.SIGKILL)

    jobs = [(row,) for row in range(60)]
    kept: dict[str, Result] = {}
    results = Desk(cluster(client), tell, kept).do("rows", slow, shared, jobs)
    assert [result[0] for result in results] == pytest.approx(shared.sum(axis=1))
    assert len({result[1] for result in results}) > 1
    assert told == list(range(61))
    again = Desk(cluster(client), None, kept).do("rows", slow, shared, jobs)
    assert all(np.array_equal(a, b) for a, b in zip(results, again, strict=True))


def test_what_fails_there_is_raised_here(client: Client) -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        Desk(cluster(client), None, {}).do("rows", slow, np.zeros((1, 3)), [(4,)])
