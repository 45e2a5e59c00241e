"""Labels of bags: 3 × 7 to an A4 page, each with a Code 128 barcode that every scanner reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reportlab.graphics.barcode.code128 import Code128

from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import GREY, HEIGHT, MM, Sheet

ACROSS, DOWN = 3, 7
WIDE, HIGH = 63.5, 38.1  # mm, a common sheet of labels
LEFT, TOP, GAP = 7.2, 15.1, 2.5
QUIET = 2.5  # mm left free on both sides of the bars
BARS = 11.0  # mm high


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one label; `begins` in the bureau's zone."""

    barcode: str
    kind: str
    session: str
    begins: datetime
    district: str
    site: str
    room: str
    papers: int
    spares: int
    seal: str

    @property
    def place(self) -> str:
        """Where the bag belongs."""
        room = f"{self.site} 第{self.room}考场" if self.room else "考区备用"
        return f"{self.district} {room}"

    @property
    def contents(self) -> str:
        """What it holds, and the seal."""
        spare = f"＋备用{self.spares}份" if self.spares else ""
        return f"{self.papers}份{spare}　封条：{self.seal}"


def labels_pdf(
    bureau: str, exam: str, labels: Sequence[Label], at: datetime, fonts: Fonts
) -> bytes:
    """The PDF of the labels in their order."""
    for label in labels:
        check_glyphs(label)
    sheet = Sheet(fonts, title=f"{exam} 试卷袋条码", author=bureau, at=at)
    for number, label in enumerate(labels):
        spot = number % (ACROSS * DOWN)
        if number and not spot:
            sheet.next_page()
        x = LEFT + spot % ACROSS * (WIDE + GAP)
        _draw(sheet, x, TOP + spot // ACROSS * HIGH, exam, label)
    return sheet.finish()


def _draw(sheet: Sheet, x: float, y: float, exam: str, label: Label) -> None:
    wide = WIDE - 4
    size, lines = sheet.fit(exam, (7, 6, 5, 4), wide, rows=1)
    sheet.text(x + 2, y + 4.5, lines[0], size, colour=GREY)
    head = f"{label.kind} {label.session}"
    size, lines = sheet.fit(head, (11, 9, 8, 7), wide, rows=1, bold=True)
    sheet.text(x + 2, y + 9.3, lines[0], size, bold=True)
    size, lines = sheet.fit(label.place, (8, 7, 6, 5), wide, rows=1)
    sheet.text(x + 2, y + 13.4, lines[0], size)
    when = f"{label.begins:%Y-%m-%d %H:%M} 开考　{label.contents}"
    size, lines = sheet.fit(when, (7, 6, 5), wide, rows=1)
    sheet.text(x + 2, y + 17.2, lines[0], size)
    _bars(sheet, x + QUIET, y + 19, label.barcode)
    sheet.text(x + WIDE / 2, y + 34.5, label.barcode, 9, bold=True, align="centre")


def _bars(sheet: Sheet, x: float, y: float, barcode: str) -> None:
    """Bars as wide as the label allows, all of one module's multiple."""
    wide = (WIDE - 2 * QUIET) * MM
    options = {"barHeight": BARS * MM, "quiet": False}
    modules = Code128(barcode, barWidth=1, **options).width
    bars = Code128(barcode, barWidth=wide / modules, **options)
    bars.drawOn(sheet.canvas, x * MM, (HEIGHT - y - BARS) * MM)
