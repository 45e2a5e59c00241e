"""The head of a tree as text (C2SP tlog-checkpoint v1.0.0), without extension lines."""

from dataclasses import dataclass

from exam_system.trust.canonical import MAX_NUMBER, b64, clean_label, lines, number, unb64
from exam_system.trust.errors import Malformed
from exam_system.trust.merkle import HASH_BYTES


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`size` leaves of the log `origin` have this 32-byte root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        clean_label(self.origin)
        if not 0 <= self.size <= MAX_NUMBER or len(self.root) != HASH_BYTES:
            raise Malformed(f"The size or the root of the checkpoint of {self.origin} is wrong.")

    @property
    def text(self) -> str:
        """Origin, size and base64 root, a line each: what is signed and cosigned."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def parse(text: str) -> Checkpoint:
    """Read a checkpoint's text (of a note that was opened); raises Malformed."""
    rows = lines(text)
    if len(rows) != 3:
        raise Malformed("A checkpoint has three lines: origin, size and root.")
    return Checkpoint(rows[0], number(rows[1]), unb64(rows[2]))
