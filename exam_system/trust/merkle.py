"""RFC 6962 SHA-256 trees; proofs are verified as in RFC 9162 sections 2.1.3 and 2.1.4."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from exam_system.trust.errors import MerkleError

Node: TypeAlias = Callable[[int, int], bytes]
"""`node(level, index)`: the 32-byte hash of the complete subtree over the 2**level leaves from
index * 2**level on."""

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """leaf_hash of each entry, in one go."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Levels:
    """An append-only tree in memory: for each level the hashes of its complete subtrees."""

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        self.extend(leaves)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes and every subtree that they complete."""
        added = list(leaves)
        if not {HASH_BYTES}.issuperset(map(len, added)):
            raise MerkleError(f"A leaf's hash is not {HASH_BYTES} bytes long.")
        self._levels[0].extend(added)
        level = 0
        while self._grow(level):
            level += 1

    def _grow(self, level: int) -> bool:
        """Hash the new pairs of a level into the next; False when there were none."""
        children = self._levels[level]
        if level + 1 == len(self._levels) and len(children) > 1:
            self._levels.append([])
        start = 2 * len(self._levels[level + 1]) if level + 1 < len(self._levels) else 0
        stop = len(children) & ~1
        if start == stop:
            return False
        sha256 = hashlib.sha256
        pairs = zip(children[start:stop:2], children[start + 1 : stop : 2], strict=True)
        self._levels[level + 1] += [sha256(b"\x01" + a + b).digest() for a, b in pairs]
        return True

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete subtree; raises MerkleError when the tree is too small for it."""
        if not (0 <= level < len(self._levels) and 0 <= index < len(self._levels[level])):
            raise MerkleError(f"A tree of {self.size} leaves has no node {index} at level {level}.")
        return self._levels[level][index]

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """The hashes of the complete subtrees start..stop-1 of a level, as many as there are."""
        return self._levels[level][start:stop] if level < len(self._levels) else []

    def root(self, size: int | None = None) -> bytes:
        """Root of the whole tree, or of the tree as it was at an earlier size."""
        return root_at(self.size if size is None else size, self.node)


def root_at(size: int, node: Node) -> bytes:
    """Root of the first `size` leaves."""
    if size < 0:
        raise MerkleError("A tree cannot have fewer than zero leaves.")
    return _range_root(0, size, node) if size else EMPTY_ROOT


def _range_root(begin: int, end: int, node: Node) -> bytes:
    """Root over leaves begin..end-1, where begin is a multiple of a power of two >= the length."""
    pieces = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        pieces.append(node(level, begin >> level))
        begin += 1 << level
    root = pieces.pop()
    for piece in reversed(pieces):
        root = node_hash(piece, root)
    return root


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """RFC 6962 audit path of a leaf in the tree of `size` leaves, the leaf's sibling first."""
    if not 0 <= index < size:
        raise MerkleError(f"A tree of {size} leaves has no leaf {index}.")
    return tuple(_range_root(*span, node) for span in _siblings(index, size))[::-1]


def _siblings(index: int, size: int) -> Iterator[tuple[int, int]]:
    """The ranges beside the path from the root down to a leaf."""
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield begin, middle
            begin = middle


def consistency_proof(old: int, size: int, node: Node) -> tuple[bytes, ...]:
    """RFC 6962 consistency proof between two sizes; empty when old is 0 or equal to size."""
    if not 0 <= old <= size:
        raise MerkleError(f"A tree of {size} leaves never had {old} leaves.")
    if old == 0:
        return ()
    return tuple(_range_root(*span, node) for span in _old_spans(old, size))[::-1]


def _old_spans(old: int, size: int) -> Iterator[tuple[int, int]]:
    """RFC 6962 SUBPROOF from the root down; the old root itself is left out when it is a node."""
    begin, end = 0, size
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            yield middle, end
            end = middle
        else:
            yield begin, middle
            begin = middle
    if begin:
        yield begin, end


def _split(length: int) -> int:
    """Largest power of two smaller than the length."""
    return 1 << ((length - 1).bit_length() - 1)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise MerkleError unless the leaf hash is at `index` of the tree with this root."""
    if not 0 <= index < size:
        raise MerkleError(f"A tree of {size} leaves has no leaf {index}.")
    inner = (index ^ (size - 1)).bit_length()
    _require_length(proof, inner + (index >> inner).bit_count())
    _require_hash(leaf)
    found = _climb_right(_climb(leaf, proof[:inner], index), proof[inner:])
    if found != root:
        raise MerkleError("The entry is not in the tree that was signed.")


def verify_consistency(
    size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Raise MerkleError unless the tree (size2, root2) extends the tree (size1, root1)."""
    if not 0 < size1 <= size2:
        raise MerkleError(f"Nothing can be shown between trees of {size1} and {size2} leaves.")
    if size1 == size2:
        _require_length(proof, 0)
        if root1 != root2:
            raise MerkleError("Two trees of the same size have different roots.")
        return
    found1, found2 = _both_roots(size1, root1, size2, proof)
    if found1 != root1 or found2 != root2:
        raise MerkleError("The larger tree does not extend the smaller one.")


def _both_roots(
    size1: int, root1: bytes, size2: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to, 0 < size1 < size2."""
    shift = (size1 & -size1).bit_length() - 1
    whole = size1 == 1 << shift
    inner = ((size1 - 1) ^ (size2 - 1)).bit_length() - shift
    path = (size1 - 1) >> shift
    _require_length(proof, (not whole) + inner + (path >> inner).bit_count())
    seed, rest = (root1, proof) if whole else (proof[0], proof[1:])
    low, border = rest[:inner], rest[inner:]
    left_only = [h for i, h in enumerate(low) if path >> i & 1]
    return _climb_right(_climb_right(seed, left_only), border), _climb_right(
        _climb(seed, low, path), border
    )


def _climb(seed: bytes, proof: Sequence[bytes], index: int) -> bytes:
    for level, sibling in enumerate(proof):
        right = index >> level & 1
        seed = node_hash(sibling, seed) if right else node_hash(seed, sibling)
    return seed


def _climb_right(seed: bytes, proof: Iterable[bytes]) -> bytes:
    for sibling in proof:
        seed = node_hash(sibling, seed)
    return seed


def _require_length(proof: Sequence[bytes], length: int) -> None:
    if len(proof) != length:
        raise MerkleError(f"The proof has {len(proof)} hashes where {length} are needed.")
    for item in proof:
        _require_hash(item)


def _require_hash(value: bytes) -> None:
    if len(value) != HASH_BYTES:
        raise MerkleError(f"A hash is {len(value)} bytes long, not {HASH_BYTES}.")
