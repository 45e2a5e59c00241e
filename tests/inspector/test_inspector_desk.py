"""The inspector's desk signs what continues, once, and nothing else."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_system.inspector import Declined, InspectorFolder
from exam_system.inspector import folder as module
from exam_system.inspector.commands import inspector
from exam_system.trust import notes
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.errors import BadKey
from exam_system.trust.interview_note import InterviewNote
from exam_system.trust.publication import Publication, Root, digest_file
from tests.inspector.desk import AT, LOG, OFFICE, OFFICER, ORIGIN, PUBLISHER, GrowingLog, key

NAME = "city.example/inspector"
SECRET = b"a passphrase"


@pytest.fixture
def desk(tmp_path: Path) -> InspectorFolder:
    made = InspectorFolder.create(tmp_path / "desk", NAME, SECRET)
    made.trust([signer.verifier.vkey for signer in OFFICE])
    return made


def signers(data: bytes, desk: InspectorFolder) -> set[str]:
    keys = [desk.verifier, *(signer.verifier for signer in OFFICE)]
    return {one.name for one in notes.open_note(data, keys).signers}


def declined(desk: InspectorFolder, data: bytes, status: int, why: str) -> None:
    before = (desk.folder / "heads.json").read_bytes()
    with pytest.raises(Declined, match=why) as refused:
        desk.cosign(data, AT)
    assert refused.value.status == status
    assert (desk.folder / "heads.json").read_bytes() == before


def publication(version: int = 1, list_csv: bytes = b"a") -> bytes:
    files = {"list.csv": list_csv, "rules.json": b"{}"}
    said = Publication(
        ORIGIN,
        "2026-kp",
        "written",
        "results",
        version,
        sha256_hex(b"{}"),
        tuple(digest_file(name, data) for name, data in files.items()),
        Root(3, bytes(32)),
        None if version == 1 else "ab" * 32,
    )
    return notes.sign(said.text, PUBLISHER)


def drawn(seed: str = "ab") -> bytes:
    digest = "cd" * 32
    sources = ("officer", "inspector", "dice")
    note = DrawNote("x-seats", 1, 1, "order/v1", digest, seed * 32, digest, sources, digest)
    return notes.sign(note.text, OFFICER)


def test_a_growing_log_is_cosigned_and_remembered(desk: InspectorFolder) -> None:
    log = GrowingLog().grown(3)
    for old, size in ((0, 3), (3, 3), (3, 10), (10, 300)):
        log = log.grown(size)
        signed = desk.cosign(log.request(old), AT)
        assert signers(signed, desk) == {NAME, ORIGIN}
        assert notes.open_note(signed, [desk.verifier]).times == {NAME: AT}
        kept = json.loads((desk.folder / "heads.json").read_bytes())["heads"][ORIGIN]
        assert kept["size"] == size
    again = InspectorFolder.open(desk.folder, SECRET)
    declined(again, log.grown(301).request(10), 409, "hand in the note signed last")


def test_a_truncated_log_is_refused(desk: InspectorFolder) -> None:
    log = GrowingLog().grown(20)
    desk.cosign(log.request(0), AT)
    declined(desk, log.grown(12).request(0), 409, "was cut or restored")
    declined(desk, log.grown(12).request(12), 409, "was cut or restored")
    declined(desk, log.grown(12).request(20), 400, "smaller than the old size")


def test_a_forked_log_is_refused(desk: InspectorFolder) -> None:
    log = GrowingLog().grown(20)
    desk.cosign(log.request(0), AT)
    fork = log.grown(15).grown(30, "other")
    declined(desk, fork.request(20), 422, "does not extend")
    declined(desk, fork.grown(20).request(20), 422, "different roots")


def test_a_rewritten_log_is_refused(desk: InspectorFolder) -> None:
    log = GrowingLog().grown(20)
    desk.cosign(log.request(0), AT)
    rewritten = GrowingLog([b"other", *log.entries[1:]]).grown(25)
    declined(desk, rewritten.request(20), 422, "does not extend")
    declined(desk, rewritten.request(0), 409, "hand in")
    for data in (rewritten.head, rewritten.grown(20).head, log.grown(25).head):
        declined(desk, data, 422, ".")
    assert desk.cosign(log.head, AT)


def test_the_first_plain_checkpoint_is_remembered_too(desk: InspectorFolder) -> None:
    log = GrowingLog().grown(5)
    desk.cosign(log.head, AT)
    declined(desk, GrowingLog().grown(5, "other").head, 422, "different roots")


def test_a_head_is_on_disk_before_it_is_signed(
    desk: InspectorFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(path: Path, data: bytes) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(module, "write_durable", crash)
    for data in (GrowingLog().grown(3).request(0), publication()):
        with pytest.raises(OSError, match="no space"):
            desk.cosign(data, AT)


def test_notes_are_signed_once_and_never_in_two_versions(desk: InspectorFolder) -> None:
    for first, second in (
        (publication(), publication(list_csv=b"b")),
        (drawn(), drawn("ac")),
    ):
        signed = desk.cosign(first, AT)
        assert NAME in signers(signed, desk)
        assert desk.cosign(first, AT + 1) != signed
        assert desk.cosign(signed, AT + 2) == signed
        declined(desk, second, 409, "another text was signed")
    assert desk.cosign(publication(2), AT)


def test_every_kind_of_note_is_told_in_words(desk: InspectorFolder) -> None:
    interview = InterviewNote(
        ORIGIN, "2026-kp", "0101", "p1", ("80.00", "81.00"), (), "80.50", "ab" * 32
    )
    root = notes.sign(f"{ORIGIN}/results/2026-kp/v1\n3\n{'A' * 43}=\n", PUBLISHER)
    told = {
        publication(): "results of 2026-kp version 1, stage written",
        drawn(): f"draw x-seats, attempt 1 of 1, order/v1: seed {'ab' * 32}",
        notes.sign(interview.text, PUBLISHER): "interview of 0101 in 2026-kp: 80.00 81.00 gives",
        root: "root of 3 records",
        GrowingLog().grown(2).request(0): "2 acts, extends the 0 signed before",
    }
    for data, words in told.items():
        assert words in desk.sign(data, AT).told


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello", 400),
        (b"", 400),
        (b"old x\n\n", 400),
        (b"old 0\n\nhello", 400),
        (notes.sign("I owe you\n", OFFICER), 400),
        (notes.sign(notes.parse(publication()).text, OFFICER), 403),
        (notes.sign(notes.parse(drawn()).text, PUBLISHER), 403),
        (notes.sign(notes.parse(drawn()).text, key(OFFICER.name, 9)), 403),
        (notes.sign(notes.parse(GrowingLog().head).text, PUBLISHER), 403),
        (notes.sign(f"other.example/log\n1\n{'A' * 43}=\n", key("other.example/log", 9)), 404),
        (b"old 0\n\n" + notes.sign(f"other/log\n1\n{'A' * 43}=\n", key("other/log", 9)), 404),
    ],
)
def test_what_it_does_not_know_it_does_not_sign(
    desk: InspectorFolder, data: bytes, status: int
) -> None:
    declined(desk, data, status, ".")


def test_without_its_memory_it_signs_nothing(desk: InspectorFolder) -> None:
    (desk.folder / "heads.json").unlink()
    with pytest.raises(BadKey, match="nothing is signed without it"):
        desk.cosign(publication(), AT)


def test_the_folder(tmp_path: Path, desk: InspectorFolder) -> None:
    assert stat.S_IMODE((desk.folder / "inspector.pem").stat().st_mode) == 0o600
    assert b"ENCRYPTED" in (desk.folder / "inspector.pem").read_bytes()
    assert (desk.folder / "vkey.txt").read_text() == f"{desk.verifier.vkey}\n"
    with pytest.raises(BadKey, match="does not open"):
        InspectorFolder.open(desk.folder, b"wrong")
    with pytest.raises(BadKey, match="no inspector's folder"):
        InspectorFolder.open(tmp_path, SECRET)
    with pytest.raises(BadKey, match="already"):
        InspectorFolder.create(desk.folder, NAME, SECRET)
    with pytest.raises(BadKey, match="trusts another key named"):
        desk.trust([key(ORIGIN, 77).verifier.vkey])
    (desk.folder / "vkey.txt").write_text(f"{key(NAME, 5, 4).verifier.vkey}\n")
    with pytest.raises(BadKey, match="not the public half"):
        InspectorFolder.open(desk.folder, SECRET)


def run(*words: object, code: int = 0) -> str:
    env = {"EXAM_INSPECTOR_PASSPHRASE": SECRET.decode()}
    result = CliRunner().invoke(inspector, [str(word) for word in words], env=env)
    assert result.exit_code == code, result.output
    return result.output


def test_from_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    vkey = run("init", folder, "--name", NAME).strip()
    assert vkey == (folder / "vkey.txt").read_text().strip()
    rows = zip(("log", "publisher", "officer"), OFFICE, strict=True)
    keys = "".join(f"{role} {signer.verifier.vkey}\n" for role, signer in rows)
    (tmp_path / "keys.txt").write_text(f"{keys}inspector {vkey}\n")
    log = GrowingLog().grown(4)
    with zipfile.ZipFile(tmp_path / "to-cosign.zip", "w") as archive:
        archive.writestr("results.note", publication())
        archive.writestr("checkpoint-4-for-city.example-inspector.request", log.request(0))
        archive.writestr("checkpoint-4-for-other.request", log.request(2))
    out = tmp_path / "out"
    zipped, keys_file = tmp_path / "to-cosign.zip", tmp_path / "keys.txt"
    told = run("cosign", folder, zipped, "-o", out, "--keys", keys_file)
    assert "signed results.note: results of 2026-kp version 1" in told
    assert "passed over checkpoint-4-for-other.request" in told
    assert f"trusts {ORIGIN} {sha256_hex(LOG.verifier.vkey.encode())}" in told
    names = sorted(path.name for path in out.iterdir())
    assert names == [
        "checkpoint-4-for-city.example-inspector.request.signed",
        "results.note.signed",
    ]
    desk = InspectorFolder.open(folder, SECRET)
    for path in out.iterdir():
        assert NAME in signers(path.read_bytes(), desk)
    (tmp_path / "cut.request").write_bytes(log.grown(2).request(0))
    assert "NOT SIGNED cut.request: 409" in run("cosign", folder, tmp_path / "cut.request", code=1)
    assert not (tmp_path / "cut.request.signed").exists()
    other = keys.replace(LOG.verifier.vkey, key(ORIGIN, 66).verifier.vkey)
    keys_file.write_text(other)
    env = {"EXAM_INSPECTOR_PASSPHRASE": SECRET.decode()}
    words = ["cosign", str(folder), str(zipped), "--keys", str(keys_file)]
    result = CliRunner().invoke(inspector, words, env=env)
    assert isinstance(result.exception, BadKey)
