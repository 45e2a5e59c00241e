"""A log that is not in order stops the office: restored copies, full disks, changed bytes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.cli import exam
from exam_system.errors import Fault, Unavailable
from exam_system.office import open_office
from exam_system.records import heads, tree
from exam_system.records.fsck import faults, require_whole
from exam_system.records.models import Act, Leaf
from exam_system.trust.merkle import leaf_hash
from tests.world import World, disarm


def older(world: World, acts: int) -> None:
    """The database as it was `acts` acts ago, as a restored backup leaves it."""
    with world.engine.begin() as db:
        disarm(db)
        size = db.execute(text("SELECT count(*) FROM leaf")).scalar_one() - acts
        first = db.execute(
            text("SELECT act_id FROM leaf WHERE position = :at"), {"at": size}
        ).scalar_one()
        for statement in (
            "DELETE FROM head WHERE size > :size",
            "DELETE FROM leaf WHERE position >= :size",
            "DELETE FROM act_detail WHERE act_id >= :first",
            "DELETE FROM act_rows WHERE act_id >= :first",
            "DELETE FROM act WHERE id >= :first",
        ):
            bound = {"size": size} if ":size" in statement else {"first": first}
            db.execute(text(statement), bound)


def count(world: World) -> int:
    with world.engine.connect() as db:
        return db.execute(select(func.count(Act.id))).scalar_one()


def test_a_restored_copy_is_only_for_reading_and_says_what_it_lacks(world: World) -> None:
    world.fill_log(7, "u")
    older(world, 4)
    app = world.app()
    client = app.test_client()
    before = count(world)
    answer = client.get("/log")
    assert answer.status_code == 200
    assert "lacks 4 acts" in answer.text or "少4条操作" in answer.text
    refused = client.post("/login", data={"login": "admin", "password": "correct horse battery"})
    assert refused.status_code == 503
    assert "4" in refused.text
    assert count(world) == before
    office = open_office(world.folder, world.clock)
    with pytest.raises(Unavailable, match="lacks 4 acts"):
        office.seal()
    told = CliRunner().invoke(exam, ["--instance", str(world.folder), "log", "seal"])
    assert isinstance(told.exception, Unavailable)


def test_a_real_older_file_of_the_database(world: World, tmp_path: Path) -> None:
    if world.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no single file")
    world.fill_log(2, "u")
    with (
        closing(sqlite3.connect(world.folder / "exam.db")) as live,
        closing(sqlite3.connect(tmp_path / "backup.db")) as copy,
    ):
        live.backup(copy)
    world.fill_log(5, "v")
    world.engine.dispose()
    for path in world.folder.glob("exam.db*"):
        path.unlink()
    shutil.copy(tmp_path / "backup.db", world.folder / "exam.db")
    office = open_office(world.folder, world.clock)
    assert "lacks 5 acts" in str(office.standing.closed)


def test_a_copy_that_went_its_own_way_is_only_for_reading(world: World) -> None:
    world.fill_log(7, "u")
    aside = world.folder / "aside"
    shutil.copytree(world.log, aside)
    older(world, 4)
    shutil.rmtree(world.log)
    world.fill_log(9, "other")
    shutil.rmtree(world.log)
    shutil.copytree(aside, world.log)
    office = open_office(world.folder, world.clock)
    assert "another log" in str(office.standing.closed)


def test_a_copy_restored_under_a_running_service_is_not_signed(world: World) -> None:
    world.fill_log(7, "u")
    before = (world.log / "checkpoint").read_bytes()
    older(world, 4)
    # As many other acts as are missing, and more: the number alone would not show it.
    with pytest.raises(Unavailable):
        world.fill_log(6, "other")
    assert (world.log / "checkpoint").read_bytes() == before


def test_damaged_files_of_the_log(world: World) -> None:
    world.fill_log(2, "u")
    assert open_office(world.folder, world.clock).standing.closed is None
    (world.log / "checkpoint").write_bytes(b"x")
    assert "damaged" in str(open_office(world.folder, world.clock).standing.closed)


def log_in(client: object, username: str = "admin") -> int:
    answer = client.post(  # type: ignore[attr-defined]
        "/login", data={"login": username, "password": "correct horse battery"}
    )
    return int(answer.status_code)


def no_folder(world: World) -> Callable[[], None]:
    aside = world.folder / "aside"
    world.log.rename(aside)
    world.log.write_bytes(b"")

    def mend() -> None:
        world.log.unlink()
        aside.rename(world.log)

    return mend


def no_space(_world: World) -> Callable[[], None]:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    patch = pytest.MonkeyPatch()
    patch.setattr(tree.os, "fsync", full)
    return patch.undo


def broken_disk(_world: World) -> Callable[[], None]:
    def broken(*_words: object) -> bytes:
        raise OSError(5, "Input/output error")

    patch = pytest.MonkeyPatch()
    patch.setattr(heads, "read_head", broken)
    return patch.undo


@pytest.mark.parametrize("breaks", [no_folder, no_space, broken_disk])
def test_when_the_log_cannot_be_written_acts_stop_and_go_on_when_it_can(
    world: World, breaks: Callable[[World], Callable[[], None]]
) -> None:
    world.fill_log(3, "u")
    client = world.app().test_client()
    mend = breaks(world)
    before = count(world)
    try:
        assert log_in(client) == 503
        assert count(world) == before + 1  # stored; the answer says that it does not count yet
        assert log_in(client) == 503
        assert count(world) == before + 1  # from now on nothing is done at all
        assert client.get("/").status_code in (200, 302)
    finally:
        mend()
    assert log_in(client) == 302
    assert count(world) == before + 2
    with world.engine.connect() as db:
        assert db.execute(select(func.count(Leaf.position))).scalar_one() == before + 2
    with world.context(world.people[Role.ADMIN]).session as db2:
        require_whole(db2, world.log, world.keys.log.verifier)


def test_a_full_database_answers_503(world: World) -> None:
    if world.engine.dialect.name != "sqlite":
        pytest.skip("a limit of pages is SQLite's")
    app = world.app()
    engine = app.extensions["office"].engine
    engine.dispose()
    with engine.connect() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar_one()

    def narrow(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    engine.dispose()
    event.listen(engine, "connect", narrow)
    before, statuses = count(world), []
    for _ in range(80):
        statuses.append(log_in(app.test_client()))
        if statuses[-1] == 503:
            break
    assert statuses[-1] == 503
    assert count(world) - before in (len(statuses) - 1, len(statuses))
    assert set(statuses[:-1]) <= {302}


# one lie a line: what a database administrator or a bad disk changes, and what fsck says
LIES: dict[str, tuple[str, str]] = {
    "kind": ("UPDATE act SET kind = 'x.y' WHERE id = :id", "the column kind"),
    "exam": ("UPDATE act SET exam = 'other' WHERE id = :id", "the column exam"),
    "at": ("UPDATE act SET at = '2020-01-01 00:00:00+00:00' WHERE id = :id", "the column at"),
    "actor": ("UPDATE act SET actor = 'nobody' WHERE id = :id", "the column actor"),
    "subject": ("UPDATE act SET subject = 'x:1' WHERE id = :id", "the column subject"),
    "entry": ("UPDATE act SET entry = :blob WHERE id = :id", "the entry cannot be read"),
    "details": ("UPDATE act_detail SET details = '{}' WHERE act_id = :id", "its details and salt"),
    "salt": ("UPDATE act_detail SET salt = :salt WHERE act_id = :id", "its details and salt"),
    "leaf": ("UPDATE leaf SET hash = :blob WHERE act_id = :id", "the leaf is not the hash"),
    "place": ("UPDATE leaf SET position = 999 WHERE act_id = :id", "is missing"),
    "head": ("UPDATE head SET size = 2 WHERE size = 9", "head 2: its note is of 9 acts"),
    "note": ("UPDATE note SET text = text || 'x' WHERE id = 1", "not that of its digest"),
    "line": ("UPDATE note_signature SET line = 'x' WHERE id = 1", "the line of"),
    "signer": ("UPDATE note_signature SET key_name = 'x' WHERE id = 1", "is by tests.example/log"),
    "unsigned": ("DELETE FROM note_signature WHERE id = 1", "nobody has signed it"),
    "own line": ("DELETE FROM note_signature WHERE id = 1", "the log's own key is missing"),
    "head row": ("DELETE FROM head WHERE size = 9", "the row of this head is gone"),
    "head outside": ("DELETE FROM head WHERE size = 9", "shows it, its row is gone"),
    "purpose": ("UPDATE note SET purpose = 'draw' WHERE id = 1", "the column purpose says 'draw'"),
    "title": ("UPDATE note SET title = 'x' WHERE id = 1", "the column title says 'x'"),
    "note's exam": ("UPDATE note SET exam = 'x' WHERE id = 1", "the column exam says 'x'"),
    "key": ("UPDATE role_key SET vkey = 'x' WHERE role = 'publisher'", "it cannot be read"),
    "key's name": ("UPDATE role_key SET name = 'x' WHERE role = 'officer'", "key x: its name is"),
    "key's role": ("UPDATE role_key SET role = 'log' WHERE role = 'officer'", "2 keys serve"),
    "key's end": ("UPDATE role_key SET retired_size = 3 WHERE role = 'log'", "told only in part"),
}


def test_fsck_names_every_changed_row(world: World) -> None:
    world.seal()
    with world.engine.connect() as db:
        size = db.execute(select(func.count(Leaf.position))).scalar_one()
        act_id = db.execute(select(Leaf.act_id).where(Leaf.position == 3)).scalar_one()
    told = CliRunner().invoke(exam, ["--instance", str(world.folder), "log", "fsck"])
    assert f"{size} acts, their details, places, tiles, heads and notes are whole" in told.output
    for lie, (statement, why) in LIES.items():
        statement, why = statement.replace("= 9", f"= {size}"), why.replace("of 9", f"of {size}")
        words = {"id": act_id, "blob": b"{}", "salt": bytes(32)}
        used = {name: value for name, value in words.items() if f":{name}" in statement}
        with world.engine.connect() as db:  # nothing is committed: the next lie finds it whole
            disarm(db)
            assert db.execute(text(statement), used).rowcount == 1, lie
            named = list(faults(Session(db), world.log, world.keys.log.verifier))
            assert any(why in fault for fault in named), (lie, named)
            db.rollback()
    assert found(world) == []
    with world.engine.begin() as db:
        db.execute(text(LIES["unsigned"][0]))
    result = CliRunner().invoke(exam, ["--instance", str(world.folder), "log", "fsck"])
    assert isinstance(result.exception, Fault)


def test_a_signature_without_its_note(world: World) -> None:
    world.seal()
    row = "INSERT INTO note_signature (note_id, key_name, line) VALUES (999, 'x', 'y')"
    with world.engine.connect() as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SET session_replication_role = replica"))  # as a superuser may
            db.execute(text(row))
            db.commit()
    if world.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(world.folder / "exam.db")) as live:  # no keys are enforced
            live.execute(row)
            live.commit()
    assert found(world)[0].startswith("the line of x (row")


def found(world: World) -> list[str]:
    with world.context(world.people[Role.ADMIN]).session as db:
        return list(faults(db, world.log, world.keys.log.verifier))


def test_fsck_names_files_that_the_acts_do_not_give(world: World) -> None:
    world.fill_log(260, "u")
    world.fill_log(3, "v")
    assert found(world) == []
    files = [path for path in world.log.rglob("*") if path.is_file() and "tile" in str(path)]
    assert len(files) > 5
    for path in files:
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert found(world) == [f"{path} is not what the acts give"]
        path.write_bytes(data)
    stranger = world.log / "tile" / "readme"
    stranger.write_bytes(b"x")
    assert found(world) == [f"{stranger} is not what the acts give"]
    stranger.unlink()
    whole = world.log / "tile" / "0" / "000"
    whole.unlink()
    assert found(world) == [f"{whole} is missing"]


def test_fsck_counts_what_is_erased_and_what_waits(world: World) -> None:
    world.seal()
    with world.engine.begin() as db:
        db.execute(text("DELETE FROM act_detail WHERE act_id = 1"))
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.REVIEWER, "u")  # an account and its pledge
    told = CliRunner().invoke(exam, ["--instance", str(world.folder), "log", "fsck"]).output
    assert "2 acts wait for their place, the details of 1 are erased" in told


def test_a_flipped_byte_between_storing_and_signing_is_not_signed(world: World) -> None:
    """S07: the act is changed in the database after its row, before its place is signed."""
    world.seal()
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.REVIEWER, "u")
    with world.engine.begin() as db:
        disarm(db)
        size = db.execute(text("SELECT count(*) FROM leaf")).scalar_one()
        newest, entry = db.execute(text("SELECT id, entry FROM act ORDER BY id DESC")).first() or ()
        wrong = {"at": size, "id": newest, "hash": leaf_hash(bytes(entry) + b" ")}
        db.execute(
            text("INSERT INTO leaf (position, act_id, hash) VALUES (:at, :id, :hash)"), wrong
        )
    with pytest.raises(Fault, match="is not what was sequenced"):
        world.seal()
    assert any("the leaf is not the hash" in fault for fault in found(world))
