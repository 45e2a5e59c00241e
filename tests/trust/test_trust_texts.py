"""Acts, proofs, publications and draw notes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust import acts, draw_note, notes, proof, publication
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.draw_note import DrawNote
from exam_system.trust.errors import BadSignature, Malformed, MerkleError, TrustError
from exam_system.trust.keys import COSIGNATURE, Signer
from exam_system.trust.merkle import Levels, inclusion_proof, leaf_hash
from exam_system.trust.proof import TlogProof
from exam_system.trust.publication import FileDigest, Publication, Root

DIGEST = sha256_hex(b"")
AT = "2008-08-01T09:00:00Z"
ENTRY = acts.entry("draws.freeze_draw", "2008", AT, "u-1", "d-1", DIGEST)
LOG = Signer.from_seed("anshun.example/log", bytes(range(32)))
INSPECTOR = Signer.from_seed("anshun.example/inspector", bytes(32), COSIGNATURE)
BOTH = (LOG.verifier, INSPECTOR.verifier)
LEAVES = [b"entry %d" % n for n in range(11)]
TREE = Levels(map(leaf_hash, LEAVES))
HEAD = Checkpoint(LOG.name, TREE.size, TREE.root())
SIGNED = notes.sign(HEAD.text, LOG, INSPECTOR, at=1_217_581_200)
PROOF = TlogProof(6, inclusion_proof(6, 11, TREE.node), SIGNED, extra=b"record")


def test_entry_bytes() -> None:
    assert (
        b'{"actor":"u-1","at":"2008-08-01T09:00:00Z","exam":"2008","kind":"draws.freeze_draw",'
        b'"payload":"' + DIGEST.encode() + b'","subject":"d-1","v":1}'
    ) == ENTRY
    assert acts.parse_entry(ENTRY) == acts.Entry(
        "draws.freeze_draw", "2008", AT, "u-1", "d-1", DIGEST
    )


def test_payload_is_salted() -> None:
    assert acts.payload(bytes(32), {"b": 1, "a": "x"}) == sha256_hex(bytes(32) + b'{"a":"x","b":1}')
    for length in (0, 16, 33):
        with pytest.raises(Malformed):
            acts.payload(bytes(length), {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ""),
        ("kind", "Draws.freeze"),
        ("kind", "draws..freeze"),
        ("exam", "a\n"),
        ("at", "2008-08-01T09:00:00+00:00"),
        ("at", "2008-08-01T09:00:00.0Z"),
        ("at", "2008-02-30T09:00:00Z"),
        ("at", "2008-08-01T25:00:00Z"),
        ("at", "2008-08-01T09:00:00Z\n"),
        ("actor", ""),
        ("subject", ""),
        ("payload", "beef"),
        ("subject", "x" * 65_535),
    ],
)
def test_entries_refuse(field: str, value: str) -> None:
    with pytest.raises(Malformed):
        replace(acts.parse_entry(ENTRY), **{field: value}).encode()


def test_an_entry_is_at_most_65535_bytes_long() -> None:
    room = 65_535 - len(ENTRY) + len("d-1")
    longest = replace(acts.parse_entry(ENTRY), subject="x" * room)
    assert len(longest.encode()) == 65_535
    with pytest.raises(Malformed):
        replace(longest, subject="x" * (room + 1)).encode()


def test_an_entry_may_belong_to_no_exam() -> None:
    data = acts.entry("accounts.sign_in", "", AT, "u-1", "u-1", DIGEST)
    assert acts.parse_entry(data).exam == ""


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b'"text"',
        ENTRY.replace(b'"v":1', b'"v":2'),
        ENTRY.replace(b'"v":1', b'"v":true'),
        ENTRY.replace(b'"v":1', b'"v":"1"'),
        ENTRY.replace(b'"2008"', b"2008"),
        ENTRY.replace(b'"v":1', b'"v":1,"w":1'),
        ENTRY.replace(b'"actor":"u-1",', b""),
        ENTRY.replace(b":", b": "),
    ],
)
def test_parse_entry_refuses(data: bytes) -> None:
    with pytest.raises(Malformed):
        acts.parse_entry(data)


def test_proof_bytes() -> None:
    head, _, tail = PROOF.encode().partition(b"\n\n")
    rows = head.decode().split("\n")
    assert rows[:3] == ["c2sp.org/tlog-proof@v1", "extra cmVjb3Jk", "index 6"]
    assert len(rows) == 3 + 4
    assert tail == SIGNED
    assert proof.parse(PROOF.encode()) == PROOF


@pytest.mark.parametrize("extra", [None, b"", b"record"])
def test_proofs_round_trip(extra: bytes | None) -> None:
    single = Levels([leaf_hash(b"only")])
    note = notes.sign(Checkpoint(LOG.name, 1, single.root()).text, LOG)
    made = TlogProof(0, (), note, extra)
    if extra == b"":
        assert b"extra \n" in made.encode()
    assert proof.parse(made.encode()) == made
    assert made.verify(b"only", BOTH)[0].size == 1


def test_a_proof_verifies_its_entry_only() -> None:
    head, opened = PROOF.verify(LEAVES[6], BOTH)
    assert head == HEAD
    assert opened.signers == BOTH
    with pytest.raises(MerkleError):
        PROOF.verify(LEAVES[5], BOTH)
    with pytest.raises(MerkleError):
        replace(PROOF, index=5).verify(LEAVES[6], BOTH)
    forged = SIGNED.replace(b"\n11\n", b"\n12\n")
    with pytest.raises(BadSignature):
        replace(PROOF, checkpoint=forged).verify(LEAVES[6], BOTH)


@given(st.integers(0, len(PROOF.encode()) - 1), st.integers(1, 255))
def test_no_changed_byte_moves_or_replaces_an_entry(position: int, change: int) -> None:
    data = bytearray(PROOF.encode())
    data[position] ^= change
    try:
        read = proof.parse(bytes(data))
        head, _ = read.verify(LEAVES[6], BOTH)
    except TrustError:
        return
    assert (head, read.index, read.hashes) == (HEAD, 6, PROOF.hashes)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"@v1", b"@v2"),
        lambda data: data.replace(b"index 6", b"index 06"),
        lambda data: data.replace(b"index 6\n", b""),
        lambda data: data.replace(b"index 6", b"index  6"),
        lambda data: data.replace(b"extra cmVjb3Jk", b"extra cmVjb3Jl="),
        lambda data: data.replace(b"extra", b"Extra"),
        lambda data: data.replace(b"extra", "éxtra".encode()),
        lambda data: data.replace(b"\nindex", b"\r\nindex"),
        lambda data: data.replace(b"index 6\n", b"index 6\nQQ==\n"),
        lambda data: data.replace(b"index 6\n", b"index 6\n\n"),
        lambda data: data.replace(b"index 6\n", b"index 6\n" + (b"A" * 43 + b"=\n") * 60),
        lambda data: data.replace(b"\n\n", b"\n"),
        lambda data: data[:-1],
        lambda data: b"",
    ],
)
def test_malformed_proofs_are_refused(change: Callable[[bytes], bytes]) -> None:
    data = change(PROOF.encode())
    assert data != PROOF.encode()
    with pytest.raises(Malformed):
        proof.parse(data)


RESULTS = Publication(
    origin=LOG.name,
    exam="2008-anshun",
    stage="final",
    chain="results",
    version=2,
    rules=DIGEST,
    files=(
        publication.digest_file("list.csv", b"a"),
        publication.digest_file("rules.json", b"{}"),
    ),
    root=Root(TREE.size, TREE.root()),
    previous=DIGEST,
    reason="一名考生的面试成绩录入有误",
)
ANNOUNCED = Publication(
    origin=LOG.name,
    exam="2008-anshun",
    stage="announcement",
    chain="announcement",
    version=1,
    rules=DIGEST,
    files=(publication.digest_file("posts.csv", b"a"),),
)


def test_publication_text() -> None:
    a, rules = RESULTS.files
    assert RESULTS.text == (
        "anshun.example/log/publication/v1\n"
        "exam 2008-anshun\n"
        "stage final\n"
        "chain results\n"
        "version 2\n"
        f"rules {DIGEST}\n"
        f"root 11 {HEAD.text.split(chr(10))[2]}\n"
        f"file list.csv {a.sha256} {a.sm3}\n"
        f"file rules.json {rules.sha256} {rules.sm3}\n"
        f"previous {DIGEST}\n"
        "reason 一名考生的面试成绩录入有误\n"
    )
    assert len(ANNOUNCED.text.split("\n")) == 8


@pytest.mark.parametrize("made", [RESULTS, ANNOUNCED, replace(RESULTS, reason=None, root=None)])
def test_publications_round_trip(made: Publication) -> None:
    assert publication.parse(made.text) == made


def test_the_root_of_a_publication_has_its_own_origin() -> None:
    assert RESULTS.checkpoint == replace(HEAD, origin=f"{LOG.name}/results/2008-anshun/v2")
    assert ANNOUNCED.checkpoint is None


def test_sm3_is_that_of_gb_t_32905() -> None:
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert publication.digest_file("abc", b"abc").sm3 == expected


@pytest.mark.parametrize(
    "change",
    [
        {"origin": ""},
        {"exam": "a\n"},
        {"stage": "interview"},
        {"stage": "announcement"},
        {"chain": "announcement"},
        {"version": 0},
        {"version": 1},
        {"previous": None},
        {"previous": ""},
        {"previous": "beef"},
        {"rules": "beef"},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"files": ()},
        {"files": RESULTS.files[::-1]},
        {"files": RESULTS.files[:1] * 2},
    ],
)
def test_publications_refuse(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(RESULTS, **change)


@pytest.mark.parametrize(
    "name", ["", ".hidden", "../a", "a/b", "a b", "root.note", "publication.note"]
)
def test_listed_files_have_plain_names(name: str) -> None:
    with pytest.raises(Malformed):
        FileDigest(name, DIGEST, DIGEST)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/publication/v1", "/publication/v2"),
        ("exam 2008-anshun\n", ""),
        ("stage final\nchain results\n", "chain results\nstage final\n"),
        ("version 2", "version 02"),
        ("root 11 ", "root 11"),
        ("root 11", "root 011"),
        ("file list.csv ", "file  list.csv "),
        ("file list.csv ", "file list.csv extra "),
        ("reason ", "remark "),
        ("reason ", "unknown x\nreason "),
        ("reason ", "version 2\nreason "),
        ("\nreason", "\n\nreason"),
        ("有误\n", "有误"),
        ("\n", "\r\n"),
    ],
)
def test_malformed_publications_are_refused(old: str, new: str) -> None:
    assert old in RESULTS.text
    with pytest.raises(Malformed):
        publication.parse(RESULTS.text.replace(old, new))


DRAW = DrawNote(
    draw="2008-anshun-seats",
    attempt=2,
    attempts=2,
    algorithm="order/v1",
    manifest=DIGEST,
    seed=sha256_hex(b"seed"),
    result=sha256_hex(b"result"),
    sources=("officer", "inspector", "dice"),
    certificate=sha256_hex(b"certificate"),
)


def test_draw_note_text() -> None:
    assert DRAW.text == (
        "exam-system/draw-result/v1\n"
        "draw 2008-anshun-seats\n"
        "attempt 2\n"
        "attempts 2\n"
        "algorithm order/v1\n"
        f"manifest {DIGEST}\n"
        f"seed {sha256_hex(b'seed')}\n"
        f"result {sha256_hex(b'result')}\n"
        "sources officer inspector dice\n"
        f"file certificate.pdf {sha256_hex(b'certificate')}\n"
    )
    assert draw_note.parse(DRAW.text) == DRAW


@pytest.mark.parametrize(
    "change",
    [
        {"draw": ""},
        {"attempt": 0},
        {"attempts": 1},
        {"algorithm": "Order 1"},
        {"seed": "beef"},
        {"certificate": ""},
        {"sources": ()},
        {"sources": ("a b",)},
    ],
)
def test_draw_notes_refuse(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(DRAW, **change)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("result/v1", "result/v2"),
        ("attempt 2\n", ""),
        ("attempt 2", "attempt 02"),
        ("attempt 2\nattempts 2\n", "attempts 2\nattempt 2\n"),
        ("certificate.pdf", "other.pdf"),
        ("officer inspector", "officer  inspector"),
        ("dice\n", "dice \n"),
        ("file ", "more x\nfile "),
        ("\n", "\r\n"),
    ],
)
def test_malformed_draw_notes_are_refused(old: str, new: str) -> None:
    assert old in DRAW.text
    with pytest.raises(Malformed):
        draw_note.parse(DRAW.text.replace(old, new))
