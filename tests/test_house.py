"""The house: migrations, the log's guards, the access tables."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from exam_system import instance as instances
from exam_system.access import Role
from exam_system.records import heads
from exam_system.records.models import Act, Leaf
from exam_system.tables import Base
from tests.world import World


def is_ours(name: str | None, _kind: str, _parents: object) -> bool:
    """All but the full text index of public questions, which each database makes its own way."""
    return not (name or "").startswith("question_words")


COMPARED = {"compare_type": True, "include_name": is_ours}


def test_migrations_make_exactly_the_tables_of_the_code(world: World) -> None:
    with world.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("table", ["act", "leaf", "head"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_log_refuses_change(world: World, table: str, statement: str) -> None:
    world.seal()
    column = {"act": "id", "leaf": "position", "head": "size"}[table]
    quoted = f'"{column}"'
    with world.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement.format(table, quoted, quoted)))


def test_a_seal_covers_every_act_and_later_ones_extend_it(world: World) -> None:
    world.seal()
    folder = world.config.published / "log"
    first = heads.read_head(folder, world.keys.log.verifier)
    with world.acting(Role.ADMIN) as ctx:
        for n in range(300):
            world.hire(ctx, Role.REVIEWER, f"u{n}")
    world.seal()
    second = heads.read_head(folder, world.keys.log.verifier)
    with world.context(world.people[Role.ADMIN]).session as db:
        assert first is not None
        assert second is not None
        hired = 2 * 300  # an account and its pledge
        assert second.size == first.size + hired == len(db.scalars(select(Leaf.position)).all())
        act = db.scalars(select(Act).order_by(Act.id)).first()
        assert act is not None
        head = heads.newest_head(db)
        assert head is not None
        assert heads.act_proof(db, folder, act.id, head)


def test_the_app_starts(world: World) -> None:
    assert world.client(world.app(), Role.ADMIN).get("/users").status_code == 200


def test_migrations_run_down_and_up_again_with_rows_in_the_tables(world: World) -> None:
    world.seal()  # acts, leaves, a head and a note are there, guarded by their triggers
    world.engine.dispose()
    instances.migrate(world.config, "base", down=True)
    assert inspect(world.engine).get_table_names() == ["alembic_version"]
    instances.migrate(world.config)
    with world.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, Base.metadata) == []
        assert connection.execute(text("SELECT count(*) FROM act")).scalar_one() == 0
