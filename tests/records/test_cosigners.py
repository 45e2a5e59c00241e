"""How many inspectors of how many must have signed before anything is published."""

from __future__ import annotations

import json

import pytest

from exam_system.access import Role
from exam_system.errors import Conflict
from exam_system.exams import service
from exam_system.exams.lookup import exam_by_code
from exam_system.exams.readiness import NotReady
from exam_system.oversight.service import cosign_notes, register_inspector
from exam_system.oversight.waiting import waiting_notes
from exam_system.records import releases
from exam_system.records.models import Note, Release
from exam_system.records.notes import missing_cosigners, note_bytes, put_note, require_cosigned
from exam_system.trust import notes
from exam_system.trust.keys import COSIGNATURE, Signer
from exam_system.verify.run import verify
from tests.exams.samples import CODE, set_up
from tests.world import World, approve_in

SECOND, THIRD = (
    Signer.from_seed(f"tests.example/{name}", bytes([n]) * 32, COSIGNATURE)
    for n, name in enumerate(("second", "third"), 1)
)


def register(world: World, *signers: Signer) -> None:
    with world.acting(Role.ADMIN) as ctx:
        for signer in signers:
            register_inspector(ctx, vkey=signer.verifier.vkey)


def sign(world: World, note_id: int, signer: Signer) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        data = note_bytes(ctx.session, note_id)
        line = signer.line(notes.parse(data).text.encode(), int(world.clock.now().timestamp()))
        cosign_notes(ctx, files=[notes.with_line(data, line)])


def a_note(world: World) -> int:
    with world.context(world.people[Role.OFFICER]).session as db:
        made = put_note(
            db,
            purpose="draw",
            title="draw x attempt 1",
            exam="",
            text="x\n",
            signers=[world.keys.officer],
            at=world.clock.now(),
        )
        db.commit()
        return made.id


def test_k_of_n(world: World) -> None:
    register(world, SECOND, THIRD)
    note = a_note(world)
    named = [SECOND.verifier.vkey, THIRD.verifier.vkey]
    two = pytest.raises(Conflict, match="2 more of these inspectors must sign: tests")
    with world.context(world.people[Role.OFFICER]).session as db, two:
        require_cosigned(db, note, needed=2)
    sign(world, note, THIRD)
    with world.context(world.people[Role.OFFICER]).session as db:
        require_cosigned(db, note, needed=1)
        with pytest.raises(Conflict, match="1 more of these inspectors must sign"):
            require_cosigned(db, note, needed=2)
        with pytest.raises(Conflict, match=r"the signature of tests\.example/second is missing"):
            require_cosigned(db, note, needed=2, among=named)
        require_cosigned(db, note, needed=1, among=named)
        assert missing_cosigners(db, note, needed=1) == []
        assert missing_cosigners(db, note) == ["tests.example/inspector", "tests.example/second"]
        with pytest.raises(Conflict, match="is missing"):
            require_cosigned(db, note, needed=1, among=named[:1])


def draft(world: World, cosigners: int) -> None:
    with world.acting(Role.OFFICER) as ctx:
        set_up(ctx)
        document = json.loads(exam_by_code(ctx.session, CODE).rules)
        document["cosigners"] = {"value": cosigners, "basis": "办法第三条"}
        service.set_rules(ctx, code=CODE, document=document)


def test_more_than_are_registered_cannot_be_asked_for(world: World) -> None:
    draft(world, 2)
    with world.acting(Role.OFFICER) as ctx, pytest.raises(NotReady) as refused:
        service.prepare_announcement(ctx, code=CODE)
    assert "the signatures of 2 inspectors; 1 key is registered" in str(refused.value)
    register(world, SECOND)
    with world.acting(Role.OFFICER) as ctx:
        assert service.prepare_announcement(ctx, code=CODE)


def release_of(world: World) -> tuple[Release, list[str]]:
    with world.context(world.people[Role.OFFICER]).session as db:
        found = releases.newest(db, exam_by_code(db, CODE).id, "announcement")
        assert found is not None
        return found, releases.missing_signatures(db, found)


def publish(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        approve_in(ctx, "exams.publish_announcement", code=CODE)
        service.publish_announcement(ctx, code=CODE)


def waits(world: World) -> list[str]:
    with world.context(world.people[Role.OFFICER]).session as db:
        return [one.note.title for one in waiting_notes(db) if one.note.purpose != "checkpoint"]


def test_a_release_waits_for_two_of_three_and_outlives_a_fourth(world: World) -> None:
    register(world, SECOND, THIRD)
    draft(world, 2)
    with world.acting(Role.OFFICER) as ctx:
        service.prepare_announcement(ctx, code=CODE)
    release, missing = release_of(world)
    assert len(missing) == 3
    sign(world, release.note_id, SECOND)
    assert waits(world) == [f"announcement {CODE} v1 announcement"]
    with pytest.raises(Conflict, match=r"1 more of these inspectors must sign: tests\."):
        publish(world)
    sign(world, release.note_id, THIRD)
    assert release_of(world)[1] == []
    assert waits(world) == []
    publish(world)
    folder = world.config.published / f"announcement-{CODE}-v1"
    assert verify([folder]).refused == []
    register(world, Signer.generate("tests.example/fourth", COSIGNATURE))
    world.seal()
    with world.acting(Role.OFFICER) as ctx:
        releases.write_folder(ctx.session, ctx.config, ctx.session.get_one(Release, release.id))
    assert "tests.example/fourth" in (world.config.published / "keys.txt").read_text()
    assert verify([folder]).refused == []
    # one line less than the rules ask for, on a stick
    note = notes.parse((folder / "publication.note").read_bytes())
    rows = "".join(line.line for line in note.signatures[:2])
    (folder / "publication.note").write_bytes(f"{note.text}\n{rows}".encode())
    assert "1 of 2 inspectors have signed" in str(verify([folder]).refused[0])


def test_the_note_still_has_every_signature_that_came(world: World) -> None:
    register(world, SECOND)
    note = a_note(world)
    for signer in (world.inspector, SECOND):
        sign(world, note, signer)
    with world.context(world.people[Role.OFFICER]).session as db:
        assert len(notes.parse(note_bytes(db, note)).signatures) == 3
        assert db.get_one(Note, note).title.startswith("draw")
