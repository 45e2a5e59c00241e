"""`exam verify --against`: of two copies of what was published, the new one may only grow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from exam_system.trust import notes
from exam_system.trust.errors import TrustError
from exam_system.verify.checks import Check, Refused, refuse
from exam_system.verify.files import Bag, bag_of, read
from exam_system.verify.keyring import Keyring
from exam_system.verify.log import read_log

KEYS = "keys.txt"


def compare(old: Path, new: Path, keys: Keyring) -> Iterator[Refused]:
    """Everything of `old` that is missing or different in `new`."""
    logs = [path for path in _folders(old) if _is_log(path)]
    for path in sorted(old.rglob("*")):
        inside_log = any(log in path.parents for log in logs)
        if path.is_file() and not inside_log and not path.name.startswith("."):
            name = path.relative_to(old).as_posix()
            try:
                _require_kept(name, read(path), new / name)
            except Refused as error:
                yield error
    for log in logs:
        try:
            _require_grown(log, new / log.relative_to(old), keys)
        except Refused as error:
            yield error


def _folders(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (path for path in folder.rglob("*") if path.is_dir())


def _is_log(folder: Path) -> bool:
    return (folder / "checkpoint").is_file() and (folder / "tile").is_dir()


def _require_kept(name: str, data: bytes, path: Path) -> None:
    if not path.is_file():
        refuse(Check.GROWTH, name, "it was published before and is not there any more")
    found = read(path)
    if found == data or (path.name == KEYS and found.startswith(data)):
        return
    if not (name.endswith(".note") and _more_signatures(data, found)):
        refuse(Check.GROWTH, name, "it is not what was published before")


def _more_signatures(data: bytes, found: bytes) -> bool:
    """Whether the note is the same with more lines under it."""
    try:
        old, new = notes.parse(data), notes.parse(found)
    except TrustError:
        return False
    return old.text == new.text and set(old.signatures) <= set(new.signatures)


def _require_grown(old: Path, new: Path, keys: Keyring) -> None:
    before, after = _bag(old), _bag(new)
    was, _, _ = read_log(before, keys)
    head, _, tree = read_log(after, keys)
    if head.size < was.size:
        refuse(Check.GROWTH, after.shown, f"the log had {was.size} acts and has {head.size}")
    if tree.root(was.size) != was.root:
        why = f"its first {was.size} acts are not those that were published before"
        refuse(Check.GROWTH, after.shown, why)


def _bag(path: Path) -> Bag:
    bag = bag_of(path) if path.is_dir() else None
    if bag is None or bag.kind != "log":
        refuse(Check.GROWTH, path.name, "the log was published before and is not there any more")
    return bag
