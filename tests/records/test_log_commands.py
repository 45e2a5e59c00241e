"""`exam log`: export, seal, proof."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_system.access import Role
from exam_system.cli import exam
from exam_system.errors import Fault, NotFound
from exam_system.oversight.service import cosign_notes
from exam_system.records import commands
from exam_system.records.heads import newest_head
from exam_system.records.keys import keys_text
from exam_system.records.notes import note_bytes
from exam_system.trust.notes import parse, with_line
from exam_system.verify.run import verify
from tests.world import World


def run(world: World, *words: object) -> bytes:
    told = ["--instance", str(world.folder), "log", *map(str, words)]
    return CliRunner().invoke(exam, told, catch_exceptions=False).stdout_bytes


def cosign(world: World) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        head = newest_head(ctx.session)
        assert head is not None
        data = note_bytes(ctx.session, head.note_id)
        line = world.inspector.line(parse(data).text.encode(), int(ctx.clock.now().timestamp()))
        cosign_notes(ctx, files=[with_line(data, line)])


def put_keys(world: World, folder: Path) -> None:
    with world.acting(Role.OFFICER) as ctx:
        (folder / "keys.txt").write_text(keys_text(ctx.session))


def test_an_export_verifies_and_grows(world: World, tmp_path: Path) -> None:
    target = tmp_path / "far" / "log"
    target.parent.mkdir()
    put_keys(world, target.parent)
    world.seal()
    assert b"acts exported to" in run(world, "export", target)
    first = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert (target / "log.vkey").read_text() == f"{world.keys.log.verifier.vkey}\n"
    assert verify([target]).refused == []
    cosign(world)
    assert run(world, "seal").startswith(b"the log has ")
    run(world, "export", target)
    assert verify([target]).refused == []
    for path, data in first.items():
        assert path.name == "checkpoint" or path.read_bytes() == data


def test_a_copy_only_grows(world: World, tmp_path: Path) -> None:
    world.seal()
    old = tmp_path / "old"
    shutil.copytree(world.config.published / "log", old)
    cosign(world)
    world.seal()
    log, key = world.config.published / "log", world.keys.log.verifier
    size = commands.export_log(log, tmp_path / "copy", key)
    with pytest.raises(Fault, match=f"holds {size} acts"):
        commands.export_log(old, tmp_path / "copy", key)
    entries = next((tmp_path / "copy" / "tile" / "entries").rglob(str(size)))
    entries.write_bytes(entries.read_bytes() + b"x")
    with pytest.raises(Fault, match="not what the log has"):
        commands.export_log(log, tmp_path / "copy", key)
    with pytest.raises(Fault, match="no signed head"):
        commands.export_log(tmp_path / "nothing", tmp_path / "other", key)


def test_the_checkpoint_is_written_last(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seal()
    written: list[str] = []
    put = commands.write_durable
    monkeypatch.setattr(
        commands, "write_durable", lambda path, data: (written.append(path.name), put(path, data))
    )
    commands.export_log(world.config.published / "log", tmp_path / "log", world.keys.log.verifier)
    assert written[-2:] == ["log.vkey", "checkpoint"]
    assert len(written) > 3


def test_the_proof_of_an_act(world: World, tmp_path: Path) -> None:
    world.seal()
    put_keys(world, tmp_path)
    with pytest.raises(Fault, match="cosigned"):
        run(world, "proof", 2)
    cosign(world)
    data = run(world, "proof", 2)
    run(world, "proof", 2, "-o", tmp_path / "2.tlog-proof")
    assert (tmp_path / "2.tlog-proof").read_bytes() == data
    outcome = verify([tmp_path / "2.tlog-proof"])
    assert outcome.refused == []
    assert "(act 2 of the log tests.example/log)" in outcome.lines[-1]
    with pytest.raises(NotFound):
        run(world, "proof", 9999)
