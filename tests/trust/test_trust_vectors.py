"""The project's own vectors, recomputed by sha256sum and openssl."""

import hashlib
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exam_system.trust import publication
from exam_system.trust.canonical import unb64

MAKE = Path(__file__).resolve().parents[1] / "vectors" / "make.py"
# SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 section 4).
SPKI = bytes.fromhex("302a300506032b6570032100")

Own = Callable[[str], Any]
Run = Callable[..., bytes]
Sum = Callable[[bytes], str]


def test_committed_vectors_are_what_the_code_makes() -> None:
    made: dict[str, str] = runpy.run_path(str(MAKE))["files"]()
    found = {path.name: path.read_bytes().decode() for path in MAKE.parent.glob("*.json")}
    assert {name: found.get(name) for name in made} == made


def test_make_tells_which_file_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = runpy.run_path(str(MAKE))
    main = module["main"]
    main.__globals__["HERE"] = tmp_path
    assert main(check=False) == 0
    assert main(check=True) == 0
    (tmp_path / "draw.json").write_bytes(b"{}\n")
    assert main(check=True) == 1
    assert "draw.json" in capsys.readouterr().out


def test_sha256sum_gives_the_draw(own_vectors: Own, sha256sum: Sum) -> None:
    draw = own_vectors("draw")
    assert sha256sum(draw["manifest"].encode()) == draw["manifest_sha256"]
    assert sha256sum(draw["transcript"].encode()) == draw["seed"]
    for role, secret in draw["secrets"].items():
        text = f"exam-system/draw/v1 commit\n2008-anshun-seats\n1\n{role}\n{secret}\n"
        assert sha256sum(text.encode()) == draw["commitments"][role]
    printed = {
        label: sha256sum(f"{draw['seed']}:{draw['purpose']}:{label}".encode())
        for label in draw["tickets"]
    }
    assert printed == draw["tickets"]
    assert sorted(printed, key=printed.__getitem__) == draw["order"]


def test_sha256sum_gives_the_integers(own_vectors: Own, sha256sum: Sum) -> None:
    draw = own_vectors("draw")
    for n, drawn in draw["below"].items():
        attempt, limit = 0, 2**64 // int(n) * int(n)
        while (
            value := int(sha256sum(f"{draw['seed']}:lottery:{attempt}".encode())[:16], 16)
        ) >= limit:
            attempt += 1
        assert value % int(n) == drawn


@pytest.mark.parametrize("width", [32, 64])
def test_openssl_gives_the_words(own_vectors: Own, run_program: Run, width: int) -> None:
    draw = own_vectors("draw")
    words = draw["words"]
    text = f"{draw['seed']}:{words['purpose']}:{words['label']}".encode()
    shown = run_program("openssl", "dgst", "-shake256", "-xoflen", "64", "-binary", data=text)
    step = width // 8
    assert words[f"u{width}"] == [
        int.from_bytes(shown[i : i + step], "big") for i in range(0, 64, step)
    ]


def test_sha256sum_gives_the_tree(own_vectors: Own, sha256sum: Sum) -> None:
    log = own_vectors("log")
    leaves = [sha256sum(b"\x00" + entry.encode()) for entry in log["entries"]]
    assert leaves == log["leaf_hashes"]
    known: dict[bytes, str] = {}

    def root(hashes: list[str]) -> str:
        if len(hashes) == 1:
            return hashes[0]
        k = 1 << (len(hashes) - 1).bit_length() - 1
        data = b"\x01" + bytes.fromhex(root(hashes[:k]) + root(hashes[k:]))
        return known.get(data) or known.setdefault(data, sha256sum(data))

    sizes = range(1, len(leaves) + 1)
    assert [sha256sum(b""), *(root(leaves[:size]) for size in sizes)] == log["roots"]
    assert log["tiles"] == {f"tile/0/000.p/{len(leaves)}": "".join(leaves)}


def openssl_accepts(run_program: Run, folder: Path, vkey: str, message: bytes, blob: bytes) -> bool:
    key = unb64(vkey.split("+", 2)[2])
    for name, data in (("key", SPKI + key[1:]), ("message", message), ("signature", blob)):
        (folder / name).write_bytes(data)
    shown = run_program(
        *("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"),
        *("-inkey", str(folder / "key"), "-in", str(folder / "message")),
        *("-sigfile", str(folder / "signature")),
    )
    return b"Verified Successfully" in shown


def parts(note: str) -> tuple[bytes, dict[str, bytes]]:
    """Text and the lines' bytes by key name, read without the code under test."""
    text, _, tail = note.rpartition("\n\n")
    rows = [row.split(" ") for row in tail[:-1].split("\n")]
    return (text + "\n").encode(), {row[1]: unb64(row[2]) for row in rows}


def signed_message(text: bytes, vkey: str, line: bytes) -> tuple[bytes, bytes]:
    if unb64(vkey.split("+", 2)[2])[0] == 1:
        return text, line[4:]
    seconds = int.from_bytes(line[4:12], "big")
    return f"cosignature/v1\ntime {seconds}\n".encode() + text, line[12:]


def test_openssl_verifies_every_signature(
    own_vectors: Own, run_program: Run, tmp_path: Path
) -> None:
    log, slip = own_vectors("log"), own_vectors("slip")
    signed = [(note, [log["log"], log["inspector"]]) for note in log["checkpoints"]]
    signed += [(case["note"], case["vkeys"]) for case in own_vectors("signed").values()]
    signed.append((slip["proof"].split("\n\n", 1)[1], slip["vkeys"]))
    for note, vkeys in signed:
        text, lines = parts(note)
        assert len(lines) == len(vkeys) == 2
        for vkey in vkeys:
            message, blob = signed_message(text, vkey, lines[vkey.split("+")[0]])
            assert openssl_accepts(run_program, tmp_path, vkey, message, blob)


def test_sha256sum_gives_the_key_ids(own_vectors: Own, sha256sum: Sum) -> None:
    for name, key in own_vectors("keys").items():
        _, key_id, encoded = key["vkey"].split("+", 2)
        assert sha256sum(name.encode() + b"\n" + unb64(encoded))[:8] == key_id


def test_openssl_derives_the_public_keys(own_vectors: Own, run_program: Run) -> None:
    # PKCS#8 of an Ed25519 seed (RFC 8410 section 7)
    head = bytes.fromhex("302e020100300506032b657004220420")
    for key in own_vectors("keys").values():
        private = head + bytes.fromhex(key["seed"])
        command = ["openssl", "pkey", "-inform", "DER", "-outform", "DER", "-pubout"]
        assert run_program(*command, data=private) == SPKI + unb64(key["vkey"].split("+", 2)[2])[1:]


def test_sha256sum_walks_the_slip_to_its_root(own_vectors: Own, sha256sum: Sum) -> None:
    header, note = own_vectors("slip")["proof"].split("\n\n", 1)
    _, extra, index, *path = header.split("\n")
    record, at = unb64(extra.split(" ")[1]), int(index.split(" ")[1])
    assert record.decode() == own_vectors("slip")["records"][at]
    found = bytes.fromhex(sha256sum(b"\x00" + record))
    # Seven leaves: leaf 3 is a right child twice, then the left half of the root.
    for level, sibling in enumerate(map(unb64, path)):
        pair = sibling + found if at >> level & 1 else found + sibling
        found = bytes.fromhex(sha256sum(b"\x01" + pair))
    assert note.split("\n")[:2] == ["anshun.example/log/results/2008-anshun/v2", "7"]
    assert unb64(note.split("\n")[2]) == found


def test_openssl_gives_sm3_and_sha256_of_files(run_program: Run) -> None:
    for data in (b"", b"abc", "准考证号\n".encode() * 1000):
        digest = publication.digest_file("list.csv", data)
        sm3 = run_program("openssl", "dgst", "-sm3", "-binary", data=data)
        assert (digest.sha256, digest.sm3) == (hashlib.sha256(data).hexdigest(), sm3.hex())
