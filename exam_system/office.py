"""One open instance: what pages and commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from exam_system import config
from exam_system.chance import Chance, SystemChance
from exam_system.clock import Clock
from exam_system.config import Config
from exam_system.context import Actor, Context
from exam_system.database import WritingSession, connect, reading, writing
from exam_system.errors import Fault, Sentence, Unavailable
from exam_system.instance import check_instance
from exam_system.keys import Keys, open_keys
from exam_system.records import heads
from exam_system.records.keys import every_key
from exam_system.records.sealer import Sealer
from exam_system.shared import SharedWriter
from exam_system.timekeeping import Timekeeper
from exam_system.together import Together
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import Verifier

STOPPED = Sentence("Acts have stopped: the log cannot be written at the moment. Nothing was done.")

STORED = Sentence(
    "What you did is stored but not yet in the signed log, which cannot be written at the moment. "
    "It counts once it is signed; until then acts have stopped."
)


@dataclass(slots=True)
class Standing:
    """Whether acts may be done now."""

    closed: Sentence | None = None
    """Why the instance is only for reading since it was opened; None when it is not."""
    unsealed: bool = False
    """Whether the last sealing failed: then it must succeed before the next act."""


@dataclass(frozen=True, slots=True)
class Office:
    """What a running program holds of one instance."""

    config: Config
    keys: Keys
    engine: Engine
    clock: Clock
    chance: Chance
    standing: Standing = field(default_factory=Standing)
    sealing: Together = field(default_factory=Together)
    sealer: Sealer = field(init=False)
    shared: SharedWriter | None = field(init=False)
    """Who writes SQLite in this process; PostgreSQL has many writers."""

    def __post_init__(self) -> None:
        """The log is sealed with the log's key."""
        shared = SharedWriter(self.engine) if self.engine.dialect.name == "sqlite" else None
        object.__setattr__(self, "sealer", Sealer(self.config.published, self.keys.log))
        object.__setattr__(self, "shared", shared)

    def context(self, actor: Actor, *, write: bool, reason: str = "") -> Context:
        """A context with a session of its own; the caller commits and closes it.

        For writing raises Unavailable while acts have stopped.
        """
        if write:
            self.require_open()
        db = writing(self.engine) if write else reading(self.engine)
        return self._context(db, actor, reason)

    def _context(self, db: Session, actor: Actor, reason: str = "") -> Context:
        clock = self.clock
        if isinstance(db, WritingSession) and isinstance(clock, Timekeeper):
            clock = clock.of(db)
        return Context(db, actor, clock, self.chance, self.config, self.keys, reason)

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[Context]:
        """A writing transaction of a page: committed, on the disk and in a signed head when the
        block ends, rolled back when it raises. What many do at once costs the disk little more
        than what one does (see `shared` and `together`).

        Raises Unavailable while acts have stopped; with STORED when this one could not be sealed.
        """
        self.require_open()
        with self.sealing.coming():
            begin = self.shared.transaction() if self.shared else writing(self.engine)
            with begin as db:
                ctx = self._context(db, actor)
                yield ctx
                db.commit()
        if ctx.recorded:
            try:
                self.seal()
            except Unavailable as error:
                raise Unavailable(STORED) from error

    def require_open(self) -> None:
        """Raise Unavailable unless acts may be done; a sealing that failed is tried again."""
        if self.standing.closed is not None:
            raise Unavailable(self.standing.closed)
        if self.standing.unsealed:
            self.seal()

    def seal(self) -> None:
        """Sequence, sign and show the log's newest head; raises Unavailable when it cannot.

        One seal serves all who wait for one in this process.
        """
        if self.standing.closed is not None:
            raise Unavailable(self.standing.closed)
        self.sealing.run(self._seal)

    def _seal(self) -> None:
        try:
            with self.shared.alone() if self.shared else nullcontext():
                self.sealer.seal(self.engine, self.clock)
        except (OSError, Fault, TrustError, SQLAlchemyError) as error:
            self.standing.unsealed = True
            raise Unavailable(STOPPED, str(error)) from error
        self.standing.unsealed = False


def open_office(folder: Path, clock: Clock | None = None, chance: Chance | None = None) -> Office:
    """Open an instance; refuses (Fault) when anything is not in order."""
    settings = config.load(folder)
    keys = open_keys(settings)
    engine = connect(settings.database)
    check_instance(engine, settings)
    standing = Standing(why_closed(engine, settings.published / "log", keys.log.verifier))
    kept = None if settings.demonstration else settings.instance / "clock.json"
    clock = clock or Timekeeper(engine, kept)
    return Office(settings, keys, engine, clock, chance or SystemChance(), standing)


def why_closed(engine: Engine, folder: Path, log: Verifier) -> Sentence | None:
    """Why nothing may be written: the database is not the one whose log was signed last."""
    try:
        with reading(engine) as db:
            head = heads.read_head(folder, log, *every_key(db, "log"))
            lacking = heads.missing_acts(db, head)
            same = lacking > 0 or heads.continues(db, folder, head)
    except (TrustError, OSError, Fault):
        return Sentence("Only for reading: the files of the signed log are damaged")
    if lacking:
        return Sentence(
            "Only for reading: the database is an old copy, it lacks %(count)s acts that the "
            "signed log has. A newer copy must be restored",
            count=lacking,
        )
    if same:
        return None
    return Sentence("Only for reading: the database has another log than the one that was signed")
