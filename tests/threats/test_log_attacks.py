"""Attacks on the log, S03 to S07 of docs/THREATS.md, on both builds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from exam_system.access import Role
from exam_system.errors import Unavailable
from exam_system.inspector import InspectorFolder
from exam_system.office import Office as OpenOffice
from exam_system.oversight.service import cosign_notes, register_inspector
from exam_system.records import fsck, heads
from exam_system.trust import merkle, witness
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.merkle import leaf_hash
from exam_system.trust.tiles import WIDTH, entries_path, unpack_entries
from exam_system.trust.witness import Verdict
from exam_system.verify.history import History
from tests.inspector.desk import AT, OFFICE, GrowingLog
from tests.inspector.test_dba_attacks import cut, request, size_of
from tests.threats.red import (
    Build,
    acts_of,
    lying,
    nothing,
    refused_by_verify,
    told,
)
from tests.verify.publications import (
    ticket_note,
)
from tests.world import World, disarm


def fsck_says(world: World) -> str:
    """What `exam log fsck` says."""
    with world.context(world.people[Role.ADMIN]).session as db:
        return "\n".join(fsck.faults(db, world.log, world.keys.log.verifier))


def believing(world: World) -> Callable[..., Iterator[str]]:
    """A look at the rows that takes the entries from the tiles instead."""

    def rows(_session: Session, found: fsck.Findings) -> Iterator[str]:
        size = size_of(world)
        for start in range(0, size, WIDTH):
            name = entries_path(start // WIDTH, min(WIDTH, size - start))
            found.entries.extend(unpack_entries((world.log / name).read_bytes()))
        yield from ()

    return rows


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE act SET subject = 'account:x' WHERE id = :id", "act 4: the column subject says"),
        ("UPDATE act_detail SET details = '{}' WHERE act_id = :id", "act 4: its details and salt"),
        ("UPDATE leaf SET hash = zeroblob(32) WHERE act_id = :id", "act 4: the leaf is not"),
        ("DELETE FROM act WHERE id = :id", "act 4: its place is taken, the act itself is gone"),
        ("DELETE FROM leaf WHERE act_id = :id", "the act before it, 4, is missing"),
    ],
)
def test_s03_changed_and_deleted_rows_of_the_log_are_named(
    build: Build, world: World, statement: str, words: str
) -> None:
    build.lacks(fsck._rows, believing(world))
    world.seal()
    with world.engine.connect() as db:
        which = db.execute(text("SELECT act_id FROM leaf WHERE position = 4")).scalar_one()
    with world.engine.connect() as db:  # as an owner who has no foreign keys either
        db.exec_driver_sql("ROLLBACK")
        db.exec_driver_sql("PRAGMA foreign_keys=OFF")
        db.exec_driver_sql("BEGIN IMMEDIATE")
        disarm(db)
        assert db.execute(text(statement), {"id": which}).rowcount == 1
        db.commit()
    world.engine.dispose()
    build.judge(fsck_says(world), words)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> InspectorFolder:
    """An inspector who has signed the log so far; the office has the signature."""
    made = InspectorFolder.create(tmp_path / "desk", "tests.example/witness", b"secret")
    made.trust([world.keys.log.verifier.vkey])
    with world.acting(Role.ADMIN) as ctx:
        register_inspector(ctx, vkey=made.verifier.vkey)
    world.fill_log(8, "u")
    signed = made.cosign(request(world, 0), AT)
    with world.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=[signed])
    return made


HEADS = "SELECT id FROM note WHERE purpose = 'checkpoint'"
OF_HEADS = {"note_signature": f" WHERE note_id IN ({HEADS})", "note": f" WHERE id IN ({HEADS})"}


def signs_anything(head: Checkpoint | None, asked: witness.Request, new: Checkpoint) -> Verdict:
    """A witness that remembers nothing."""
    return Verdict(200, "", new)


def test_s04_a_log_cut_and_signed_anew_is_refused(
    build: Build, world: World, desk: InspectorFolder
) -> None:
    build.lacks(witness._judge_growth, signs_anything)
    seen = size_of(world)
    with world.engine.begin() as db:
        disarm(db)
        cut(db, seen - 3)
    shutil.rmtree(world.log)
    with world.engine.begin() as db:
        for table in ("note_signature", "head", "note"):
            which = "" if table == "head" else OF_HEADS[table]
            db.execute(text(f"DELETE FROM {table}{which}"))  # noqa: S608
    world.seal()
    assert fsck_says(world) == ""  # the chain alone swallows it
    assert size_of(world) == seen - 3
    for old in (0, seen - 3):
        said = told(lambda old=old: desk.cosign(request(world, old), AT + 60))  # type: ignore[misc]
        build.judge(said, "Declined", "409", "was cut or restored")


def rewritten() -> tuple[GrowingLog, GrowingLog]:
    """A log of twenty acts, and one in which the second has always been another."""
    old = GrowingLog().grown(20)
    entries = [old.entries[0], b"account:somebodyelse", *old.entries[2:]]
    return old, GrowingLog(entries).grown(30)


def witness_of(tmp_path: Path, first: GrowingLog) -> InspectorFolder:
    """A witness that has signed this log."""
    made = InspectorFolder.create(tmp_path / "desk", "city.example/witness", b"secret")
    made.trust([signer.verifier.vkey for signer in OFFICE])
    made.cosign(first.request(0), AT)
    return made


def test_s05_a_rewritten_log_with_the_real_key_is_refused(build: Build, tmp_path: Path) -> None:
    build.lacks(merkle.verify_consistency, nothing)
    old, new = rewritten()
    desk = witness_of(tmp_path, old)
    said = told(lambda: desk.cosign(new.request(20), AT + 60))
    build.judge(said, "422", "does not extend")


def test_s05_an_old_receipt_contradicts_the_rewritten_log(build: Build, tmp_path: Path) -> None:
    build.lacks(History._require_in_logs, nothing)
    receipt = acts_of(20).proof(3)
    folder = lying(tmp_path, acts_of(30, _1="somebodyelse"))
    (folder / "receipt.tlog-proof").write_bytes(receipt)
    said = refused_by_verify(folder)
    build.judge(said, "V44 receipt.tlog-proof: the first 20 acts of log have another root")


def test_s06_a_witness_signs_one_of_two_logs(build: Build, tmp_path: Path) -> None:
    build.lacks(merkle.verify_consistency, nothing)
    shown = GrowingLog().grown(20)
    desk = witness_of(tmp_path, shown)
    hidden = shown.grown(15).grown(20, "other")
    said = told(lambda: desk.cosign(hidden.request(20), AT + 60))
    build.judge(said, "422", "different roots")


def test_s06_an_admission_ticket_contradicts_the_other_log(build: Build, tmp_path: Path) -> None:
    build.lacks(History._require_in_logs, nothing)
    folder = lying(tmp_path, acts_of(25, _19="somebodyelse"), ticket_note=ticket_note(acts_of(20)))
    said = refused_by_verify(folder)
    build.judge(said, "V44 ticket.note: the first 20 acts of log have another root")


def test_s07_a_bit_flipped_before_signing_is_not_signed(build: Build, world: World) -> None:
    build.loses(heads._new_leaves, "if leaf_hash(row.entry) != row.hash:", "if False:")
    world.seal()
    with world.acting(Role.ADMIN) as ctx:
        world.hire(ctx, Role.REVIEWER, "u")
    with world.engine.begin() as db:
        disarm(db)
        size = db.execute(text("SELECT count(*) FROM leaf")).scalar_one()
        newest, entry = db.execute(text("SELECT id, entry FROM act ORDER BY id DESC LIMIT 1")).one()
        flipped = bytes([entry[0] ^ 1]) + entry[1:]
        row = {"at": size, "id": newest, "hash": leaf_hash(flipped)}
        db.execute(text("INSERT INTO leaf (position, act_id, hash) VALUES (:at, :id, :hash)"), row)
    office = OpenOffice(world.config, world.keys, world.engine, world.clock, world.chance)
    said = told(office.seal)
    build.judge(said, "Unavailable", f"entry {size} is not what was sequenced: nothing is signed")
    if build.whole:
        with pytest.raises(Unavailable):  # and acts have stopped
            office.context(world.people[Role.ADMIN], write=True)
