"""The objects of the published folder in memory, and ways to spoil their bytes."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exam_system.trust.canonical import jcs
from exam_system.verify.files import Bag, bag_of
from exam_system.verify.keyring import Keyring
from exam_system.verify.run import VERIFIERS
from exam_system.verify.single import verify_single

FOLDERS = (
    "announcement-2026-kp-v1",
    "draw-2026-kp-seats-1",
    "draw-2026-kp-invigilators-2",
    "results-2026-kp-v1",
    "results-2026-kp-v2",
    "results-2026-kp-v3",
    "log",
)
SINGLES = ("slip.tlog-proof", "act.tlog-proof", "interview.note", "ticket.note")


@dataclass(frozen=True)
class Case:
    """One object: its files, and how it is verified with some of them changed."""

    name: str
    files: dict[str, bytes]
    run: Callable[[dict[str, bytes], Keyring], str]

    def verify(self, keys: Keyring, **changes: bytes | None) -> str:
        """Verify with files replaced, added, or (None) taken away."""
        return self.changed(keys, changes)

    def changed(self, keys: Keyring, changes: dict[str, bytes | None]) -> str:
        """As verify, for names that are no identifiers."""
        files = {**self.files, **changes}
        return self.run({name: data for name, data in files.items() if data is not None}, keys)


def load(published: Path) -> dict[str, Case]:
    """Every object by name."""
    cases = {}
    for name in FOLDERS:
        bag = bag_of(published / name)
        assert bag is not None
        cases[name] = Case(name, dict(bag.files), folder_runner(bag))
    for name in SINGLES:
        data = (published / name).read_bytes()
        cases[name] = Case(name, {name: data}, single_runner(name))
    return cases


def folder_runner(bag: Bag) -> Callable[[dict[str, bytes], Keyring], str]:
    """Verify the bag with other files."""
    return lambda files, keys: VERIFIERS[bag.kind](replace(bag, files=files), keys)


def single_runner(name: str) -> Callable[[dict[str, bytes], Keyring], str]:
    """Verify one file."""
    return lambda files, keys: verify_single(name, files[name], keys)


def byte_class(byte: int) -> str:
    """What kind of character a byte is."""
    character = chr(byte)
    for name in ("digits", "ascii_lowercase", "ascii_uppercase"):
        if character in getattr(string, name):
            return name
    return character if byte < 128 else "beyond ASCII"


def positions(data: bytes) -> list[int]:
    """First, middle and last byte of every class, and both ends."""
    found: dict[str, list[int]] = {}
    for at, byte in enumerate(data):
        found.setdefault(byte_class(byte), []).append(at)
    chosen = {0, len(data) - 1} if data else set()
    for places in found.values():
        chosen |= {places[0], places[len(places) // 2], places[-1]}
    return sorted(chosen)


def spoiled(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data with one byte of every class changed, and with what editors and copies do."""
    for at in positions(data):
        for mask in (0x01, 0x20):
            yield f"byte {at} ^ {mask}", flipped(data, at, mask)
        yield f"byte {at} taken out", data[:at] + data[at + 1 :]
        yield f"byte {at} twice", data[: at + 1] + data[at:]
    for tail in (b"\n", b" ", b"\0", b"x", "\u2028".encode()):
        yield f"{tail!r} added", data + tail
    yield (
        "BOM taken or added",
        data.removeprefix(b"\xef\xbb\xbf")
        if data.startswith(b"\xef\xbb\xbf")
        else b"\xef\xbb\xbf" + data,
    )
    if b"\n" in data:
        yield "CRLF", data.replace(b"\n", b"\r\n")
        yield "the last line twice", data + data[data.rstrip(b"\n").rfind(b"\n") + 1 :] + b"\n"
    for size in (0, 1, len(data) // 2, len(data) - 1):
        yield f"cut to {size}", data[:size]


def flipped(data: bytes, at: int, mask: int) -> bytes:
    """One byte changed."""
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def changed_values(value: Any) -> Iterator[Any]:
    """The JSON value with one value changed, one key renamed, taken away or added."""
    if isinstance(value, dict):
        for key in value:
            rest = {name: one for name, one in value.items() if name != key}
            yield rest
            yield {**rest, f"{key}x": value[key]}
            for changed in changed_values(value[key]):
                yield {**rest, key: changed}
        yield {**value, "extra": ""}
    elif isinstance(value, list):
        for at in sorted({0, len(value) // 2, len(value) - 1} if value else ()):
            yield value[:at] + value[at + 1 :]
            for changed in changed_values(value[at]):
                yield [*value[:at], changed, *value[at + 1 :]]
        yield [*value, ""]
        yield [[], {}]
    else:
        yield from changed_scalar(value)


def changed_scalar(value: Any) -> Iterator[Any]:
    """Another value of the same type, and values of other types."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, -value - 1)
    elif isinstance(value, str):
        yield from (value + "0", value[:-1] if value else "0")
    yield from (one for one in (None, 0, {}, []) if jcs(one) != jcs(value))
