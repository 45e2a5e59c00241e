"""The text in the code of an admission ticket: whose seat it is, and the log's head of that day."""

from dataclasses import dataclass

from exam_system.trust.canonical import (
    b64,
    clean_label,
    digest_text,
    fields,
    lines,
    number,
    unb64,
)
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed

_HEADER_TAIL = "/ticket/v1"
_KEYS = ["exam", "number", "label", "room", "seat", "photo", "head"]


@dataclass(frozen=True, slots=True)
class TicketNote:
    """`number` is the admission number; `label`, `room` (group and slot joined by a hyphen) and
    `seat` (from 1) are those of the seats draw's result; `photo` is the SHA-256 of the JPEG on the
    ticket; `head` is a signed head of the log, so that every candidate holds one (no split view).
    """

    exam: str
    number: str
    label: str
    room: str
    seat: int
    photo: str
    head: Checkpoint

    def __post_init__(self) -> None:
        for word in (self.exam, self.number, self.label, self.room):
            clean_label(word)
        digest_text(self.photo)
        if self.seat < 1:
            raise Malformed("Seats are counted from 1.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        values = (
            self.exam,
            self.number,
            self.label,
            self.room,
            self.seat,
            self.photo,
            f"{self.head.size} {b64(self.head.root)}",
        )
        rows = [f"{key} {value}\n" for key, value in zip(_KEYS, values, strict=True)]
        return f"{self.head.origin}{_HEADER_TAIL}\n" + "".join(rows)


def parse(text: str) -> TicketNote:
    """Read the text of a ticket's opened note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(_HEADER_TAIL) or [key for key, _ in pairs] != _KEYS:
        raise Malformed(f"A ticket is <origin>{_HEADER_TAIL} and the lines {', '.join(_KEYS)}.")
    exam, admission, label, room, seat, photo, head = (value for _, value in pairs)
    size, _, root = head.partition(" ")
    checkpoint = Checkpoint(header.removesuffix(_HEADER_TAIL), number(size), unb64(root))
    return TicketNote(exam, admission, label, room, number(seat), photo, checkpoint)
