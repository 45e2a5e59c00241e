"""The archive of an exam: its signed index, and that nothing published of the exam is left out.

What lies in it (releases, draws, notices, the log …) is verified as everywhere else, by `run`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from exam_system.trust import archive_note, checkpoint, notes
from exam_system.trust.archive_note import INDEX, NOTE, PAGE, SUMS, ArchiveNote
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.tiles import unpack_entries
from exam_system.verify.checks import Check, Refused, holds, refuse, require_equal
from exam_system.verify.files import Bag, bag_of
from exam_system.verify.keyring import Keyring, remark
from exam_system.verify.text import document, record

LISTED = (NOTE, INDEX, SUMS, PAGE)
"""What the archive itself vouches for; everything else in it is an object of its own."""
_SHAPE = {"v": int, "origin": str, "exam": str, "name": str, "state": str, "log": int, "at": str,
          "items": list, "files": list}  # fmt: skip
_FILE = {"name": str, "bytes": int, "sha256": str}
_PUBLISHED = re.compile(
    rb'"exam":"([^"]+)".*"kind":"(?:exams\.publish_(?:announcement|change)|results\.publish_release'
    rb'|draws\.publish_draw|notices\.publish_notice)".*"subject":"(release|draw|notice):([^"]+)"'
)


def verify_archive(bag: Bag, keys: Keyring) -> str:
    """Check note, index and completeness; returns what it is. Raises Refused."""
    said = _note(bag, keys)
    if bag.name:
        require_equal(Check.NAME, bag.shown, bag.name, said.folder)
    _require_index(bag, said)
    _require_log(bag, said)
    _require_complete(bag, said)
    ended = remark(keys.undated(bag.get(NOTE), bag.at(NOTE), "publisher"))
    told = f"{said.state}, as of {said.at}, {said.files} files, log of {said.size}"
    return f"{said.folder} ({told}{ended})"


def _note(bag: Bag, keys: Keyring) -> ArchiveNote:
    where = bag.at(NOTE)
    text = keys.opened(bag.get(NOTE), where, "publisher", cosigners=0)
    with holds(Check.ARCHIVE, where):
        said = archive_note.parse(text)
    require_equal(Check.ARCHIVE, f"{where} origin", said.origin, keys.origin)
    return said


def _require_index(bag: Bag, said: ArchiveNote) -> None:
    """V103 and V104: the index is the signed one and names every file; so does SHA256SUMS."""
    where, data = bag.at(INDEX), bag.get(INDEX)
    require_equal(Check.ARCHIVE, where, sha256_hex(data), said.index)
    index = record(Check.ARCHIVE, where, document(Check.ARCHIVE, where, data), _SHAPE)
    told = (index["v"], index["origin"], index["exam"], index["state"], index["log"], index["at"])
    expected = (1, said.origin, said.exam, said.state, said.size, said.at)
    require_equal(Check.ARCHIVE, where, told, expected)
    listed: dict[str, str] = {}
    size = 0
    for one in index["files"]:
        row = record(Check.ARCHIVE_FILES, where, one, _FILE)
        listed[row["name"]] = row["sha256"]
        size += row["bytes"]
    _require_files(bag, listed)
    found = (len(index["files"]), size, sum(len(bag.files[name]) for name in listed))
    require_equal(Check.ARCHIVE_FILES, where, found, (said.files, said.bytes, said.bytes))


def _require_files(bag: Bag, listed: Mapping[str, str]) -> None:
    found = {name: sha256_hex(data) for name, data in sorted(bag.files.items())}
    for name in sorted(listed.keys() - found.keys()):
        refuse(Check.COMPLETE, bag.at(name), "the file is missing")
    for name, digest in found.items():
        if name not in (INDEX, SUMS, NOTE):
            wanted = listed.get(name, "no such file")
            require_equal(Check.ARCHIVE_FILES, bag.at(name), digest, wanted)
    sums = "".join(f"{digest}  {name}\n" for name, digest in found.items() if name != SUMS)
    if bag.get(SUMS) != sums.encode():
        refuse(Check.ARCHIVE_FILES, bag.at(SUMS), "it does not say what the files are")


def _require_log(bag: Bag, said: ArchiveNote) -> None:
    """The log's head is the one that the note names; its signatures are looked at with the log."""
    where = bag.at("log/checkpoint")
    with holds(Check.ARCHIVE, where):
        head = checkpoint.parse(notes.parse(bag.get("log/checkpoint")).text)
    found = (head.origin, head.size, head.root)
    require_equal(Check.ARCHIVE, where, found, (said.origin, said.size, said.root))


def _require_complete(bag: Bag, said: ArchiveNote) -> None:
    """V105: what the log says was published of the exam lies in the archive."""
    there = {name.partition("/")[0] for name in bag.files}
    with holds(Check.ARCHIVE_WHOLE, bag.shown):
        published = list(_published(bag.files, said.exam))
    for folder in published:
        if folder not in there:
            why = f"the log says that {folder} was published, and it is not in the archive"
            refuse(Check.ARCHIVE_WHOLE, bag.shown, why)


def _published(files: Mapping[str, bytes], exam: str) -> Iterator[str]:
    for name, data in sorted(files.items()):
        if name.startswith("log/tile/entries/"):
            for match in filter(None, map(_PUBLISHED.search, unpack_entries(data))):
                if match[1].decode() == exam:
                    yield _folder(match[2].decode(), match[3].decode())


def _folder(kind: str, rest: str) -> str:
    if kind == "draw":
        code, _colon, number = rest.rpartition(":")
        return f"draw-{code}-{number}"
    if kind == "notice":
        ref, version = rest.split(":")[:2]
        return f"notice-{ref}-{version}"
    exam, chain, version = rest.rsplit(":", 2)
    return f"{chain}-{exam}-{version}"


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder of an archive that is still a zip, while it is looked at; other paths as is."""
    bag = _zipped(path) if path.suffix == ".zip" and path.is_file() else None
    if bag is None or bag.kind != "archive":
        yield path
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / (bag.name or path.stem)
        for name, data in bag.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        yield folder


def _zipped(path: Path) -> Bag | None:
    """What a zip is; None where it is refused, which is said when its turn comes."""
    try:
        return bag_of(path)
    except Refused:
        return None
