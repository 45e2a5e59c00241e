"""Releases: what is in the folder, who must sign, what is never replaced."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from exam_system.access import Role
from exam_system.errors import Conflict, Fault, Invalid, NotFound
from exam_system.exams.models import Exam
from exam_system.oversight.service import cosign_notes
from exam_system.printing.notice import Heading
from exam_system.records import paper, releases
from exam_system.records.models import Release, ReleaseRecord
from exam_system.registration.models import Application
from exam_system.trust import notes, proof, publication
from exam_system.trust.canonical import b64, parse_jcs, sha256_hex
from exam_system.trust.checkpoint import parse as parse_checkpoint
from exam_system.trust.merkle import EMPTY_ROOT, Levels, leaf_hash
from tests.results.setting import CODE, add_candidates, add_exam, cosign, number_of
from tests.world import World

TABLE = paper.Table((Heading("准考证号", 1),), (("010100101",),))


def prepare(
    world: World,
    exam: Exam,
    people: list[Application] | None = None,
    *,
    stage: str = "written",
    reason: str = "",
) -> Release:
    records = None if people is None else [(one.id, {"admission": one.number}) for one in people]
    with world.acting(Role.OFFICER) as ctx:
        return releases.prepare(
            ctx,
            exam=exam,
            chain=publication.CHAINS[stage],
            stage=stage,
            files={"list.json": b"{}", "list.csv": b"list\n"},
            title="测试名单",
            table=TABLE,
            body=("现将名单予以公布。",),
            records=records,
            reason=reason,
        )


def sign(world: World, release: Release) -> None:
    with world.acting(Role.INSPECTOR) as ctx:
        cosign_notes(ctx, files=cosign(world, release.note_id, release.root_note_id))


def publish(world: World, release: Release) -> Path:
    with world.acting(Role.OFFICER) as ctx:
        return releases.publish(ctx, ctx.session.get_one(Release, release.id))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_folder_holds_what_its_notes_say(world: World) -> None:
    exam = add_exam(world)
    people = add_candidates(world, exam, 7)
    release = prepare(world, exam, people)
    sign(world, release)
    folder = publish(world, release)
    files = contents(folder)
    assert folder.name == f"results-{CODE}-v1"
    keys = [world.keys.publisher.verifier, world.inspector.verifier]
    opened = notes.open_note(files.pop("publication.note"), keys)
    assert {signer.name for signer in opened.signers} == {key.name for key in keys}
    said = publication.parse(opened.text)
    assert [(said.exam, said.stage, said.version, said.previous)] == [(CODE, "written", 1, None)]
    root = notes.open_note(files.pop("root.note"), keys)
    assert {signer.name for signer in root.signers} == {key.name for key in keys}
    assert said.checkpoint == parse_checkpoint(root.text)
    assert [publication.digest_file(name, files[name]) for name in sorted(files)] == list(
        said.files
    )
    assert sorted(files) == ["list.csv", "list.json", "notice.pdf", "records.jsonl", "rules.json"]
    assert files["rules.json"] == exam.rules.encode()
    assert said.rules == sha256_hex(files["rules.json"]) == release.rules_digest
    assert b"/ByteRange" in files["notice.pdf"]
    assert (folder.parent / "keys.txt").read_text().count("\n") == 4


def test_records_are_salted_and_their_order_tells_nothing(world: World) -> None:
    exam = add_exam(world)
    release = prepare(world, exam, add_candidates(world, exam, 20))
    with world.acting(Role.OFFICER) as ctx:
        data = releases.file_data(ctx.session, release, "records.jsonl")
        root = releases.root_of(ctx.session, release)
    lines = data.splitlines()
    assert data == b"".join(line + b"\n" for line in lines)
    assert lines == sorted(lines, key=lambda line: hashlib.sha256(line).digest())
    records = [parse_jcs(line) for line in lines]
    assert sorted(record["admission"] for record in records) == [number_of(n) for n in range(20)]
    assert len({record["salt"] for record in records}) == 20
    assert all(len(bytes.fromhex(record["salt"])) == 32 for record in records)
    assert {(r["v"], r["exam"], r["stage"], r["version"]) for r in records} == {
        (1, CODE, "written", 1)
    }
    assert root is not None
    assert root.origin == f"tests.example/log/results/{CODE}/v1"
    assert root.root == Levels(leaf_hash(line) for line in lines).root()


def test_every_slip_verifies_and_is_the_candidates_own(world: World) -> None:
    exam = add_exam(world)
    people = add_candidates(world, exam, 7)
    release = prepare(world, exam, people)
    sign(world, release)
    publish(world, release)
    keys = [world.keys.publisher.verifier, world.inspector.verifier]
    with world.acting(Role.OFFICER) as ctx:
        for one in people:
            slip = proof.parse(releases.slip(ctx.session, release, one.id))
            assert slip.extra is not None
            assert parse_jcs(slip.extra)["admission"] == one.number
            _, opened = slip.verify(slip.extra, keys)
            assert len(opened.signers) == 2
        with pytest.raises(NotFound):
            releases.slip(ctx.session, release, 10_000)


@pytest.mark.parametrize("signed", ["none", "publication", "root"])
def test_nothing_is_published_unless_both_notes_are_cosigned(world: World, signed: str) -> None:
    exam = add_exam(world)
    release = prepare(world, exam, add_candidates(world, exam, 2))
    note = {"none": None, "publication": release.note_id, "root": release.root_note_id}[signed]
    if note is not None:
        with world.acting(Role.INSPECTOR) as ctx:
            cosign_notes(ctx, files=cosign(world, note))
    with pytest.raises(Conflict, match="signature of tests"):
        publish(world, release)
    assert not (world.config.published / f"results-{CODE}-v1").exists()


def test_one_draft_at_a_time_and_published_once(world: World) -> None:
    exam = add_exam(world)
    people = add_candidates(world, exam, 2)
    release = prepare(world, exam, people)
    with pytest.raises(Conflict, match="Version 1 is not published yet"):
        prepare(world, exam, people, stage="shortlist")
    sign(world, release)
    publish(world, release)
    with pytest.raises(Conflict, match="published already"):
        publish(world, release)


def test_a_correction_says_why_and_names_what_it_corrects(world: World) -> None:
    exam = add_exam(world)
    people = add_candidates(world, exam, 2)
    with pytest.raises(Invalid, match="Only a correction"):
        prepare(world, exam, people, reason="too early")
    first = prepare(world, exam, people)
    sign(world, first)
    before = contents(publish(world, first))
    with pytest.raises(Invalid, match="needs a reason"):
        prepare(world, exam, people, reason=" \n ")
    with pytest.raises(Invalid, match="cannot be printed"):
        prepare(world, exam, people, reason="a\x00b")
    second = prepare(world, exam, people, reason="03号考生成绩\n录入有误")
    sign(world, second)
    folder = publish(world, second)
    said = publication.parse(notes.parse((folder / "publication.note").read_bytes()).text)
    text = notes.parse(before["publication.note"]).text
    assert said.previous == sha256_hex(text.encode())
    assert said.reason == "03号考生成绩 录入有误"
    assert contents(folder.parent / f"results-{CODE}-v1") == before


def test_another_stage_of_the_chain_is_no_correction(world: World) -> None:
    exam = add_exam(world)
    people = add_candidates(world, exam, 2)
    first = prepare(world, exam, people)
    sign(world, first)
    publish(world, first)
    second = prepare(world, exam, people, stage="shortlist")
    assert (second.version, second.reason) == (2, "")
    announcement = prepare(world, exam, stage="announcement")
    assert (announcement.version, announcement.root_note_id) == (1, None)


def test_a_folder_is_written_again_but_never_replaced(world: World) -> None:
    exam = add_exam(world)
    release = prepare(world, exam, add_candidates(world, exam, 2))
    sign(world, release)
    leftover = world.config.published / f".results-{CODE}-v1.new"
    leftover.mkdir(parents=True)
    (leftover / "half.txt").write_text("from before the power cut")
    folder = publish(world, release)
    before = contents(folder)
    assert "half.txt" not in before
    assert not leftover.exists()
    with world.acting(Role.OFFICER) as ctx:
        kept = ctx.session.get_one(Release, release.id)
        releases.write_folder(ctx.session, ctx.config, kept)
        shutil.rmtree(folder)
        assert releases.write_folder(ctx.session, ctx.config, kept) == folder
        assert contents(folder) == before
        for name in ("list.csv", "publication.note"):
            (folder / name).write_bytes(b"changed\n\n")
            with pytest.raises(Fault, match=name):
                releases.write_folder(ctx.session, ctx.config, kept)
            (folder / name).write_bytes(before[name])


def test_an_announcement_has_no_records_and_prints_the_keys(world: World) -> None:
    exam = add_exam(world)
    release = prepare(world, exam, stage="announcement")
    sign(world, release)
    files = contents(publish(world, release))
    assert sorted(files) == [
        "list.csv",
        "list.json",
        "notice.pdf",
        "publication.note",
        "rules.json",
    ]
    with world.acting(Role.OFFICER) as ctx:
        lines = paper.key_lines(ctx.session, "announcement")
        assert [line.split("：")[1] for line in lines[1:]] == [
            world.keys.log.verifier.vkey,
            world.keys.publisher.verifier.vkey,
            world.keys.officer.verifier.vkey,
            world.inspector.verifier.vkey,
        ]
        assert ctx.session.query(ReleaseRecord).count() == 0


def test_a_page_without_records_is_tied_to_the_newest_head(world: World) -> None:
    with world.acting(Role.OFFICER) as ctx:
        assert paper.anchor(ctx.session, "o", None).root == b64(EMPTY_ROOT)
    world.seal()
    with world.acting(Role.OFFICER) as ctx:
        anchor = paper.anchor(ctx.session, "o", None)
    head = parse_checkpoint(
        notes.parse((world.config.published / "log" / "checkpoint").read_bytes()).text
    )
    assert (anchor.origin, anchor.size, anchor.root) == (head.origin, head.size, b64(head.root))
    assert anchor.keys[0] == ("log", sha256_hex(world.keys.log.verifier.vkey.encode()))
