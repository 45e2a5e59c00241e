"""Reports to the inspection office: what is sealed, and the files that travel.

Content (before sealing) is one line of JCS, a newline, and the attachments one after the other:
`{"files":[{"name":…,"size":…}],"text":…,"v":1}`.

Report file: `exam-system/report/v1`, `reply <base64 X25519 public key>`, then the sealed box. The
reply key is derived from the reporter's receipt: answers are sealed to it.
Answer file: `exam-system/report-answer/v1`, `to <SHA-256 of the report file>`, then the box.
Confirmation, a note signed by the publisher: `<origin>/report/v1`, `day 2026-03-02`,
`digest <SHA-256 of the report file>`; the reporter may keep it as proof that the report came.
Sealing key, a note signed by the inspector: `exam-system/sealing-key/v1`, `name …`, `key <base64>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from exam_system.trust import notes, sealed
from exam_system.trust.canonical import (
    b64,
    clean_label,
    digest_text,
    fields,
    jcs,
    lines,
    parse_jcs,
    unb64,
)
from exam_system.trust.errors import Malformed
from exam_system.trust.keys import Verifier
from exam_system.trust.sealed import Recipient

REPORT = "exam-system/report/v1"
ANSWER = "exam-system/report-answer/v1"
SEALING_KEY = "exam-system/sealing-key/v1"
MOST_TEXT = 20_000
MOST_FILES = 6
_CONFIRMED = "/report/v1"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
REPLY = "reply"
"""The recipient's name in the box of an answer: the reporter has no other."""


@dataclass(frozen=True, slots=True)
class Content:
    """What somebody wrote, and attachments as (name, bytes)."""

    text: str
    files: tuple[tuple[str, bytes], ...] = ()

    def encode(self) -> bytes:
        """The bytes that are sealed; raises Malformed when it is too much."""
        if len(self.text) > MOST_TEXT or len(self.files) > MOST_FILES:
            raise Malformed(f"A report has {MOST_TEXT} characters and {MOST_FILES} files at most.")
        rows = [{"name": name, "size": len(data)} for name, data in self.files]
        head = jcs({"files": cast(Any, rows), "text": self.text, "v": 1})
        return b"".join([head, b"\n", *(data for _, data in self.files)])


def parse_content(data: bytes) -> Content:
    """The inverse of `encode`; raises Malformed."""
    head, _, rest = data.partition(b"\n")
    value = cast(Any, parse_jcs(head))
    if not isinstance(value, dict) or set(value) != {"files", "text", "v"} or value["v"] != 1:
        raise Malformed("The content is no report of version 1.")
    if not isinstance(value["text"], str) or not isinstance(value["files"], list):
        raise Malformed("The content's text or its list of files is of another type.")
    files, at = [], 0
    for name, size in map(_file_row, value["files"]):
        files.append((name, rest[at : at + size]))
        at += size
    if at != len(rest):
        raise Malformed("The attachments are not as long as the report says.")
    return Content(value["text"], tuple(files))


def _file_row(row: Any) -> tuple[str, int]:
    if not isinstance(row, dict) or set(row) != {"name", "size"}:
        raise Malformed("A file of the report has no name or no size.")
    name, size = row["name"], row["size"]
    if not isinstance(name, str) or type(size) is not int or size < 0:
        raise Malformed("A file of the report has no name or no size.")
    return name, size


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report or answer file taken apart: the value of its second line, and the box."""

    value: str
    box: bytes


def report_file(reply: bytes, box: bytes) -> bytes:
    """The bytes that are stored and that inspectors fetch."""
    return f"{REPORT}\nreply {b64(reply)}\n".encode() + box


def answer_file(report: str, box: bytes) -> bytes:
    """The bytes that an inspector hands in; `report` is the hex digest of the report file."""
    return f"{ANSWER}\nto {report}\n".encode() + box


def parse_report(data: bytes) -> Sealed:
    """A report file; `value` is the reply key in base64. Raises Malformed."""
    found = _parse(data, REPORT, "reply")
    Recipient(REPLY, unb64(found.value))
    return found


def parse_answer(data: bytes) -> Sealed:
    """An answer file; `value` is the digest of the report it answers. Raises Malformed."""
    found = _parse(data, ANSWER, "to")
    digest_text(found.value)
    return found


def _parse(data: bytes, header: str, key: str) -> Sealed:
    first, _, rest = data.partition(b"\n")
    second, _, box = rest.partition(b"\n")
    name, _, value = second.decode("ascii", "replace").partition(" ")
    if first != header.encode() or name != key:
        raise Malformed(f"This is no file of the form {header}.")
    sealed.parse(box)
    return Sealed(value, box)


def reply_to(report: Sealed) -> Recipient:
    """Whom an answer is sealed to."""
    return Recipient(REPLY, unb64(report.value))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That a report came, and on which day."""

    origin: str
    day: str
    digest: str

    def __post_init__(self) -> None:
        clean_label(self.origin)
        digest_text(self.digest)
        if not _DAY.fullmatch(self.day):
            raise Malformed(f"{self.day[:20]!r} is not a day written 2026-03-02.")

    @property
    def text(self) -> str:
        """What the publisher signs."""
        return f"{self.origin}{_CONFIRMED}\nday {self.day}\ndigest {self.digest}\n"


def parse_confirmation(text: str) -> Confirmation:
    """Read the text of an opened confirmation; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(_CONFIRMED) or [key for key, _ in pairs] != ["day", "digest"]:
        raise Malformed(f"A confirmation is <origin>{_CONFIRMED} and the lines day, digest.")
    return Confirmation(header.removesuffix(_CONFIRMED), *(value for _, value in pairs))


def sealing_key_text(to: Recipient) -> str:
    """What an inspector signs so that nobody else's key is taken for theirs."""
    return f"{SEALING_KEY}\nname {to.name}\nkey {b64(to.key)}\n"


def open_sealing_key(data: bytes, inspectors: Iterable[Verifier]) -> Recipient:
    """The sealing key of a note that the inspector of that very name has signed; TrustError."""
    opened = notes.open_note(data, inspectors)
    rows: Sequence[str] = lines(opened.text)
    pairs = fields(rows[1:])
    if rows[0] != SEALING_KEY or [key for key, _ in pairs] != ["name", "key"]:
        raise Malformed(f"This is no note of the form {SEALING_KEY}.")
    to = Recipient(pairs[0][1], unb64(pairs[1][1]))
    if to.name not in {signer.name for signer in opened.signers}:
        raise Malformed(f"The sealing key of {to.name} is not signed by {to.name}.")
    return to
