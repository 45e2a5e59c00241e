"""The tamper score: every column of every table changed, a row of every table deleted.

`python -m tests.tamper INSTANCE` tries each change on a copy of the instance's database, as
somebody with all rights over it would, and asks `exam log fsck` and `exam log audit` whether they
notice and name it (THREATS S08). Exit code 1 when one goes unnoticed that is not excused below.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    create_engine,
    delete,
    event,
    func,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from exam_system import config
from exam_system.database import UtcTime
from exam_system.keys import open_keys
from exam_system.records import audit, fsck
from exam_system.records.rows import LOOSE, UNSEEN, key_column
from exam_system.tables import Base
from exam_system.tips import check as tips
from exam_system.trust.keys import Verifier

_FAILURES = "counts wrong passwords for names that need not exist, which no act stands for"
_TODAY = "of reports of today, whose act would tell when they came; the reporter keeps a receipt"
EXCUSED = {
    "login_failure.name_blind": _FAILURES,
    "login_failure.count": _FAILURES,
    "login_failure.wait_until": _FAILURES,
    "login_failure (row)": _FAILURES,
    "tip_arrived.day": _TODAY,
    "tip_arrived.lookup": _TODAY,
    "tip_arrived.size": _TODAY,
    "tip_arrived (row)": _TODAY,
    "act_rows.id": "a number of the row itself that nothing refers to",
    "note.made_at": "of signed heads, which are stored without an act; nothing depends on it",
}
"""What may go unnoticed, with the reason. At most ten (issue 3)."""
LOG = UNSEEN | {"note", "note_signature"}
"""Tables that fsck looks at."""


@dataclass(slots=True)
class Score:
    """What was tried, and what nobody noticed or named."""

    tried: int = 0
    empty: list[str] = field(default_factory=list)
    unnoticed: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)

    def add(self, what: str, said: list[str], names: tuple[str, ...]) -> None:
        """Count one attempt; `said` must hold a sentence with all `names`."""
        self.tried += 1
        if any(all(name in line for name in names) for line in said):
            return
        (self.excused if what in EXCUSED else self.unnoticed).append(what)

    def text(self) -> str:
        """The score as the command prints it."""
        noticed = self.tried - len(self.unnoticed) - len(self.excused)
        lines = [f"tamper score: {noticed} noticed and named, of {self.tried} tried"]
        lines += [f"excused: {what} ({EXCUSED[what]})" for what in self.excused]
        lines += [f"UNNOTICED: {what}" for what in self.unnoticed]
        lines += [f"not tried, the table is empty: {name}" for name in self.empty]
        return "\n".join(lines)


def open_copy(database: Path) -> Engine:
    """A SQLite file without foreign keys, triggers or the product's own listeners."""
    engine = create_engine(f"sqlite:///{database}")

    @event.listens_for(engine, "connect")
    def _plain(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA ignore_check_constraints=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    with engine.begin() as connection:
        for (name,) in connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
    return engine


def score(database: Path, log: Path, key: Verifier) -> Score:
    """Try every change on an own copy of the SQLite file `database`."""
    found = Score()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        with closing(sqlite3.connect(database)) as there, closing(sqlite3.connect(copy)) as here:
            there.backup(here)  # a plain copy would leave behind what is still in the -wal file
        engine = open_copy(copy)
        tables = Base.metadata.sorted_tables
        for place, table in enumerate(tables):
            print(f"{place + 1}/{len(tables)} {table.name}", file=sys.stderr, flush=True)
            with engine.connect() as connection:
                _table(connection, table, found, log, key)
        engine.dispose()
    return found


def _table(connection: Connection, table: Table, found: Score, log: Path, key: Verifier) -> None:
    row = _middle(connection, table)
    if row is None:
        found.empty.append(table.name)
        return
    mine = key_column(table) == row[key_column(table).name]
    for column in table.columns:
        change = update(table).where(mine).values({column: _other(connection, column, row)})
        said = _said(connection, change, table, log, key)
        names = (f"{table.name} ", column.name) if _audited(table, column) else ()
        found.add(f"{table.name}.{column.name}", said, names)
    said = _said(connection, delete(table).where(mine), table, log, key)
    found.add(f"{table.name} (row)", said, ())


def _audited(table: Table, column: Column[Any]) -> bool:
    """Whether the audit must name the column: not of the log's tables, nor of a key, whose change
    makes one row vanish and another appear."""
    return table.name not in LOG | LOOSE and not column.primary_key


def _middle(connection: Connection, table: Table) -> dict[str, Any] | None:
    """A row from the middle of the table."""
    count = connection.execute(select(func.count()).select_from(table)).scalar_one()
    query = select(table).order_by(key_column(table)).offset(count // 2).limit(1)
    row = connection.execute(query).mappings().first()
    connection.rollback()
    return dict(row) if row else None


def _other(connection: Connection, column: Column[Any], row: dict[str, Any]) -> Any:
    """A value the column does not have, of the same type; for numbers one beyond all others."""
    value = row[column.name]
    if value is None:
        value = _some(column.type)
    match value:
        case bool():
            return not value
        case int():
            most = connection.execute(select(func.max(column))).scalar_one() or 0
            connection.rollback()
            return most + 1
        case datetime():
            return value + timedelta(seconds=1)
        case date():
            return value + timedelta(days=1)
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1]) if value else b"x"
    return f"{value[:-1]}{'~' if value[-1:] != '~' else '!'}"  # no value of ours ends so


def _some(kind: Any) -> Any:
    """A value for a column that has none."""
    match kind:
        case UtcTime() | DateTime():
            return datetime(2020, 1, 1, tzinfo=UTC)
        case Date():
            return date(2020, 1, 1)
        case Boolean():
            return False
        case Integer():
            return 0
        case LargeBinary():
            return b""
    return ""


def _said(connection: Connection, change: Any, table: Table, log: Path, key: Verifier) -> list[str]:
    """What the two checks say when the change has been made; the change is undone."""
    try:
        connection.execute(change)
        with Session(bind=connection) as session:
            return list(_faults(session, table, log, key))
    finally:
        connection.rollback()


def _faults(session: Session, table: Table, log: Path, key: Verifier) -> Iterator[str]:
    yield from audit.faults(session, {table.name})
    if table.name in LOG:
        yield from fsck.faults(session, log, key)
    if table.name.startswith("tip"):
        yield from tips.faults(session)


def main(folder: Path) -> int:
    """Print the score of an instance; 1 when something goes unnoticed."""
    settings = config.load(folder)
    keys = open_keys(settings)
    found = score(folder / "exam.db", settings.published / "log", keys.log.verifier)
    print(found.text())
    return 1 if found.unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
