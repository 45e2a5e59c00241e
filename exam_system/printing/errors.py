"""Sentences of this kit. `code` names the reason for programs; the sentence is for the reader."""

from __future__ import annotations

from exam_system.errors import Invalid

PRINT_MESSAGES = {
    "glyph": "The character %(character)s (%(point)s) in “%(text)s” cannot be printed with the "
    "installed font; no document was made.",
    "too_long": "“%(text)s” is too long for its place on the page; shorten it.",
    "qr": "The proof of %(size)s bytes does not fit into two QR codes (at most %(most)s bytes).",
    "photo": "The stored photo of %(admission)s cannot be printed; take the photo in again.",
}

PHOTO_MESSAGES = {
    "too_big": "The photo file is larger than %(most)s MB. Save it smaller and send it again.",
    "format": "The photo must be a JPEG or PNG picture.",
    "animated": "The photo must be a single still picture.",
    "pixels": "The photo has more than %(most)s million pixels. Save it smaller and send it again.",
    "small": "The photo has %(width)s × %(height)s pixels; it needs at least "
    "%(least_width)s × %(least_height)s.",
    "ratio": "The photo is %(width)s wide and %(height)s high; an identity photo is upright, "
    "35 wide to 45 high. Crop it and send it again.",
    "damaged": "The photo file is damaged or of an unusual kind. Save it as an ordinary JPEG "
    "and send it again.",
}


class PrintError(Invalid):
    """A document that cannot be set as asked; nothing was made."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        super().__init__(PRINT_MESSAGES[code], **params)


class PhotoError(Invalid):
    """A photo that is not taken in."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        super().__init__(PHOTO_MESSAGES[code], **params)
