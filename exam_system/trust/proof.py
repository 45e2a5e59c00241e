"""Proof of one act or one score (C2SP tlog-proof): a text file that verifies offline."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exam_system.trust import checkpoint, notes
from exam_system.trust.canonical import MAX_NUMBER, b64, number, unb64
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed
from exam_system.trust.keys import Verifier
from exam_system.trust.merkle import (
    HASH_BYTES,
    Levels,
    leaf_hash,
    node_hash,
    verify_inclusion,
)
from exam_system.trust.notes import OpenedNote

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
SHARED = 3


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Leaf `index` of the tree whose signed head is `checkpoint`, with its audit path.

    `extra` is not authenticated by the format; a slip carries its record there, and the record
    counts only once verify() has accepted it as the leaf.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_NUMBER or len(self.hashes) > MAX_HASHES:
            raise Malformed("The index or the number of hashes of the proof is out of range.")
        if any(len(item) != HASH_BYTES for item in self.hashes):
            raise Malformed(f"A hash of the proof is not {HASH_BYTES} bytes long.")

    def encode(self) -> bytes:
        """The bytes of a `.tlog-proof` file."""
        extra = [] if self.extra is None else [f"extra {b64(self.extra)}"]
        rows = [HEADER, *extra, f"index {self.index}", *map(b64, self.hashes)]
        return "".join(f"{row}\n" for row in rows).encode() + b"\n" + self.checkpoint

    def verify(self, leaf: bytes, verifiers: Iterable[Verifier]) -> tuple[Checkpoint, OpenedNote]:
        """Raise TrustError unless the entry bytes `leaf` are in the signed tree.

        The caller decides whether the returned origin and signers are the ones it needs.
        """
        opened = notes.open_note(self.checkpoint, verifiers)
        head = checkpoint.parse(opened.text)
        verify_inclusion(leaf_hash(leaf), self.index, head.size, self.hashes, head.root)
        return head, opened


def bodies(tree: Levels, leaves: Sequence[bytes]) -> Iterator[bytes]:
    """What TlogProof.encode() writes of each leaf before its checkpoint, in the leaves' order.

    The leaves are all of the tree. Neighbours share the upper part of their paths: it is put
    together once for every 2**SHARED leaves.
    """
    rows = [[b64encode(node) + b"\n" for node in level] for level in _levels(tree)]
    low, above = rows[:SHARED], _tails(rows[SHARED:])
    head = f"{HEADER}\nextra ".encode()
    for index, leaf in enumerate(leaves):
        path = _beside(low, index) + (above[index >> SHARED] if above else b"")
        yield b"%s%s\nindex %d\n%s\n" % (head, b64encode(leaf), index, path)


def _levels(tree: Levels) -> list[list[bytes]]:
    """Every level of the tree; a last node without sibling stands on the next level as it is."""
    level, width = 0, tree.size
    levels = [tree.nodes(0, 0, width)]
    while width > 1:
        level, width = level + 1, (width + 1) // 2
        nodes = tree.nodes(level, 0, width)
        if len(nodes) < width:
            below = levels[-1]
            nodes.append(below[-1] if len(below) % 2 else node_hash(below[-2], below[-1]))
        levels.append(nodes)
    return levels


def _beside(rows: Sequence[Sequence[bytes]], index: int) -> bytes:
    """The rows of the siblings of a node and of those above it, the lowest first."""
    found = b""
    for level, nodes in enumerate(rows):
        sibling = index >> level ^ 1
        if sibling < len(nodes):
            found += nodes[sibling]
    return found


def _tails(rows: Sequence[Sequence[bytes]]) -> list[bytes]:
    """`_beside` of every node of the lowest of these levels, made from the top down."""
    tails = [b""]
    for nodes in reversed(rows[:-1]):
        last = len(nodes) - 1
        tails = [
            (nodes[at ^ 1] if at ^ 1 <= last else b"") + tails[at >> 1] for at in range(last + 1)
        ]
    return tails if rows else []


def parse(data: bytes) -> TlogProof:
    """Read a proof without verifying it; raises Malformed."""
    head, separator, note = data.partition(b"\n\n")
    if not separator or not head.isascii():
        raise Malformed("The proof has no empty line between its hashes and its checkpoint.")
    header, *rows = head.decode("ascii").split("\n")
    if header != HEADER:
        raise Malformed(f"The proof does not begin with {HEADER}.")
    extra = unb64(rows.pop(0)[6:]) if rows and rows[0].startswith("extra ") else None
    if not rows or not rows[0].startswith("index "):
        raise Malformed("The proof has no index line.")
    checkpoint.parse(notes.parse(note).text)
    return TlogProof(number(rows[0][6:]), tuple(map(unb64, rows[1:])), note, extra)
