"""`exam monitor`: an outsider keeps every state of the log and sees that it only ever grew.

Entries that were kept once are hashed again at every visit, so that no later head can say
anything else about them. A state is a folder `<size>` with the `checkpoint` as it was served and
`entries`, the acts that were new then (each after its length as big-endian u16).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import urlopen

from exam_system.trust import checkpoint, notes
from exam_system.trust.acts import Entry, parse_entry
from exam_system.trust.canonical import sha256_hex
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import NoKnownSignature, TrustError
from exam_system.trust.keys import Verifier
from exam_system.trust.merkle import Levels, leaf_hash
from exam_system.trust.tiles import WIDTH, entries_path, tile_files, unpack_entries
from exam_system.verify.checks import Refused, Unreadable
from exam_system.verify.files import read
from exam_system.verify.keyring import parse_keys
from exam_system.verify.keysfile import Listed, read_history, written

KEY = "log.vkey"
SECONDS = 60
MOST_BYTES = WIDTH * 65_537
FIELDS = {"actor": "actor", "about": "subject", "kind": "kind", "exam": "exam"}

Fetch = Callable[[str], bytes]


class Alarm(Exception):
    """The log is not one that only grew; the sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What earlier visits have kept: all acts so far and the head they were signed under."""

    entries: tuple[bytes, ...]
    head: Checkpoint | None

    @property
    def size(self) -> int:
        """How many acts."""
        return len(self.entries)


def fetcher(source: str) -> Fetch:
    """Reads files of the log by name below a folder or an http address."""
    if not re.match("https?://", source):
        return lambda name: read(Path(source) / name)
    base = source.rstrip("/") + "/"
    return lambda name: _download(urljoin(base, name))


def _download(url: str) -> bytes:
    try:
        with urlopen(url, timeout=SECONDS) as answer:
            data: bytes = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        raise Unreadable(f"{url} answers {error.code}") from None
    except (URLError, OSError) as error:
        raise Unreadable(f"{url} cannot be reached: {error}") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{url} is longer than anything a log holds")
    return data


def visit(source: str, state: Path, keys_file: Path | None = None) -> Iterator[str]:
    """Fetch what is new, compare it with what was kept, keep it; yields what to tell.

    Raises Alarm when the log has shrunk, forked or been rewritten, Unreadable when something
    cannot be had.
    """
    fetch = fetcher(source)
    keys, before = _keys(fetch, state, keys_file)
    for key in (one.key for one in keys if one.key not in before):
        yield f"trusts {key.name} from now on: fingerprint {key.fingerprint}"
    _store(state / KEY, written(keys).encode())
    data = fetch("checkpoint")
    kept, head = read_state(state, keys), _opened(data, keys)
    try:
        new = _grown(fetch, kept, head)
    except Alarm:
        _store(state / "refused" / f"{head.size}-{sha256_hex(data)[:16]}", data)  # evidence
        raise
    was = kept.head.size if kept.head else 0
    if kept.head is None or new:
        _store(state / str(head.size) / "entries", _framed(new))
        _store(state / str(head.size) / "checkpoint", data)
    yield f"{head.origin}: {head.size} acts, {head.size - was} new, everything before unchanged"


def _keys(
    fetch: Fetch, state: Path, keys_file: Path | None
) -> tuple[tuple[Listed, ...], list[Verifier]]:
    """Every key that the log has had, and those that were believed before.

    A keys.txt that is given may tell of keys that came later, never of others.
    """
    given = None if keys_file is None else _log_keys(read(keys_file), keys_file.name)
    if (state / KEY).exists():
        kept = _parse(read(state / KEY))
        before = [one.key for one in kept]
        if given and [one.key for one in given][: len(before)] != before:
            raise Unreadable(f"{state} was kept with another key of the log: use another folder")
        return given or kept, before
    if given:
        return given, []
    try:
        return _parse(fetch(KEY)), []
    except Unreadable:
        return _log_keys(fetch("../keys.txt"), "keys.txt"), []


def _parse(data: bytes) -> tuple[Listed, ...]:
    """The keys of a state, or the one key that an exported log has beside it."""
    try:
        return read_history(data if b" " in data else b"log " + data)
    except (TrustError, UnicodeDecodeError) as error:
        raise Unreadable(f"{KEY} is no public key: {error}") from None


def _log_keys(data: bytes, name: str) -> tuple[Listed, ...]:
    try:
        return parse_keys(data, name).all_of("log")
    except Refused as error:
        raise Unreadable(str(error)) from None


def _opened(data: bytes, keys: Sequence[Listed]) -> Checkpoint:
    try:
        opened = notes.open_note(data, [one.key for one in keys])
        head = checkpoint.parse(opened.text)
    except NoKnownSignature:
        why = "the checkpoint is signed by another key: compare the log's new key with the "
        raise Unreadable(f"{why}bureau's announcement, then give keys.txt with --keys") from None
    except TrustError as error:
        raise Unreadable(f"the checkpoint does not hold: {error}") from None
    if head.origin != keys[0].key.name:
        raise Unreadable(f"the checkpoint is of {head.origin}, not of {keys[0].key.name}")
    if not any(one.key in opened.signers and one.signs_head(head.size) for one in keys):
        raise Unreadable(f"the head of {head.size} acts is signed by a key that was retired")
    return head


def _grown(fetch: Fetch, kept: Kept, head: Checkpoint) -> list[bytes]:
    """The acts that are new since the state that was kept, all of it hashed; raises Alarm."""
    if head.size < kept.size:
        raise Alarm(f"the log has shrunk: {kept.size} acts were kept, now it shows {head.size}")
    if kept.head and head.size == kept.size:
        if head.root != kept.head.root:
            raise Alarm(f"the log has forked: two heads of {head.size} acts have different roots")
        return []
    first = kept.size - kept.size % WIDTH
    served = list(_entries(fetch, first, head.size))
    _require_same(kept.entries[first:], served, first)
    new = served[kept.size - first :]
    tree = Levels(map(leaf_hash, (*kept.entries, *new)))
    if tree.root() != head.root:
        _require_same(kept.entries, list(_entries(fetch, 0, head.size)), 0)
        raise Alarm(
            f"the log was rewritten: the {kept.size} acts that were kept and those served now do "
            "not have the root that is signed"
        )
    for name, data in tile_files(head.size, tree.node, kept.size):
        if fetch(name) != data:
            raise Alarm(f"{name} is not what the acts give")
    return new


def _require_same(kept: tuple[bytes, ...], served: list[bytes], first: int) -> None:
    for place, (one, other) in enumerate(zip(kept, served, strict=False), first):
        if one != other:
            raise Alarm(f"the log was rewritten: act {place} is not the one that was kept")


def _entries(fetch: Fetch, first: int, size: int) -> Iterator[bytes]:
    """The acts from `first`, the beginning of a bundle, to the size of the log."""
    for start in range(first, size, WIDTH):
        width = min(WIDTH, size - start)
        name = entries_path(start // WIDTH, width)
        try:
            bundle = unpack_entries(fetch(name))
        except TrustError as error:
            raise Alarm(f"{name}: {error}") from None
        if len(bundle) != width:
            raise Alarm(f"{name} holds {len(bundle)} acts instead of {width}")
        yield from bundle


def read_state(state: Path, keys: Sequence[Listed]) -> Kept:
    """Everything kept in a folder, hashed again; Unreadable when it is damaged."""
    sizes = [int(path.name) for path in state.glob("*") if re.fullmatch("[0-9]+", path.name)]
    entries: list[bytes] = []
    head = None
    for size in sorted(sizes):
        if not (state / str(size) / "checkpoint").exists():
            continue  # cut off by a crash before it counted
        head = _opened(read(state / str(size) / "checkpoint"), keys)
        entries += _unframed(read(state / str(size) / "entries"))
        if (head.size, len(entries)) != (size, size):
            raise Unreadable(f"{state / str(size)} is damaged: it does not hold {size} acts")
    if head and Levels(map(leaf_hash, entries)).root() != head.root:
        raise Unreadable(f"{state} is damaged: its acts do not have the root that was signed")
    return Kept(tuple(entries), head)


def find(state: Path, asked: Mapping[str, str]) -> Iterator[tuple[int, Entry]]:
    """Acts of the kept state by actor, about (part of the subject), kind and exam, in order."""
    kept = read_state(state, _parse(read(state / KEY)))
    for place, data in enumerate(kept.entries):
        try:
            entry = parse_entry(data)
        except TrustError:
            continue  # `exam verify` refuses it; nobody can be named in it
        if all(_fits(name, value, entry) for name, value in asked.items()):
            yield place, entry


def _fits(name: str, value: str, entry: Entry) -> bool:
    found: str = getattr(entry, FIELDS[name])
    return value in found if name == "about" else value == found


def _framed(entries: list[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _unframed(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : end]
        at = end


def _store(path: Path, data: bytes) -> None:
    """Whole or not at all, on disk before the next step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
