"""Where identifiers, salts and tokens come from. Draws never take chance from here."""

from __future__ import annotations

import hashlib
import secrets
from typing import Protocol


class Chance(Protocol):
    """A source of bytes nobody can guess."""

    def take(self, size: int) -> bytes:
        """`size` fresh bytes."""
        ...


class SystemChance:
    """The operating system's generator."""

    def take(self, size: int) -> bytes:
        """`size` bytes of the operating system's generator."""
        return secrets.token_bytes(size)


class SeededChance:
    """A stream derived from a seed, so that two runs of the demonstration are alike.

    The stream is SHA-256(seed || counter). Only tests and demonstration instances use it.
    """

    def __init__(self, seed: str) -> None:
        self._key = hashlib.sha256(seed.encode()).digest()
        self._count = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes of the stream."""
        self._count += 1
        return hashlib.shake_256(self._key + self._count.to_bytes(8, "big")).digest(size)


_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]


def reference(chance: Chance) -> str:
    """A public id of 130 bits: 26 characters of lower-case base32."""
    bits = int.from_bytes(chance.take(17), "big") >> 6
    return "".join([_PAIRS[bits >> place & 1023] for place in range(120, -1, -10)])


def label(chance: Chance, prefix: str) -> str:
    """An opaque label for draws: prefix and 60 bits of base32, e.g. `k-7q2mz5xw3aab`."""
    bits = int.from_bytes(chance.take(8), "big") >> 4
    return f"{prefix}-{''.join([_PAIRS[bits >> place & 1023] for place in range(50, -1, -10)])}"
