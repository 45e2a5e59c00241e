"""A database administrator with the log's own key: whatever the chain swallows, a witness refuses.

THREATS S03 to S06: guards dropped, rows and tiles cut, replaced or rewritten, sealed again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from exam_system.access import Role
from exam_system.errors import Fault
from exam_system.inspector import Declined, InspectorFolder
from exam_system.oversight.service import cosign_notes, register_inspector
from exam_system.records import heads
from exam_system.records.fsck import require_whole
from exam_system.records.tree import TileStore
from exam_system.trust import acts
from exam_system.trust.canonical import parse_jcs
from exam_system.trust.merkle import consistency_proof, leaf_hash
from exam_system.trust.witness import Request
from tests.world import World, disarm


def size_of(world: World) -> int:
    head = heads.read_head(world.log, world.keys.log.verifier)
    assert head is not None
    return head.size


def request(world: World, old: int) -> bytes:
    """What the office can best make of its log for a witness that has signed `old` acts."""
    size = size_of(world)
    store = TileStore(world.log, size)
    proof = tuple(consistency_proof(old, size, store.node)) if 0 < old <= size else ()
    return Request(old, proof, (world.log / "checkpoint").read_bytes()).encode()


@pytest.fixture
def desk(world: World, tmp_path: Path) -> InspectorFolder:
    """An inspector who has signed the log of 330 and some acts; the office has the signature."""
    made = InspectorFolder.create(tmp_path / "desk", "tests.example/witness", b"secret")
    made.trust([world.keys.log.verifier.vkey])
    with world.acting(Role.ADMIN) as ctx:
        register_inspector(ctx, vkey=made.verifier.vkey)
    world.fill_log(330, "u")
    signed = made.cosign(request(world, 0), 1_772_413_200)
    with world.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=[signed])
    return made


def cut(db: Connection, size: int) -> None:
    """The acts from `size` on have never been."""
    gone = {"size": size}
    db.execute(text("DELETE FROM head WHERE size > :size"), gone)
    later = "SELECT act_id FROM leaf WHERE position >= :size"
    db.execute(text(f"CREATE TEMPORARY TABLE gone AS {later}"), gone)
    db.execute(
        text("INSERT INTO gone SELECT id FROM act WHERE id NOT IN (SELECT act_id FROM leaf)")
    )
    db.execute(text("DELETE FROM leaf WHERE position >= :size"), gone)
    db.execute(text("DELETE FROM act_detail WHERE act_id IN (SELECT act_id FROM gone)"))
    db.execute(text("DELETE FROM act_rows WHERE act_id IN (SELECT act_id FROM gone)"))
    db.execute(text("DELETE FROM act WHERE id IN (SELECT act_id FROM gone)"))
    db.execute(text("DROP TABLE gone"))


def rewrite(db: Connection, position: int) -> None:
    """The act at a place was about somebody else, and the tree follows."""
    row = db.execute(
        text("SELECT id, entry FROM act JOIN leaf ON act_id = id WHERE position = :at"),
        {"at": position},
    ).one()
    entry = parse_jcs(bytes(row.entry))
    assert isinstance(entry, dict)
    told = {key: str(entry[key]) for key in ("kind", "exam", "at", "actor", "payload")}
    new = acts.entry(subject="account:somebodyelse", **told)
    words = {"id": row.id, "entry": new, "hash": leaf_hash(new), "to": "account:somebodyelse"}
    db.execute(text("UPDATE act SET entry = :entry, subject = :to WHERE id = :id"), words)
    db.execute(text("UPDATE leaf SET hash = :hash WHERE act_id = :id"), words)


def truncated(world: World) -> None:
    attack(world, lambda db: cut(db, 300))


def truncated_and_grown(world: World) -> None:
    attack(world, lambda db: cut(db, 320))
    world.fill_log(40, "other")


def rewritten(world: World) -> None:
    attack(world, lambda db: rewrite(db, 5))


def rewritten_at_the_end(world: World) -> None:
    attack(world, lambda db: rewrite(db, size_of(world) - 1))
    world.fill_log(3, "more")


def attack(world: World, how: Callable[[Connection], None]) -> None:
    """Rows first, then everything outside the database is thrown away and made anew."""
    with world.engine.begin() as db:
        disarm(db)
        how(db)
    with pytest.raises(Fault):  # as long as the head and tiles outside the database are there
        seal_and_check(world)
    shutil.rmtree(world.log)
    with world.engine.begin() as db:
        db.execute(text("DELETE FROM head"))
        db.execute(
            text(
                "DELETE FROM note_signature WHERE note_id IN "
                "(SELECT id FROM note WHERE purpose = 'checkpoint')"
            )
        )
        db.execute(text("DELETE FROM note WHERE purpose = 'checkpoint'"))
    seal_and_check(world)  # red: without them the chain signs the lie and finds it whole


def seal_and_check(world: World) -> None:
    world.seal()
    with world.context(world.people[Role.INSPECTOR]).session as db:
        require_whole(db, world.log, world.keys.log.verifier)


@pytest.mark.parametrize("lie", [truncated, truncated_and_grown, rewritten, rewritten_at_the_end])
def test_the_witness_refuses_what_the_chain_accepts(
    world: World, desk: InspectorFolder, lie: Callable[[World], None]
) -> None:
    memory = (desk.folder / "heads.json").read_bytes()
    seen = size_of(world)
    lie(world)
    now = size_of(world)
    for old in {0, seen, now}:
        with pytest.raises(Declined) as refused:
            desk.cosign(request(world, old), 1_772_413_260)
        assert refused.value.status in (400, 409, 422)
    assert (desk.folder / "heads.json").read_bytes() == memory
    assert len(InspectorFolder.history_of(desk.folder)) == 1


def test_two_logs_shown_to_two_people_have_one_signature(
    world: World, desk: InspectorFolder
) -> None:
    """S06: the split view. Both branches extend what was signed; one of them gets it."""
    seen = size_of(world)
    world.fill_log(5, "public")
    assert desk.cosign(request(world, seen), 1_772_413_260)
    attack(world, lambda db: cut(db, size_of(world) - 5))
    world.fill_log(5, "hidden")
    with pytest.raises(Declined, match="422"):
        desk.cosign(request(world, size_of(world)), 1_772_413_320)
    assert len(InspectorFolder.history_of(desk.folder)) == 2
