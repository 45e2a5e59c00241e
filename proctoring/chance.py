"""Where chance comes from: tickets and words of the draw's seed (PROTOCOLS section 4 step 6).

A text `<seed hex>:<purpose>:<label>` names every number, so that one room or person can be
rechecked alone with `sha256sum` or `openssl dgst -shake256`. Nothing here is drawn by a library.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
WORD = 1 << 32


def ticket(seed: str, purpose: str, label: str) -> bytes:
    """SHA-256 of the text, 32 bytes."""
    return hashlib.sha256(f"{seed}:{purpose}:{label}".encode()).digest()


def words(seed: str, purpose: str, label: str, count: int) -> Words:
    """`count` u64 words: SHAKE-256 of the text, big-endian; a longer output extends a shorter."""
    return many_words(seed, purpose, (label,), (count,))


def below(seed: str, purpose: str, n: int) -> int:
    """An integer 0 <= i < n: first 8 bytes of tickets "0", "1", …, rejecting the uneven end."""
    limit, attempt = (1 << 64) // n * n, 0
    while (value := int.from_bytes(ticket(seed, purpose, str(attempt))[:8], "big")) >= limit:
        attempt += 1
    return value % n


def ticket_words(seed: str, purpose: str, labels: Iterable[bytes]) -> Words:
    """Tickets of many labels (UTF-8) as four u64 columns, most significant first."""
    head, sha256 = f"{seed}:{purpose}:".encode(), hashlib.sha256
    joined = b"".join([sha256(head + label).digest() for label in labels])
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64).reshape(-1, 4)


def many_words(seed: str, purpose: str, labels: Iterable[str], counts: Iterable[int]) -> Words:
    """The words of each label, so many of each, one after another."""
    head, shake = f"{seed}:{purpose}:", hashlib.shake_256
    joined = b"".join(
        [
            shake((head + label).encode()).digest(8 * count)
            for label, count in zip(labels, counts, strict=True)
        ]
    )
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64)


def ticket_order(tickets: Words, major: Ints) -> Ints:
    """Positions by ascending (major, ticket); ties go to the lower position.

    Two tickets hardly ever agree in their first 8 bytes; only then the other 24 are sorted too.
    """
    first = tickets[:, 0]
    order = np.argsort(first, kind="stable")
    ranked = first[order]
    if bool((ranked[1:] == ranked[:-1]).any()):
        order = np.lexsort(tickets.T[::-1])
    return order[np.argsort(narrow(major[order]), kind="stable")]


def word_order(word: Words, major: Ints) -> Ints:
    """Positions by ascending (major, word); ties go to the lower position."""
    order = np.argsort(word, kind="stable")
    return order[np.argsort(narrow(major[order]), kind="stable")]


def narrow(column: Ints) -> NDArray[np.int64 | np.uint16]:
    """The same small numbers in 16 bits, which numpy sorts by radix, ten times as fast."""
    small = len(column) and column.min() >= 0 and column.max() < 1 << 16
    return column.astype(np.uint16) if small else column


class Stream:
    """Big-endian u32 words of one text, taken one by one; it never ends."""

    def __init__(self, seed: str, purpose: str, label: str) -> None:
        self._text = f"{seed}:{purpose}:{label}".encode()
        self._words: Sequence[int] = ()
        self._at = 0

    def below(self, n: int) -> int:
        """An integer 0 <= i < n from the next word, rejecting words of the uneven end."""
        limit = WORD - WORD % n
        while True:
            if self._at == len(self._words):
                self._extend()
            word = self._words[self._at]
            self._at += 1
            if word < limit:
                return word % n

    def _extend(self) -> None:
        length = 4 * max(1024, 4 * len(self._words))
        stream = hashlib.shake_256(self._text).digest(length)
        self._words = np.frombuffer(stream, dtype=">u4").tolist()
