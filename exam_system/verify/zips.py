"""Zips read by hand: every member is exactly what its two headers say, and lies by itself.

zipfile of the standard library stops reading where a header says, and passes over what comes
after; two programs could then see two different files in one zip.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_BYTES = 1 << 30
"""Bytes that a zip may unpack to."""

_END, _ENTRY, _LOCAL = (struct.Struct(f"<4s{rest}") for rest in ("4H2IH", "6H3I5H2I", "5H3I2H"))
_LOCATOR, _END64 = struct.Struct("<4sIQI"), struct.Struct("<4sQ2H2I4Q")
_LONGEST_COMMENT = 65_535
_MANY = 0xFFFF
"""A list of more members than this has a second end record, of zip64, and a locator of it."""
_NEWEST = 63
"""Version 6.3 of the format; what needs a newer one is not for everybody."""
_STRANGE = 0x61  # encrypted, patched, strongly encrypted
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_ZIP64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Member:
    """What the directory says of a file; `raw` are the bytes of its name."""

    name: str
    raw: bytes
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def unzip(data: bytes) -> dict[str, bytes]:
    """The files of a zip by their names; raises ValueError with what is wrong."""
    start, end, count = _directory(data)
    found = [one for one in _members(data, start, end, count) if not _is_folder(one)]
    _require_names([one.name for one in found])
    if sum(one.size for one in found) > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {MOST_BYTES} bytes")
    ends = [*sorted(one.offset for one in found), start]
    files = {}
    for one in found:
        later = ends[bisect_right(ends, one.offset, hi=len(found))]
        files[one.name] = _unpacked(data, one, min(later, start))
    return files


def _is_folder(one: _Member) -> bool:
    if one.name.endswith("/") and (one.size or one.packed):
        raise ValueError(f"the folder {one.name} has bytes of its own")
    return one.name.endswith("/")


def _require_names(names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise ValueError("two files have the same name")
    for name in names:
        if {"", ".", ".."} & set(name.split("/")) or "\\" in name or "\0" in name:
            raise ValueError(f"the name {name[:80]!r} leads out of the zip")


def _directory(data: bytes) -> tuple[int, int, int]:
    """Where the list of members begins and ends, and how many it has."""
    lowest = max(0, len(data) - _END.size - _LONGEST_COMMENT)
    at = data.rfind(b"PK\x05\x06", lowest)
    if at < 0 or at + _END.size > len(data):
        raise ValueError("it has no end of the list of its files")
    _, disk, first, here, count, size, offset, comment = _END.unpack_from(data, at)
    whole = at + _END.size + comment == len(data)
    many = count == _MANY and data[max(0, at - _LOCATOR.size) :].startswith(b"PK\x06\x07")
    if many:
        at, here, count = _many(data, at - _LOCATOR.size, size, offset)
    if disk or first or here != count or offset + size != at or not whole:
        raise ValueError("the end of the list of its files does not fit the file")
    return offset, at, count


def _many(data: bytes, at: int, size: int, offset: int) -> tuple[int, int, int]:
    """The end record of zip64 just before its locator: where it begins, and two counts."""
    begin = at - _END64.size
    if begin < 0:
        raise ValueError("the end of the list of its files does not fit the file")
    _mark, disk, place, disks = _LOCATOR.unpack_from(data, at)
    mark, length, _made, _needs, *disks64, here, count, size64, offset64 = _END64.unpack_from(
        data, begin
    )
    right = mark == b"PK\x06\x06" and length == _END64.size - 12 and count > _MANY
    alone = (disk, disks, *disks64) == (0, 1, 0, 0)
    if not (right and alone and (place, size64, offset64) == (begin, size, offset)):
        raise ValueError("the second end of the list of its files does not fit the file")
    return begin, here, count


def _members(data: bytes, start: int, end: int, said: int) -> Iterator[_Member]:
    count = 0
    while start < end:
        if start + _ENTRY.size > end:
            raise ValueError("the list of its files is cut short")
        (mark, _made, needs, flags, method, _time, _date, crc, packed, size, name, extra, comment,
         _disk, _inner, _outer, offset) = _ENTRY.unpack_from(data, start)  # fmt: skip
        if mark != b"PK\x01\x02" or needs & 255 > _NEWEST or flags & _STRANGE:
            raise ValueError("a file in it is encrypted or packed for other programs")
        if method not in (_STORED, _DEFLATED) or _ZIP64 in (packed, size, offset):
            raise ValueError("a file in it is packed in a way that is not for everybody")
        raw = data[start + _ENTRY.size : start + _ENTRY.size + name]
        start += _ENTRY.size + name + extra + comment
        yield _Member(_name(raw, flags), raw, method, crc, packed, size, offset)
        count += 1
    if start != end or count != said:
        raise ValueError("the list of its files does not hold as many as it says")


def _name(raw: bytes, flags: int) -> str:
    """UTF-8 where the flag says so, else ASCII; other bytes of old code pages are shown."""
    if flags & _UTF8:
        return raw.decode("utf-8")
    return "".join(chr(byte) if byte < 128 else f"%{byte:x}" for byte in raw)


def _unpacked(data: bytes, one: _Member, end: int) -> bytes:
    """The bytes of a member, whose record must end before the next one begins."""
    if one.offset + _LOCAL.size > end:
        raise ValueError(f"{one.name} lies over another file")
    head = _LOCAL.unpack_from(data, one.offset)
    mark, flags, method, name, extra = head[0], head[2], head[3], head[9], head[10]
    begin = one.offset + _LOCAL.size
    same = (method, data[begin : begin + name]) == (one.method, one.raw)
    if mark != b"PK\x03\x04" or not same or flags & _STRANGE:
        raise ValueError(f"{one.name} is not what the list of files says")
    begin += name + extra
    if begin + one.packed > end:
        raise ValueError(f"{one.name} lies over another file")
    found = data[begin : begin + one.packed]
    if one.method == _DEFLATED:
        found = _inflated(found, one)
    if len(found) != one.size or zlib.crc32(found) != one.crc:
        raise ValueError(f"{one.name} is longer, shorter or other than it declares")
    return found


def _inflated(packed: bytes, one: _Member) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = inflater.decompress(packed, one.size + 1)
    except zlib.error as error:
        raise ValueError(f"{one.name} cannot be unpacked: {error}") from None
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        raise ValueError(f"{one.name} is longer, shorter or other than it declares")
    return found
