"""All chance of a draw: SHA-256 tickets and SHAKE-256 words of the seed (PROTOCOLS section 4).

Nothing here is random: whoever has the seed gets the same numbers, with `sha256sum` and
`openssl dgst -shake256 -xoflen N` if need be. Words are big-endian and a longer output extends a
shorter one. A number below n is a word v with v < floor(2^bits / n) * n, taken modulo n; what
happens to other words is said where they are used, so that nothing is biased.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

_SEED = re.compile("[0-9a-f]{64}")
_PURPOSE = re.compile("[a-z0-9/._-]+")
_BULK = 1 << 12  # tickets made at a time: bounds the memory for Python's own objects
_SHORT = 64  # words that `numbers` asks for first


class BadChance(ValueError):
    """The seed or the purpose of a draw is not written as PROTOCOLS section 4 says."""


class Chance:
    """The tickets and words of one draw."""

    def __init__(self, seed: str, purpose: str) -> None:
        """`seed`: 64 lower-case hex digits; `purpose`: of a-z 0-9 / . _ - only, else BadChance."""
        if not _SEED.fullmatch(seed):
            raise BadChance(f"A seed is 64 lower-case hexadecimal digits, not {seed!r}.")
        if not _PURPOSE.fullmatch(purpose):
            raise BadChance(f"A purpose is written with a-z 0-9 / . _ - only, not {purpose!r}.")
        self._text = f"{seed}:{purpose}".encode()

    def tickets(self, labels: Sequence[bytes]) -> list[bytes]:
        """SHA-256("<seed>:<purpose>:<label>") of every label, 32 bytes each."""
        hasher = hashlib.sha256(self._text + b":")
        found = []
        for label in labels:
            mine = hasher.copy()
            mine.update(label)
            found.append(mine.digest())
        return found

    def stream(self, part: str, label: bytes, size: int) -> bytes:
        """SHAKE-256("<seed>:<purpose>/<part>:<label>"), the first `size` bytes."""
        return hashlib.shake_256(b"%b/%b:%b" % (self._text, part.encode(), label)).digest(size)

    def order(self, labels: NDArray[np.bytes_]) -> NDArray[np.intp]:
        """Positions of the labels by ascending (ticket, label); labels are sorted and unique."""
        heads = np.empty(len(labels), np.uint64)
        for start in range(0, len(labels), _BULK):
            tickets = self.tickets(labels[start : start + _BULK].tolist())
            octets = np.frombuffer(b"".join(tickets), ">u8")
            heads[start : start + _BULK] = octets[:: len(octets) // len(tickets)]
        order = np.argsort(heads)
        ordered = heads[order]
        if bool(np.any(ordered[1:] == ordered[:-1])):
            tickets = self.tickets(labels.tolist())
            return np.array(sorted(range(len(labels)), key=tickets.__getitem__), np.intp)
        return order

    def shuffle(self, part: str, label: bytes, size: int) -> NDArray[np.intp]:
        """The numbers 0 to size - 1 by ascending 64-bit word, ties to the lower number."""
        words = np.frombuffer(self.stream(part, label, 8 * size), ">u8").astype(np.uint64)
        return np.argsort(words, kind="stable")

    def numbers(self, part: str, label: bytes) -> Iterator[int]:
        """The 64-bit words of a stream, one after the other, without end."""
        done = 0
        for size in (_SHORT << at for at in count()):
            words = np.frombuffer(self.stream(part, label, 8 * size), ">u8")
            yield from islice(words.tolist(), done, None)
            done = size

    def below(self, part: str, label: bytes, n: int) -> int:
        """A number from 0 to n - 1: the first word of the stream that gives one."""
        return next(found for v in self.numbers(part, label) if (found := reduce(v, n)) is not None)

    def rows(self, part: str, labels: Sequence[bytes], size: int) -> NDArray[np.uint32]:
        """The first `size` 32-bit words of every label's stream, shape (labels, size)."""
        streams = b"".join([self.stream(part, label, 4 * size) for label in labels])
        return np.frombuffer(streams, ">u4").astype(np.uint32).reshape(len(labels), size)


def reduce(word: int, n: int) -> int | None:
    """A 64-bit word as a number below n, or None where taking it would favour some numbers."""
    return word % n if word < (1 << 64) // n * n else None
