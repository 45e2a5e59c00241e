"""Refuses archives that unpack into more than a table can be, before any parser opens them.

Sizes in the directory of a zip file are claims of whoever made it, and the parser does not
believe them; so every member is inflated here, in pieces that are counted and thrown away.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator

from exam_system.sheets.sentence import Sentence

MEGABYTE = 1024 * 1024
MAX_BYTES = 20 * MEGABYTE
MAX_MEMBERS = 1000
MAX_MEMBER_BYTES = 64 * MEGABYTE
MAX_TOTAL_BYTES = 100 * MEGABYTE
# An export of ten thousand rows that all say the same packs about 1 : 40, a bomb about 1 : 1000.
MAX_RATIO = 150
SMALL_BYTES = 4 * MEGABYTE

_PIECE = 64 * 1024
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
_DAMAGED = "The file is damaged. Open it, save it again as .xlsx and upload the new file."
_TOO_LARGE = (
    "The file unpacks to more than a table can be. "
    "Remove pictures and unused sheets, or divide the table."
)


def check_size(data: bytes) -> None:
    """Raises Sentence when an upload is larger than a table may be."""
    if len(data) > MAX_BYTES:
        raise Sentence("The file is larger than %(limit)s MB.", limit=MAX_BYTES // MEGABYTE)


def check_archive(data: bytes) -> None:
    """Raises Sentence unless `data` is a sound .xlsx archive of bounded size."""
    members = _members(data)
    names = [member.filename for member in members]
    if "xl/workbook.xml" not in names:
        raise Sentence("The file is not an .xlsx workbook. Save it as .xlsx and try again.")
    if len(set(names)) < len(names) or any(_leaves_the_folder(name) for name in names):
        raise Sentence(_DAMAGED)
    total = 0
    for member in members:
        for size in _inflated(data, member):
            total += size
            _check_total(total, len(data))


def _members(data: bytes) -> list[zipfile.ZipInfo]:
    # Counted before the directory is read: half a million entries take seconds to read.
    if data.count(b"PK\x01\x02") > MAX_MEMBERS:
        raise Sentence(_TOO_LARGE)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Sentence(_DAMAGED) from error


def _leaves_the_folder(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def _check_total(total: int, packed: int) -> None:
    if total > MAX_TOTAL_BYTES or total > max(SMALL_BYTES, MAX_RATIO * packed):
        raise Sentence(_TOO_LARGE)


def _inflated(data: bytes, member: zipfile.ZipInfo) -> Iterator[int]:
    """Sizes of the pieces that a member unpacks into; together they are what it claims to be."""
    body = _body(data, member)
    total = 0
    for size in _pieces(body, member.compress_type):
        total += size
        if total > MAX_MEMBER_BYTES:
            raise Sentence(_TOO_LARGE)
        yield size
    if total != member.file_size:
        raise Sentence(_DAMAGED)


def _body(data: bytes, member: zipfile.ZipInfo) -> bytes:
    if member.flag_bits & _ENCRYPTED:
        raise Sentence("The file is protected by a password. Remove the password first.")
    start = member.header_offset
    header = data[start : start + _LOCAL_HEADER]
    if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
        raise Sentence(_DAMAGED)
    start += _LOCAL_HEADER + int.from_bytes(header[26:28], "little")
    start += int.from_bytes(header[28:30], "little")
    body = data[start : start + member.compress_size]
    if len(body) < member.compress_size:
        raise Sentence(_DAMAGED)
    return body


def _pieces(body: bytes, method: int) -> Iterator[int]:
    if method == zipfile.ZIP_STORED:
        yield len(body)
    elif method == zipfile.ZIP_DEFLATED:
        yield from _deflated_pieces(body)
    else:
        raise Sentence(_DAMAGED)


def _deflated_pieces(body: bytes) -> Iterator[int]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while body and not inflater.eof:
            yield len(inflater.decompress(body, _PIECE))
            body = inflater.unconsumed_tail
    except zlib.error as error:
        raise Sentence(_DAMAGED) from error
