"""What lies at a path: bundles, publications, the log's folder, single files, zips of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from exam_system.verify.checks import Check, Unreadable, refuse
from exam_system.verify.zips import unzip

_KINDS = (
    ("archive", re.compile(r"(?!)"), frozenset({"archive.note"})),
    ("evidence", re.compile(r"evidence-.+"), frozenset({"acts.jsonl"})),
    ("lots", re.compile(r"lots-.+"), frozenset({"picks.csv"})),
    ("draw", re.compile(r"draw-.+"), frozenset({"manifest.json", "draw.note"})),
    (
        "publication",
        re.compile(r"(announcement|results)-.+-v[0-9]+"),
        frozenset({"publication.note"}),
    ),
    (
        "money",
        re.compile(r"(statement|takings)-.+"),
        frozenset({"statement.note", "takings.note"}),
    ),
    ("notice", re.compile(r"notice-[0-9]{4}-[0-9]+-v[0-9]+"), frozenset({"notice.note"})),
    ("decision", re.compile(r"decision-.+"), frozenset({"decision.note"})),
    ("similarity", re.compile(r"similarity-.+"), frozenset({"screened.note"})),
    ("marking", re.compile(r"(marks|recount)-.+"), frozenset({"marks.note", "recount.note"})),
    ("choice", re.compile(r"choice-.+-v[0-9]+"), frozenset({"choice.note"})),
    ("lookup", re.compile(r"lookup-.+-v[0-9]+"), frozenset({"lookup.note"})),
    ("log", re.compile(r"(?!)"), frozenset({"checkpoint", "tile"})),
)


@dataclass(frozen=True, slots=True)
class Bag:
    """The files of one object by their path in it; `shown` names it in messages.

    `name` is the folder's name, "" where it has none; `parent` is where its neighbours lie.
    """

    kind: str
    name: str
    shown: str
    files: Mapping[str, bytes]
    parent: Path

    def at(self, file: str) -> str:
        """A file of the bag as messages name it."""
        return f"{self.shown}/{file}"

    def get(self, file: str) -> bytes:
        """The bytes of a file that must be there."""
        if file not in self.files:
            refuse(Check.COMPLETE, self.at(file), "the file is missing")
        return self.files[file]

    def beside(self, name: str) -> Bag | None:
        """The neighbour of this name, a folder or a zip."""
        for path in (self.parent / name, self.parent / f"{name}.zip"):
            if path.exists():
                return bag_of(path)
        return None

    def versions(self, stem: str) -> list[int]:
        """Versions k, newest first, of the neighbours called `<stem>-v<k>`."""
        pattern = re.compile(re.escape(stem) + r"-v([1-9][0-9]{0,8})(\.zip)?")
        found = (pattern.fullmatch(path.name) for path in self.parent.iterdir())
        return sorted({int(match[1]) for match in found if match}, reverse=True)


def kind_of(name: str, top: set[str]) -> str:
    """The kind of a folder by its name and the names in it; "" for a folder of many."""
    for kind, pattern, marks in _KINDS:
        if pattern.fullmatch(name) or marks & top:
            return kind
    return ""


def bag_of(path: Path) -> Bag | None:
    """The object that a folder or a zip is; None for a folder of many."""
    if path.is_dir():
        kind = kind_of(path.name, {child.name for child in path.iterdir()})
        files = dict(_walk(path)) if kind else {}
        return Bag(kind, path.name, path.name, files, path.parent) if kind else None
    name, files = _unzip(path)
    kind = kind_of(name, {PurePosixPath(file).parts[0] for file in files})
    if not kind:
        refuse(Check.KNOWN, path.name, "the zip is of nothing that is known")
    return Bag(kind, name, path.name, files, path.parent)


def _walk(folder: Path) -> Iterator[tuple[str, bytes]]:
    waiting = [(os.fspath(folder), "")]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as found:
            children = sorted(found, key=lambda one: one.name)
        for child in children:
            name = prefix + child.name
            if child.is_symlink():
                refuse(Check.KNOWN, f"{folder.name}/{name}", "this is a link, not a file")
            if child.is_dir():
                waiting.append((child.path, f"{name}/"))
            else:
                yield name, read(child.path)


def read(path: Path | str) -> bytes:
    """The bytes of a file; Unreadable when there are none to be had."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None


def _unzip(path: Path) -> tuple[str, dict[str, bytes]]:
    """Top folder ("" without one) and files of a zip."""
    try:
        files = unzip(read(path))
    except ValueError as error:
        refuse(Check.KNOWN, path.name, f"the zip cannot be opened: {error}")
    tops = {name.partition("/")[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        top = tops.pop()
        return top, {name.removeprefix(f"{top}/"): data for name, data in files.items()}
    return "", files
