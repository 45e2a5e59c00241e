"""Runs migrations on the engine that the caller gives."""

from alembic import context

from exam_system.tables import Base

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    sqlite = connection.dialect.name == "sqlite"
    # SQLite changes a table by making it anew: rows that refer to it would be in the way
    # (https://www.sqlite.org/lang_altertable.html, section 7). Only possible before a transaction.
    if sqlite:
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=sqlite,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if sqlite:
        broken = connection.connection.cursor().execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows refer to rows that are gone: {broken[:3]}")
        connection.connection.cursor().execute("PRAGMA foreign_keys=ON")
