"""A beacon for rehearsals: rounds as drand's, signed with a key that everybody may know.

What it signs passes the same checks as quicknet's rounds; verifiers say that it is not quicknet.
"""

from __future__ import annotations

from dataclasses import dataclass

from exam_system.trust import drand
from exam_system.trust.canonical import sha256, sha256_hex


@dataclass(frozen=True, slots=True)
class Beacon:
    """Rounds every `period` seconds from the POSIX second `genesis` on."""

    name: str
    genesis: int
    period: int = 3

    @property
    def chain(self) -> drand.Chain:
        """What a manifest names."""
        group, compression = drand.curve().group, drand.curve().compression
        point = compression.compress_G2(group.multiply(group.G2, self._secret))
        key = "".join(f"{part:096x}" for part in point)
        return drand.Chain(sha256_hex(self.name.encode()), key, self.period, self.genesis)

    def sign(self, number: int) -> str:
        """The signature of a round, hex."""
        point = drand.curve().group.multiply(drand.hashed(number), self._secret)
        return f"{drand.curve().compression.compress_G1(point):096x}"

    @property
    def _secret(self) -> int:
        order = int(drand.curve().group.curve_order)
        return int.from_bytes(sha256(b"beacon", self.name.encode()), "big") % order
