"""The text of `publication.note`: which files an exam made public, and what they replace."""

import hashlib
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

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

CHAINS = {
    "announcement": "announcement",
    "written": "results",
    "shortlist": "results",
    "final": "results",
    "medical": "results",
    "appointment": "results",
}
"""Stage → the chain of versions that it belongs to."""
UNLISTED = frozenset({"publication.note", "root.note"})

_HEADER_TAIL = "/publication/v1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A published file: its plain name, SHA-256 and SM3 (hex)."""

    name: str
    sha256: str
    sm3: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in UNLISTED:
            raise Malformed(f"A file named {self.name!r} cannot be listed in a publication.")
        digest_text(self.sha256)
        digest_text(self.sm3)


@dataclass(frozen=True, slots=True)
class Root:
    """Size and root hash of the tree over records.jsonl."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """Version `version` of a chain of publications of one exam.

    `rules` is the digest of rules.json; `previous` is the digest of the text of the version
    before (none for the first); `reason` is given when this version corrects that one.
    """

    origin: str
    exam: str
    stage: str
    chain: str
    version: int
    rules: str
    files: tuple[FileDigest, ...]
    root: Root | None = None
    previous: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        for label in (self.origin, self.exam, self.reason or "-"):
            clean_label(label)
        digest_text(self.rules)
        if self.previous is not None:
            digest_text(self.previous)
        if CHAINS.get(self.stage) != self.chain:
            raise Malformed(f"The stage {self.stage!r} is not one of the chain {self.chain!r}.")
        if self.version < 1 or (self.version > 1) != (self.previous is not None):
            raise Malformed("Every version after the first names the one before it.")
        if self.reason is not None and (self.version == 1 or not self.reason):
            raise Malformed("Only a version that corrects an earlier one gives a reason.")
        self._require_order()

    def _require_order(self) -> None:
        names = [file.name for file in self.files]
        if not names or names != sorted(set(names)):
            raise Malformed("The files of a publication are listed once each, by name.")

    @property
    def text(self) -> str:
        """What the publisher signs and the inspector cosigns."""
        rows = [
            self.origin + _HEADER_TAIL,
            f"exam {self.exam}",
            f"stage {self.stage}",
            f"chain {self.chain}",
            f"version {self.version}",
            f"rules {self.rules}",
            *([f"root {self.root.size} {b64(self.root.root)}"] if self.root else []),
            *(f"file {file.name} {file.sha256} {file.sm3}" for file in self.files),
            *([f"previous {self.previous}"] if self.previous else []),
            *([f"reason {self.reason}"] if self.reason else []),
        ]
        return "".join(f"{row}\n" for row in rows)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint that root.note must sign, when there is one."""
        if self.root is None:
            return None
        origin = f"{self.origin}/results/{self.exam}/v{self.version}"
        return Checkpoint(origin, self.root.size, self.root.root)


def digest_file(name: str, data: bytes) -> FileDigest:
    """Both digests of a file's bytes; SM3 is GB/T 32905-2016."""
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(data)
    return FileDigest(name, hashlib.sha256(data).hexdigest(), sm3.finalize().hex())


def parse(text: str) -> Publication:
    """Read the text of an opened publication.note; raises Malformed."""
    header, *rows = lines(text)
    pairs = fields(rows)
    single = {key: value for key, value in pairs if key != "file"}
    try:
        publication = Publication(
            origin=header.removesuffix(_HEADER_TAIL),
            exam=single["exam"],
            stage=single["stage"],
            chain=single["chain"],
            version=number(single["version"]),
            rules=single["rules"],
            files=tuple(_file(value) for key, value in pairs if key == "file"),
            root=_root(single["root"]) if "root" in single else None,
            previous=single.get("previous"),
            reason=single.get("reason"),
        )
    except KeyError as error:
        raise Malformed(f"The publication has no line {error}.") from None
    if publication.text != text:
        raise Malformed("The lines of the publication are not in their order, or too many.")
    return publication


def _file(value: str) -> FileDigest:
    parts = value.split(" ")
    if len(parts) != 3:
        raise Malformed(f"The line of the file {parts[0]!r} has no name and two digests.")
    return FileDigest(*parts)


def _root(value: str) -> Root:
    size, _, root = value.partition(" ")
    return Root(number(size), unb64(root))
