"""One open instance: what pages and commands share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from exam_system import config
from exam_system.chance import Chance, SystemChance
from exam_system.clock import Clock, SystemClock
from exam_system.config import Config
from exam_system.context import Actor, Context
from exam_system.database import connect, reading, writing
from exam_system.errors import Fault, Sentence, Unavailable
from exam_system.instance import check_instance
from exam_system.keys import Keys, open_keys
from exam_system.records import heads
from exam_system.records.keys import every_key, keys_text
from exam_system.records.tree import write_durable
from exam_system.trust.errors import TrustError
from exam_system.trust.keys import Verifier

STOPPED = Sentence("Acts have stopped: the log cannot be written at the moment. Nothing was done.")


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

    def context(self, actor: Actor, *, write: bool, reason: str = "") -> Context:
        """A context with a session of its own; the caller commits and closes it.

        For writing raises Unavailable while acts have stopped.
        """
        if write:
            self.require_open()
        db = writing(self.engine) if write else reading(self.engine)
        return Context(db, actor, self.clock, self.chance, self.config, self.keys, reason)

    def require_open(self) -> None:
        """Raise Unavailable unless acts may be done; a sealing that failed is tried again."""
        if self.standing.closed is not None:
            raise Unavailable(self.standing.closed)
        if self.standing.unsealed:
            self.seal()

    def seal(self) -> None:
        """Sequence, sign and show the log's newest head; raises Unavailable when it cannot."""
        if self.standing.closed is not None:
            raise Unavailable(self.standing.closed)
        try:
            self._seal(self.config.published / "log")
        except (OSError, Fault, TrustError, SQLAlchemyError) as error:
            self.standing.unsealed = True
            raise Unavailable(STOPPED, str(error)) from error
        self.standing.unsealed = False

    def _seal(self, folder: Path) -> None:
        with writing(self.engine) as db:
            heads.seal(db, folder, self.keys.log, self.clock.now())
            db.commit()
            heads.show_head(db, folder)
            show_keys(self.config.published, db)


def show_keys(folder: Path, db: Session) -> None:
    """Keep `keys.txt` beside the published files true."""
    path, text = folder / "keys.txt", keys_text(db).encode()
    if not path.exists() or path.read_bytes() != text:
        write_durable(path, text)


def open_office(folder: Path, clock: Clock | None = None, chance: Chance | None = None) -> Office:
    """Open an instance; refuses (Fault) when anything is not in order."""
    settings = config.load(folder)
    keys = open_keys(settings)
    engine = connect(settings.database)
    check_instance(engine, settings)
    standing = Standing(_closed(engine, settings.published / "log", keys.log.verifier))
    return Office(
        settings, keys, engine, clock or SystemClock(), chance or SystemChance(), standing
    )


def _closed(engine: Engine, folder: Path, log: Verifier) -> Sentence | None:
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
