"""A log that grows, and requests for it, made from trust functions."""

from __future__ import annotations

from dataclasses import dataclass, field

from exam_system.trust import notes
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.keys import Signer
from exam_system.trust.merkle import Levels, consistency_proof, leaf_hash
from exam_system.trust.witness import Request

ORIGIN = "city.example/log"
AT = 1_772_413_200


def key(name: str, seed: int, kind: int = 1) -> Signer:
    """A key that is the same in every run."""
    return Signer.from_seed(name, bytes([seed]) * 32, kind)


LOG = key(ORIGIN, 1)
PUBLISHER = key(f"{ORIGIN}/publisher", 2)
OFFICER = key(f"{ORIGIN}/officer", 3)
OFFICE = (LOG, PUBLISHER, OFFICER)


@dataclass
class GrowingLog:
    """Acts and signed heads."""

    entries: list[bytes] = field(default_factory=list)

    def grown(self, count: int, what: str = "act") -> GrowingLog:
        """A log of that size that begins with this one."""
        new = [f"{what} {n}".encode() for n in range(len(self.entries), count)]
        return GrowingLog([*self.entries, *new][:count])

    @property
    def tree(self) -> Levels:
        """Its tree."""
        return Levels(map(leaf_hash, self.entries))

    @property
    def head(self) -> bytes:
        """Its signed head."""
        tree = self.tree
        return notes.sign(Checkpoint(ORIGIN, tree.size, tree.root()).text, LOG)

    def request(self, old: int) -> bytes:
        """What a witness is asked that has signed `old` acts."""
        tree = self.tree
        proof = consistency_proof(old, tree.size, tree.node) if old <= tree.size else ()
        return Request(old, proof, self.head).encode()
