"""The text of `archive.note`: which files the archive of an exam consists of.

<origin>/archive/v1
exam <exam code>
state <final|interim>                   final once the exam is closed, all public lists posted
log <acts of the log in it> <root, base64>
index <sha256 hex of INDEX.json>
files <files that INDEX.json names>
bytes <their bytes together>
at <time of the last act of that log, UTC>
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exam_system.trust.canonical import b64, clean_label, digest_text, fields, lines, number, unb64
from exam_system.trust.errors import Malformed

TAIL = "/archive/v1"
NOTE, INDEX, SUMS, PAGE, KEYS = "archive.note", "INDEX.json", "SHA256SUMS", "index.html", "keys.txt"
FINAL, INTERIM = "final", "interim"
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_KEYS = ["exam", "state", "log", "index", "files", "bytes", "at"]


@dataclass(frozen=True, slots=True)
class ArchiveNote:
    """What is signed."""

    origin: str
    exam: str
    state: str
    size: int
    root: bytes
    index: str
    files: int
    bytes: int
    at: str

    def __post_init__(self) -> None:
        clean_label(self.origin)
        clean_label(self.exam)
        digest_text(self.index)
        if self.state not in (FINAL, INTERIM) or not _AT.fullmatch(self.at):
            raise Malformed("An archive is final or interim, and says as of when.")
        if self.size < 1 or len(self.root) != 32 or self.files < 1:
            raise Malformed("An archive has a log and files.")

    @property
    def folder(self) -> str:
        """The folder that the zip unpacks to."""
        return f"archive-{self.exam}"

    @property
    def text(self) -> str:
        """What the publisher signs."""
        rows = [
            f"{self.origin}{TAIL}",
            f"exam {self.exam}",
            f"state {self.state}",
            f"log {self.size} {b64(self.root)}",
            f"index {self.index}",
            f"files {self.files}",
            f"bytes {self.bytes}",
            f"at {self.at}",
        ]
        return "".join(f"{row}\n" for row in rows)


def parse(text: str) -> ArchiveNote:
    """Read the text of an opened archive.note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if [key for key, _value in pairs] != _KEYS:
        raise Malformed(f"An archive has the lines {', '.join(_KEYS)}.")
    values = dict(pairs)
    size, blank, root = values["log"].partition(" ")
    if not blank:
        raise Malformed("The log is a number of acts and a root.")
    said = ArchiveNote(
        header.removesuffix(TAIL),
        values["exam"],
        values["state"],
        number(size),
        unb64(root),
        values["index"],
        number(values["files"]),
        number(values["bytes"]),
        values["at"],
    )
    if said.text != text:
        raise Malformed("The lines of the archive's note are not as they are written.")
    return said
