"""Verify whatever lies at some paths; one line for each object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exam_system.verify.against import compare
from exam_system.verify.archive import LISTED, unpacked, verify_archive
from exam_system.verify.checks import Check, Refused, Unreadable, refuse
from exam_system.verify.choosing import verify_choice
from exam_system.verify.decision import verify_decision
from exam_system.verify.draw import verify_draw
from exam_system.verify.evidence import verify_evidence
from exam_system.verify.files import Bag, bag_of, kind_of, read
from exam_system.verify.history import History, Whole
from exam_system.verify.keyring import Keyring, parse_keys
from exam_system.verify.log import verify_log, whole_log
from exam_system.verify.lookup import verify_lookup, verify_picked
from exam_system.verify.lots import verify_lots
from exam_system.verify.marking import verify_marking
from exam_system.verify.money import verify_money
from exam_system.verify.notice import said_by, verify_notice
from exam_system.verify.release import verify_publication
from exam_system.verify.similarity import verify_similarity
from exam_system.verify.single import verify_single

KEYS = "keys.txt"
VERIFIERS: dict[str, Callable[[Bag, Keyring], str]] = {
    "draw": verify_draw,
    "lots": verify_lots,
    "publication": verify_publication,
    "log": verify_log,
    "evidence": verify_evidence,
    "money": verify_money,
    "decision": verify_decision,
    "notice": verify_notice,
    "marking": verify_marking,
    "similarity": verify_similarity,
    "lookup": verify_lookup,
    "choice": verify_choice,
    "archive": verify_archive,
}


@dataclass(slots=True)
class Outcome:
    """What a run says: its lines, the refusals among them, and how many files hold."""

    lines: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    files: int = 0


@dataclass(frozen=True, slots=True)
class Door:
    """What a door knows of admission tickets: lists of withdrawn ones, and the time (UTC).

    `code` is a pick-up code with which the one path, a look-up tree, is opened.
    """

    lists: Sequence[Path] = ()
    at: str = ""
    code: str = ""


def verify(
    paths: Sequence[Path],
    keys_file: Path | None = None,
    old: Path | None = None,
    door: Door | None = None,
) -> Outcome:
    """Verify files and folders; raises Unreadable for a path or keys that are not there.

    With `old`, an older copy of the one path, whatever did not only grow is refused too.
    Keys are those of `keys_file`, else of the nearest keys.txt from the path upwards. Tickets are
    compared with the newest list of withdrawn ones at the path or in `door`.
    """
    door = door or Door()
    outcome = Outcome()
    shown: set[Path] = set()
    for path in (path.resolve() for path in paths):
        if not path.exists():
            raise Unreadable(f"{path} does not exist")
        source, listed = (keys_file, read(keys_file)) if keys_file else _keys_of(path)
        try:
            keys = parse_keys(listed, source.name)
        except Refused as error:
            _refused(outcome, error)
            continue
        if keys_file is None and source not in shown:
            outcome.lines += _told(source, keys)
            shown.add(source)
        history = History()
        with unpacked(path) as place:
            for item in (*_items(place), *door.lists):
                _one(outcome, item, keys, history)
        if door.code:
            _picked(outcome, path, keys, door.code)
        for refused in (*history.contradictions(), *history.turned_away(door.at)):
            _refused(outcome, refused)
        for refused in compare(old.resolve(), path, keys) if old else ():
            _refused(outcome, refused)
    if not outcome.refused and not outcome.files:
        raise Unreadable("there is nothing to verify here")
    return outcome


def find_keys(path: Path) -> Path:
    """The nearest keys.txt; Unreadable when there is none up to the root."""
    for folder in (path, *path.parents):
        if (folder / KEYS).is_file():
            return folder / KEYS
    raise Unreadable(f"no {KEYS} lies beside {path} or above it: give one with --keys")


def _keys_of(path: Path) -> tuple[Path, bytes]:
    """The nearest keys.txt and its bytes; an evidence bundle may carry the only one there is."""
    try:
        source = find_keys(path)
    except Unreadable:
        bag = bag_of(path) if path.suffix == ".zip" else None
        if bag is None or KEYS not in bag.files:
            raise
        return path / KEYS, bag.files[KEYS]
    return source, read(source)


def _told(source: Path, keys: Keyring) -> list[str]:
    first = f"keys from {source}, which came with the files: compare with the printed notice"
    return [first, *(f"  {fingerprint}" for fingerprint in keys.fingerprints)]


def _items(path: Path) -> Iterator[Path]:
    """The objects at a path: a folder of many is opened, in order of names."""
    if path.is_dir() and not path.is_symlink():
        children = sorted(path.iterdir())
        kind = kind_of(path.name, {child.name for child in children})
        if kind == "archive":  # as a whole, and then everything in it
            yield path
            children = [child for child in children if child.name not in LISTED]
        if kind in ("", "archive"):
            for child in children:
                yield from _items(child)
            return
    yield path


def _one(outcome: Outcome, path: Path, keys: Keyring, history: History) -> None:
    history.lies(path)
    try:
        told, count = _verified(path, keys, history)
    except Refused as error:
        _refused(outcome, error)
        return
    outcome.lines.append(f"ok {told}")
    outcome.files += count


def _picked(outcome: Outcome, path: Path, keys: Keyring, code: str) -> None:
    """The one record that a pick-up code opens in the tree at the path."""
    bag = bag_of(path)
    if bag is None or bag.kind != "lookup":
        raise Unreadable(f"{path} is no look-up tree: the code opens nothing there")
    try:
        outcome.lines.append(f"ok {verify_picked(bag, keys, code)}")
    except Refused as error:
        _refused(outcome, error)


def _verified(path: Path, keys: Keyring, history: History) -> tuple[str, int]:
    if path.is_symlink():
        refuse(Check.KNOWN, path.name, "this is a link, not a file")
    if path.is_dir() or path.suffix == ".zip":
        bag = bag_of(path)
        if bag is None:  # it was one when it was listed
            refuse(Check.KNOWN, path.name, "the folder changed while it was read")
        told = _log(bag, keys, history) if bag.kind == "log" else VERIFIERS[bag.kind](bag, keys)
        if bag.kind == "notice":
            history.notices.append((bag.shown, bag.parent, said_by(bag)))
        history.saw(bag.shown, bag.files, keys.origin)
        return told, len(bag.files)
    data = read(path)
    if path.name == KEYS:
        return _same_keys(path.name, data, keys), 1
    told = verify_single(path.name, data, keys)
    history.admits(path.name, data)
    history.saw("", {path.name: data}, keys.origin)
    return told, 1


def _log(bag: Bag, keys: Keyring, history: History) -> str:
    told, tree = whole_log(bag, keys)
    history.logs.append(Whole(bag.shown, tree, bag.files, bag.parent))
    return told


def _same_keys(name: str, data: bytes, keys: Keyring) -> str:
    if parse_keys(data, name).said != keys.said:
        refuse(Check.KEYS, name, "these are not the keys that were given to verify with")
    return f"{name} ({len(keys.rows)} keys)"


def _refused(outcome: Outcome, error: Refused) -> None:
    outcome.refused.append(error)
    outcome.lines.append(f"REFUSED {error}")
    outcome.lines.append(f"  {error.check.id}: {error.check.english} {error.check.chinese}")
