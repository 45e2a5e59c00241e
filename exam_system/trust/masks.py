"""Script numbers: a secret key puts the drawn codes of scripts into another order.

Commitment: SHA-256 of `exam-system/mask/v1 commit`, the exam's code, the key in hex, each line
ended by a newline. Number: all drawn codes of one slot (all but the last WIDTH digits) in ascending
order of SHA-256 of `exam-system/mask/v1`, the key, the drawn code, lines as before; the number is
the slot, then the place in that order in WIDTH digits. So every drawn code is somebody else's
number, and without the key nobody can tell whose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from exam_system.trust.canonical import jcs, parse_jcs, sha256_hex
from exam_system.trust.errors import Malformed

HEADER = "exam-system/mask/v1"
WIDTH = 5
_SECRET = re.compile("[0-9a-f]{64}")


def commitment(exam: str, secret: str) -> str:
    """What is published about a key (hex) before marking begins."""
    return sha256_hex(f"{HEADER} commit\n{exam}\n{secret}\n".encode())


def numbers(secret: str, drawn: Iterable[str]) -> dict[str, str]:
    """The number under which a script is marked, by its drawn code."""
    slots: dict[str, list[str]] = {}
    for code in drawn:
        slots.setdefault(code[:-WIDTH], []).append(code)
    return {
        code: f"{slot}{place:0{WIDTH}d}"
        for slot, codes in slots.items()
        for place, code in enumerate(sorted(codes, key=lambda one: _ticket(secret, one)), 1)
    }


def _ticket(secret: str, drawn: str) -> str:
    return sha256_hex(f"{HEADER}\n{secret}\n{drawn}\n".encode())


def content(exam: str, secret: str) -> bytes:
    """What is sealed to the inspectors."""
    return jcs({"exam": exam, "secret": require_secret(secret), "v": 1})


def parse_content(data: bytes) -> tuple[str, str]:
    """Exam and key of an opened box; raises Malformed."""
    found = parse_jcs(data)
    if not isinstance(found, dict) or set(found) != {"exam", "secret", "v"} or found["v"] != 1:
        raise Malformed("This is no key of script numbers.")
    return str(found["exam"]), require_secret(str(found["secret"]))


def require_secret(text: str) -> str:
    """The key, 64 hex digits; raises Malformed."""
    if not _SECRET.fullmatch(text):
        raise Malformed("The key of script numbers has 64 digits 0-9 and a-f.")
    return text
