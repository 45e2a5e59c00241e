"""draw/v1 of PROTOCOLS.md section 4: commitments, transcript, seed, tickets.

`printf '%s' "$seed:seat:$label" | sha256sum` shows anybody their own ticket.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from exam_system.trust.canonical import clean_label, digest_text, sha256, sha256_hex
from exam_system.trust.errors import DrawError

SECRET_BYTES = 32

_PURPOSE = re.compile(r"[a-z0-9/._-]+")
_SOURCE = re.compile(r"[a-z][a-z0-9-]*")
_VALUE = re.compile(r"[!-~]+")
_OWN_LINES = frozenset({"draw", "attempt", "manifest"})


def commitment(draw: str, attempt: int, role: str, secret: bytes) -> str:
    """Hex digest that a role logs before any entropy exists; the secret is 32 bytes."""
    if len(secret) != SECRET_BYTES:
        raise DrawError(f"The secret of the {role} is not {SECRET_BYTES} bytes long.")
    head = f"exam-system/draw/v1 commit\n{_checked_draw(draw, attempt)}\n{attempt}\n"
    return sha256_hex(f"{head}{_source(role)}\n{secret.hex()}\n".encode())


def transcript(
    draw: str, attempt: int, manifest_hex: str, sources: Sequence[tuple[str, str]]
) -> bytes:
    """The text whose `sha256sum` is the seed; sources are (name, value) in manifest order."""
    names = [_source(name) for name, _ in sources]
    if not names or len(set(names)) != len(names):
        raise DrawError("A draw needs sources of entropy, each named once.")
    rows = [
        "exam-system/draw/v1",
        f"draw {_checked_draw(draw, attempt)}",
        f"attempt {attempt}",
        f"manifest {digest_text(manifest_hex)}",
        *(f"{name} {_value(name, value)}" for name, value in sources),
    ]
    return "".join(f"{row}\n" for row in rows).encode()


def seed(transcript: bytes) -> str:
    """SHA-256 of the transcript, hex."""
    return sha256_hex(transcript)


def ticket(seed: str, purpose: str, label: str) -> bytes:
    """SHA-256("<seed>:<purpose>:<label>"), 32 bytes."""
    return sha256(_message(seed, purpose, label))


def order(seed: str, purpose: str, labels: Iterable[str]) -> list[str]:
    """Labels by ascending (ticket, label bytes); raises DrawError when one comes twice."""
    keyed = [(ticket(seed, purpose, label), label.encode(), label) for label in labels]
    if len({label for _, _, label in keyed}) != len(keyed):
        raise DrawError("A label takes part in the draw twice.")
    return [label for _, _, label in sorted(keyed)]


def below(seed: str, purpose: str, n: int) -> int:
    """An integer 0 <= i < n without bias: first 8 bytes of tickets "0", "1", …, by rejection."""
    if not 0 < n <= 2**64:
        raise DrawError("An integer is drawn below a number from 1 to 2**64.")
    limit, attempt = 2**64 // n * n, 0
    while (value := _first_u64(seed, purpose, attempt)) >= limit:
        attempt += 1
    return value % n


def words(seed: str, purpose: str, label: str, n: int, width: Literal[32, 64] = 32) -> list[int]:
    """n big-endian unsigned integers of 32 or 64 bits: SHAKE-256 of the ticket's text."""
    if n < 0 or width not in (32, 64):
        raise DrawError("Words are 32 or 64 bits wide, and there are zero or more.")
    step = width // 8
    stream = hashlib.shake_256(_message(seed, purpose, label)).digest(n * step)
    return [int.from_bytes(stream[i : i + step], "big") for i in range(0, n * step, step)]


def _first_u64(seed: str, purpose: str, attempt: int) -> int:
    return int.from_bytes(ticket(seed, purpose, str(attempt))[:8], "big")


def _message(seed: str, purpose: str, label: str) -> bytes:
    if not _PURPOSE.fullmatch(purpose):
        raise DrawError(f"The purpose {purpose!r} has characters other than a-z 0-9 / . _ -.")
    return f"{digest_text(seed)}:{purpose}:{clean_label(label)}".encode()


def _checked_draw(draw: str, attempt: int) -> str:
    if attempt < 1:
        raise DrawError("Attempts of a draw are counted from 1.")
    return clean_label(draw)


def _source(name: str) -> str:
    if not _SOURCE.fullmatch(name) or name in _OWN_LINES:
        raise DrawError(f"{name!r} cannot name a source of entropy.")
    return name


def _value(name: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise DrawError(f"The value of the source {name} is not one word of plain ASCII.")
    return value
