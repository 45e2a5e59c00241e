"""Keys that end: the server's are replaced, an inspector's is lost; what was signed stays good."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from exam_system.access import Role
from exam_system.approvals.lookup import open_approval
from exam_system.cli import exam
from exam_system.errors import Conflict, Fault, Forbidden, Invalid
from exam_system.exams import service
from exam_system.inspector import InspectorFolder
from exam_system.keys import open_keys
from exam_system.office import open_office
from exam_system.oversight.keys import retire_inspector, wanted_retirement
from exam_system.oversight.service import register_inspector
from exam_system.oversight.waiting import waiting_notes
from exam_system.records import heads, releases
from exam_system.records.fsck import faults
from exam_system.records.keys import keys_of, keys_text, rows_of
from exam_system.records.models import Act, ActDetail, Release, RoleKey
from exam_system.records.notes import note_bytes, require_cosigned
from exam_system.trust import notes
from exam_system.trust.canonical import parse_jcs
from exam_system.trust.keys import COSIGNATURE, Signer, Verifier
from exam_system.verify.keyring import parse_keys
from exam_system.verify.run import verify
from tests.exams.samples import CODE
from tests.records.test_cosigners import SECOND, draft, publish, register, release_of, sign
from tests.world import WANTED, World, give_approval

WANTED["oversight.retire_inspector"] = wanted_retirement


def run(world: World, *words: str) -> Result:
    world.engine.dispose()
    return CliRunner().invoke(exam, ["--instance", str(world.folder), *words])


def rotate(world: World, role: str, *more: str) -> str:
    result = run(world, "keys", "rotate", role, *more, "--actor", "admin", "--reason", "被盗")
    assert result.exit_code == 0, result.exception
    world.keys = open_keys(world.config)
    return result.output


def published(world: World) -> list[str]:
    return [str(error) for error in verify([world.config.published]).refused]


def whole(world: World) -> list[str]:
    with world.context(world.people[Role.ADMIN]).session as db:
        return list(faults(db, world.config.published / "log", world.keys.log.verifier))


def announced(world: World) -> Release:
    """An announcement that both inspectors have signed, prepared."""
    draft(world, 1)
    with world.acting(Role.OFFICER) as ctx:
        service.prepare_announcement(ctx, code=CODE)
    return release_of(world)[0]


def test_every_key_of_the_server_can_be_replaced(world: World) -> None:
    sign(world, announced(world).note_id, world.inspector)
    publish(world)
    world.seal()
    before = (world.config.published / "keys.txt").read_bytes()
    for role in ("publisher", "log", "officer", "log"):
        old = getattr(world.keys, role).verifier
        told = rotate(world, role)
        assert getattr(world.keys, role).verifier.vkey != old.vkey
        assert getattr(world.keys, role).name == old.name
        assert f"{role} {old.name}" in told
        after = (world.config.published / "keys.txt").read_bytes()
        assert after.startswith(before)  # lines are only added
        before = after
        assert published(world) == []
        assert whole(world) == []
    ring = parse_keys(before, "keys.txt")
    assert [len(ring.all_of(role)) for role in ("log", "publisher", "officer")] == [3, 2, 2]
    folder = world.folder / "keys"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("log.pem", "officer.pem", "pdf.crt", "pdf.pem", "publisher.pem", "secret.bin")
    ]
    listed = run(world, "keys", "list").output
    assert listed.count("retired") == 4
    out = world.folder / "out"
    assert run(world, "log", "export", str(out)).exit_code == 0
    assert verify([out], world.config.published / "keys.txt").refused == []


def statement_of(world: World) -> dict[str, object]:
    with world.context(world.people[Role.ADMIN]).session as db:
        query = (
            select(ActDetail.details)
            .join(Act, Act.id == ActDetail.act_id)
            .where(Act.kind == "oversight.rotate_key")
        )
        said: Any = parse_jcs(db.scalars(query).one().encode())
        return dict(said)


def test_the_change_is_signed_by_both_keys(world: World) -> None:
    old = world.keys.officer.verifier
    rotate(world, "officer")
    said = statement_of(world)
    opened = notes.open_note(str(said["statement"]).encode(), [old, world.keys.officer.verifier])
    assert opened.signers == (old, world.keys.officer.verifier)
    assert f"old {old.vkey}\nnew {world.keys.officer.verifier.vkey}\n" in opened.text
    assert said["lost"] is False


@pytest.mark.parametrize("role", ["log", "publisher"])
def test_a_lost_key_of_the_server(world: World, role: str) -> None:
    world.seal()
    path = world.folder / "keys" / f"{role}.pem"
    refused = run(world, "keys", "rotate", role, "--lost", "--actor", "admin", "--reason", "x")
    assert "is not lost" in str(refused.exception)
    path.write_bytes(b"unreadable")
    assert isinstance(run(world, "log", "seal").exception, Fault)
    rotate(world, role, "--lost")
    assert path.with_suffix(".lost").read_bytes() == b"unreadable"
    assert statement_of(world)["lost"] is True
    assert published(world) == []
    assert whole(world) == []


def test_a_crash_before_the_file_is_in_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.seal()

    def crash(*_words: object) -> None:
        raise OSError("power cut")

    words = ("keys", "rotate", "log", "--actor", "admin", "--reason", "x")
    with monkeypatch.context() as patch:
        patch.setattr("exam_system.oversight.key_commands.take_over", crash)
        assert isinstance(run(world, *words).exception, OSError)
    # a service that still holds the old key signs nothing
    told = run(world, "log", "seal").exception
    assert "was replaced" in str(told.__cause__ if told else None)
    assert run(world, *words).exit_code == 0
    world.keys = open_keys(world.config)
    assert (published(world), whole(world)) == ([], [])
    with world.context(world.people[Role.ADMIN]).session as db:
        assert len(rows_of(db, "log")) == 2


def test_a_draft_gets_the_new_signature(world: World) -> None:
    release = announced(world)
    rotate(world, "publisher")
    with world.context(world.people[Role.OFFICER]).session as db:
        note = note_bytes(db, release.note_id)
    assert notes.open_note(note, [world.keys.publisher.verifier]).signers
    sign(world, release.note_id, world.inspector)
    publish(world)
    world.seal()
    assert published(world) == []


def test_the_key_of_documents(world: World) -> None:
    old = world.keys.pdf_certificate
    told = rotate(world, "document")
    assert world.keys.pdf_certificate != old
    assert "document " in told
    release = announced(world)
    with world.context(world.people[Role.OFFICER]).session as db:
        assert b"%PDF" in releases.file_data(db, release, "notice.pdf")


def retire(world: World, signer: Signer, reason: str = "U盘丢失") -> None:
    arguments = {"name": signer.name, "reason": reason}
    world.approved("oversight.retire_inspector", Role.ADMIN, **arguments)
    with world.acting(Role.ADMIN) as ctx:
        retire_inspector(ctx, **arguments)


def test_a_lost_inspectors_key(world: World) -> None:
    register(world, SECOND)
    release = announced(world)
    with world.acting(Role.ADMIN) as ctx, pytest.raises(Conflict, match="approval of somebody"):
        retire_inspector(ctx, name=SECOND.name, reason="丢失")
    with world.acting(Role.OFFICER) as ctx, pytest.raises(Forbidden):
        retire_inspector(ctx, name=SECOND.name, reason="丢失")
    retire(world, SECOND)
    with pytest.raises(Invalid, match=r"The key of tests\.example/second was retired"):
        sign(world, release.note_id, SECOND)
    with world.context(world.people[Role.OFFICER]).session as db:
        assert [key.name for key in keys_of(db, "inspector")] == [world.inspector.name]
        assert waiting_notes(db)[0].missing == [world.inspector.name]
    sign(world, release.note_id, world.inspector)  # the remaining one suffices
    publish(world)
    world.seal()
    assert (published(world), whole(world)) == ([], [])
    told = (world.config.published / "keys.txt").read_text().split("\n")
    assert told[-2].startswith(f"retired inspector {SECOND.verifier.vkey} ")


def test_what_it_signed_before_stays_and_counts(world: World) -> None:
    release = announced(world)
    sign(world, release.note_id, world.inspector)
    retire(world, world.inspector)
    publish(world)
    world.seal()
    assert published(world) == []


def test_a_new_inspector_counts_for_what_named_the_lost_one(world: World) -> None:
    release = announced(world)
    named = [world.inspector.verifier.vkey]
    retire(world, world.inspector)
    nobody = pytest.raises(Conflict, match="No inspector's key is registered")
    with world.context(world.people[Role.OFFICER]).session as db, nobody:
        require_cosigned(db, release.note_id, needed=1, among=named)
    register(world, SECOND)
    with world.context(world.people[Role.OFFICER]).session as db:
        with pytest.raises(Conflict, match=r"the signature of tests\.example/second is missing"):
            require_cosigned(db, release.note_id, needed=1, among=named)
        with pytest.raises(Conflict, match=r"too few inspectors are left.*tests\.example/insp"):
            require_cosigned(db, release.note_id, needed=2, among=named)
    sign(world, release.note_id, SECOND)
    with world.context(world.people[Role.OFFICER]).session as db:
        require_cosigned(db, release.note_id, needed=1, among=named)
    publish(world)
    world.seal()
    assert published(world) == []


def test_the_history_is_only_added_to(world: World) -> None:
    told = []
    third = Signer.generate("tests.example/third", COSIGNATURE)
    for signer, ends in ((SECOND, False), (third, False), (SECOND, True), (world.inspector, True)):
        if ends:
            retire(world, signer)
        else:
            register(world, signer)
        with world.context(world.people[Role.ADMIN]).session as db:
            told.append(keys_text(db))
    assert all(later.startswith(earlier) for earlier, later in pairwise(told))
    ring = parse_keys(told[-1].encode(), "keys.txt")
    assert [one.retired is None for one in ring.inspectors] == [False, False, True]
    with world.acting(Role.ADMIN) as ctx, pytest.raises(Conflict, match="registered already"):
        register_inspector(ctx, vkey=Signer.generate(SECOND.name, COSIGNATURE).verifier.vkey)


def test_the_page_asks_approval_and_shows_the_state(world: World) -> None:
    register(world, SECOND)
    client = world.client(world.app(), Role.ADMIN)
    form = {"name": SECOND.name, "reason": "丢失"}
    client.post("/users/retire-inspector", data={**form, "ask": "1"})
    page = client.get("/users").text
    assert "申请" in page or "Approval" in page
    with world.context(world.people[Role.ADMIN]).session as db:
        row = db.scalars(select(RoleKey).where(RoleKey.name == SECOND.name)).one()
        assert row.retired_at is None
    retire_by_page(world, client, form)
    page = client.get("/users").text
    assert "已停用" in page or "retired" in page
    assert "retired" in client.get("/log").text or "已停用" in client.get("/log").text


def retire_by_page(world: World, client: object, form: dict[str, str]) -> None:
    with world.context(world.people[Role.ADMIN]).session as db:
        found = open_approval(db, "oversight.retire_inspector", f"key:{SECOND.name}")
        assert found is not None
        ref = found.ref
    with world.acting(Role.ADMIN) as ctx:
        give_approval(ctx, ref)
    client.post("/users/retire-inspector", data=form)  # type: ignore[attr-defined]


def test_the_desk_believes_a_replaced_key_only_when_told(tmp_path: Path) -> None:
    desk = InspectorFolder.create(tmp_path / "desk", "i.example/1", b"pass")
    keys = {role: Signer.generate(f"o.example{tail}") for role, tail in
            (("log", ""), ("publisher", "/publisher"), ("officer", "/officer"))}  # fmt: skip
    rows = "".join(f"{role} {one.verifier.vkey}\n" for role, one in keys.items())
    assert len(desk.trust_file(rows.encode())) == 3
    new = Signer.generate("o.example").verifier
    rows += f"retired log {keys['log'].verifier.vkey} 9 9\nlog {new.vkey}\n"
    with pytest.raises(ValueError, match="does not trust"):
        desk.trust_file(rows.encode())
    with pytest.raises(ValueError, match="another key named"):
        desk.trust([new.vkey])
    assert desk.trust([new.vkey], instead=True) == [new]
    assert desk.trust_file(rows.encode()) == []
    assert [key.name for key in desk.trusted].count("o.example") == 1


def test_an_old_head_opens_under_the_new_key(world: World) -> None:
    world.seal()
    rotate(world, "log")
    office = open_office(world.folder, world.clock)
    assert office.standing.closed is None
    with world.context(world.people[Role.ADMIN]).session as db:
        head = heads.newest_head(db)
        assert head is not None
        (signer,) = notes.open_note(note_bytes(db, head.note_id), keys_of(db, "log")).signers
        assert signer == world.keys.log.verifier
        assert isinstance(signer, Verifier)
