"""Many documents of one kind: what they share is set once, what differs is printed over it.

reportlab sets a page for each distinct form (`Stock`); a document then takes the form's objects as
they are and adds a small stream of its own text, its pictures and a font of only its characters.
PDF 1.4 (ISO 32000-1); an own file costs a twentieth of setting the page anew.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from exam_system.printing.fonts import Fonts
from exam_system.printing.glyphs import Cut, cut_font
from exam_system.printing.layout import HEIGHT, INK, MM, WIDTH, Align, Measure, Sheet, pdf_date
from exam_system.printing.qr import modules

_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_NUMBER = re.compile(rb"(\d+) 0 R")
_DATES = re.compile(rb"/(CreationDate|ModDate) \([^)]*\)")
_SPACES = {"L": b"/DeviceGray", "RGB": b"/DeviceRGB", "CMYK": b"/DeviceCMYK"}
_BINARY = b"%PDF-1.4\n%\x93\x8c\x8b\x9e\n"


@dataclass(frozen=True, slots=True)
class Stock:
    """Objects of the set forms by number; `pages` are the contents of each form's page.

    `fonts` is the number of their fonts, `info` and `catalog` of those objects, `tree` of the
    pages' parent. `size` is the first number that is free.
    """

    objects: dict[int, bytes]
    pages: tuple[int, ...]
    fonts: int
    info: int
    catalog: int
    tree: int
    size: int


def make_stock(sheet: Sheet) -> Stock:
    """The forms drawn on a sheet, a page each."""
    data = sheet.finish()
    found = _START.search(data)
    assert found is not None
    table = data[int(found[1]) :].split(b"\n")
    offsets = [int(line.split()[0]) for line in table[2 : 2 + int(table[1].split()[1])]]
    ends = sorted([*offsets[1:], int(found[1])])
    following = dict(pairwise(ends))
    objects = {
        number: data[at : following[at]].partition(b" 0 obj\n")[2].rpartition(b"endobj")[0]
        for number, at in enumerate(offsets)
        if number
    }
    trailer = data[int(found[1]) :]
    tree = _reference(objects[_reference(trailer, b"/Root")], b"/Pages")
    kids = [int(kid) for kid in _NUMBER.findall(objects[tree].partition(b"/Kids")[2])]
    return Stock(
        objects={number: body for number, body in objects.items() if number not in kids},
        pages=tuple(_reference(objects[kid], b"/Contents") for kid in kids),
        fonts=_reference(objects[kids[0]], b"/Font"),
        info=_reference(trailer, b"/Info"),
        catalog=_reference(trailer, b"/Root"),
        tree=tree,
        size=len(offsets),
    )


def _reference(body: bytes, key: bytes) -> int:
    return int(body.partition(key)[2].split()[0])


@dataclass(slots=True)
class Pen(Measure):
    """Draws on one page over a form, in mm from the top left, as a `Sheet` does."""

    marks: list[bytes | tuple[bool, str]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    codes: list[Any] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: Any = INK,
        align: Align = "left",
    ) -> None:
        """One line; `x` is its left end, centre or right end, `y` its baseline."""
        back = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        left = x - back * self.width(text, size, bold=bold) if back else x
        place = f"{left * MM:.2f} {(HEIGHT - y) * MM:.2f}"
        self.marks.append(f"{_rgb(colour)} rg BT /{_name(bold)} {size} Tf {place} Td ".encode())
        self.marks.append((bold, text))
        self.marks.append(b" Tj ET\n")

    def box(self, x: float, y: float, width: float, height: float, *, fill: Any, edge: Any) -> None:
        """A filled rectangle whose top left corner is (x, y)."""
        sides = (x * MM, (HEIGHT - y - height) * MM, width * MM, height * MM)
        place = " ".join(f"{side:.2f}" for side in sides)
        self.marks.append(f"{_rgb(fill)} rg {_rgb(edge)} RG 0.5 w {place} re B\n".encode())

    def image(self, x: float, y: float, width: float, height: float, jpeg: bytes) -> None:
        """A JPEG inside the rectangle, undistorted and centred; OSError if it is none."""
        with Image.open(BytesIO(jpeg), formats=("JPEG",)) as opened:
            across, down = opened.size
        scale = min(width / across, height / down)
        wide, high = across * scale, down * scale
        left, top = x + (width - wide) / 2, y + (height - high) / 2
        self._place(f"P{len(self.pictures)}", left, top, wide, high)
        self.pictures.append(jpeg)

    def qr(self, x: float, y: float, side: float, data: str) -> None:
        """A QR code of `side` mm, a mask of one bit a module: sharp at every size."""
        self.marks.append(f"{_rgb(INK)} rg\n".encode())
        self._place(f"Q{len(self.codes)}", x, y, side, side)
        self.codes.append(modules(data.encode()))

    def _place(self, name: str, x: float, y: float, width: float, height: float) -> None:
        sides = (width * MM, 0, 0, height * MM, x * MM, (HEIGHT - y - height) * MM)
        matrix = " ".join(f"{side:.3f}" for side in sides)
        self.marks.append(f"q {matrix} cm /{name} Do Q\n".encode())

    def characters(self, bold: bool) -> set[str]:
        """All that is written in one weight."""
        said = (mark for mark in self.marks if isinstance(mark, tuple))
        return {c for weight, text in said if weight is bold for c in text}


def _rgb(colour: Any) -> str:
    return f"{colour.red:.4f} {colour.green:.4f} {colour.blue:.4f}"


def _name(bold: bool) -> str:
    return "OB" if bold else "OR"


def overprint(stock: Stock, pages: Sequence[tuple[int, Pen]], fonts: Fonts, at: datetime) -> bytes:
    """A file of one page for each (number of the form, what is drawn over it)."""
    made = _File(stock)
    cuts: dict[bool, Cut] = {}
    names = []
    for bold, font in ((False, fonts.regular), (True, fonts.bold)):
        used = set().union(*(pen.characters(bold) for _, pen in pages))
        if used:
            cuts[bold] = cut_font(font, used)
            names.append(f"/{_name(bold)} {made.font(cuts[bold])} 0 R".encode())
    inner = stock.objects[stock.fonts].strip().removeprefix(b"<<").removesuffix(b">>")
    made.put(stock.fonts, b"<<" + inner + b" ".join(names) + b">>")
    kids = [made.page(stock.pages[form], pen, cuts) for form, pen in pages]
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    made.put(stock.tree, b"<</Type /Pages /Count %d /Kids [%s]>>" % (len(kids), listed))
    return made.finish(at)


class _File:
    """A file while its objects are put one after the other."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self.new: dict[int, bytes] = {}
        self.next = stock.size

    def put(self, number: int, body: bytes) -> None:
        self.new[number] = body

    def add(self, body: bytes) -> int:
        self.next += 1
        self.new[self.next - 1] = body
        return self.next - 1

    def stream(self, head: bytes, data: bytes, *, packed: bool = False) -> int:
        if not packed:
            data, head = zlib.compress(data, 6), head + b" /Filter /FlateDecode"
        return self.add(b"<<%s /Length %d>>\nstream\n%s\nendstream" % (head, len(data), data))

    def font(self, cut: Cut) -> int:
        """A composite font whose codes are the numbers of its glyphs (ISO 32000-1, 9.7)."""
        file = self.stream(b"/Length1 %d" % len(cut.file), cut.file)
        known = self.stream(b"", cut.to_unicode)
        descriptor = self.add(cut.descriptor(file))
        below = self.add(cut.descendant(descriptor))
        return self.add(
            b"<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H "
            b"/DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>" % (cut.name, below, known)
        )

    def page(self, form: int, pen: Pen, cuts: dict[bool, Cut]) -> int:
        drawn = b"".join(
            mark if isinstance(mark, bytes) else cuts[mark[0]].codes(mark[1]) for mark in pen.marks
        )
        own = self.stream(b"", b"q\n" + drawn + b"Q\n")
        images = [(f"P{n}", self._picture(one)) for n, one in enumerate(pen.pictures)]
        images += [(f"Q{n}", self._code(one)) for n, one in enumerate(pen.codes)]
        listed = " ".join(f"/{name} {number} 0 R" for name, number in images).encode()
        return self.add(
            b"<</Type /Page /Parent %d 0 R /MediaBox [0 0 %.4f %.4f] /Contents [%d 0 R %d 0 R] "
            b"/Resources <</Font %d 0 R /ProcSet [/PDF /Text /ImageB /ImageC /ImageI] "
            b"/XObject <<%s>>>>>>"
            % (self.stock.tree, WIDTH * MM, HEIGHT * MM, form, own, self.stock.fonts, listed)
        )

    def _picture(self, jpeg: bytes) -> int:
        with Image.open(BytesIO(jpeg), formats=("JPEG",)) as opened:
            size, space = opened.size, _SPACES[opened.mode]
        head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s"
        rest = b" /BitsPerComponent 8 /Filter /DCTDecode"
        return self.stream(head % (*size, space) + rest, jpeg, packed=True)

    def _code(self, square: Any) -> int:
        side = len(square)
        head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ImageMask true "
        rest = b"/BitsPerComponent 1 /Decode [1 0]"
        return self.stream(head % (side, side) + rest, np.packbits(square, axis=1).tobytes())

    def finish(self, at: datetime) -> bytes:
        stamp = pdf_date(at).encode()
        stock = self.stock
        info = _DATES.sub(lambda match: b"/%s (%s)" % (match[1], stamp), stock.objects[stock.info])
        out, place, offsets = [_BINARY], len(_BINARY), {}
        for number, body in sorted({**stock.objects, **self.new, stock.info: info}.items()):
            offsets[number] = place
            out.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            place += len(out[-1])
        out.append(b"xref\n0 %d\n0000000000 65535 f \n" % self.next)
        lines = (
            b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
            for number in range(1, self.next)
        )
        mark = hashlib.md5(stamp, usedforsecurity=False).hexdigest().encode()
        out += lines
        out.append(
            b"trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>]>>\n"
            b"startxref\n%d\n%%%%EOF\n" % (self.next, stock.catalog, stock.info, mark, mark, place)
        )
        return b"".join(out)
