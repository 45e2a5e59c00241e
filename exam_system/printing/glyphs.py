"""Fonts of a few characters, cut by HarfBuzz in microseconds, as composite fonts of a PDF."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import uharfbuzz as hb
from reportlab.pdfbase import pdfmetrics

# Codes in the PDF are numbers of glyphs, so the file needs no table of characters.
_UNUSED = ("cmap", "name", "OS/2", "post", "gasp")
_BLOCK = 100  # entries one bfchar block may hold (Adobe Technical Note 5411, section 1.4.1)


@dataclass(frozen=True, slots=True)
class Cut:
    """A font of only the glyphs of `numbers`, by character; `widths` in thousandths of its size."""

    name: bytes
    file: bytes
    numbers: dict[str, int]
    widths: dict[int, float]
    face: Any

    def codes(self, text: str) -> bytes:
        """The text as a string of a PDF."""
        return b"<%s>" % "".join([f"{self.numbers[c]:04X}" for c in text]).encode()

    @property
    def to_unicode(self) -> bytes:
        """The map by which text can be copied and searched (ISO 32000-1, 9.10.3)."""
        entries = [
            f"<{number:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for character, number in sorted(self.numbers.items(), key=lambda pair: pair[1])
        ]
        blocks = [entries[at : at + _BLOCK] for at in range(0, len(entries), _BLOCK)]
        body = "".join(
            f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks
        )
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}"
            "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
        ).encode()

    def descriptor(self, file: int) -> bytes:
        """The font descriptor; `file` is the number of the font file's object."""
        face = self.face
        numbers = (*face.bbox, face.italicAngle, face.ascent, face.descent, face.capHeight)
        return (
            b"<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] "
            b"/ItalicAngle %d /Ascent %d /Descent %d /CapHeight %d /StemV %d /FontFile2 %d 0 R>>"
            % (self.name, *numbers, face.stemV, file)
        )

    def descendant(self, descriptor: int) -> bytes:
        """The font of glyphs below the composite one."""
        widths = " ".join(f"{number} [{width:g}]" for number, width in sorted(self.widths.items()))
        return (
            b"<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /FontDescriptor %d 0 R "
            b"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> "
            b"/CIDToGIDMap /Identity /DW 1000 /W [%s]>>" % (self.name, descriptor, widths.encode())
        )


def cut_font(font: str, characters: Collection[str]) -> Cut:
    """The registered `font` with only these characters, all of which it has."""
    face = pdfmetrics.getFont(font).face
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(map(ord, characters))
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in _UNUSED)
    wanted.flags = hb.SubsetFlags.NO_HINTING
    plan = hb.SubsetPlan(_face(face.filename), wanted)
    new, old = plan.old_to_new_glyph_mapping, plan.unicode_to_old_glyph_mapping
    numbers = {c: new[old[ord(c)]] for c in sorted(characters)}
    widths = {numbers[c]: pdfmetrics.stringWidth(c, font, 1000) for c in numbers}
    text = "".join(numbers).encode()
    mark = hashlib.sha256(text).digest()[:6]
    tag = bytes(65 + byte % 26 for byte in mark)
    return Cut(tag + b"+" + font.encode(), plan.execute().blob.data, numbers, widths, face)


@cache
def _face(path: str) -> Any:
    return hb.Face(hb.Blob.from_file_path(path))
