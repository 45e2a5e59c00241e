"""Papers of a violation: notice of what is intended, decision, receipt for things taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    GREY,
    LEFT,
    RIGHT,
    Anchor,
    Sheet,
    continued,
    day,
    foot,
    footer,
    masthead,
)
from exam_system.printing.texts import Label

BODY, LEAD, GAP = 11, 6.6, 3.0
CLOSING, LINE = 24.0, 8.0

NOTICE = Label("违纪违规行为拟处理告知书", "Notice of an intended decision")
DECISION = Label("违纪违规行为处理决定书", "Decision on a violation")
ITEMS = Label("暂扣物品收据", "Receipt for things taken")
PAGES = "第{page}页"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper: its heading and its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """All that a paper shows: `to` is whom it addresses, `signatures` are lines to be signed."""

    label: Label
    bureau: str
    exam: str
    number: str
    to: str
    sections: tuple[Section, ...]
    signatures: tuple[str, ...]
    anchor: Anchor
    at: datetime


def paper_pdf(data: Paper, fonts: Fonts) -> bytes:
    """The paper on as many A4 pages as it needs; PrintError for what cannot be printed."""
    check_glyphs(data)
    title = f"{data.exam} {data.label.zh}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    pen = _Pen(sheet, data, masthead(sheet, data.bureau, data.number, data.exam, data.label) + 6)
    pen.line(f"{data.to}：", bold=True)
    for section in data.sections:
        pen.section(section)
    pen.close()
    return sheet.finish()


@dataclass(slots=True)
class _Pen:
    """Where the next line goes, and on which page."""

    sheet: Sheet
    data: Paper
    y: float
    page: int = 1

    def line(self, text: str, *, bold: bool = False, size: float = BODY) -> None:
        for row in self.sheet.lines(text, size, RIGHT - LEFT, bold=bold):
            self.room(LEAD)
            self.sheet.text(LEFT, self.y, row, size, bold=bold)
            self.y += LEAD

    def section(self, section: Section) -> None:
        self.y += GAP
        self.room(3 * LEAD)
        self.sheet.text(LEFT, self.y, section.title, BODY, bold=True, colour=BLUE)
        self.y += LEAD
        for paragraph in section.paragraphs:
            for part in paragraph.split("\n"):
                self.line("\u3000\u3000" + part)

    def room(self, height: float) -> None:
        """Begin another page unless so much is left of this one."""
        if self.y + height <= foot(self.sheet, self.data.anchor):
            return
        self._foot()
        self.page += 1
        self.y = continued(self.sheet, f"{self.data.label.zh} {self.data.number}") + 4

    def close(self) -> None:
        """Bureau and date, and the lines that are signed by hand."""
        self.room(CLOSING + (len(self.data.signatures) - 1) * LINE)
        width = max(self.sheet.width(self.data.bureau, BODY), 40)
        middle = RIGHT - width / 2 - 4
        self.sheet.text(middle, self.y + 10, self.data.bureau, BODY, align="centre")
        self.sheet.text(middle, self.y + 17, day(self.data.at), BODY, align="centre")
        y = self.y + CLOSING
        for text in self.data.signatures:
            self.sheet.text(LEFT, y, text, 9.5, colour=GREY)
            self.sheet.rule(LEFT + 62, y + 1, LEFT + 120, y + 1)
            y += LINE
        self._foot()

    def _foot(self) -> None:
        footer(self.sheet, self.data.anchor, PAGES.format(page=self.page))
