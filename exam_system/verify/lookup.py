"""A look-up tree of score day: encrypted records in shards, and what a pick-up code opens there."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_system.trust import checkpoint
from exam_system.trust.canonical import sha256, sha256_hex
from exam_system.trust.errors import Malformed
from exam_system.trust.pickup import (
    FIND,
    HEADER_TAIL,
    NONCE,
    LookupNote,
    derive,
    parse_note,
    read_code,
    shard_name,
    shard_of,
)
from exam_system.verify.checks import Check, holds, refuse, require_equal
from exam_system.verify.files import Bag
from exam_system.verify.keyring import Keyring
from exam_system.verify.single import verify_single

NOTE, ROOT, KEYS = "lookup.note", "root.note", "keys.txt"


def verify_lookup(bag: Bag, keys: Keyring) -> str:
    """Check an exported tree without any code; returns what it is. Raises Refused."""
    said = read_note(bag, keys)
    _require_page(bag, said)
    _require_root(bag, keys, said)
    _require_shards(bag, said)
    left = said.root.size - said.records
    remark = f", {left} without a code" if left else ""
    told = f"{said.exam} v{said.version} {said.stage}, {said.records} sealed records{remark}"
    return f"{bag.shown} (look-up of {told})"


def read_note(bag: Bag, keys: Keyring) -> LookupNote:
    """The signed text of the tree (V95)."""
    where = bag.at(NOTE)
    text = keys.opened(bag.get(NOTE), where, "publisher", cosigners=0)
    with holds(Check.LOOKUP, where):
        said = parse_note(text)
        if said.origin != keys.origin or not text.startswith(f"{keys.origin}{HEADER_TAIL}\n"):
            raise Malformed(f"The origin is {said.origin}, not that of the log, {keys.origin}.")
    return said


def _require_page(bag: Bag, said: LookupNote) -> None:
    names = {name for name, _ in said.files}
    shards = {shard_name(number) for number in range(1 << said.bits)}
    for name in sorted(set(bag.files) - names - shards - {NOTE}):
        refuse(Check.KNOWN, bag.at(name), "no such file belongs to this look-up")
    for name in (ROOT, KEYS):
        if name not in names:
            refuse(Check.LOOKUP, bag.at(NOTE), f"it does not name {name}")
    for name, digest in said.files:
        require_equal(Check.LOOKUP, bag.at(name), sha256_hex(bag.get(name)), digest)


def _require_root(bag: Bag, keys: Keyring, said: LookupNote) -> None:
    where = bag.at(ROOT)
    text = keys.opened(bag.get(ROOT), where, "publisher", cosigners=1)
    with holds(Check.LOOKUP, where):
        head = checkpoint.parse(text)
    origin = f"{said.origin}/results/{said.exam}/v{said.version}"
    expected = checkpoint.Checkpoint(origin, said.root.size, said.root.root)
    require_equal(Check.LOOKUP, where, head, expected)


def _require_shards(bag: Bag, said: LookupNote) -> None:
    """Every shard is there, in order, holds its own entries only, and all are what was signed."""
    digests, records, last = [], 0, b""
    for number in range(1 << said.bits):
        name = shard_name(number)
        data = bag.get(name)
        digests.append(sha256(data))
        if len(data) % said.length:
            refuse(Check.SHARDS, bag.at(name), f"it is not made of entries of {said.length} bytes")
        for begin in range(0, len(data), said.length):
            find = data[begin : begin + FIND]
            if shard_of(find, said.bits) != number or find <= last:
                place = f"{bag.at(name)} entry {begin // said.length + 1}"
                refuse(Check.SHARDS, place, "it is not in its shard or not in order")
            last = find
            records += 1
    require_equal(Check.SHARDS, f"{bag.shown} records", records, said.records)
    if records > said.root.size:
        refuse(Check.SHARDS, bag.shown, f"{records} records, but the tree has {said.root.size}")
    require_equal(Check.SHARDS, f"{bag.shown} shards", sha256_hex(b"".join(digests)), said.shards)


def verify_picked(bag: Bag, keys: Keyring, typed: str) -> str:
    """Check the one record that a pick-up code opens (V97); returns whose it is."""
    said = read_note(bag, keys)
    with holds(Check.PICKED, bag.shown):
        find, key = derive(read_code(typed), said.exam, said.version)
    name = shard_name(shard_of(find, said.bits))
    data = bag.get(name)
    begins = range(0, len(data), said.length)
    found = [begin for begin in begins if data[begin : begin + FIND] == find]
    if not found:
        refuse(Check.PICKED, bag.at(name), "no record belongs to this code")
    body = _opened(bag.at(name), key, data[found[0] + FIND : found[0] + said.length])
    return verify_single(f"{bag.shown} slip.tlog-proof", body + bag.get(ROOT), keys)


def _opened(where: str, key: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(NONCE, sealed, None).rstrip(b"\0")
    except InvalidTag:
        refuse(Check.PICKED, where, "the record does not open with the key of its code")
