"""Killed at any point, and two at once: one attempt, one result."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable

import pytest

from exam_system.access import Role
from exam_system.draws.models import Attempt
from exam_system.errors import Conflict
from exam_system.records import tree
from exam_system.records.models import Act
from tests.draws import ceremony
from tests.draws.ceremony import BEFORE_PUBLISHING, STEPS, again, attempt
from tests.world import World


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(world: World, work: Callable[[World], None]) -> None:
    """Do the work in a process of its own that is killed at its end, or in the middle by itself."""
    pid = os.fork()
    if pid == 0:
        try:
            world.engine.dispose(close=False)  # the parent's connections are the parent's
            work(again(world))
            _die()
        finally:
            os._exit(1)  # the work raised: not a crash but a failure of the test
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the step failed instead of being killed"
    assert os.WTERMSIG(status) == signal.SIGKILL


def _before_commit(step: int) -> Callable[[World], None]:
    def work(world: World) -> None:
        _, role, act = STEPS[step]
        ctx = world.context(world.people[role])
        act(ctx, 1)
        ctx.session.flush()
        _die()

    return work


def _after_commit(step: int) -> Callable[[World], None]:
    def work(world: World) -> None:
        _, role, act = STEPS[step]
        with world.acting(role) as ctx:
            act(ctx, 1)

    return work


def _states(world: World) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return [row.state for row in db.query(Attempt)]


def test_killed_in_and_after_every_step(office: World) -> None:
    """Two kills a step; after each the ceremony goes on from where it was, by itself."""
    for step, (state, _, _) in enumerate(STEPS):
        before = _states(office)
        if step == BEFORE_PUBLISHING:
            office.seal()
            ceremony.cosign(office)
        _killed(office, _before_commit(step))
        assert _states(office) == before
        _killed(office, _after_commit(step))
        assert _states(office) == [state]
    office.seal()
    done = attempt(office)
    order = ceremony.expected()[1](hashlib.sha256(done.manifest.encode()).hexdigest())
    assert ceremony.drawn(done.result) == order
    assert (ceremony.bundle(office) / "result.json").read_text() == done.result
    with office.context(office.people[Role.OFFICER]).session as db:
        kinds = [row.kind for row in db.query(Act) if row.kind.startswith("draws.")]
    assert len(kinds) == len(STEPS)


@pytest.mark.parametrize("files", [0, 1, 5, 14])
def test_killed_while_the_bundle_is_written(office: World, files: int) -> None:
    ceremony.run(office)
    ceremony.cosign(office)

    def work(world: World) -> None:
        real, written = os.replace, []

        def replace(source: str, target: str) -> None:
            if len(written) == files:
                _die()
            written.append(target)
            real(source, target)

        tree.os.replace = replace  # type: ignore[attr-defined, assignment]
        _after_commit(BEFORE_PUBLISHING)(world)

    _killed(office, work)
    folder = ceremony.bundle(office)
    assert _states(office) == ["finished"]
    assert not folder.exists()
    ceremony.run(office, BEFORE_PUBLISHING, BEFORE_PUBLISHING + 1)
    assert _states(office) == ["published"]
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {
        *("manifest.json", "commits.json", "transcript.txt", "tickets.csv", "result.json"),
        *("result.csv", "draw.note", "certificate.pdf"),
        *(f"log/{number}.tlog-proof" for number in range(8)),
    }
    assert not list(office.config.published.glob(".draw*"))


def _at_once(world: World, step: int) -> list[str]:
    """The step by two sessions that start together; what became of each."""
    gate, outcomes = threading.Barrier(2), []

    def act() -> None:
        _, role, verb = STEPS[step]
        gate.wait()
        try:
            with world.acting(role) as ctx:
                verb(ctx, 1)
            outcomes.append("done")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_every_step_done_twice_at_once_is_done_once(office: World) -> None:
    for step in range(BEFORE_PUBLISHING):
        outcomes = _at_once(office, step)
        if STEPS[step][0] == "rolled":  # dice may be typed anew until they are confirmed
            assert outcomes == ["done", "done"]
        else:
            assert outcomes == ["done", "refused"], STEPS[step]
        office.seal()
    with office.context(office.people[Role.OFFICER]).session as db:
        done = db.query(Act).filter(Act.kind == "draws.finish_draw").count()
    assert done == 1
    ceremony.cosign(office)
    assert _at_once(office, BEFORE_PUBLISHING) == ["done", "refused"]
    assert _states(office) == ["published"]
