"""Taking in an identity photo: refuse early, shrink, and keep nothing but the picture.

The file is judged by its header before a pixel is decoded, so a small file that unfolds into
gigabytes costs nothing. Big JPEGs are decoded at a fraction of their size (draft mode).
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from exam_system.printing.errors import PhotoError

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
LEAST = (120, 160)  # pixels
MOST = (413, 531)  # 35 × 45 mm at 300 dpi
RATIO = (0.6, 0.95)  # width : height; 35 : 45 is 0.78
QUALITY = 88
ORIENTATION = 0x0112  # Exif tag; values 5 to 8 turn the picture on its side
# What Pillow raises on files that are broken or made to break it.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error)
# Modes without a depth of their own; 16-bit greys and floats are no photos.
MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture must be and becomes: pixels at least, pixels at most, width : height."""

    least: tuple[int, int]
    most: tuple[int, int]
    ratio: tuple[float, float]


IDENTITY = Frame(LEAST, MOST, RATIO)
PAPER = Frame((300, 300), (1600, 1600), (0.0, float("inf")))  # a photographed card or paper


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG without metadata that fits into its frame, and the SHA-256 of its bytes (hex)."""

    jpeg: bytes
    sha256: str
    width: int
    height: int


def take_in(data: bytes, frame: Frame = IDENTITY) -> Photo:
    """The photo in `data` (JPEG or PNG), upright and re-encoded; raises PhotoError."""
    if len(data) > MOST_BYTES:
        raise PhotoError("too_big", most=MOST_BYTES // 1024 // 1024)
    try:
        with _open(data) as image:
            _judge(image, frame)
            return _photo(_upright(image, frame))
    except PhotoError:
        raise
    except BROKEN as error:
        raise PhotoError("damaged") from error


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(data), formats=("JPEG", "PNG"))
    except UnidentifiedImageError as error:
        raise PhotoError("format") from error
    except Image.DecompressionBombError as error:
        raise PhotoError("pixels", most=MOST_PIXELS // 1_000_000) from error


def _judge(image: Image.Image, frame: Frame) -> None:
    # Pixels first: to look for an orientation in a PNG, Pillow decodes all of it.
    if image.width * image.height > MOST_PIXELS:
        raise PhotoError("pixels", most=MOST_PIXELS // 1_000_000)
    if image.format == "PNG" and getattr(image, "is_animated", False):
        raise PhotoError("animated")
    if image.mode not in MODES:
        raise PhotoError("damaged")
    width, height = _size(image)
    if width < frame.least[0] or height < frame.least[1]:
        least = {"least_width": frame.least[0], "least_height": frame.least[1]}
        raise PhotoError("small", width=width, height=height, **least)
    if not frame.ratio[0] <= width / height <= frame.ratio[1]:
        raise PhotoError("ratio", width=width, height=height)


def _sideways(image: Image.Image) -> bool:
    return image.getexif().get(ORIENTATION) in (5, 6, 7, 8)


def _size(image: Image.Image) -> tuple[int, int]:
    """Width and height as the picture is meant to be seen."""
    width, height = image.size
    return (height, width) if _sideways(image) else (width, height)


def _upright(image: Image.Image, frame: Frame) -> Image.Image:
    """At most as large as we keep, in RGB, the right way up, anything see-through on white."""
    turned = frame.most[::-1] if _sideways(image) else frame.most
    image.draft("RGB", turned)
    clear = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    mode = "RGBA" if clear else "RGB"
    small = image if image.mode == mode else image.convert(mode)
    small.thumbnail(turned, Image.Resampling.LANCZOS, reducing_gap=2.0)
    upright = ImageOps.exif_transpose(small)
    if clear:
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright)
    return upright.convert("RGB")


def _photo(image: Image.Image) -> Photo:
    out = BytesIO()
    clean = Image.frombytes("RGB", image.size, image.tobytes())
    clean.save(out, "JPEG", quality=QUALITY, dpi=(300, 300))
    jpeg = out.getvalue()
    return Photo(jpeg, hashlib.sha256(jpeg).hexdigest(), *image.size)
