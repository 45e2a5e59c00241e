"""Zips that two programs could read differently; nothing here uses either verifier."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from tests.verify.builder import Office
from tests.verify.publications import ReleaseMaker

NAME = "announcement-2026-kp-v1"


def honest() -> tuple[Office, bytes]:
    """A publication as one zip, and whose it is."""
    office = Office()
    files = ReleaseMaker(office, "announcement").files()
    return office, zipped({f"{NAME}/{name}": data for name, data in files.items()})


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def entries(data: bytes) -> list[int]:
    """Where the records of the list of files begin."""
    at, found = struct.unpack_from("<I", data, data.rfind(b"PK\5\6") + 16)[0], []
    while data[at : at + 4] == b"PK\1\2":
        found.append(at)
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    return found


def put(data: bytes, at: int, form: str, *values: int) -> bytes:
    """The data with numbers written over what was there."""
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def local(data: bytes, entry: int) -> int:
    """Where the member of an entry lies."""
    return int(struct.unpack_from("<I", data, entry + 42)[0])


def longer_than_declared(data: bytes) -> bytes:
    """rules.json goes on after what both headers declare; their sums are of the part declared."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = f"{NAME}/rules.json"
    right = files[name]
    made = zipped({**files, name: right + b"and what only another program shows"})
    entry = next(at for at in entries(made) if made[at + 46 :].startswith(name.encode()))
    place = local(made, entry)
    made = put(made, entry + 16, "<I", zlib.crc32(right))
    made = put(made, entry + 24, "<I", len(right))
    made = put(made, place + 14, "<I", zlib.crc32(right))
    return put(made, place + 22, "<I", len(right))


def spoiled(data: bytes) -> dict[str, bytes]:
    """The zip, wrong in one way each."""
    first, second = entries(data)[:2]
    end = data.rfind(b"PK\5\6")
    count, size, start = struct.unpack_from("<HII", data, end + 10)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    names = (f"/{NAME}/x", f"{NAME}/../x", f"{NAME}//x", "..", f"{NAME}/a\\..\\x")
    return {
        "longer than it declares": longer_than_declared(data),
        "shorter than it declares": put(data, first + 24, "<I", 7),
        "two files in one place": put(data, second + 42, "<I", local(data, first)),
        "a file over the next": put(data, first + 20, "<I", 60_000),
        "encrypted": put(data, first + 8, "<H", 1),
        "zip64": put(data, first + 20, "<II", 0xFFFFFFFF, 0xFFFFFFFF),
        "another method inside": put(data, local(data, first) + 8, "<H", 0),
        "another name inside": put(data, local(data, first) + 31, "<B", 0x41),
        "bytes before": b"#!/bin/sh\n" + data,
        "bytes after": data + b"x",
        "fewer than it says": put(data, end + 8, "<HH", count + 1, count + 1),
        "more than it says": put(data, end + 8, "<HH", count - 1, count - 1),
        "a list of another size": put(data, end + 12, "<II", size - 1, start + 1),
        "a folder with bytes": zipped({**files, f"{NAME}/x/": b"hidden"}),
        **{f"named {name}": zipped({**files, name: b"x"}) for name in names},
    }


def many(count: int) -> bytes:
    """A zip of so many empty files, more than the usual end record can count."""
    found, listed = bytearray(), bytearray()
    for number in range(count):
        name = f"{number:05}".encode()
        listed += struct.pack("<4s6H3I5H2I", b"PK\1\2", 45, 20, *[0] * 7, 5, *[0] * 5, len(found))
        found += struct.pack("<4s5H3I2H", b"PK\3\4", 20, *[0] * 7, 5, 0) + name
        listed += name
    at = len(found) + len(listed)
    whole = (count, count, len(listed), len(found))
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, *whole)
    end += struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    end += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(listed), len(found), 0)
    return bytes(found + listed + end)
