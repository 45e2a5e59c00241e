"""The tables of refunds and statements come and go with their revision, rows and all."""

from __future__ import annotations

from sqlalchemy import inspect, text

from exam_system import instance
from exam_system.fees import reconciling
from tests.fees.test_reconciling import day_with_everything, reconciled
from tests.world import World

NEW = {"refund", "statement", "discrepancy"}


def test_down_and_up_with_rows(world: World) -> None:
    day, theirs = day_with_everything(world)
    reconciled(world, day, theirs[1:])
    before = _payments(world)
    instance.migrate(world.config, "0011", down=True)
    assert not NEW & set(inspect(world.engine).get_table_names())
    with world.engine.connect() as connection:
        assert not connection.scalar(text("SELECT count(*) FROM note WHERE purpose = 'statement'"))
    assert _payments(world) == before
    instance.migrate(world.config)
    assert set(inspect(world.engine).get_table_names()) >= NEW
    assert _payments(world) == before
    names = {index["name"] for index in inspect(world.engine).get_indexes("payment")}
    assert "uq_payment_kept" in names
    with world.context(world.people[next(iter(world.people))]).session as db:
        assert reconciling.count_statements(db) == 0


def _payments(world: World) -> list[tuple[object, ...]]:
    with world.engine.connect() as connection:
        rows = connection.execute(
            text('SELECT id, "transaction", fen, kept FROM payment ORDER BY id')
        )
        return [tuple(row) for row in rows]
