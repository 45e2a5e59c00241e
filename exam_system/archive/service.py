"""The verb of the archive, and the run that makes it behind a page."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from exam_system.archive.writing import Tell, Written, write_archive
from exam_system.config import Config
from exam_system.context import Actor, Context, verb
from exam_system.errors import Conflict
from exam_system.exams.lookup import exam_by_code
from exam_system.office import Office
from exam_system.records.tree import write_durable

Acting = AbstractContextManager[Context]
FOLDER = "archives"  # of an instance
_EVERY = 50  # files between two notes of how far a run is


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; once it ended, what it made or why it stopped."""

    done: int = 0
    steps: int = 0
    digest: str = ""
    state: str = ""
    trouble: str = ""
    ended: bool = False


def _nobody(_done: int, _steps: int) -> None:
    """Nobody watches how far it is."""


@verb
def make_archive(ctx: Context, *, code: str, made: Written) -> None:
    """Hand out the archive that was written of an exam; the act has the SHA-256 of the zip, and
    comes after the log that lies in it."""
    exam_by_code(ctx.session, code)
    about = {"sha256": made.digest, "state": made.state, "files": made.files}
    ctx.record(exam=code, subject=f"archive:{code}", **about)


def make(
    look: Context, act: Callable[[], Acting], *, code: str, target: Path, tell: Tell = _nobody
) -> Written:
    """Write the archive of an exam to `target`, whole or not at all, and enter the act.

    It is written outside every transaction that writes, for it takes a while: `look` only looks,
    `act` opens the transaction of the act. Final once the exam is closed, else interim.
    """
    new = target.with_name(f".{target.name}.new")
    try:
        with look.session:
            made = write_archive(look, exam_by_code(look.session, code), new, tell)
        with act() as ctx:
            make_archive(ctx, code=code, made=made)
        os.replace(new, target)
    finally:
        new.unlink(missing_ok=True)
    return made


def archive_path(config: Config, code: str) -> Path:
    """Where the newest archive of an exam lies, once there is one."""
    return config.instance / FOLDER / f"archive-{code}.zip"


def start(parts: Office, who: Actor, code: str) -> threading.Thread:
    """Make the archive behind the page that asked for it, as an act of whoever did."""
    thread = threading.Thread(
        target=_run, args=(parts, who, code), name=f"archive of {code}", daemon=True
    )
    thread.start()
    return thread


def _run(parts: Office, who: Actor, code: str) -> None:
    path = archive_path(parts.config, code)
    last = Progress()

    def tell(done: int, steps: int) -> None:
        nonlocal last
        last = Progress(done, steps)
        if done % _EVERY == 0:
            _tell(parts.config, code, last)

    try:
        with _alone(parts.config, code):
            look = parts.context(who, write=False)
            made = make(look, lambda: parts.acting(who), code=code, target=path, tell=tell)
            last = Progress(last.steps, last.steps, made.digest, made.state, ended=True)
    except Exception as error:
        last = Progress(last.done, last.steps, trouble=str(error), ended=True)
        raise
    finally:
        _tell(parts.config, code, last)


def _tell(config: Config, code: str, told: Progress) -> None:
    path = archive_path(config, code).with_suffix(".json")
    write_durable(path, json.dumps(asdict(told)).encode())


def progress(config: Config, code: str) -> Progress | None:
    """How far the last run is, or was when it stopped; None before the first."""
    path = archive_path(config, code).with_suffix(".json")
    return Progress(**json.loads(path.read_bytes())) if path.exists() else None


def under_way(config: Config, code: str) -> bool:
    """Whether an archive of this exam is being made now, in whatever process."""
    if not archive_path(config, code).parent.exists():
        return False
    try:
        with _alone(config, code):
            return False
    except Conflict:
        return True


@contextmanager
def _alone(config: Config, code: str) -> Iterator[None]:
    path = archive_path(config, code).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("The archive of this exam is being made already") from None
        yield
