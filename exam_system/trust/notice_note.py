"""The text of `notice.note`: what a notice says, who passed it, when it was published.

<origin>/notice/v1
ref <public number>
version <number from 1>
exam <exam code, none for a notice of the whole office>
category <exam|press|answer|other>
text <sha256 hex of notice.json>
drafted <actor> <time, UTC>
level <key> <actor> <time, UTC>         one line for each level, in their order
file <name> <sha256 hex>                one line for each attached file, by name
release <folder> <sha256 hex>           one line for each release it refers to: that of its note
published <time, UTC>
late <whole seconds after the event, 0 when it came before it>
previous <sha256 hex of the text of the version before, none for the first>
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exam_system.trust.canonical import clean_label, digest_text, fields, lines, number
from exam_system.trust.errors import Malformed

TAIL = "/notice/v1"
NOTE, TEXT = "notice.note", "notice.json"
KIND = "notices.pass_level"
CATEGORIES = ("exam", "press", "answer", "other")
NONE = "none"
_AT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REF = re.compile(r"[0-9]{4}-[0-9]{4,6}")


@dataclass(frozen=True, slots=True)
class Passed:
    """A hand that passed the text: the level's key ("drafted" for the author), who, when."""

    level: str
    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class NoticeNote:
    """What is signed; `files` and `releases` are pairs of name and digest."""

    origin: str
    ref: str
    version: int
    exam: str
    category: str
    text_digest: str
    drafted: Passed
    levels: tuple[Passed, ...]
    files: tuple[tuple[str, str], ...]
    releases: tuple[tuple[str, str], ...]
    published: str
    late: int
    previous: str = NONE

    def __post_init__(self) -> None:
        hands = (self.drafted, *self.levels)
        for label in (self.origin, self.exam, *(f"{one.level}{one.actor}" for one in hands)):
            clean_label(label)
        if not _REF.fullmatch(self.ref) or self.category not in CATEGORIES:
            raise Malformed("A notice has a number such as 2026-0001 and a known category.")
        for digest in (self.text_digest, *(found for _, found in (*self.files, *self.releases))):
            digest_text(digest)
        self._require_hands(hands)
        self._require_files()
        if self.version < 1 or (self.version == 1) != (self.previous == NONE):
            raise Malformed("Every version after the first names the one before it.")

    def _require_hands(self, hands: tuple[Passed, ...]) -> None:
        times = [one.at for one in hands] + [self.published]
        if not self.levels or not all(map(_AT.fullmatch, times)) or times != sorted(times):
            raise Malformed("A notice passes its levels one after the other, then it is published.")
        if len({one.actor for one in hands}) < len(hands):
            raise Malformed("One person wrote the notice and passed it, or passed it twice.")
        if len({one.level for one in self.levels}) < len(self.levels):
            raise Malformed("A level is passed once.")

    def _require_files(self) -> None:
        names = [name for name, _ in self.files]
        if names != sorted(set(names)) or {NOTE, TEXT} & set(names):
            raise Malformed("The files of a notice are listed once each, by name.")
        if not all(map(_FILE.fullmatch, (*names, *(name for name, _ in self.releases)))):
            raise Malformed("A file of a notice has a plain name.")

    @property
    def folder(self) -> str:
        """The folder that holds the notice."""
        return f"notice-{self.ref}-v{self.version}"

    @property
    def text(self) -> str:
        """What the publisher signs."""
        rows = [
            f"{self.origin}{TAIL}",
            f"ref {self.ref}",
            f"version {self.version}",
            f"exam {self.exam}",
            f"category {self.category}",
            f"text {self.text_digest}",
            f"drafted {self.drafted.actor} {self.drafted.at}",
            *(f"level {one.level} {one.actor} {one.at}" for one in self.levels),
            *(f"file {name} {digest}" for name, digest in self.files),
            *(f"release {name} {digest}" for name, digest in self.releases),
            f"published {self.published}",
            f"late {self.late}",
            f"previous {self.previous}",
        ]
        return "".join(f"{row}\n" for row in rows)


def subject_of(ref: str, version: int, level: str, text_digest: str) -> str:
    """The subject of the act by which a level passed exactly this text."""
    return f"notice:{ref}:v{version}:{level}:{text_digest[:16]}"


def parse(text: str) -> NoticeNote:
    """Read the text of an opened notice.note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    single = {key: value for key, value in pairs if key not in ("level", "file", "release")}
    try:
        said = NoticeNote(
            header.removesuffix(TAIL),
            single["ref"],
            number(single["version"]),
            single["exam"],
            single["category"],
            single["text"],
            Passed("drafted", *_parts(single["drafted"], 2)),
            tuple(Passed(*_parts(value, 3)) for key, value in pairs if key == "level"),
            _named(pairs, "file"),
            _named(pairs, "release"),
            single["published"],
            number(single["late"]),
            single["previous"],
        )
    except KeyError as error:
        raise Malformed(f"The notice has no line {error}.") from None
    if said.text != text:
        raise Malformed("The lines of the notice are not in their order, or too many.")
    return said


def _named(pairs: list[tuple[str, str]], wanted: str) -> tuple[tuple[str, str], ...]:
    found = (_parts(value, 2) for key, value in pairs if key == wanted)
    return tuple((name, digest) for name, digest in found)


def _parts(value: str, count: int) -> list[str]:
    parts = value.split(" ")
    if len(parts) != count:
        raise Malformed(f"The line {value[:80]!r} of the notice has not {count} parts.")
    return parts
