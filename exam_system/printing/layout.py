"""One A4 document under the pen: text, lines, photos and codes, placed in mm from the top left."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal, TypeVar

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from exam_system.printing import texts
from exam_system.printing.errors import PrintError
from exam_system.printing.fonts import Fonts
from exam_system.printing.qr import modules
from exam_system.printing.texts import Label

T = TypeVar("T")
MM = 72 / 25.4
WIDTH, HEIGHT = 210.0, 297.0
LEFT, RIGHT = 20.0, 190.0
CONTINUED_TOP = 27.0
INK, BLUE, GREY = HexColor("#1f2933"), HexColor("#1b4f8a"), HexColor("#5b6672")
RULE, PALE, WHITE = HexColor("#b9c4d0"), HexColor("#edf2f8"), HexColor("#ffffff")
Align = Literal["left", "centre", "right"]
# Latin words and numbers stay whole; closing marks do not begin a line, opening ones do not end it.
WORDS = re.compile(r"[“‘（《【「]*(?:[!-~]+|.)[，。、；：？！）》】」”’·]*| ")


@dataclass(frozen=True, slots=True)
class Anchor:
    """What ties a page to a signed tree: its origin, size, root (base64) and keys.

    `keys` are pairs of role (log, publisher, officer, inspector) and fingerprint.
    """

    origin: str
    size: int
    root: str
    keys: tuple[tuple[str, str], ...]


class _Jpeg(ImageReader):  # type: ignore[misc]
    """A JPEG that goes into the file as it is; reportlab would decode it only to name it."""

    def __init__(self, jpeg: bytes) -> None:
        if not jpeg.startswith(b"\xff\xd8\xff"):
            raise OSError("not a JPEG")
        super().__init__(BytesIO(jpeg))
        self._dataA = None  # no transparency
        self._jpeg = jpeg

    def getRGBData(self) -> bytes:
        return self._jpeg


@dataclass(slots=True)
class Measure:
    """How much room text takes in these fonts."""

    fonts: Fonts

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Width of a line in mm."""
        font = self.fonts.bold if bold else self.fonts.regular
        return float(stringWidth(text, font, size)) / MM

    def lines(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        """`text` broken into lines of at most `width` mm."""
        font = self.fonts.bold if bold else self.fonts.regular
        return list(_broken(text, font, size, width * MM))

    def fit(
        self,
        text: str,
        sizes: Sequence[float],
        width: float,
        *,
        rows: int = 1,
        bold: bool = False,
    ) -> tuple[float, list[str]]:
        """The largest of `sizes` at which `text` needs at most `rows` lines, and those lines."""
        for size in sizes:
            lines = self.lines(text, size, width, bold=bold)
            if len(lines) <= rows:
                return size, lines
        raise PrintError("too_long", text=text[:60])


class Sheet(Measure):
    """A PDF of A4 pages. `at` becomes its creation date, so that equal input gives equal bytes."""

    def __init__(self, fonts: Fonts, *, title: str, author: str, at: datetime) -> None:
        super().__init__(fonts)
        self._out = BytesIO()
        self.canvas: Any = Canvas(
            self._out,
            pagesize=(WIDTH * MM, HEIGHT * MM),
            invariant=1,
            pageCompression=1,
            initialFontName=fonts.regular,
            lang="zh-CN",
        )
        self.canvas.setTitle(title)
        self.canvas.setAuthor(author)
        self.canvas.setSubject(title)
        self.canvas.setCreator("exam-system")
        stamp = pdf_date(at)
        self.canvas.setDateFormatter(lambda *_: stamp)
        # The file's /ID would otherwise depend on SOURCE_DATE_EPOCH of the environment.
        self.canvas._doc.signature = hashlib.md5(stamp.encode(), usedforsecurity=False)

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
        font = self.fonts.bold if bold else self.fonts.regular
        self.canvas.setFont(font, size)
        self.canvas.setFillColor(colour)
        draw = {
            "left": self.canvas.drawString,
            "centre": self.canvas.drawCentredString,
            "right": self.canvas.drawRightString,
        }[align]
        draw(x * MM, (HEIGHT - y) * MM, text)

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        width: float,
        *,
        lead: float = 0.6,
        bold: bool = False,
        colour: Any = INK,
    ) -> float:
        """Broken text from baseline `y` down, `lead` mm per point; returns the next baseline."""
        for line in self.lines(text, size, width, bold=bold):
            self.text(x, y, line, size, bold=bold, colour=colour)
            y += size * lead
        return y

    def rule(
        self, x: float, y: float, x2: float, y2: float, *, weight: float = 0.5, colour: Any = RULE
    ) -> None:
        """A line from (x, y) to (x2, y2), `weight` points thick."""
        self.canvas.setLineWidth(weight)
        self.canvas.setStrokeColor(colour)
        self.canvas.line(x * MM, (HEIGHT - y) * MM, x2 * MM, (HEIGHT - y2) * MM)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Any = None,
        edge: Any = RULE,
        weight: float = 0.5,
    ) -> None:
        """A rectangle whose top left corner is (x, y)."""
        self.canvas.setLineWidth(weight)
        if fill is not None:
            self.canvas.setFillColor(fill)
        if edge is not None:
            self.canvas.setStrokeColor(edge)
        self.canvas.rect(
            x * MM,
            (HEIGHT - y - height) * MM,
            width * MM,
            height * MM,
            stroke=int(edge is not None),
            fill=int(fill is not None),
        )

    def image(self, x: float, y: float, width: float, height: float, jpeg: bytes) -> None:
        """A JPEG inside the rectangle, undistorted and centred; OSError if it is none."""
        self.canvas.drawImage(
            _Jpeg(jpeg),
            x * MM,
            (HEIGHT - y - height) * MM,
            width * MM,
            height * MM,
            preserveAspectRatio=True,
            anchor="c",
        )

    def qr(self, x: float, y: float, side: float, data: str | bytes, *, error: str = "m") -> None:
        """A QR code of `side` mm, with its quiet zone of four modules outside that square."""
        square = modules(data.encode() if isinstance(data, str) else data, error=error)
        self.canvas.saveState()
        self.canvas.translate(x * MM, (HEIGHT - y) * MM)
        self.canvas.scale(side * MM / len(square), -side * MM / len(square))
        self.canvas.setFillColor(INK)
        # Whole numbers written as they are: reportlab's path would format each as a float.
        runs = (
            f"{run.start()} {row} {run.end() - run.start()} 1 re"
            for row, line in enumerate(square)
            for run in re.finditer(rb"\x01+", line.tobytes())
        )
        self.canvas._code.append(" ".join(runs) + " f")
        self.canvas.restoreState()

    def next_page(self) -> None:
        self.canvas.showPage()

    def finish(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self._out.getvalue()


def page_each(sheet: Sheet, documents: Iterable[T], draw: Callable[[Sheet, T], None]) -> None:
    """Draw documents on a page each."""
    for number, document in enumerate(documents):
        if number:
            sheet.next_page()
        draw(sheet, document)


def heading(
    sheet: Sheet, y: float, label: Label, *, x: float = LEFT, right: float = RIGHT
) -> float:
    """A section's title over a thin rule; returns the y where its content may begin."""
    sheet.text(x, y, label.zh, 10.5, bold=True, colour=BLUE)
    after = x + sheet.width(label.zh, 10.5, bold=True) + 2
    sheet.text(after, y, label.en, 7, colour=GREY)
    sheet.rule(x, y + 1.8, right, y + 1.8, colour=BLUE, weight=0.6)
    return y + 1.8


def letterhead(sheet: Sheet, bureau: str, note: str) -> None:
    """The bureau left and a note right over the double line at the top of a document."""
    size, lines = sheet.fit(bureau, (10, 9, 8), 110, bold=True)
    sheet.text(LEFT, 17, lines[0], size, bold=True, colour=BLUE)
    size, lines = sheet.fit(note, (8, 7, 6), 58)
    sheet.text(RIGHT, 17, lines[0], size, colour=GREY, align="right")
    sheet.rule(LEFT, 20, RIGHT, 20, colour=BLUE, weight=1.4)
    sheet.rule(LEFT, 20.9, RIGHT, 20.9, colour=BLUE, weight=0.3)


def continued(sheet: Sheet, title: str) -> float:
    """Begin a further page of a document; returns the y where its content may begin."""
    sheet.next_page()
    size, lines = sheet.fit(title, (9, 8, 7, 6, 5), RIGHT - LEFT - 16, bold=True)
    sheet.text(LEFT, 20, lines[0], size, bold=True, colour=BLUE)
    sheet.text(RIGHT, 20, texts.CONTINUED, 9, colour=GREY, align="right")
    sheet.rule(LEFT, 22.5, RIGHT, 22.5, colour=BLUE, weight=0.6)
    return CONTINUED_TOP


def banner(sheet: Sheet, y: float, title: str, sizes: Sequence[float], *, rows: int) -> float:
    """A centred title in lines of about equal length; returns the baseline after it."""
    width = RIGHT - LEFT - 8
    size, lines = sheet.fit(title, sizes, width, rows=rows, bold=True)
    while width > 40 and len(narrower := sheet.lines(title, size, width, bold=True)) == len(lines):
        lines, width = narrower, width - 4
    for line in lines:
        sheet.text(WIDTH / 2, y, line, size, bold=True, align="centre")
        y += size * 0.52
    return y


def masthead(sheet: Sheet, bureau: str, note: str, title: str, document: Label) -> float:
    """Letterhead, exam and the document's name; returns the y below them."""
    letterhead(sheet, bureau, note)
    y = banner(sheet, 32, title, (17, 15, 13.5, 12), rows=2) + 2.2
    spaced = "\u3000".join(document.zh) if len(document.zh) < 4 else document.zh
    sheet.text(WIDTH / 2, y, spaced, 15, bold=True, colour=BLUE, align="centre")
    sheet.text(WIDTH / 2, y + 4.6, document.en, 7, colour=GREY, align="centre")
    return y + 9.5


def fields(
    sheet: Sheet, x: float, y: float, width: float, rows: Sequence[tuple[Label, str, bool]]
) -> float:
    """Labels left, values right, one row each, `True` for a value that must stand out."""
    edges = [y]
    for label, value, strong in rows:
        sizes = (15.0, 13.0, 11.0) if strong else (11.0, 10.0, 9.0)
        size, lines = sheet.fit(value, sizes, width - 32, rows=1 if strong else 3, bold=strong)
        height = max(9.0, len(lines) * size * 0.47 + 4)
        _field(sheet, x, y, height, label)
        base = y + height / 2 - (len(lines) - 1) * size * 0.235 + size * 0.13
        for number, line in enumerate(lines):
            sheet.text(x + 31, base + number * size * 0.47, line, size, bold=strong)
        y += height
        edges.append(y)
    for edge in edges:
        sheet.rule(x, edge, x + width, edge)
    return y


def _field(sheet: Sheet, x: float, y: float, height: float, label: Label) -> None:
    sheet.box(x, y, 28, height, fill=PALE, edge=None)
    sheet.text(x + 2.5, y + height / 2 + 0.1, label.zh, 9.5)
    sheet.text(x + 2.5, y + height / 2 + 3.0, label.en, 6, colour=GREY)


def anchor_lines(sheet: Measure, anchor: Anchor) -> list[str]:
    """The small print of an anchor for the page's width; no fingerprint is torn from its role."""
    tree = f"{anchor.origin}  ·  {texts.SIZE} {anchor.size}  ·  {texts.ROOT} {anchor.root}"
    lines, row = sheet.lines(tree, 6.5, RIGHT - LEFT), ""
    for role, mark in anchor.keys:
        key = f"{texts.KEY.format(role=texts.ROLES[role])} {mark}"
        longer = f"{row}  ·  {key}"
        if row and sheet.width(longer, 6.5) > RIGHT - LEFT:
            lines.append(row)
            row = key
        else:
            row = longer if row else key
    return [*lines, row] if row else lines


def foot(sheet: Measure, anchor: Anchor) -> float:
    """The y of the rule over the footer: what stands above must end before it."""
    return 280.8 - len(anchor_lines(sheet, anchor)) * 3.3


def footer(sheet: Sheet, anchor: Anchor, note: str = "") -> None:
    """The anchor at the foot of the page and a note (page number) under its right end."""
    y = foot(sheet, anchor)
    sheet.rule(LEFT, y, RIGHT, y)
    for number, line in enumerate(anchor_lines(sheet, anchor)):
        sheet.text(LEFT, y + 3.2 + number * 3.3, line, 6.5, colour=GREY)
    if note:
        sheet.text(WIDTH / 2, 289, note, 8, colour=GREY, align="centre")


def pdf_date(at: datetime) -> str:
    """A PDF date (ISO 32000-1, 7.9.4); a time without zone is written without one."""
    zone = at.strftime("%z")
    return at.strftime("D:%Y%m%d%H%M%S") + (f"{zone[:3]}'{zone[3:5]}'" if zone else "")


def day(value: date, *, weekday: bool = False) -> str:
    text = texts.DAY_WITH_WEEKDAY if weekday else texts.DAY
    return text.format(
        year=value.year,
        month=value.month,
        day=value.day,
        weekday=texts.WEEKDAYS[value.weekday()],
    )


@lru_cache(maxsize=4096)
def _broken(text: str, font: str, size: float, width: float) -> tuple[str, ...]:
    if "\n" not in text and stringWidth(text, font, size) <= width:
        return (text,)
    return tuple(
        line for part in text.split("\n") for line in _broken_line(part, font, size, width)
    )


def _broken_line(text: str, font: str, size: float, width: float) -> list[str]:
    lines = [""]
    for word in WORDS.findall(text):
        pieces = [word] if stringWidth(word, font, size) <= width else list(word)
        for piece in pieces:
            if stringWidth(lines[-1] + piece.rstrip(), font, size) <= width:
                lines[-1] += piece
            else:
                lines.append(piece.lstrip())
    return lines
