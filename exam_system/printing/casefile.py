"""The case file of a pair or ring for the experts: sheets, seats, statistics, limits, opinions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam_system.printing import casefile_words as words
from exam_system.printing.fonts import Fonts, check_glyphs
from exam_system.printing.layout import (
    BLUE,
    GREY,
    INK,
    LEFT,
    PALE,
    RIGHT,
    RULE,
    WHITE,
    Anchor,
    Sheet,
    continued,
    fields,
    foot,
    footer,
    heading,
    masthead,
)
from exam_system.printing.table import HEAD, Column, draw, set_rows

WIDE = RIGHT - LEFT
ACROSS = 30  # items in a block of the strips
CELL, LABEL, HEIGHT = 5.0, 20.0, 4.6  # mm
BARS = 30.0  # mm, height of the picture of the null distribution
_STATISTICS = (
    Column(words.STATISTIC, 42),
    Column(words.VALUE, 50),
    Column(words.MEANING, 78),
)
_OPINIONS = (Column(words.EXPERT, 42), Column(words.OPINION, 28), Column(words.REASON, 100))


@dataclass(frozen=True, slots=True)
class Bars:
    """Heights between 0 and 1 of the numbers from `first` on; `seen` is what was observed."""

    first: int
    heights: tuple[float, ...]
    seen: int


@dataclass(frozen=True, slots=True)
class PairPage:
    """One pair. `columns` hold number, key, both answers and the mark of each item; `dots` x, y in
    seats from the corner and 0, 1 or 2; `statistics` rows as `words.ROWS` has them, filled in."""

    first: str
    second: str
    columns: tuple[tuple[str, str, str, str, str], ...]
    counts: str
    seats: str
    dots: tuple[tuple[int, int, int], ...]
    bars: Bars
    null: str
    statistics: tuple[tuple[str, str, str], ...]
    rates: str


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """All that a case file shows; `opinions` are expert, opinion and reason, empty before all are
    in, and `waiting` or `decided` say how far the group is."""

    bureau: str
    exam: str
    subject: str
    number: str
    people: str
    state: str
    pairs: tuple[PairPage, ...]
    method: str
    opinions: tuple[tuple[str, str, str], ...]
    status: str
    anchor: Anchor
    at: datetime


class _Pages:
    """Pages under the pen: what does not fit any more goes on the next one."""

    def __init__(self, sheet: Sheet, case: CaseSheet, y: float) -> None:
        self.sheet, self.case, self.y, self.page = sheet, case, y, 1

    def room(self, height: float) -> float:
        """The y where `height` mm are free."""
        if self.y + height > foot(self.sheet, self.case.anchor) - 3:
            self.turn()
        return self.y

    def turn(self) -> None:
        """Begin the next page."""
        self.end()
        self.page += 1
        self.y = continued(self.sheet, f"{self.case.exam} {words.CASE_FILE.zh}") + 3

    def end(self) -> None:
        """Finish the page with its foot."""
        footer(self.sheet, self.case.anchor, words.PAGE.format(page=self.page))


def casefile_pdf(case: CaseSheet, fonts: Fonts) -> bytes:
    """The case file: every pair in turn, then method, opinions and a place to sign."""
    check_glyphs(case)
    title = f"{case.exam} {words.CASE_FILE.zh}"
    sheet = Sheet(fonts, title=title, author=case.bureau, at=case.at)
    y = masthead(sheet, case.bureau, case.number, case.exam, words.CASE_FILE)
    pages = _Pages(sheet, case, _front(sheet, y, case) + 7)
    for number, pair in enumerate(case.pairs):
        if number:
            pages.turn()
        _sheets(pages, pair)
        _figures(pages, pair)
    _method(pages)
    _last(pages)
    pages.end()
    return sheet.finish()


def _front(sheet: Sheet, y: float, case: CaseSheet) -> float:
    lines = sheet.lines(words.NOTICE_TEXT, 9, RIGHT - LEFT - 8)
    height = 9.5 + 4.4 * len(lines)
    sheet.box(LEFT, y, RIGHT - LEFT, height, fill=PALE, edge=BLUE, weight=0.8)
    sheet.text(LEFT + 4, y + 5.6, words.NOTICE.zh, 11, bold=True, colour=BLUE)
    width = sheet.width(words.NOTICE.zh, 11, bold=True)
    sheet.text(LEFT + 6 + width, y + 5.6, words.NOTICE.en, 7, colour=GREY)
    for number, line in enumerate(lines):
        sheet.text(LEFT + 4, y + 10.8 + number * 4.4, line, 9)
    rows = [
        (words.SUBJECT, case.subject, False),
        (words.NUMBER, case.number, False),
        (words.PEOPLE, case.people, False),
        (words.STATE, case.state, False),
    ]
    return fields(sheet, LEFT, y + height + 3, RIGHT - LEFT, rows)


def _sheets(pages: _Pages, pair: PairPage) -> None:
    """Both sheets item by item, and what agrees."""
    sheet = pages.sheet
    title = words.PAIR.format(first=pair.first, second=pair.second)
    sheet.text(LEFT, pages.room(40), title, 12, bold=True)
    pages.y = heading(sheet, pages.y + 6, words.STRIPS) + 1.5
    for start in range(0, len(pair.columns), ACROSS):
        y = pages.room(5 * HEIGHT + 1.6)
        pages.y = _strip(sheet, y, pair, pair.columns[start : start + ACROSS]) + 1.6
    y = sheet.paragraph(LEFT, pages.room(14) + 2.2, words.STRIPS_KEY, 7, WIDE, colour=GREY)
    pages.y = sheet.paragraph(LEFT, y + 1, pair.counts, 9.5, WIDE, bold=True)


def _figures(pages: _Pages, pair: PairPage) -> None:
    """Seats and null distribution, statistics, error rates."""
    sheet, rows = pages.sheet, set_rows(pages.sheet, _STATISTICS, pair.statistics, 8)
    deep = max((row for _, row, _ in pair.dots), default=0) * 6.0
    pages.y = _pictures(sheet, pages.room(max(62.0, 34 + deep)) + 1.5, pair)
    tall = HEAD + sum(row.height for row in rows)
    y = heading(sheet, pages.room(tall + 12) + 5, words.STATISTICS) + 2
    pages.y = draw(sheet, y, _STATISTICS, rows, 8)
    y = heading(sheet, pages.room(30) + 6, words.RATES) + 4.5
    pages.y = sheet.paragraph(LEFT, y, pair.rates, 9, WIDE, lead=0.52)


def _strip(
    sheet: Sheet, y: float, pair: PairPage, columns: Sequence[tuple[str, str, str, str, str]]
) -> float:
    """Rows of one block: item numbers, key, both answers, mark; identical wrong ones are framed."""
    names = (words.ITEM, words.KEY, pair.first, pair.second, words.SAME)
    for row, name in enumerate(names):
        size, lines = sheet.fit(name, (8, 7, 6, 5), LABEL - 1)
        sheet.text(LEFT, y + (row + 0.75) * HEIGHT, lines[0], size)
    for at, column in enumerate(columns):
        x = LEFT + LABEL + at * CELL
        wrong = column[4] == "●"
        sheet.box(x, y + 2 * HEIGHT, CELL, 2 * HEIGHT, fill=PALE if wrong else WHITE, edge=RULE)
        if wrong:
            sheet.box(x, y + 2 * HEIGHT, CELL, 2 * HEIGHT, edge=INK, weight=1.1)
        for row, cell in enumerate(column):
            size, bold = (5.5, False) if row == 0 else (8, wrong and row in (2, 3))
            middle = (x + CELL / 2, y + (row + 0.75) * HEIGHT)
            sheet.text(*middle, cell, size, bold=bold, align="centre")
    return y + len(names) * HEIGHT


def _pictures(sheet: Sheet, y: float, pair: PairPage) -> float:
    """Seats left, the null distribution right."""
    half = (RIGHT - LEFT - 8) / 2
    low = heading(sheet, y + 4, words.SEATS, right=LEFT + half) + 4.5
    low = sheet.paragraph(LEFT, low, pair.seats, 8.5, half, lead=0.5)
    low = _seat_map(sheet, low, pair.dots)
    x = LEFT + half + 8
    right = heading(sheet, y + 4, words.NULL, x=x) + 3
    right = _bars(sheet, x, right, half, pair.bars)
    right = sheet.paragraph(x, right + 5, pair.null, 7.5, half, lead=0.5)
    return max(low, right)


def _seat_map(sheet: Sheet, y: float, dots: Sequence[tuple[int, int, int]]) -> float:
    side = 5.2
    for column, row, who in dots:
        at = (LEFT + column * (side + 0.8), y + row * (side + 0.8))
        sheet.box(*at, side, side, fill=INK if who else WHITE, edge=RULE)
        if who:
            middle = (at[0] + side / 2, at[1] + side * 0.72)
            sheet.text(*middle, str(who), 9, bold=True, colour=WHITE, align="centre")
    return y + (max((row for _, row, _ in dots), default=-1) + 1) * (side + 0.8)


def _bars(sheet: Sheet, x: float, y: float, width: float, bars: Bars) -> float:
    step = width / len(bars.heights)
    base = y + BARS
    for at, height in enumerate(bars.heights):
        number = bars.first + at
        if height > 0.002:
            tall = height * BARS
            sheet.box(x + at * step, base - tall, step * 0.8, tall, fill=BLUE, edge=None)
        if number % 5 == 0:
            sheet.text(x + (at + 0.4) * step, base + 6.4, str(number), 6.5, align="centre")
    sheet.rule(x, base, x + width, base, colour=INK)
    seen = x + (bars.seen - bars.first + 0.4) * step
    sheet.text(seen, base + 3.3, "▲", 8, bold=True, align="centre")
    sheet.rule(seen, y, seen, base, weight=1.0, colour=INK)
    return base + 6


def _method(pages: _Pages) -> None:
    sheet, text = pages.sheet, pages.case.method
    lines = len(sheet.lines(text, 9, WIDE))
    y = heading(sheet, pages.room(16 + lines * 4.7) + 5, words.METHOD) + 4.5
    pages.y = sheet.paragraph(LEFT, y, text, 9, WIDE, lead=0.52)


def _last(pages: _Pages) -> None:
    """The opinions, how far the group is, and a place to sign."""
    sheet, rows = pages.sheet, set_rows(pages.sheet, _OPINIONS, pages.case.opinions, 9)
    tall = HEAD + sum(row.height for row in rows)
    y = heading(sheet, pages.room(tall + 38) + 5, words.OPINIONS) + 2
    if rows:
        y = draw(sheet, y, _OPINIONS, rows, 9) + 3
    y = sheet.paragraph(LEFT, y + 4, pages.case.status, 10, WIDE, bold=True)
    sheet.text(LEFT, y + 10, words.SIGN, 9.5)
