import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_system.trust.canonical import unb64
from exam_system.trust.errors import MerkleError
from exam_system.trust.merkle import (
    EMPTY_ROOT,
    Levels,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"leaf %d" % n) for n in range(40)]
TREE = Levels(LEAVES)


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def accepted(verify: Callable[..., None], *arguments: Any) -> bool:
    try:
        verify(*arguments)
    except MerkleError:
        return False
    return True


def load(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_bytes()) for file in sorted(folder.rglob("*.json"))]


def hashes(case: dict[str, Any]) -> list[bytes]:
    return [unb64(item) for item in case["proof"] or ()]


def test_public_inclusion_vectors(public_vectors: Path) -> None:
    cases = load(public_vectors / "merkle" / "inclusion")
    wrong = [
        case["desc"]
        for case in cases
        if accepted(
            verify_inclusion,
            unb64(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            hashes(case),
            unb64(case["root"]),
        )
        is case["wantErr"]
    ]
    assert wrong == []
    assert len(cases) + len(load(public_vectors / "merkle" / "consistency")) == 196


def test_public_consistency_vectors(public_vectors: Path) -> None:
    cases = load(public_vectors / "merkle" / "consistency")
    wrong = [
        case["desc"]
        for case in cases
        if accepted(
            verify_consistency,
            case["size1"],
            unb64(case["root1"]),
            case["size2"],
            unb64(case["root2"]),
            hashes(case),
        )
        is case["wantErr"]
    ]
    assert wrong == []
    assert {case["wantErr"] for case in cases} == {True, False}


@pytest.mark.parametrize("size", range(41))
def test_roots_and_proofs_are_those_of_the_rfc(size: int) -> None:
    leaves = LEAVES[:size]
    assert TREE.root(size) == mth(leaves)
    for index in range(size):
        assert list(inclusion_proof(index, size, TREE.node)) == path(index, leaves)
    for old in range(1, size + 1):
        assert list(consistency_proof(old, size, TREE.node)) == subproof(old, leaves, True)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_proof_verifies(size: int) -> None:
    root = TREE.root(size)
    for index in range(size):
        proof = inclusion_proof(index, size, TREE.node)
        verify_inclusion(LEAVES[index], index, size, proof, root)
    for old in range(1, size + 1):
        proof = consistency_proof(old, size, TREE.node)
        verify_consistency(old, TREE.root(old), size, root, proof)


@given(st.data())
def test_mutated_inclusion_proofs_are_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(index, size, TREE.node), TREE.root(size)
    good = (LEAVES[index], index, size, proof, root)
    other = data.draw(st.integers(0, 50).filter(lambda i: i != index))
    bad = [
        (flip(data, LEAVES[index]), *good[1:]),
        (good[0], other, *good[2:]),
        (*good[:3], [*proof, root], root),
        (*good[:3], [root, *proof], root),
        (*good[:4], flip(data, root)),
    ]
    if proof:
        bad += [(*good[:3], damaged, root) for damaged in damages(data, proof)]
    assert accepted(verify_inclusion, *good)
    assert not any(accepted(verify_inclusion, *arguments) for arguments in bad)


@given(st.data())
def test_mutated_consistency_proofs_are_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, size - 1))
    root1, root2 = TREE.root(old), TREE.root(size)
    proof = consistency_proof(old, size, TREE.node)
    bad = [
        (old, flip(data, root1), size, root2, proof),
        (old, root1, size, flip(data, root2), proof),
        (old, root2, size, root1, proof),
        (size, root2, old, root1, proof),
        (0, EMPTY_ROOT, size, root2, proof),
        (old, root1, size, root2, [*proof, root1]),
        (old, root1, size, root2, [root1, *proof]),
        *((old, root1, size, root2, damaged) for damaged in damages(data, proof)),
    ]
    assert accepted(verify_consistency, old, root1, size, root2, proof)
    assert not any(accepted(verify_consistency, *arguments) for arguments in bad)


def flip(data: st.DataObject, value: bytes) -> bytes:
    position = data.draw(st.integers(0, len(value) - 1))
    changed = value[position] ^ data.draw(st.integers(1, 255))
    return value[:position] + bytes([changed]) + value[position + 1 :]


def damages(data: st.DataObject, proof: tuple[bytes, ...]) -> list[list[bytes]]:
    at = data.draw(st.integers(0, len(proof) - 1))
    before, item, after = list(proof[:at]), proof[at], list(proof[at + 1 :])
    return [
        [*before, flip(data, item), *after],
        [*before, item[:-1], *after],
        [*before, *after],
        [*before, item, item, *after],
    ]


def test_a_rewritten_leaf_breaks_consistency() -> None:
    for changed in range(12):
        other = Levels([*LEAVES[:changed], leaf_hash(b"forged"), *LEAVES[changed + 1 : 20]])
        proof = consistency_proof(12, 20, other.node)
        with pytest.raises(MerkleError):
            verify_consistency(12, TREE.root(12), 20, other.root(), proof)


def test_hashes_of_another_length_that_join_to_the_same_bytes_are_refused() -> None:
    first, *rest = inclusion_proof(0, 40, TREE.node)
    leaf, first = LEAVES[0][:-1], LEAVES[0][-1:] + first
    with pytest.raises(MerkleError, match="bytes long"):
        verify_inclusion(leaf, 0, 40, [first, *rest], TREE.root(40))


def test_nothing_is_shown_from_an_empty_tree() -> None:
    assert consistency_proof(0, 5, TREE.node) == ()
    with pytest.raises(MerkleError):
        verify_consistency(0, EMPTY_ROOT, 5, TREE.root(5), ())


def test_questions_without_an_answer_are_refused() -> None:
    small = Levels(LEAVES[:5])
    for level, index in ((0, 5), (0, -1), (-1, 0), (1, 2), (9, 0)):
        with pytest.raises(MerkleError):
            small.node(level, index)
    for index, size in ((5, 5), (-1, 5), (0, 0), (4, 6)):
        with pytest.raises(MerkleError):
            inclusion_proof(index, size, small.node)
    for old, size in ((6, 5), (-1, 5)):
        with pytest.raises(MerkleError):
            consistency_proof(old, size, small.node)
    with pytest.raises(MerkleError):
        root_at(-1, small.node)
    with pytest.raises(MerkleError):
        small.root(6)
    with pytest.raises(MerkleError):
        small.append(b"short")


@given(st.lists(st.integers(0, 9), max_size=12))
def test_growth_in_steps_gives_the_same_tree(steps: list[int]) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(sum(steps))]
    grown, at = Levels(), 0
    for step in steps:
        if step == 1:
            grown.append(leaves[at])
        else:
            grown.extend(leaves[at : at + step])
        at += step
    assert grown.size == len(leaves)
    assert grown.root() == mth(leaves)


def test_a_refused_leaf_leaves_the_tree_as_it_was() -> None:
    tree = Levels(LEAVES[:3])
    with pytest.raises(MerkleError):
        tree.extend([LEAVES[3], b"short"])
    assert (tree.size, tree.root()) == (3, TREE.root(3))


def fastest(action: Callable[[], object]) -> float:
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def test_a_proof_among_a_million_leaves_takes_under_5_ms() -> None:
    # A million equal leaves: every complete subtree of a level has the same hash.
    size, subtrees = 1_000_000, [leaf_hash(b"same")]
    for _ in range(20):
        subtrees.append(node_hash(subtrees[-1], subtrees[-1]))

    def node(level: int, index: int) -> bytes:
        assert (index + 1) << level <= size
        return subtrees[level]

    root = root_at(size, node)
    proof = inclusion_proof(999_999, size, node)
    verify_inclusion(subtrees[0], 999_999, size, proof, root)
    assert fastest(lambda: inclusion_proof(654_321, size, node)) < 0.005
    assert fastest(lambda: consistency_proof(654_321, size, node)) < 0.005
    assert fastest(lambda: verify_inclusion(subtrees[0], 999_999, size, proof, root)) < 0.005


def test_70_000_leaves_build_in_a_second() -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(70_000)]
    assert fastest(lambda: Levels(leaves)) < 1.0
