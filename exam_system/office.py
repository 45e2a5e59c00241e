"""One open instance: what pages and commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from exam_system import config
from exam_system.chance import Chance, SystemChance
from exam_system.clock import Clock, SystemClock
from exam_system.config import Config
from exam_system.context import Actor, Context
from exam_system.database import connect, reading, writing
from exam_system.instance import check_instance
from exam_system.keys import Keys, open_keys
from exam_system.records import heads
from exam_system.records.notes import keys_text
from exam_system.records.tree import write_durable


@dataclass(frozen=True, slots=True)
class Office:
    """What a running program holds of one instance."""

    config: Config
    keys: Keys
    engine: Engine
    clock: Clock
    chance: Chance

    def context(self, actor: Actor, *, write: bool, reason: str = "") -> Context:
        """A context with a session of its own; the caller commits and closes it."""
        db = writing(self.engine) if write else reading(self.engine)
        return Context(db, actor, self.clock, self.chance, self.config, self.keys, reason)

    def seal(self) -> None:
        """Sequence, sign and show the log's newest head."""
        folder = self.config.published / "log"
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
    return Office(settings, keys, engine, clock or SystemClock(), chance or SystemChance())
