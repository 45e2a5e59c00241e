"""The log as a folder of tiles: every entry, every hash, the signed root."""

from __future__ import annotations

import re

from exam_system.trust import acts, checkpoint
from exam_system.trust.checkpoint import Checkpoint
from exam_system.trust.errors import Malformed
from exam_system.trust.merkle import Levels, leaf_hashes
from exam_system.trust.tiles import (
    HEIGHT,
    WIDTH,
    entries_path,
    pack_entries,
    tile_path,
    unpack_entries,
)
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring
from exam_system.verify.text import require_bytes

_PARTIAL = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})\.p/([1-9][0-9]{0,2})"
)


def verify_log(bag: Bag, keys: Keyring) -> str:
    """Check a log's folder; returns what it is. Raises Refused."""
    return whole_log(bag, keys)[0]


def whole_log(bag: Bag, keys: Keyring) -> tuple[str, Levels]:
    """As `verify_log`, with the tree of all entries."""
    head, entries, tree = read_log(bag, keys)
    remark = read_head(bag.get("checkpoint"), bag.at("checkpoint"), keys)[1]
    if "log.vkey" in bag.files:
        signer = next(one.key for one in keys.all_of("log") if one.signs_head(head.size))
        expected = f"{signer.vkey}\n".encode()
        require_bytes(Check.LOG_KEY, bag.at("log.vkey"), bag.get("log.vkey"), expected)
    known = {"checkpoint", "log.vkey", *_require_tiles(bag, head.size, tree)}
    for name in sorted(set(bag.files) - known):
        _require_beginning(bag, name, entries, tree)
    return f"log {head.origin} ({head.size} entries, {remark})", tree


def read_log(bag: Bag, keys: Keyring) -> tuple[Checkpoint, list[bytes], Levels]:
    """The signed head of a log's folder, its entries and their tree, which has that root."""
    head, _ = read_head(bag.get("checkpoint"), bag.at("checkpoint"), keys)
    entries = _entries(bag, head.size)
    tree = Levels(leaf_hashes(entries))
    if tree.root() != head.root:
        refuse(Check.LOG_ROOT, bag.at("checkpoint"), "the entries have another root")
    return head, entries, tree


def read_head(data: bytes, where: str, keys: Keyring) -> tuple[Checkpoint, str]:
    """A checkpoint signed by the log's key, and who cosigned it; new heads wait for that."""
    text = keys.opened(data, where, "log", cosigners=0)
    with holds(Check.CHECKPOINT, where):
        head = checkpoint.parse(text)
    require_equal(Check.CHECKPOINT, where, head.origin, keys.origin)
    signers = keys.signers(data, where)[1]
    names = [one.key.name for one in keys.inspectors if one.key in signers]
    return head, f"cosigned by {', '.join(names)}" if names else "not yet cosigned"


def _entries(bag: Bag, size: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < size:
        n, width = len(found) // WIDTH, min(WIDTH, size - len(found))
        name = entries_path(n, width)
        where = bag.at(name)
        data = bag.get(name)
        plain = acts.plain_bundle(data)
        if plain is None or len(plain) != width:
            plain = _unpacked(where, data, len(found), width)
        found += plain
    return found


def _unpacked(where: str, data: bytes, first: int, width: int) -> list[bytes]:
    """The entries of a bundle, looked at one by one."""
    with holds(Check.ENTRIES, where):
        bundle = unpack_entries(data)
        if len(bundle) != width:
            raise Malformed(f"The bundle holds {len(bundle)} entries, not {width}.")
    _require_acts(where, bundle, first)
    return bundle


def _require_acts(where: str, bundle: list[bytes], first: int) -> None:
    for entry in bundle:
        try:
            acts.require_entry(entry)
        except ValueError as error:
            number = first + bundle.index(entry)
            refuse(Check.ENTRIES, f"{where} entry {number}", str(error))


def _require_tiles(bag: Bag, size: int, tree: Levels) -> set[str]:
    """Names of the files that the log of this size consists of."""
    names = {entries_path(n, min(WIDTH, size - n * WIDTH)) for n in range(-(-size // WIDTH))}
    level = 0
    while count := size >> (HEIGHT * level):
        for n in range(-(-count // WIDTH)):
            hashes = tree.nodes(HEIGHT * level, n * WIDTH, (n + 1) * WIDTH)
            name = tile_path(level, n, len(hashes))
            require_bytes(Check.TILES, bag.at(name), bag.get(name), b"".join(hashes))
            names.add(name)
        level += 1
    return names


def _require_beginning(bag: Bag, name: str, entries: list[bytes], tree: Levels) -> None:
    """A file of an earlier size is the beginning of what is there now."""
    match = _PARTIAL.fullmatch(name)
    if match is None:
        refuse(Check.KNOWN, bag.at(name), "no such file belongs to a log of this size")
    level = None if match[1] == "entries" else int(match[1])
    n = int(match[2].replace("x", "").replace("/", ""))
    width = int(match[3])
    with holds(Check.KNOWN, bag.at(name)):
        path = entries_path(n, width) if level is None else tile_path(level, n, width)
    span = 0 if level is None else HEIGHT * level
    start = n * WIDTH
    if path != name or start + width > tree.size >> span:
        refuse(Check.KNOWN, bag.at(name), "no such file belongs to a log of this size")
    if level is None:
        data = pack_entries(entries[start : start + width])
    else:
        data = b"".join(tree.nodes(span, start, start + width))
    require_bytes(Check.TILES, bag.at(name), bag.get(name), data)
