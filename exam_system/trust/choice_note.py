"""The signed text over the choice of places in order of score: `choice.note` beside `choice.json`.

<origin>/choice/v1
exam <exam code>
version <number of the session in the exam, from 1>
post <code of the post>
list <version of the final list> <sha256 hex of the text of its publication>
rules <sha256 hex of its rules.json>
choices <sha256 hex of choice.json>
closed <time, UTC>
previous <sha256 hex of the text of the session before, none for the first>
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

TAIL = "/choice/v1"
NOTE, CHOICES = "choice.note", "choice.json"
NONE = "none"
_KEYS = ["exam", "version", "post", "list", "rules", "choices", "closed", "previous"]
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class ChoiceNote:
    """What the publisher signs when a session is closed; digests are SHA-256 in hex."""

    origin: str
    exam: str
    version: int
    post: str
    list_version: int
    list_digest: str
    rules: str
    choices: str
    closed: str
    previous: str = NONE

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.post):
            clean_label(label)
        for digest in (self.list_digest, self.rules, self.choices):
            digest_text(digest)
        if self.previous != NONE:
            digest_text(self.previous)
        if self.version < 1 or (self.version == 1) != (self.previous == NONE):
            raise Malformed("Every session after the first names the one before it.")
        if self.list_version < 1 or not _AT.fullmatch(self.closed):
            raise Malformed("The session names no list, or no time of its closing.")

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"choice-{self.exam}-v{self.version}"

    @property
    def text(self) -> str:
        """What is signed."""
        values = (self.exam, str(self.version), self.post)
        based = (f"{self.list_version} {self.list_digest}", self.rules, self.choices)
        rows = zip(_KEYS, (*values, *based, self.closed, self.previous), strict=True)
        return f"{self.origin}{TAIL}\n" + "".join(f"{key} {value}\n" for key, value in rows)


def parse(text: str) -> ChoiceNote:
    """Read the text of an opened choice.note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    if not header.endswith(TAIL) or [key for key, _ in pairs] != _KEYS:
        raise Malformed("The lines of the choice are not in their order, too many or too few.")
    said = dict(pairs)
    version, _, digest = said["list"].partition(" ")
    return ChoiceNote(
        header.removesuffix(TAIL),
        said["exam"],
        number(said["version"]),
        said["post"],
        number(version),
        digest,
        said["rules"],
        said["choices"],
        said["closed"],
        said["previous"],
    )
