"""The integrity board: each promise measured by a real run, kept as JSON in the instance's folder.

States: `green` everything holds, `red` something does not (named), `grey` the check could not be
made; nothing that was not measured is green.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_system.clock import parse_rfc3339, rfc3339
from exam_system.context import SYSTEM
from exam_system.errors import Fault
from exam_system.office import Office
from exam_system.records.commands import export_log
from exam_system.records.keys import every_key
from exam_system.records.models import Leaf
from exam_system.records.tree import write_durable
from exam_system.trust.canonical import jcs, parse_jcs
from exam_system.trust.errors import TrustError
from exam_system.verify.checks import Unreadable
from exam_system.verify.run import Outcome as Verified
from exam_system.verify.run import verify

FILE = "board.json"
FRESH = timedelta(days=1)
MOST_NAMED = 100
"""So many faults of a promise are kept; the first one is enough to act on."""
PROMISES = tuple(f"P{number}" for number in range(1, 11))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found out about one promise: a sentence with its values, and every fault."""

    promise: str
    state: str
    said: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """One run: when it was, by which command, and what it measured."""

    at: datetime
    command: str
    lines: tuple[Measured, ...]

    def is_fresh(self, now: datetime) -> bool:
        """Whether the run is recent enough to speak for today."""
        return timedelta(0) <= now - self.at <= FRESH

    def states(self) -> dict[str, str]:
        """The state of each promise."""
        return {line.promise: line.state for line in self.lines}

    def encode(self) -> bytes:
        """The bytes of the file."""
        lines = [{**asdict(line), "faults": list(line.faults)} for line in self.lines]
        return jcs({"v": 1, "at": rfc3339(self.at), "command": self.command, "lines": lines})


@dataclass(frozen=True, slots=True)
class Look:
    """What the checks may look at: one state of the database, one of the published folder.

    `folder` is a copy of the published folder; `published` is what the verifier says of it, None
    when it cannot even be copied, for the reason in `broken`.
    """

    office: Office
    session: Session
    app: Flask | None
    folder: Path
    published: Verified | None
    broken: str = ""

    def refused(self, prefix: str = "") -> list[str]:
        """The verifier's refusals of the published things whose names begin so."""
        if self.published is None:
            raise Fault(self.broken)
        named = (str(error) for error in self.published.refused)
        return [text for text in named if text.partition(" ")[2].startswith(prefix)]


Check = Callable[[Look], Measured]


def green_or_red(promise: str, said: str, faults: Collection[str], **values: str | int) -> Measured:
    """Green without a fault, else red with the first ones."""
    named = tuple(list(faults)[:MOST_NAMED])
    return Measured(promise, "red" if faults else "green", said, values, named)


def measure(promise: str, check: Check, look: Look) -> Measured:
    """One check; whatever keeps it from running makes it grey, with the reason."""
    try:
        return check(look)
    except Exception as error:  # a check that cannot run must never stop the others
        why = str(error).partition("\n")[0][:300] or type(error).__name__
        return Measured(promise, "grey", "The check could not run: %(why)s", {"why": why})


def run_checks(
    office: Office, app: Flask | None, checks: Mapping[str, Check], step: Callable[[str], None]
) -> Board:
    """Make every check and keep what was found, durably; `step` is told what comes next."""
    lines = []
    with (
        TemporaryDirectory(prefix=".check-", dir=office.config.instance) as name,
        office.context(SYSTEM, write=False).session as db,
    ):
        step("published")
        look = _look(office, db, app, Path(name))
        for promise in PROMISES:
            step(promise)
            lines.append(measure(promise, checks[promise], look))
    board = Board(office.clock.now(), "exam oversight check", tuple(lines))
    write_durable(office.config.instance / FILE, board.encode())
    return board


def _look(office: Office, session: Session, app: Flask | None, place: Path) -> Look:
    try:
        folder = _copied(office, session, place)
        return Look(office, session, app, folder, verify([folder], folder / "keys.txt"))
    except (Fault, TrustError, Unreadable, OSError) as error:
        return Look(office, session, app, office.config.published, None, str(error))


def _copied(office: Office, session: Session, folder: Path) -> Path:
    """The published folder as it is now, while the service goes on.

    The log is copied first, then the database's state is fixed, then the rest is linked: acts are
    in the database before their head is shown, folders are written before their row says so.
    """
    source = office.config.published
    export_log(source / "log", folder / "log", *every_key(session, "log"))
    session.rollback()  # what was looked at until now is no state to stay in
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    session.execute(select(Leaf.position).limit(1))
    for path in sorted(source.rglob("*")):
        target = folder / path.relative_to(source)
        if path.is_file() and not target.is_relative_to(folder / "log"):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    return folder


def read_board(instance: Path) -> Board | None:
    """The last run; None before the first, or when the file is not one."""
    try:
        raw = parse_jcs((instance / FILE).read_bytes())
        found = json.loads(json.dumps(raw))
        lines = [Measured(**{**line, "faults": tuple(line["faults"])}) for line in found["lines"]]
        return Board(parse_rfc3339(found["at"]), found["command"], tuple(lines))
    except (OSError, ValueError, KeyError, TypeError):
        return None
