"""Ruled tables over one or many pages, with the head repeated on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exam_system.printing.layout import BLUE, LEFT, PALE, RULE, WHITE, Align, Sheet

HEAD = 7.5  # mm
PAD = 1.6  # mm left and right of a cell's text


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in mm; the widths of a table's columns add up to its own."""

    title: str
    width: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Row:
    """A row set in lines, and the height it takes in mm."""

    cells: tuple[tuple[str, ...], ...]
    height: float


def set_rows(
    sheet: Sheet, columns: Sequence[Column], rows: Sequence[Sequence[str]], size: float
) -> list[Row]:
    """Break every cell for its column."""
    lead = size * 0.48
    made = []
    for row in rows:
        cells = tuple(
            tuple(sheet.lines(text, size, column.width - 2 * PAD))
            for text, column in zip(row, columns, strict=True)
        )
        made.append(Row(cells, max(map(len, cells)) * lead + 2.6))
    return made


def pages(rows: Sequence[Row], first: float, later: float) -> Iterator[list[Row]]:
    """Rows that fit under a head in `first` mm on the first page and `later` mm on the others."""
    page: list[Row] = []
    room = first - HEAD
    for row in rows:
        if row.height > room and (page or room < later - HEAD):
            yield page
            page, room = [], later - HEAD
        page.append(row)
        room -= row.height
    yield page


def draw(
    sheet: Sheet,
    y: float,
    columns: Sequence[Column],
    rows: Sequence[Row],
    size: float,
    *,
    x: float = LEFT,
) -> float:
    """Head and rows from `y` down; returns the y of the lower edge."""
    _head(sheet, x, y, columns, size)
    y += HEAD
    right = x + sum(column.width for column in columns)
    for number, row in enumerate(rows):
        if number % 2:
            sheet.box(x, y, right - x, row.height, fill=PALE, edge=None)
        _row(sheet, x, y, columns, row, size)
        y += row.height
        sheet.rule(x, y, right, y, weight=0.3, colour=RULE)
    return y


def _head(sheet: Sheet, x: float, y: float, columns: Sequence[Column], size: float) -> None:
    sheet.box(x, y, sum(column.width for column in columns), HEAD, fill=BLUE, edge=None)
    for column in columns:
        sizes = (size, size - 1, size - 2)
        own, lines = sheet.fit(column.title, sizes, column.width - 2, bold=True)
        place = _place(x, column)
        align, base = column.align, y + HEAD / 2 + size * 0.13
        sheet.text(place, base, lines[0], own, bold=True, colour=WHITE, align=align)
        x += column.width


def _row(
    sheet: Sheet, x: float, y: float, columns: Sequence[Column], row: Row, size: float
) -> None:
    lead = size * 0.48
    for column, lines in zip(columns, row.cells, strict=True):
        base = y + row.height / 2 - (len(lines) - 1) * lead / 2 + size * 0.13
        place = _place(x, column)
        for number, line in enumerate(lines):
            sheet.text(place, base + number * lead, line, size, align=column.align)
        x += column.width


def _place(x: float, column: Column) -> float:
    if column.align == "left":
        return x + PAD
    return x + column.width / 2 if column.align == "centre" else x + column.width - PAD
