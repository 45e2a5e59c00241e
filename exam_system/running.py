"""Long work behind pages: it goes on when whoever began it leaves, and is found again.

A page hands its act to `carry_out`. What is over within PATIENCE is answered as ever; what takes
longer goes on in a thread of its own, how far it is stands in a file of its beginner, and every
page tells them until they have seen how it ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import IO

from flask import copy_current_request_context, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.config import Config
from exam_system.error_pages import log_error
from exam_system.errors import Conflict, Sentence
from exam_system.records.tree import write_durable
from exam_system.sheets import SheetError
from exam_system.trust.canonical import jcs, sha256_hex
from exam_system.web import actor, office, say

Act = Callable[[], str]
"""What is done: returns what is said at its end, raises Sentence or SheetError when it was refused.
On its way it may `tell` how far it is."""
FOLDER = "work"  # of an instance
PATIENCE = 1.5  # seconds for which a page waits
KEPT = timedelta(days=7)
_EVERY = 0.5  # seconds between two notes of how far it is
TITLES = {
    "import": _l("Taking a table in"),
    "freeze": _l("Checking and freezing the list of a draw"),
    "finish": _l("Computing the result of a draw"),
    "publish": _l("Writing the files of a draw"),
    "rehearsal": _l("Dry run of a draw"),
    "list": _l("Computing and signing a list of results"),
    "results": _l("Publishing a list of results"),
    "codes": _l("Giving pick-up codes"),
}
"""Every kind of long work."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is carried out: its kind, what it is about (an exam's code, a list's name), and the path
    of the page that shows it."""

    kind: str
    about: str
    back: str

    @property
    def name(self) -> str:
        """16 hex digits; the same work is under way once only."""
        return sha256_hex(jcs([self.kind, self.about, self.back]))[:16]


@dataclass(frozen=True, slots=True)
class Told:
    """How far a work is: `done` of `steps` (0: not known); at its end what it `said` or why it
    stopped (`trouble`). `seen`: its beginner knows that it ended."""

    kind: str
    about: str
    back: str
    began: str
    done: int = 0
    steps: int = 0
    said: str = ""
    trouble: str = ""
    ended: bool = False
    seen: bool = False

    @property
    def title(self) -> str:
        """What it is, in the language of the page."""
        return str(TITLES[self.kind])

    @property
    def at(self) -> datetime:
        """When it began."""
        return parse_rfc3339(self.began)


@dataclass(frozen=True, slots=True)
class Found:
    """A work of somebody's: its name, how far it is, and whether it is going on now."""

    name: str
    told: Told
    running: bool


@dataclass(slots=True)
class _Run:
    """A work in its thread. Its file is written once nobody waits for it any longer."""

    act: Act
    path: Path
    handle: IO[str]
    told: Told
    left: bool = False
    error: Exception | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    written: float = 0.0

    def go(self) -> None:
        """Do it; the thread's whole life."""
        try:
            _HERE.run = self
            self._end(said=self.act())
        except Exception as error:  # the page that waits raises it, else the file tells it
            self.error = error
            self._end(trouble=_trouble(error))
        finally:
            self.handle.close()

    def tell(self, done: int, steps: int) -> None:
        """Note how far it is."""
        with self.lock:
            self.told = replace(self.told, done=done, steps=steps)
            if self.left and monotonic() - self.written > _EVERY:
                self._write()

    def leave(self) -> bool:
        """Nobody waits any longer; False when it is over already."""
        with self.lock:
            self.left = not self.told.ended
            if self.left:
                self._write()
            return self.left

    def _end(self, said: str = "", trouble: str = "") -> None:
        with self.lock:
            self.told = replace(self.told, said=said, trouble=trouble, ended=True)
            if self.left:
                self._write()

    def _write(self) -> None:
        self.written = monotonic()
        _keep(self.path, self.told)


_HERE = threading.local()
"""The run of this thread."""


def tell(done: int, steps: int) -> None:
    """Note how far the work of this thread is; nothing where no page began it."""
    run: _Run | None = getattr(_HERE, "run", None)
    if run is not None:
        run.tell(done, steps)


def carry_out(work: Work, act: Act) -> str | None:
    """Do the work: what it says at its end, or None when it goes on behind the page.

    Raises what the act raises, Conflict when the same work is under way already. To be called
    outside every transaction.
    """
    parts, who = office(), actor()
    folder = parts.config.instance / FOLDER
    path = _path(parts.config, who.account_id, work.name)
    request.form  # noqa: B018 - read before the thread does: the connection may be gone by then
    handle = _take(folder / f"{work.name}.lock")
    told = Told(work.kind, work.about, work.back, rfc3339(parts.clock.now()))
    run = _Run(act, path, handle, told)
    thread = threading.Thread(
        target=copy_current_request_context(run.go), name=f"work {work.kind}", daemon=True
    )
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive() and run.leave():
        return None
    thread.join()
    if run.error is not None:
        raise run.error
    return run.told.said


def begin(work: Work, act: Act, tone: str = "success") -> None:
    """`carry_out` for a page that leads to `work.back`, which says how it ended."""
    said = carry_out(work, act)
    if said:
        flash(said, tone)


def _path(config: Config, account: int | None, name: str) -> Path:
    return config.instance / FOLDER / str(account) / f"{name}.json"


def _take(path: Path) -> IO[str]:
    """The lock of a work; it is let go when the file is closed, and when the server dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise Conflict("This is under way already: see how far it is") from None
    return handle


def _trouble(error: Exception) -> str:
    if isinstance(error, Sentence):
        return say(error)
    if isinstance(error, SheetError):
        return "\n".join(error.lines(_))
    number = log_error(500, type(error).__name__)
    return str(_("It stopped with an error; support finds it under %(number)s", number=number))


def _keep(path: Path, told: Told) -> None:
    write_durable(path, json.dumps(asdict(told), ensure_ascii=False).encode())


def works(config: Config, account: int, now: datetime) -> list[Found]:
    """Somebody's works of the last days, the newest first."""
    try:
        names = os.listdir(config.instance / FOLDER / str(account))
    except FileNotFoundError:
        return []
    found = [find(config, account, name[:-5]) for name in names if name.endswith(".json")]
    fresh = [one for one in found if one is not None and one.told.at > now - KEPT]
    return sorted(fresh, key=lambda one: one.told.began, reverse=True)


def find(config: Config, account: int, name: str) -> Found | None:
    """One of somebody's works, by its name; None when there is none."""
    folder = config.instance / FOLDER
    try:
        told = Told(**json.loads(_path(config, account, name).read_bytes()))
    except FileNotFoundError:
        return None
    return Found(name, told, not told.ended and _held(folder / f"{name}.lock"))


def _held(path: Path) -> bool:
    try:
        with path.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False


def news() -> list[Found]:
    """For every page: one's own works that are under way, and once those that have ended."""
    who = actor()
    if who.account_id is None:
        return []
    parts = office()
    found = works(parts.config, who.account_id, parts.clock.now())
    fresh = [one for one in found if not one.told.seen]
    for one in fresh:
        if not one.running:
            path = _path(parts.config, who.account_id, one.name)
            _keep(path, replace(one.told, seen=True))
    return fresh
