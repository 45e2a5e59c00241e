"""Sealed lots on paper: slips to cut out, and the minutes of the session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import texts
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    CONTINUED_TOP,
    GREY,
    LEFT,
    RIGHT,
    Anchor,
    Sheet,
    continued,
    fields,
    foot,
    footer,
    masthead,
)
from exam_system.printing.table import Column, Row, draw, pages, set_rows

ACROSS, DOWN = 2, 6  # slips of a page
WIDE, HIGH, TOP = 85.0, 44.0, 16.0  # mm
COLUMNS = (
    Column(texts.LOT_TURN.zh, 20, "centre"),
    Column(texts.LOT_LABEL.zh, 70),
    Column(texts.LOT_ENVELOPE.zh, 30, "centre"),
    Column(texts.LOT_PLACE.zh, 30, "centre"),
    Column(texts.LOT_HOW.zh, 20, "centre"),
)


@dataclass(frozen=True, slots=True)
class Slips:
    """What lies in the envelopes; `places` by envelope, envelope 1 first."""

    bureau: str
    exam: str
    group: str
    places: tuple[int, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Minutes:
    """Who picked what; `rows` are turn, label, envelope, place, and whether it was picked."""

    bureau: str
    exam: str
    group: str
    attempt: int
    listed: str
    commitment: str
    secret: str
    rows: tuple[tuple[str, str, str, str, bool], ...]
    anchor: Anchor
    at: datetime


def slips_pdf(data: Slips, fonts: Fonts) -> bytes:
    """Slips to cut along the lines: the envelope's number small, the place large."""
    check_glyphs(data)
    title = f"{texts.LOT_SLIP.zh} {data.group}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    for number, place in enumerate(data.places):
        at = number % (ACROSS * DOWN)
        if number and not at:
            sheet.next_page()
        x, y = LEFT + at % ACROSS * WIDE, TOP + at // ACROSS * HIGH
        _slip(sheet, x, y, data, number + 1, place)
    return sheet.finish()


def _slip(sheet: Sheet, x: float, y: float, data: Slips, envelope: int, place: int) -> None:
    sheet.box(x, y, WIDE, HIGH)
    size, lines = sheet.fit(data.exam, (8, 7, 6, 5), WIDE - 8, rows=2)
    for number, line in enumerate(lines):
        sheet.text(x + 4, y + 6 + number * 3.6, line, size, colour=GREY)
    said = texts.LOT_NUMBER.format(envelope=envelope, group=data.group)
    sheet.text(x + 4, y + HIGH - 4, said, 8, colour=GREY)
    middle = x + WIDE / 2
    sheet.text(middle, y + 19, texts.LOT_PLACE.zh, 10, align="centre")
    sheet.text(middle, y + 33, str(place), 30, bold=True, align="centre")


def minutes_pdf(data: Minutes, fonts: Fonts) -> bytes:
    """The minutes; turns that do not fit continue on further pages."""
    check_glyphs(data)
    title = f"{texts.LOT_MINUTES.zh} {data.group}"
    sheet = Sheet(fonts, title=title, author=data.bureau, at=data.at)
    top = masthead(sheet, data.bureau, data.group, data.exam, texts.LOT_MINUTES)
    facts = [
        (texts.ATTEMPT, str(data.attempt), False),
        (texts.DRAWN_AT, f"{data.at:%Y-%m-%d %H:%M:%S}", False),
        (texts.LOT_LIST, data.listed, False),
        (texts.LOT_COMMITMENT, data.commitment, False),
        (texts.LOT_SECRET, data.secret, False),
    ]
    top = fields(sheet, LEFT, top, RIGHT - LEFT, facts)
    top = sheet.paragraph(LEFT, top + 6, texts.LOT_CHECK, 8.5, RIGHT - LEFT, colour=GREY) + 1
    words = {True: texts.LOT_PICKED, False: texts.LOT_LEFT}
    rows = [(*row[:4], words[row[4]]) for row in data.rows]
    last = foot(sheet, data.anchor) - 2
    made = list(pages(set_rows(sheet, COLUMNS, rows, 9), last - top, last - CONTINUED_TOP))
    for number, page in enumerate(made, 1):
        top = top if number == 1 else continued(sheet, title)
        _page(sheet, top, page, data, (number, len(made)))
    return sheet.finish()


def _page(sheet: Sheet, y: float, rows: list[Row], data: Minutes, page: tuple[int, int]) -> None:
    draw(sheet, y, COLUMNS, rows, 9)
    footer(sheet, data.anchor, texts.PAGE.format(page=page[0], pages=page[1]))
