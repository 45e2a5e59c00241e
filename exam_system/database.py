"""The database: SQLite by default, PostgreSQL by URL, the same code on both."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    DateTime,
    Integer,
    MetaData,
    Select,
    create_engine,
    event,
    literal_column,
)
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from exam_system.errors import Sentence

T = TypeVar("T")
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
LOG_LOCK = 7201  # any number no other program on the server uses as advisory lock


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=NAMES)


class UtcTime(TypeDecorator[datetime]):
    """A time with zone, kept in UTC; a time without zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: SQLite forgets the zone, it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class database_now(FunctionElement[datetime]):
    """The time by the server's clock when the row is made; NULL on SQLite, which has no clock."""

    type = UtcTime()
    inherit_cache = True


@compiles(database_now)
def _no_clock(_element: object, _compiler: object, **_rest: object) -> str:
    return "NULL"


@compiles(database_now, "postgresql")
def _server_clock(_element: object, _compiler: object, **_rest: object) -> str:
    return "clock_timestamp()"


Model = type[Base]


class reserved(FunctionElement[int]):
    """A key for a row that a table will get, taken in passing by a query; NULL on SQLite, which
    gives keys when the row is inserted."""

    type = Integer()
    inherit_cache = True

    def __init__(self, model: Model) -> None:
        super().__init__(literal_column(f"'{model.__tablename__}_id_seq'"))


@compiles(reserved)
def _no_sequence(_element: object, _compiler: object, **_rest: object) -> str:
    return "NULL"


@compiles(reserved, "postgresql")
def _next_of_sequence(element: reserved, compiler: Any, **rest: Any) -> str:
    return f"nextval({compiler.process(element.clauses, **rest)})"


def connect(url: str) -> Engine:
    """The engine for a URL; on SQLite in WAL mode with FULL synchronisation."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=24, max_overflow=16)
        event.listen(engine, "checkin", _note_return)
        event.listen(engine, "checkout", _refuse_dead)
        return engine
    engine = create_engine(url, connect_args={"timeout": 30})
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


IDLE = 1.0  # seconds after which a connection is asked whether the server is still there


def _note_return(_connection: Any, record: Any) -> None:
    record.info["returned"] = time.monotonic()


def _refuse_dead(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that lay idle for a sign of life; the pool replaces one that is dead.

    One that has just been used is taken as it is: in a rush the question would cost as much as
    an answer.
    """
    if time.monotonic() - record.info.get("returned", time.monotonic()) < IDLE:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as error:  # whatever the driver raises: the connection is of no use
        raise DisconnectionError from error


def _sqlite_settings(connection: Any, _record: Any) -> None:
    # isolation_level None: the driver must not begin by itself, or savepoints are lost.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    # A writer takes its lock at once: a transaction that read first could not upgrade later.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


_TAKEN = "what a refused row means"


class WritingSession(Session):
    """The only kind of session that writes: `records` listens to it, so nothing goes unseen."""

    def flush(self, objects: Any = None) -> None:
        """Send what is new and changed; a row that `put` brought and that the database refuses
        raises the refusal given with it."""
        try:
            super().flush(objects)
        except IntegrityError as error:
            raise refusal(self, error) from None
        self.info.pop(_TAKEN, None)


def put(session: Session, row: object, taken: Exception) -> None:
    """Add a row of which there may be one already; then `taken` is raised: here, or at the latest
    by the commit. Where the row's key is `reserved` it goes to the database with the act, in one
    statement with the rows that the transaction changes: those must have been read with a lock.
    """
    session.add(row)
    session.info[_TAKEN] = taken
    if getattr(row, "id", None) is None:
        session.flush()


def holds_back(session: Session) -> bool:
    """Whether a row that `put` brought has not gone to the database yet."""
    return _TAKEN in session.info and bool(session.new)


def refusal(session: Session, error: IntegrityError) -> Exception:
    """What the database's refusal means: what `put` was told, else the error itself."""
    found: Exception = session.info.pop(_TAKEN, error)
    return found


def writing(engine: Engine) -> WritingSession:
    """A session that may write; on SQLite it holds the write lock from its first statement."""
    return WritingSession(engine, expire_on_commit=False)


def joining(connection: Connection) -> WritingSession:
    """A session whose transaction is a savepoint of the connection's."""
    mode: Any = "create_savepoint"
    return WritingSession(connection, expire_on_commit=False, join_transaction_mode=mode)


def reading(engine: Engine) -> Session:
    """A session for looking only; on SQLite it waits for no writer."""
    return Session(_readers(engine)[0], expire_on_commit=False)


def glancing(engine: Engine) -> Connection:
    """A connection for one look; on PostgreSQL without a transaction around it."""
    return _readers(engine)[1].connect()


@lru_cache(maxsize=8)
def _readers(engine: Engine) -> tuple[Engine, Engine]:
    looking = engine.execution_options(reading=True)
    if engine.dialect.name != "postgresql":
        return looking, looking
    return looking, engine.execution_options(isolation_level="AUTOCOMMIT")


def lock_log(session: Session) -> None:
    """Hold the sequencer's lock until the transaction ends (SQLite's writer already does)."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOG_LOCK})")


def one_row(session: Session, query: Select[T], missing: Sentence, *, lock: bool = False) -> T:
    """The one row of a query; raises `missing` when there is none.

    With `lock` nobody else changes the row before this transaction ends, and it is read afresh;
    SQLite's writer is alone anyway.
    """
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        raise missing
    return row
