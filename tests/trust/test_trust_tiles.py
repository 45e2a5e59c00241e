import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust import checkpoint, notes
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed, MerkleError
from exam_system.trust.keys import Signer
from exam_system.trust.merkle import EMPTY_ROOT, Levels, leaf_hash
from exam_system.trust.tiles import (
    entries_path,
    pack_entries,
    tile_files,
    tile_path,
    unpack_entries,
)

BIG = Levels(leaf_hash(b"%d" % n) for n in range(66_000))


@pytest.mark.parametrize("size", range(16))
def test_public_log_is_reproduced_byte_for_byte(public_vectors: Path, size: int) -> None:
    folder = public_vectors / "tessera-log"
    key = json.loads((public_vectors / "notes" / "public-test-signing-keys.json").read_bytes())
    signer = Signer.from_seed(key["name"], bytes.fromhex(key["ed25519_seed_hex"]))
    assert signer.verifier.key_id.hex() == key["key_id"]
    entries = unpack_entries((folder / entries_path(0, 15)).read_bytes())[:size]
    tree = Levels(map(leaf_hash, entries))
    head = Checkpoint(key["name"], size, tree.root())
    made = dict(tile_files(size, tree.node))
    if size:
        made[entries_path(0, size)] = pack_entries(entries)
    assert notes.sign(head.text, signer) == (folder / f"checkpoint.{size}").read_bytes()
    assert set(made) == ({tile_path(0, 0, size), entries_path(0, size)} if size else set())
    assert all((folder / path).read_bytes() == data for path, data in made.items())


@pytest.mark.parametrize("name", ["checkpoint", *(f"checkpoint.{n}" for n in range(16))])
def test_public_checkpoints_are_read(public_vectors: Path, name: str) -> None:
    text = notes.parse((public_vectors / "tessera-log" / name).read_bytes()).text
    assert checkpoint.parse(text).text == text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile_path(0, 0), "tile/0/000"),
        (tile_path(0, 1234067), "tile/0/x001/x234/067"),
        (tile_path(2, 999, 1), "tile/2/999.p/1"),
        (tile_path(63, 1000, 255), "tile/63/x001/000.p/255"),
        (entries_path(1234067), "tile/entries/x001/x234/067"),
        (entries_path(5, 7), "tile/entries/005.p/7"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert path == expected


@pytest.mark.parametrize(
    ("level", "n", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_paths_refuse(level: int, n: int, width: int) -> None:
    with pytest.raises(Malformed):
        tile_path(level, n, width)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_round_trip(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries)) == entries


def test_bundles_refuse() -> None:
    assert unpack_entries(pack_entries([b"a" * 65_535])) == [b"a" * 65_535]
    for entries in ([b"a" * 65_536], [b""] * 257):
        with pytest.raises(Malformed):
            pack_entries(entries)
    for data in (b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01ab", b"\x00\x00" * 257):
        with pytest.raises(Malformed):
            unpack_entries(data)


def test_tiles_of_a_tree_with_three_levels() -> None:
    files = dict(tile_files(66_000, BIG.node))
    assert len(files) == 258 + 2 + 1
    assert len(files["tile/0/257.p/208"]) == 32 * 208
    assert files["tile/1/000"][:32] == BIG.root(256)
    assert len(files["tile/1/001.p/1"]) == 32
    assert files["tile/2/000.p/1"] == BIG.root(65_536)


@given(st.integers(0, 66_000), st.integers(0, 66_000))
def test_new_tiles_are_exactly_those_that_the_old_size_lacks(one: int, other: int) -> None:
    old, new = sorted((one, other))
    before, after = dict(tile_files(old, BIG.node)), dict(tile_files(new, BIG.node))
    added = dict(tile_files(new, BIG.node, old))
    assert added == {path: data for path, data in after.items() if path not in before}


def test_a_log_does_not_shrink() -> None:
    with pytest.raises(MerkleError):
        list(tile_files(4, BIG.node, 5))


def test_checkpoint_text() -> None:
    head = Checkpoint("anshun.example/log", 0, EMPTY_ROOT)
    assert head.text == "anshun.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert checkpoint.parse(head.text) == head


ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"log\n01\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n+1\n{ROOT}\n",
        f"log\n１\n{ROOT}\n",
        f"log\n{2**63}\n{ROOT}\n",
        f"log\n1\n{ROOT[:-1]}\n",
        f"log\n1\n{ROOT[:-2]}V=\n",
        "log\n1\nQQ==\n",
        f"log\n1\n{ROOT}\nextension\n",
        f"log\n1\n{ROOT}\n\n",
        f"log\r\n1\r\n{ROOT}\r\n",
        f"log\u2028\n1 \n{ROOT}\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        checkpoint.parse(text)


def test_a_checkpoint_that_could_not_be_read_is_not_made() -> None:
    for origin, size, root in (
        ("", 1, bytes(32)),
        ("a\nb", 1, bytes(32)),
        ("a", -1, bytes(32)),
        ("a", 1, b""),
    ):
        with pytest.raises(Malformed):
            Checkpoint(origin, size, root)
