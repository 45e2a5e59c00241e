"""The application's role on PostgreSQL: it writes the log, and can change nothing in it.

The tables belong to another role, the owner, which only migrations use. What the owner could do is
noticed from outside (witnesses, monitors); what the application is not allowed, nobody who takes
over the server's process can do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlalchemy import inspect, make_url, text
from sqlalchemy.engine import Connection, Engine

from exam_system.config import Config
from exam_system.database import connect
from exam_system.errors import Fault
from exam_system.records.rows import SEALED, UNSEEN

OWNER_URL = "EXAM_OWNER_DATABASE_URL"
LOG_TABLES = tuple(sorted(UNSEEN | SEALED))
"""What the application only ever adds to."""
_FORBIDDEN = ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER")
DURABLE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
}
"""Settings without which a commit that was answered may be lost in a power cut."""
COMMAND = "run `exam database grant` as the owner"


def owner_url(settings: Config) -> str | None:
    """The URL of the tables' owner from the environment; None where there is none, or SQLite."""
    if make_url(settings.database).get_backend_name() != "postgresql":
        return None
    return os.environ.get(OWNER_URL) or None


def app_role(settings: Config) -> str:
    """The role in `database_url`; Fault when there is none."""
    url = make_url(settings.database)
    if url.get_backend_name() != "postgresql" or not url.username:
        raise Fault("database_url names no PostgreSQL role: only PostgreSQL has roles")
    return url.username


def grant(settings: Config) -> str:
    """Give the application's role what it needs and nothing more; returns its name.

    Run as the tables' owner, after every migration; running it again changes nothing.
    """
    role, owner = app_role(settings), owner_url(settings)
    if owner is None:
        raise Fault(f"{OWNER_URL} is not set: only the owner of the tables can grant rights")
    if make_url(owner).username == role:
        raise Fault(f"database_url names the owner {role}: the application needs another role")
    engine = connect(owner)
    with engine.begin() as connection:
        for statement in statements(connection, role):
            connection.execute(text(statement))
    engine.dispose()
    return role


def statements(connection: Connection, role: str) -> Iterator[str]:
    """The grants for `role`, everything taken away first."""
    quote = connection.dialect.identifier_preparer.quote
    app, tables = quote(role), set(inspect(connection).get_table_names())
    log = ", ".join(quote(name) for name in LOG_TABLES if name in tables)
    rest = ", ".join(sorted(map(quote, tables - {*LOG_TABLES, "alembic_version"})))
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {app}"
    yield f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {app}"
    yield f"GRANT USAGE ON SCHEMA public TO {app}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {app}"
    yield f"GRANT SELECT ON alembic_version TO {app}"
    yield f"GRANT SELECT, INSERT ON {log} TO {app}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {rest} TO {app}"


def require_weak(engine: Engine) -> None:
    """Refuse (Fault) a role that could change the log, and a server that may lose a commit."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        found = [*role_faults(connection), *durability_faults(connection)]
    if found:
        raise Fault("; ".join(found))


def role_faults(connection: Connection) -> list[str]:
    """What the connected role may do and must not, a sentence each."""
    role, strong = connection.execute(
        text(
            "SELECT current_user, rolsuper OR rolreplication OR rolbypassrls OR rolcreaterole "
            "FROM pg_roles WHERE rolname = current_user"
        )
    ).one()
    if strong:
        return [f"the database role {role} administers the server: {COMMAND}, for another role"]
    return [
        f"the database role {role} may {', '.join(rights)} the log's table {table}: {COMMAND}"
        for table in LOG_TABLES
        if (rights := _rights(connection, table))
    ]


def _rights(connection: Connection, table: str) -> list[str]:
    """Which of the forbidden rights the role has, through any role it belongs to."""
    query = text(
        "SELECT has_table_privilege(c.oid, :right) "
        "OR (:right = 'UPDATE' AND has_any_column_privilege(c.oid, 'UPDATE')) "
        "OR pg_has_role(c.relowner, 'MEMBER') "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = :table AND n.nspname = current_schema()"
    )
    return [
        right.lower()
        for right in _FORBIDDEN
        if connection.scalar(query, {"right": right, "table": table})
    ]


def durability_faults(connection: Connection) -> list[str]:
    """Settings under which a commit that was answered may be lost in a power cut."""
    values = {name: connection.scalar(text(f"SHOW {name}")) for name in DURABLE}
    return [
        f"PostgreSQL's {name} is {value}: it must be on, or acts that were answered may be lost"
        for name, value in values.items()
        if value not in DURABLE[name]
    ]
