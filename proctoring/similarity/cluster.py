"""The same pieces of work on `dask.distributed` (extra `cluster`), for more than one machine."""

from collections.abc import Iterator, Sequence
from typing import Any

from distributed import Client, as_completed

from proctoring.similarity.work import Job, Result, Runner, Work


def cluster(client: Client) -> Runner:
    """A runner over the workers of `client`.

    The shared arrays go to every worker once. A piece whose worker is lost is done again by
    another; a piece that fails raises here what it raised there.
    """

    def run(work: Work, shared: Any, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        spread = client.scatter(shared, broadcast=True)  # type: ignore[no-untyped-call]
        waiting = {client.submit(work, spread, job, pure=False): job for job in jobs}
        done = as_completed(waiting, with_results=True)  # type: ignore[no-untyped-call]
        for future, result in done:
            yield waiting[future], result
            future.release()

    return run
