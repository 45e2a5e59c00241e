"""A public notice as a PDF: the text, the table over as many pages as it needs, and its anchors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import texts
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    CONTINUED_TOP,
    GREY,
    LEFT,
    RIGHT,
    WIDTH,
    Align,
    Anchor,
    Sheet,
    anchor_lines,
    banner,
    continued,
    day,
    footer,
    letterhead,
)
from exam_system.printing.table import HEAD, Column, Row, draw, pages, set_rows

SIZE = 9.0
BODY = 11.0
LEAD = 6.9  # mm from one line of the body to the next
GAP = 5.0  # mm between body and table
CLOSING = 22.0  # mm for the bureau's name and the date after the last row


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the notice; `share` is its part of the page's width, relative to the others."""

    title: str
    share: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Notice:
    """All that a notice shows. `reason` only where the version corrects an earlier one."""

    bureau: str
    exam: str
    title: str
    stage: str
    version: int
    reason: str | None
    body: tuple[str, ...]
    columns: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]
    anchor: Anchor
    at: datetime


@dataclass(frozen=True, slots=True)
class _Page:
    """Body lines, then rows of the table."""

    lines: list[str]
    rows: list[Row]


def notice_pdf(data: Notice, fonts: Fonts) -> bytes:
    """The unsigned notice; every page carries the anchors, its number and the number of pages."""
    check_glyphs(data)
    sheet = Sheet(fonts, title=data.title, author=data.bureau, at=data.at)
    columns = _columns(data)
    top = _front(sheet, data)
    made = _plan(sheet, data, columns, top)
    for number, page in enumerate(made, 1):
        y = top if number == 1 else continued(sheet, data.title)
        y = _body(sheet, y, page.lines)
        bottom = draw(sheet, y, columns, page.rows, SIZE) if page.rows else y
        if number == len(made):
            _closing(sheet, bottom, data)
        footer(sheet, data.anchor, texts.PAGE.format(page=number, pages=len(made)))
    return sheet.finish()


def _plan(sheet: Sheet, data: Notice, columns: Sequence[Column], top: float) -> list[_Page]:
    """What goes on which page, so that every page can say how many there are."""
    foot = 279 - len(anchor_lines(sheet, data.anchor)) * 3.3
    room, later = foot - top, foot - CONTINUED_TOP
    made = []
    lines = [line for part in data.body for line in _paragraph(sheet, part)]
    while len(lines) * LEAD > room:
        fits = max(0, int(room / LEAD))
        made.append(_Page(lines[:fits], []))
        lines, room = lines[fits:], later
    room -= len(lines) * LEAD + (GAP if lines else 0)
    for rows in pages(set_rows(sheet, columns, data.rows, SIZE), room, later):
        made.append(_Page(lines, rows))
        lines = []
    _make_room(made, room if made[-1].lines or len(made) == 1 else later)
    return made


def _make_room(made: list[_Page], room: float) -> None:
    """Bureau and date never stand alone: where they do not fit, the last rows or
    lines go with them."""
    last = made[-1]
    height = sum(row.height for row in last.rows) + (HEAD if last.rows else 0)
    if height + CLOSING <= room:
        return
    keep = max(len(last.rows) - 3, 0)
    if last.rows:
        made[-1:] = [_Page(last.lines, last.rows[:keep]), _Page([], last.rows[keep:])]
    else:
        made[-1:] = [_Page(last.lines[:-2], []), _Page(last.lines[-2:], [])]


def _paragraph(sheet: Sheet, text: str) -> list[str]:
    return sheet.lines("\u3000\u3000" + text, BODY, RIGHT - LEFT)


def _body(sheet: Sheet, y: float, lines: Sequence[str]) -> float:
    for number, line in enumerate(lines):
        sheet.text(LEFT, y + 5 + number * LEAD, line, BODY)
    return y + len(lines) * LEAD + (GAP if lines else 0)


def _columns(data: Notice) -> tuple[Column, ...]:
    whole = sum(column.share for column in data.columns)
    return tuple(
        Column(column.title, (RIGHT - LEFT) * column.share / whole, column.align)
        for column in data.columns
    )


def _front(sheet: Sheet, data: Notice) -> float:
    stage = texts.STAGES.get(data.stage, data.stage)
    version = texts.VERSION_TEXT.format(version=data.version)
    letterhead(sheet, data.bureau, f"{stage}  ·  {version}")
    y = banner(sheet, 36, data.title, (19, 17, 15, 13), rows=3)
    size, lines = sheet.fit(f"{texts.EXAM.zh}：{data.exam}", (9, 8, 7, 6), RIGHT - LEFT)
    sheet.text(WIDTH / 2, y, lines[0], size, colour=GREY, align="centre")
    label = texts.CHANGE_REASON if data.stage == "announcement" else texts.REASON
    return _reason(sheet, y + 9, f"{label.zh}：{data.reason}") if data.reason else y + 4


def _reason(sheet: Sheet, y: float, text: str) -> float:
    lines = sheet.lines(text, 10, RIGHT - LEFT - 10)
    height = len(lines) * 6 + 4
    sheet.box(LEFT, y - 4.5, RIGHT - LEFT, height, edge=BLUE)
    sheet.paragraph(LEFT + 5, y + 1.5, text, 10, RIGHT - LEFT - 10, colour=BLUE)
    return y + height - 1.5


def _closing(sheet: Sheet, y: float, data: Notice) -> None:
    width = max(sheet.width(data.bureau, 11), 40)
    middle = RIGHT - width / 2 - 4
    sheet.text(middle, y + 13, data.bureau, 11, align="centre")
    sheet.text(middle, y + 19.5, day(data.at), 11, align="centre")
