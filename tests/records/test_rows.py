"""Rows belong to acts: what changes them past an act is refused, or found and named."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from exam_system.access import Role
from exam_system.accounts.models import Account
from exam_system.accounts.service import close_account
from exam_system.errors import Fault
from exam_system.office import open_office
from exam_system.records import audit, log
from exam_system.records.models import Act, ActDetail, ActRows
from exam_system.trust.canonical import parse_jcs
from tests.world import World, disarm


def said(world: World) -> list[str]:
    with world.context(world.people[Role.ADMIN]).session as db:
        return list(audit.faults(db))


def test_rows_without_an_act_are_refused(world: World) -> None:
    ctx = open_office(world.folder, world.clock).context(world.people[Role.ADMIN], write=True)
    with ctx.session as db:
        account = db.scalars(select(Account).where(Account.username == "reviewer")).one()
        account.name = "另一个"
        with pytest.raises(Fault, match="rows of account were changed without an act"):
            db.commit()
        db.rollback()
        assert db.scalars(select(Account.name).where(Account.id == account.id)).one() == "测试甲"


def test_an_act_cannot_be_taken_in_by_a_session_that_only_reads(world: World) -> None:
    office = open_office(world.folder, world.clock)
    with (
        office.context(world.people[Role.ADMIN], write=False).session as db,
        pytest.raises(Fault, match="may write"),
    ):
        log.write(
            db,
            kind="tests.act",
            exam="",
            at=world.clock.now(),
            actor="a",
            subject="b",
            details={},
            salt=bytes(32),
            rows_salt=bytes(32),
        )


def test_a_rolled_back_act_leaves_nothing(world: World) -> None:
    with world.context(world.people[Role.ADMIN]).session as db:
        before = len(db.scalars(select(Act.id)).all())
    ctx = world.context(world.people[Role.ADMIN])
    with ctx.session as db:
        close_account(ctx, username="reviewer")
        db.rollback()
        db.commit()
        assert len(db.scalars(select(Act.id)).all()) == before
    assert said(world) == []


def test_the_last_act_of_a_transaction_stands_for_all_its_rows(world: World) -> None:
    with world.acting(Role.ADMIN) as ctx:
        close_account(ctx, username="reviewer")
        close_account(ctx, username="marker")
    with world.context(world.people[Role.ADMIN]).session as db:
        first, last = db.scalars(select(Act.id).order_by(Act.id.desc()).limit(2)).all()[::-1]
        assert not db.scalars(select(ActRows).where(ActRows.act_id == first)).all()
        assert [row.table_name for row in db.scalars(
            select(ActRows).where(ActRows.act_id == last)
        )] == ["account"]  # fmt: skip
        details = parse_jcs(db.get_one(ActDetail, last).details.encode())
        assert isinstance(details, dict)
        assert "rows_digest" in details
    assert said(world) == []


CHANGES: dict[str, tuple[str, str]] = {
    "a column": (
        "UPDATE account SET role = 'admin' WHERE username = 'marker'",
        "changed in role; it was left by act",
    ),
    "two columns": (
        "UPDATE account SET name = 'x', active = NOT active WHERE username = 'marker'",
        "changed in name, active; it was left by act",
    ),
    "a row": ("DELETE FROM pledge WHERE id = (SELECT max(id) FROM pledge)", "the row is gone"),
    "a new row": (
        "INSERT INTO role_key (id, role, name, vkey) VALUES (999, 'inspector', 'own', 'k')",
        "role_key 999: no act wrote this row",
    ),
    "digests of rows": ("UPDATE act_rows SET lines = 'id' WHERE id = 1", "act_rows: changed"),
    "digests gone": (
        "DELETE FROM act_rows WHERE id = (SELECT max(id) FROM act_rows)",
        "the digests of rows are gone under act",
    ),
    "digests slipped in": (
        "INSERT INTO act_rows (id, act_id, table_name, salt, lines) "
        "SELECT 999, min(id), 'account', x.salt, 'id' FROM act, (SELECT salt FROM act_rows "
        "LIMIT 1) x WHERE act.id NOT IN (SELECT act_id FROM act_rows) GROUP BY x.salt",
        "nothing vouches for the rows under act",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_past_the_acts_are_named(world: World, change: str) -> None:
    with world.acting(Role.ADMIN) as ctx:  # an act whose transaction goes on: it has no rows
        close_account(ctx, username="reviewer")
        close_account(ctx, username="interviewer")
    world.seal()
    assert said(world) == []
    statement, sentence = CHANGES[change]
    with world.engine.begin() as db:
        disarm(db)
        assert db.execute(text(statement)).rowcount == 1
    found = said(world)
    assert any(sentence in line for line in found), found


def test_a_row_put_back_as_it_was_is_whole_again(world: World) -> None:
    change = text("UPDATE account SET name = :name WHERE username = 'marker'")
    for name, whole in (("x", False), ("测试甲", True)):
        with world.engine.begin() as db:
            db.execute(change, {"name": name})
        assert (not said(world)) == whole
