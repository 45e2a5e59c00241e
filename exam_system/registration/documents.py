"""Documents that candidates hand in: judged before they are opened, cleaned, kept sealed.

A picture is judged by its header and encoded anew, so that nothing but its pixels is kept. A PDF
is kept as it came, after a look at its structure that no small file can make long: one document
and nothing behind it, nothing that unpacks without end, nothing that acts by itself. That look is
a guard and no proof; who opens a document does so in a viewer with its own walls.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from exam_system.config import Config
from exam_system.errors import Invalid, NotFound
from exam_system.printing.photo import BROKEN, MODES
from exam_system.records.tree import write_durable
from exam_system.vault import Vault

MEGABYTE = 1024 * 1024
MOST_BYTES = 5 * MEGABYTE
MOST_PIXELS = 40_000_000
LARGEST = (2480, 3508)  # A4 at 300 dots to the inch
QUALITY = 85
MOST_UNPACKED = 128 * MEGABYTE
MOST_OBJECTS = 4 * MEGABYTE
OF_WAIVERS = "documents"  # the folder in an instance
MEDIA = {"pdf": "application/pdf", "jpg": "image/jpeg"}
_PIECE = MEGABYTE
_DICTIONARY = 600  # bytes before a stream in which its dictionary ends
_ARCHIVE_END, _COMMENT = b"PK\x05\x06", 65_557
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTS = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|AA)"
    rb"(?![A-Za-z0-9])"
)

_KIND = "Hand in a PDF, a JPEG or a PNG picture: %(name)s is none of them"
_BIG = "%(name)s is larger than %(most)s MB: save it smaller and send it again"
_DAMAGED = "%(name)s is damaged or of an unusual kind: save it anew and send it again"
_PIXELS = "%(name)s has more than %(most)s million pixels: save it smaller and send it again"
_BEHIND = "%(name)s has another file hidden behind it: save or scan it anew and send it again"
_UNPACKS = "%(name)s unpacks into more than a document can be: scan it anew and send it again"
_ACTIVE = "%(name)s holds scripts or attached files: print it into a new PDF and send that"
_LOCKED = "%(name)s is protected by a password: remove it and send the document again"


@dataclass(frozen=True, slots=True)
class Document:
    """What is kept of a document: `kind` is pdf or jpg, `sha256` the digest of `data` (hex)."""

    kind: str
    data: bytes
    sha256: str


def take_in_document(name: str, data: bytes) -> Document:
    """The document in `data`; `name` only serves the sentences. Raises Invalid."""
    shown = "".join(c for c in name if c.isprintable())[-60:] or "?"
    if len(data) > MOST_BYTES:
        raise Invalid(_BIG, name=shown, most=MOST_BYTES // MEGABYTE)
    if _ARCHIVE_END in data[-_COMMENT:] and not data.startswith(b"PK"):
        raise Invalid(_BEHIND, name=shown)
    if data.startswith(b"%PDF-"):
        _check_pdf(shown, data)
        return Document("pdf", data, sha256(data).hexdigest())
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        clean = _picture(shown, data)
        return Document("jpg", clean, sha256(clean).hexdigest())
    raise Invalid(_KIND, name=shown)


def _picture(name: str, data: bytes) -> bytes:
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
            return _encoded(name, image)
    except Image.DecompressionBombError:
        raise Invalid(_PIXELS, name=name, most=MOST_PIXELS // 1_000_000) from None
    except (UnidentifiedImageError, *BROKEN):
        raise Invalid(_DAMAGED, name=name) from None


def _encoded(name: str, image: Image.Image) -> bytes:
    """A JPEG of the pixels, at most LARGEST, upright, anything see-through on white."""
    if image.width * image.height > MOST_PIXELS:
        raise Invalid(_PIXELS, name=name, most=MOST_PIXELS // 1_000_000)
    if image.mode not in MODES or getattr(image, "is_animated", False):
        raise Invalid(_DAMAGED, name=name)
    image.draft("RGB", LARGEST)
    clear = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    small = image.convert("RGBA" if clear else "RGB")
    small.thumbnail(LARGEST, Image.Resampling.LANCZOS, reducing_gap=2.0)
    upright = ImageOps.exif_transpose(small)
    if clear:
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright).convert("RGB")
    out = BytesIO()
    Image.frombytes("RGB", upright.size, upright.tobytes()).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _check_pdf(name: str, data: bytes) -> None:
    if not data.rstrip(b"\r\n\t \0").endswith(b"%%EOF") or b"startxref" not in data:
        raise Invalid(_DAMAGED, name=name)
    unpacked = 0
    outside, at = [], 0
    for start, end in _streams(name, data):
        outside.append(data[at:start])
        head = _plain(data[max(at, start - _DICTIONARY) : start])
        objects = b"/ObjStm" in head
        for piece in _unpacked(name, data[start:end], objects):
            unpacked += len(piece)
            if unpacked > MOST_UNPACKED:
                raise Invalid(_UNPACKS, name=name)
            if objects:
                outside.append(piece)
        at = end
    outside.append(data[at:])
    _check_names(name, _plain(b"\n".join(outside)))


def _check_names(name: str, text: bytes) -> None:
    if re.search(rb"/Encrypt(?![A-Za-z0-9])", text):
        raise Invalid(_LOCKED, name=name)
    if _ACTS.search(text):
        raise Invalid(_ACTIVE, name=name)


def _plain(text: bytes) -> bytes:
    """Names as they are meant: #4A is a J."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)


def _streams(name: str, data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of what stands between `stream` and `endstream`."""
    at = data.find(b"stream")
    while at >= 0:
        start = at + len(b"stream")
        start += 2 if data[start : start + 2] == b"\r\n" else 1
        end = data.find(b"endstream", start)
        if end < 0:
            raise Invalid(_DAMAGED, name=name)
        yield start, end
        at = data.find(b"stream", end + len(b"endstream"))


def _unpacked(name: str, body: bytes, objects: bool) -> Iterator[bytes]:
    """What a stream unpacks into, in pieces; nothing for one that is not deflated.

    Objects in a stream are read, so they must unpack, and into little.
    """
    inflater, total = zlib.decompressobj(), 0
    try:
        while body and not inflater.eof:
            piece = inflater.decompress(body, _PIECE)
            body, total = inflater.unconsumed_tail, total + len(piece)
            if objects and total > MOST_OBJECTS:
                raise Invalid(_UNPACKS, name=name)
            yield piece
    except zlib.error:
        if objects:
            raise Invalid(_DAMAGED, name=name) from None


def document_path(config: Config, ref: str, folder: str = OF_WAIVERS) -> Path:
    """Where a document lies: outside everything that is published or served.

    Each feature has a folder of its own: what sweeps one knows nothing of the others' rows.
    """
    return config.instance / folder / ref[:2] / f"{ref}.sealed"


def store_document(
    config: Config, vault: Vault, ref: str, document: Document, folder: str = OF_WAIVERS
) -> None:
    """Write the document, sealed for its reference."""
    write_durable(document_path(config, ref, folder), vault.seal_bytes(document.data, ref))


def open_document(config: Config, vault: Vault, ref: str, folder: str = OF_WAIVERS) -> bytes:
    """The bytes of a document; NotFound when it was deleted, Fault when it was changed."""
    path = document_path(config, ref, folder)
    if not path.exists():
        raise NotFound("This document has been deleted")
    return vault.open_bytes(path.read_bytes(), ref)


def remove_documents(config: Config, refs: Iterable[str]) -> None:
    """Delete the files of documents of waivers that are given up."""
    for ref in refs:
        document_path(config, ref).unlink(missing_ok=True)


def discard_documents(config: Config, keep: set[str], older: float) -> int:
    """Delete all files of waivers but those to keep and those written after `older`.

    `older` is in POSIX seconds: what is being taken in now has no row yet. Returns how many.
    """
    gone = 0
    for path in sorted((config.instance / OF_WAIVERS).glob("*/*.sealed")):
        if path.name.removesuffix(".sealed") not in keep and path.stat().st_mtime <= older:
            path.unlink()
            gone += 1
    return gone
