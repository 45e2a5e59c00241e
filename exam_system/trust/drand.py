"""A round of drand, the public beacon: value, time and signature, checked without any network.

drand publishes one BLS signature every few seconds; its SHA-256 is the round's randomness. Nobody,
not even the beacon's members short of a threshold, knows a round before its time. Quicknet's scheme
`bls-unchained-g1-rfc9380` signs SHA-256(round as big-endian u64), hashed to G1 of BLS12-381 as
RFC 9380 says; public keys are in G2 (drand's specification, "Beacon signature").
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from exam_system.trust.canonical import digest_text, sha256, sha256_hex
from exam_system.trust.errors import DrawError, Malformed

SCHEME = "bls-unchained-g1-rfc9380"

_DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_G1_HEX, _G2_HEX = 96, 192
_SIGNATURE = re.compile(rf"[0-9a-f]{{{_G1_HEX}}}")
_PUBLIC_KEY = re.compile(rf"[0-9a-f]{{{_G2_HEX}}}")
_LATEST = 253_402_300_799  # the last second of the year 9999
_KEYS = ("chain", "public_key", "period", "genesis", "scheme", "round", "time")


@dataclass(frozen=True, slots=True)
class Chain:
    """A beacon: `chain` is its hash (hex), `public_key` 96 bytes of G2 (hex), `period` seconds
    between rounds, `genesis` the POSIX second of round 1."""

    chain: str
    public_key: str
    period: int
    genesis: int
    scheme: str = SCHEME

    def __post_init__(self) -> None:
        digest_text(self.chain)
        if not _PUBLIC_KEY.fullmatch(self.public_key) or self.scheme != SCHEME:
            raise Malformed(f"A beacon has a key of {_G2_HEX} hex digits and the scheme {SCHEME}.")
        if not (1 <= self.period <= 86_400 and 0 <= self.genesis <= _LATEST):
            raise Malformed("The period or the genesis of a beacon is out of range.")


QUICKNET = Chain(
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    3,
    1_692_803_367,
)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a beacon, counted from 1."""

    beacon: Chain
    number: int

    def __post_init__(self) -> None:
        if self.number < 1 or self.at > _LATEST:
            raise Malformed("A beacon has no such round.")

    @property
    def at(self) -> int:
        """The POSIX second in which it is published."""
        return self.beacon.genesis + (self.number - 1) * self.beacon.period

    @property
    def time(self) -> str:
        """The same as the log writes times."""
        return datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def document(self) -> dict[str, Any]:
        """What a manifest says of it."""
        return {**asdict(self.beacon), "round": self.number, "time": self.time}


def parse(document: Mapping[str, Any]) -> Round:
    """The round that a manifest names; raises Malformed for any other shape or a wrong time."""
    if sorted(document) != sorted(_KEYS) or not all(
        type(document[key]) is (int if key in ("period", "genesis", "round") else str)
        for key in _KEYS
    ):
        raise Malformed(f"A round of drand is {', '.join(_KEYS)}.")
    found = Round(Chain(*(document[key] for key in _KEYS[:5])), document["round"])
    if found.time != document["time"]:
        raise Malformed(f"Round {found.number} is published at {found.time}, not then.")
    return found


def first_from(beacon: Chain, second: int) -> Round:
    """The first round that is published at a POSIX second or later."""
    return Round(beacon, max(1, 1 - (beacon.genesis - second) // beacon.period))


def randomness(signature: str) -> str:
    """The value of a round: SHA-256 of its signature (96 hex digits), hex."""
    if not _SIGNATURE.fullmatch(signature):
        raise DrawError(f"A round's signature is {_G1_HEX} characters from 0-9 and a-f.")
    return sha256_hex(bytes.fromhex(signature))


@cache
def curve() -> Any:
    """The arithmetic of BLS12-381: `group`, `compression`, and `hash_to_G1`.

    Loaded when a round is first checked, because it takes half a second. The library raises the
    recursion limit so far that deeply nested JSON would crash the process: it is put back.
    """
    limit = sys.getrecursionlimit()
    try:
        from py_ecc import optimized_bls12_381 as group
        from py_ecc.bls import point_compression as compression
        from py_ecc.bls.hash_to_curve import hash_to_G1
    finally:
        sys.setrecursionlimit(limit)
    return SimpleNamespace(group=group, compression=compression, hash_to_G1=hash_to_G1)


def hashed(number: int) -> Any:
    """What a round's signature signs, as a point of G1."""
    return curve().hash_to_G1(sha256(number.to_bytes(8, "big")), _DST, hashlib.sha256)


def require_signed(chosen: Round, signature: str) -> str:
    """The value of the round when this is its signature; raises DrawError for any other."""
    value = randomness(signature)
    if not _holds(chosen.beacon.public_key, chosen.number, signature):
        raise DrawError(f"This is not the signature of round {chosen.number} of the beacon.")
    return value


def _holds(public_key: str, number: int, signature: str) -> bool:
    group, compression, half = curve().group, curve().compression, _G2_HEX // 2
    parts = int(public_key[:half], 16), int(public_key[half:], 16)
    try:
        point = compression.decompress_G1(int(signature, 16))
        key = compression.decompress_G2(parts)
    except ValueError:
        return False
    for one in (point, key):
        if group.is_inf(one) or not group.is_inf(group.multiply(one, group.curve_order)):
            return False
    # e(signature, G2) = e(H(message), key): both sides in one, with the signature negated
    left = group.pairing(group.G2, group.neg(point), final_exponentiate=False)
    right = group.pairing(key, hashed(number), final_exponentiate=False)
    return bool(group.final_exponentiate(left * right) == group.FQ12.one())
